//! Two calls on one session that is in the old store, each step in every order, on nodes of one
//! phase and of both; also where somebody died while moving it.
//!
//! Each call of either store is a point at which the other node can go first.

mod logins;
mod stage;

use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::StoreErrorKind;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_testkit::schedule::Explorer;

use self::stage::Answer;
use self::stage::Fleet;
use self::stage::Operation;
use self::stage::Points;
use self::stage::Stage;
use crate::records::alice;
use crate::records::at;

/// Those on one session, of which nobody knows whose it is.
const ON_A_SESSION: [Operation; 5] = [
    Operation::Load,
    Operation::Update,
    Operation::Touch,
    Operation::End,
    Operation::Advance,
];

/// After how many steps whoever moves the session dies: when it is noted, when there is a copy, and
/// when it has moved. The others leave the same as one of these.
const LEFT_AFTER: [usize; 3] = [3, 5, 6];

fn explored(pair: [Operation; 2], fleet: Fleet, left: usize) -> usize {
    let (points, fixture) = if pair.contains(&Operation::EndSubject) {
        (Points::Few, RecordFixture::of(&alice()))
    } else {
        (Points::All, RecordFixture::anonymous())
    };
    Explorer::new().explore(|schedule| {
        let stage = Stage::new(fleet, points, fixture.clone());
        stage.leave_half_moved(left);
        let has_ended = stage.has_ended();
        schedule.always({
            let stage = stage.clone();
            move || stage.check(has_ended.get())
        });
        let (one, other) = schedule.both(stage.run(pair[0], 0), stage.run(pair[1], 1));
        check(&stage, pair, fleet, &[one, other]);
    })
}

fn check(stage: &Stage, pair: [Operation; 2], fleet: Fleet, answers: &[Answer; 2]) {
    let context = format!("{pair:?} on {fleet:?}: {answers:?}");
    let ends = pair.iter().any(|operation| operation.ends());
    let found = stage.found();
    assert_eq!(matches!(found, Load::Live(_)), !ends, "{context}");
    // Once the old store forgets the ending, a copy that is left would come to life.
    assert!(!ends || !stage.has_copy(), "{context}");
    let record = match &found {
        Load::Live(record) => Some(record),
        Load::Ended(_) => None,
        Load::Missing => panic!("nothing is left: {context}"),
    };

    let mut applied = 0;
    let mut doubtful = 0;
    for (place, answer) in answers.iter().enumerate() {
        let key = stage::key(place);
        let is_there = record.map(|record| record.data().get(&key).is_some());
        match answer {
            Answer::Updated(Ok(Write::Applied)) => {
                applied += 1;
                // What was answered is there.
                assert_ne!(is_there, Some(false), "{context}");
            }
            // Nothing was changed.
            Answer::Updated(Ok(Write::Conflict)) => {
                assert_ne!(is_there, Some(true), "{context}");
                assert_eq!(pair, [Operation::Update; 2], "{context}");
            }
            Answer::Updated(Ok(Write::Gone)) | Answer::Touched(Touched::Gone) => {
                assert!(ends, "{context}");
            }
            Answer::Updated(Err(kind)) => {
                doubtful += 1;
                assert_eq!(*kind, StoreErrorKind::Unavailable, "{context}");
                assert_eq!(
                    (pair, fleet),
                    ([Operation::Update; 2], Fleet::Both),
                    "{context}"
                );
            }
            Answer::Touched(Touched::Applied) => {
                let last_seen = record.map(|record| record.last_seen());
                assert!(
                    last_seen.is_none_or(|at_last| at_last >= at(9)),
                    "{context}"
                );
            }
            Answer::Touched(Touched::Refused) => panic!("{context}"),
            Answer::Loaded(Load::Live(_)) | Answer::Done => {}
            Answer::Loaded(Load::Ended(_)) => assert!(ends, "{context}"),
            Answer::Loaded(Load::Missing) => panic!("{context}"),
        }
    }
    let updates = pair.iter().filter(|it| **it == Operation::Update).count();
    assert!(applied <= 1, "{context}");
    assert!(ends || updates == 0 || applied + doubtful >= 1, "{context}");
    if let Some(record) = record
        && doubtful == 0
    {
        // Once, and not more.
        assert_eq!(record.revision().number(), 1 + applied, "{context}");
    }
}

fn meet(first: Operation, second: Operation, fleet: Fleet, left: usize) {
    let schedules = explored([first, second], fleet, left);
    println!("{first:?} and {second:?} on {fleet:?} after {left}: {schedules}");
    assert!(schedules > 1, "{first:?} never meets {second:?}");
}

fn all_meet(fleet: Fleet, left: usize) {
    for (place, first) in ON_A_SESSION.iter().enumerate() {
        for (other_place, second) in ON_A_SESSION.iter().enumerate() {
            // On nodes of both phases it makes a difference who is where.
            if fleet == Fleet::Both || other_place >= place {
                meet(*first, *second, fleet, left);
            }
        }
    }
}

#[test]
fn calls_on_nodes_of_the_first_phase_meet_in_every_order() {
    all_meet(Fleet::Dual, 0);
}

#[test]
fn calls_on_nodes_that_move_meet_in_every_order() {
    all_meet(Fleet::Moving, 0);
}

#[test]
fn calls_on_nodes_of_both_phases_meet_in_every_order() {
    all_meet(Fleet::Both, 0);
}

#[test]
fn calls_meet_in_every_order_on_nodes_that_move_after_one_has_died() {
    for left in LEFT_AFTER {
        all_meet(Fleet::Moving, left);
    }
}

#[test]
fn calls_meet_in_every_order_on_nodes_of_both_phases_after_one_has_died() {
    for left in LEFT_AFTER {
        all_meet(Fleet::Both, left);
    }
}

/// Where another node has read the change and written on top of it, the first one can not be told
/// `Conflict`, which would mean that nothing was changed.
#[test]
fn an_update_that_others_built_on_is_never_told_to_conflict() {
    let mut doubtful = 0;
    let schedules = Explorer::new().explore(|schedule| {
        let stage = Stage::new(Fleet::Both, Points::All, RecordFixture::anonymous());
        let (answer, after) = schedule.both(
            stage.run(Operation::Update, 0),
            stage.run(Operation::UpdateAfterLoad, 1),
        );
        let context = format!("{answer:?}, {after:?}");
        let Load::Live(record) = stage.found() else {
            panic!("{context}");
        };
        let is_there = |place| record.data().get(&stage::key(place)).is_some();
        match answer {
            Answer::Updated(Ok(Write::Applied)) => assert!(is_there(0), "{context}"),
            Answer::Updated(Ok(Write::Conflict)) => assert!(!is_there(0), "{context}"),
            Answer::Updated(Err(StoreErrorKind::Unavailable)) => doubtful += 1,
            _ => panic!("{context}"),
        }
        match after {
            Answer::Updated(Ok(Write::Applied)) => assert!(is_there(1), "{context}"),
            Answer::Updated(Ok(Write::Conflict)) => assert!(!is_there(1), "{context}"),
            _ => panic!("{context}"),
        }
    });
    println!("{doubtful} of {schedules} in doubt");
    assert!(doubtful > 0, "they never meet");
}

#[test]
fn the_end_of_all_sessions_meets_calls_in_every_order() {
    for other in [Operation::Update, Operation::End] {
        meet(Operation::EndSubject, other, Fleet::Both, 0);
        meet(other, Operation::EndSubject, Fleet::Both, 0);
        meet(Operation::EndSubject, other, Fleet::Moving, 0);
    }
}
