//! Clause 5 when touches race with each other and with updates.

use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::Timestamp;
use hallpass_core::Touched;
use hallpass_core::Write;
use tokio::task::yield_now;

use super::CLAUSE;
use super::renewed;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::next;
use crate::conformance::bed::touch;
use crate::conformance::meeting::meetings;
use crate::conformance::racing::RACERS;
use crate::conformance::racing::ROUNDS;
use crate::conformance::racing::Racer;
use crate::conformance::racing::race;

/// Clause 5: whatever the order, the latest use stays.
pub async fn touches_that_race_leave_the_latest<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let [one, other] = [1, 2].map(|second| touch(&record, at(second), false));
        let answers = meeting
            .of(
                bed.here().touch(&one, at(2)),
                bed.there().touch(&other, at(2)),
            )
            .await;
        assert_eq!(answers, (Touched::Applied, Touched::Applied), "{CLAUSE}");
        let stored = bed.here().live(record.handle(), at(2), CLAUSE).await;
        assert_eq!(
            stored.last_seen(),
            at(2),
            "{CLAUSE}: a later use was taken back"
        );
    }
    for _ in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let answers = race(seconds().map(|(n, last_seen)| {
            let (node, touch) = (bed.node(n), touch(&record, last_seen, false));
            async move { node.touch(&touch, at(60)).await }
        }))
        .await;
        assert_eq!(answers, [Touched::Applied; RACERS], "{CLAUSE}");
        let stored = bed.here().live(record.handle(), at(60), CLAUSE).await;
        let latest = seconds().map(|(_, last_seen)| last_seen).max();
        assert_eq!(
            Some(stored.last_seen()),
            latest,
            "{CLAUSE}: a later use was taken back"
        );
    }
}

/// Clause 5: of many confirmations one counts, and later ones do not move it.
pub async fn of_confirmations_that_race_one_stays<S: SessionStore>(bed: &TestBed<S>) {
    for _ in 0..ROUNDS {
        let record = renewed(bed).await;
        let told = race(seconds().map(|(n, last_seen)| {
            let (node, touch) = (bed.node(n), touch(&record, last_seen, true));
            async move {
                let answer = node.touch(&touch, at(60)).await;
                assert_eq!(answer, Touched::Applied, "{CLAUSE}");
                let stored = node.live(touch.handle, at(60), CLAUSE).await;
                stored.credential().confirmed_at()
            }
        }))
        .await;
        let first = told.first().copied().flatten();
        assert!(
            first.is_some(),
            "{CLAUSE}: asked to confirm, and not confirmed"
        );
        assert!(
            told.iter().all(|told| *told == first),
            "{CLAUSE}: confirmed twice: {told:?}"
        );
    }
}

/// Clauses 4 and 5, race 14: touches that race with updates are neither lost nor do they take a
/// write back.
pub async fn touches_and_updates_that_race_lose_nothing<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let record = renewed(bed).await;
        let next = bed.next(&record).data("k", b"1").build();
        let touch = touch(&record, at(60), true);
        let update = bed.here().update(&next, record.revision(), at(60));
        let answers = meeting.of(update, bed.there().touch(&touch, at(60))).await;
        assert_eq!(answers, (Write::Applied, Touched::Applied), "{CLAUSE}");
        let both = next.touched(&touch, at(60)).1.unwrap_or(next);
        bed.here().assert_live(&both, at(60), CLAUSE).await;
    }
    for _ in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let racers = seconds().map(|(n, last_seen)| -> Racer<usize> {
            let node = bed.node(n / 2);
            if n % 2 == 0 {
                let touch = touch(&record, last_seen, false);
                Box::pin(async move {
                    let answer = node.touch(&touch, at(60)).await;
                    assert_eq!(answer, Touched::Applied, "{CLAUSE}");
                    0
                })
            } else {
                let (handle, random) = (record.handle(), bed.random().clone());
                Box::pin(async move {
                    let loaded = node.live(handle, at(60), CLAUSE).await;
                    yield_now().await;
                    let key = n.to_string();
                    let next = next(&loaded, &random).data(&key, b"1").build();
                    match node.update(&next, loaded.revision(), at(60)).await {
                        Write::Applied => 1,
                        Write::Conflict => 0,
                        Write::Gone => panic!("{CLAUSE}: a live session was told as gone"),
                    }
                })
            }
        });
        let applied: usize = race(racers).await.into_iter().sum();
        let stored = bed.there().live(record.handle(), at(60), CLAUSE).await;
        assert_eq!(
            stored.data().len(),
            applied,
            "{CLAUSE}: a touch took an update back"
        );
        let latest = seconds()
            .filter(|(n, _)| n % 2 == 0)
            .map(|(_, last_seen)| last_seen)
            .max();
        assert_eq!(
            Some(stored.last_seen()),
            latest,
            "{CLAUSE}: an update took a touch back"
        );
    }
}

/// The tasks of a race, each with a use of its own.
fn seconds() -> impl Iterator<Item = (usize, Timestamp)> {
    (0..RACERS).zip((1..).map(at))
}
