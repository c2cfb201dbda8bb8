//! A leader that is dropped, the request that waits behind it, and a write of another node.

use hallpass::Session;
use hallpass::SessionError;
use hallpass_testkit::schedule::Explorer;
use hallpass_testkit::schedule::Schedule;
use hallpass_testkit::schedule::alone;
use hallpass_testkit::schedule::cut;

use crate::interleavings::operation::Operation;
use crate::interleavings::stage::Stage;
use crate::interleavings::stage::Start;
use crate::world::Client;
use crate::world::World;

/// A request that counts, and is finished when that is polled.
async fn counting(client: &Client, world: &World, step: u32) -> Session {
    let session = client.open(world).await;
    session.update("n", move |n: &mut u32| *n += step).unwrap();
    session
}

/// Somebody else's commit is under way, so that both wait, and the first is to write for both. It
/// is dropped after so many polls. Meanwhile another node writes, or nobody.
///
/// Returns whether the first was done by then, and whether the second was left in doubt.
fn run(polls: usize, is_disturbed: bool, schedule: &mut Schedule) -> (bool, bool) {
    let stage = Stage::new([Operation::Read; 2], Start::Settled, 1);
    let (here, there) = (stage.node(0), stage.quick_node());
    let before = alone(counting(&stage.browser, here, 1_000));
    let first = alone(counting(&stage.browser, here, 1));
    let second = alone(counting(&stage.browser, here, 10));
    let elsewhere = alone(counting(&stage.browser, &there, 100));
    let mut blocking = Box::pin(before.finish(false));
    let (mut leading, mut waiting) = (
        Box::pin(first.finish(false)),
        Box::pin(second.finish(false)),
    );
    assert!(alone(cut(1, blocking.as_mut())).is_none());
    assert!(alone(cut(1, leading.as_mut())).is_none());
    assert!(alone(cut(1, waiting.as_mut())).is_none());
    assert!(alone(blocking).refusal.is_none());
    let requests = [
        cut(polls, leading),
        cut(usize::MAX, waiting),
        cut(
            if is_disturbed { usize::MAX } else { 0 },
            Box::pin(elsewhere.finish(false)),
        ),
    ];
    let [told, waited, other] = <[_; 3]>::try_from(schedule.all(requests)).unwrap();
    let text = stage.data(stage.handle).unwrap().remove("n").unwrap();
    let sum = text.parse::<u32>().unwrap() - 10;
    let context = format!("{sum}: {told:?}, {waited:?}, {other:?}, {schedule:?}");
    let mut is_in_doubt = false;
    for (step, told) in [(1, &told), (10, &waited), (100, &other)] {
        let times = sum / step % 10;
        match told.as_ref().map(|finished| &finished.refusal) {
            Some(None) => assert_eq!(times, 1, "{context}"),
            Some(Some(SessionError::InDoubt(_))) => {
                is_in_doubt = true;
                assert!(times <= 1, "{context}");
            }
            Some(Some(error)) => panic!("{error:?}, {context}"),
            None => assert!(times <= 1, "{context}"),
        }
    }
    assert_eq!(sum / 1_000, 1, "{context}");
    (told.is_some(), is_in_doubt)
}

/// Drops the first after no poll, after one, and so on until it is always done by then. Returns
/// after how many schedules somebody was left in doubt.
fn in_doubt(is_disturbed: bool) -> usize {
    let (mut schedules, mut in_doubt) = (0, 0);
    for polls in 0.. {
        let mut is_always_done = true;
        schedules += Explorer::new().explore(|schedule| {
            let (is_done, is_in_doubt) = run(polls, is_disturbed, schedule);
            is_always_done &= is_done;
            in_doubt += usize::from(is_in_doubt);
        });
        if is_always_done {
            break;
        }
    }
    println!("{schedules} schedules, somebody is in doubt after {in_doubt}");
    in_doubt
}

/// What a dropped leader had under way is repeated as it was, for those that it was for.
#[test]
fn nobody_is_in_doubt_when_a_leader_is_dropped() {
    assert_eq!(in_doubt(false), 0);
}

/// Race 14: where another node wrote between a write and its repetition, nobody can tell whether
/// the write was applied. It is not applied again, and its requests are told so.
#[test]
fn nothing_counts_twice_when_a_leader_is_dropped_and_another_node_writes() {
    assert!(in_doubt(true) > 0, "no answer was lost");
}
