//! Clause 4, one winner: of two updates that name the same revision at most one is applied, and a
//! repeated one is applied once.

mod counting;
mod repeating;

use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::Revision;
use hallpass_core::SessionStore;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::subject;
use super::bed::touch;
use super::meeting::meetings;
use super::racing::RACERS;
use super::racing::ROUNDS;
use super::racing::race;

pub use self::counting::guesses_that_race_never_pass_their_limit;
pub use self::counting::no_increment_is_lost;
pub use self::counting::writes_to_different_keys_all_survive;
pub use self::repeating::a_repeated_update_changes_nothing_of_what_came_after;
pub use self::repeating::an_update_that_is_repeated_is_applied_once;
pub use self::repeating::repetitions_that_race_are_applied_once;

const CLAUSE: &str = "clause 4 of `SessionStore` (one winner)";

/// Clause 4: the second update of a revision is told so, and changes nothing.
pub async fn the_second_update_of_a_revision_conflicts<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&subject("alice"))).await;
    let winner = bed.next(&record).data("k", b"1").build();
    let loser = bed.next(&record).data("k", b"2").last_seen(at(9)).build();
    let answer = bed.here().update(&winner, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: the first update of a revision"
    );
    for node in [bed.here(), bed.there()] {
        let answer = node.update(&loser, record.revision(), START).await;
        assert_eq!(
            answer,
            Write::Conflict,
            "{CLAUSE}: the second update of a revision"
        );
        node.assert_live(&winner, START, CLAUSE).await;
    }
}

/// Clause 4: an update of a revision that is not stored yet is a conflict, too.
pub async fn an_update_of_another_revision_conflicts<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let next = bed.next(&record).data("k", b"1").build();
    for expected in [
        Revision::default(),
        record.revision().next(),
        Revision::from_number(1_000_000),
    ] {
        let answer = bed.here().update(&next, expected, START).await;
        assert_eq!(
            answer,
            Write::Conflict,
            "{CLAUSE}: stored is another than {expected:?}"
        );
        bed.here().assert_live(&record, START, CLAUSE).await;
    }
}

/// Clause 4: each update is applied to the one before.
pub async fn updates_that_follow_each_other_are_all_applied<S: SessionStore>(bed: &TestBed<S>) {
    let mut record = bed.begin(RecordFixture::anonymous()).await;
    for n in 0..RACERS {
        let next = bed
            .next(&record)
            .data("n", n.to_string().as_bytes())
            .build();
        let answer = bed.node(n).update(&next, record.revision(), START).await;
        assert_eq!(
            answer,
            Write::Applied,
            "{CLAUSE}: an update of the stored revision"
        );
        record = next;
    }
    bed.here().assert_live(&record, START, CLAUSE).await;
}

/// Clauses 4 and 5: a touch does not count as a write, so it makes no update conflict.
pub async fn a_touch_makes_no_update_conflict<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let next = bed.next(&record).data("k", b"1").last_seen(at(1)).build();
    let answer = bed.here().touch(&touch(&record, at(1), false), START).await;
    assert_eq!(
        answer,
        Touched::Applied,
        "{CLAUSE}: a touch of a live session"
    );
    let answer = bed.here().update(&next, record.revision(), START).await;
    assert_eq!(answer, Write::Applied, "{CLAUSE}: an update after a touch");
    bed.here().assert_live(&next, START, CLAUSE).await;
}

/// Clause 4, races 15 and 16: an update stores the data as it is now: what changed, and what is
/// not there any more.
pub async fn an_update_replaces_all_data<S: SessionStore>(bed: &TestBed<S>) {
    let record = bed
        .begin(RecordFixture::anonymous().data("kept", b"0"))
        .await;
    let changed = bed
        .next(&record)
        .data("kept", b"{\"a\":[1]}")
        .data("more", b"1")
        .build();
    let answer = bed.here().update(&changed, record.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    bed.here().assert_live(&changed, START, CLAUSE).await;

    // The write after a write that was never stored: the revision fits, and `more` is gone.
    let unstored = bed.next(&record).build();
    let removed = bed.next(&unstored).build();
    let answer = bed.here().update(&removed, changed.revision(), START).await;
    assert_eq!(
        answer,
        Write::Applied,
        "{CLAUSE}: an update of the stored revision"
    );
    bed.here().assert_live(&removed, START, CLAUSE).await;
    bed.there().assert_live(&removed, START, CLAUSE).await;
}

/// Clause 4: of updates that race for a revision exactly one is applied, and the record is its
/// own.
pub async fn of_updates_that_race_for_a_revision_one_is_applied<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let expected = record.revision();
        let one = bed.next(&record).data("k", b"1").build();
        let other = bed.next(&record).data("k", b"2").build();
        let answers = meeting
            .of(
                bed.here().update(&one, expected, START),
                bed.there().update(&other, expected, START),
            )
            .await;
        let winner = match answers {
            (Write::Applied, Write::Conflict) => &one,
            (Write::Conflict, Write::Applied) => &other,
            other => panic!("{CLAUSE}: two updates of one revision were answered {other:?}"),
        };
        bed.here().assert_live(winner, START, CLAUSE).await;
    }
    for _ in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let rivals: Vec<_> = (0..RACERS)
            .map(|n| bed.next(&record).data("rival", n.to_string().as_bytes()))
            .map(NextWrite::build)
            .collect();
        let answers = race(rivals.iter().cloned().enumerate().map(|(n, next)| {
            let (node, expected) = (bed.node(n), record.revision());
            async move { node.update(&next, expected, START).await }
        }))
        .await;
        let lost = answers
            .iter()
            .filter(|answer| **answer == Write::Conflict)
            .count();
        let winners: Vec<_> = rivals
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| **answer == Write::Applied)
            .collect();
        let [(winner, _)] = winners.as_slice() else {
            panic!(
                "{CLAUSE}: {} updates of one revision were applied",
                winners.len()
            );
        };
        assert_eq!(lost, RACERS - 1, "{CLAUSE}: the others are told `Conflict`");
        bed.here().assert_live(winner, START, CLAUSE).await;
        bed.there().assert_live(winner, START, CLAUSE).await;
    }
}
