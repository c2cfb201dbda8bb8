//! Clause 4, as an application feels it: nothing that many tasks count together is lost.

use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Write;
use tokio::task::yield_now;

use super::CLAUSE;
use crate::SeededRandom;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::next;
use crate::conformance::node::Node;
use crate::conformance::racing::RACERS;
use crate::conformance::racing::race;

/// Clause 4, race 14: increments that load, add one and write until they are applied add up.
pub async fn no_increment_is_lost<S: SessionStore>(bed: &TestBed<S>) {
    const EACH: usize = 4;
    let handle = bed.begin(RecordFixture::anonymous()).await.handle();
    race((0..RACERS).map(|n| {
        let (node, random) = (bed.node(n), bed.random().clone());
        async move {
            for _ in 0..EACH {
                written(&node, &random, handle, RACERS * EACH, |record| {
                    Some(("count", count(record) + 1))
                })
                .await;
            }
        }
    }))
    .await;
    let record = bed.there().live(handle, START, CLAUSE).await;
    assert_eq!(
        count(&record),
        RACERS * EACH,
        "{CLAUSE}: increments were lost"
    );
    assert_eq!(
        record.revision().number(),
        1 + u64::try_from(RACERS * EACH).unwrap_or(u64::MAX),
        "{CLAUSE}: each write counts the revision up by one"
    );
}

/// Clause 4, race 14: a hundred guesses at once never pass a limit of five that is counted in the
/// session.
pub async fn guesses_that_race_never_pass_their_limit<S: SessionStore>(bed: &TestBed<S>) {
    const GUESSES: usize = 100;
    const LIMIT: usize = 5;
    let handle = bed.begin(RecordFixture::anonymous()).await.handle();
    let allowed = race((0..GUESSES).map(|n| {
        let (node, random) = (bed.node(n), bed.random().clone());
        async move {
            written(&node, &random, handle, LIMIT, |record| {
                let count = count(record);
                (count < LIMIT).then_some(("count", count + 1))
            })
            .await
        }
    }))
    .await;
    assert_eq!(
        allowed.iter().filter(|allowed| **allowed).count(),
        LIMIT,
        "{CLAUSE}: so many guesses were allowed"
    );
}

/// Clause 4, race 14: writes to different keys do not take each other back.
pub async fn writes_to_different_keys_all_survive<S: SessionStore>(bed: &TestBed<S>) {
    const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let handle = bed.begin(RecordFixture::anonymous()).await.handle();
    race(KEYS.into_iter().enumerate().map(|(n, key)| {
        let (node, random) = (bed.node(n), bed.random().clone());
        async move { written(&node, &random, handle, KEYS.len(), |_| Some((key, 1))).await }
    }))
    .await;
    let record = bed.here().live(handle, START, CLAUSE).await;
    let names: Vec<&str> = record.data().iter().map(|(name, _)| name).collect();
    assert_eq!(names, KEYS, "{CLAUSE}: writes to different keys were lost");
}

/// Loads, changes and writes until the write is applied. Returns `false` where there is nothing to
/// write.
///
/// Each conflict means that somebody else's write was applied in between, so there are fewer of
/// them than there are writes in all.
async fn written<S: SessionStore>(
    node: &Node<S>,
    random: &SeededRandom,
    handle: SessionHandle,
    writes: usize,
    change: impl Fn(&SessionRecord) -> Option<(&'static str, usize)>,
) -> bool {
    for _ in 0..=writes {
        let record = node.live(handle, START, CLAUSE).await;
        let Some((key, value)) = change(&record) else {
            return false;
        };
        // A request takes its time between reading and writing.
        yield_now().await;
        let next = next(&record, random)
            .data(key, value.to_string().as_bytes())
            .build();
        match node.update(&next, record.revision(), START).await {
            Write::Applied => return true,
            Write::Conflict => {}
            Write::Gone => panic!("{CLAUSE}: a live session was told as gone"),
        }
    }
    panic!("{CLAUSE}: conflicts without a write that caused them");
}

fn count(record: &SessionRecord) -> usize {
    record
        .data()
        .get("count")
        .and_then(|entry| str::from_utf8(entry.bytes()).ok()?.parse().ok())
        .unwrap_or(0)
}
