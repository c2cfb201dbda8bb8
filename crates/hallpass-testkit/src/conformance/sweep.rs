//! The contract of [`Sweep`]: what is past its time is removed in bounded steps, and nothing else.

use std::time::Duration;

use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touched;

use super::bed::ABSOLUTE;
use super::bed::IDLE;
use super::bed::START;
use super::bed::TestBed;
use super::bed::at;
use super::bed::end;
use super::bed::subject;
use super::bed::touch;
use super::meeting::meetings;
use super::node::Node;
use super::racing::ROUNDS;
use super::racing::Racer;
use super::racing::race;

const ONLY: &str = "clause 1 of `Sweep` (only what is past its time)";
const BOUNDED: &str = "clause 2 of `Sweep` (bounded, and says whether there is more)";
const AT_ONCE: &str = "clause 3 of `Sweep` (several nodes at once)";

/// Clause 1: there is nothing to remove in an empty store.
pub async fn a_sweep_of_nothing_removes_nothing<S: Sweep>(bed: &TestBed<S>) {
    assert_eq!(
        bed.here().sweep(100, START).await,
        Swept::default(),
        "{ONLY}"
    );
}

/// Clause 1: live sessions and tombstones that are still kept stay as they are; expired sessions
/// are gone for good.
pub async fn a_sweep_removes_only_what_is_past_its_time<S: Sweep>(bed: &TestBed<S>) {
    let now = at(IDLE);
    let expired = bed.begin(RecordFixture::anonymous()).await;
    let absolute = RecordFixture::anonymous().timeouts(None, Duration::from_secs(IDLE));
    let over = bed.begin(absolute).await;
    let touched = bed.begin(RecordFixture::anonymous()).await;
    let touch = touch(&touched, START.saturating_add(MS), false);
    assert_eq!(
        bed.here().touch(&touch, at(1)).await,
        Touched::Applied,
        "{ONLY}"
    );
    let touched = touched.touched(&touch, at(1)).1.unwrap_or(touched);
    let locks = bed
        .begin(RecordFixture::of(&subject("alice")).lock_when_idle())
        .await;
    let ended = bed.begin(RecordFixture::anonymous()).await;
    let _ended = bed
        .here()
        .end(&end(ended.handle(), EndReason::Logout, at(1)), at(1))
        .await;
    let tombstone = Tombstone::of(&ended, EndReason::Logout, at(1));

    swept(bed.here(), now, ONLY).await;

    for node in [bed.here(), bed.there()] {
        node.assert_live(&touched, now, ONLY).await;
        node.assert_live(&locks, now, ONLY).await;
        node.assert_ended(&tombstone, now, ONLY).await;
        node.assert_dead(expired.handle(), now, ONLY).await;
        node.assert_dead(over.handle(), now, ONLY).await;
    }
    // Where the clock goes back, what was only hidden would show again.
    bed.here()
        .assert_dead(expired.handle(), START, BOUNDED)
        .await;
    bed.here().assert_dead(over.handle(), START, BOUNDED).await;
}

/// Clause 1: at one millisecond before a deadline there is nothing to remove.
pub async fn a_sweep_just_before_the_deadline_removes_nothing<S: Sweep>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::anonymous()).await;
    let now = at(IDLE).saturating_sub(MS);
    assert_eq!(bed.here().sweep(100, now).await, Swept::default(), "{ONLY}");
    bed.here().assert_live(&record, now, ONLY).await;
}

/// Clause 1: a tombstone is kept until its time is over, one millisecond before included.
pub async fn a_sweep_keeps_tombstones_until_their_time_is_over<S: Sweep>(bed: &TestBed<S>) {
    let record = bed.begin(RecordFixture::of(&subject("alice"))).await;
    let _ended = bed
        .here()
        .end(&end(record.handle(), EndReason::Logout, at(1)), at(1))
        .await;
    let tombstone = Tombstone::of(&record, EndReason::Logout, at(1));
    let (unknown, _token) = bed.build(RecordFixture::anonymous(), START);
    let order = end(unknown.handle(), EndReason::Logout, at(1));
    let _missing = bed.here().end(&order, at(1)).await;

    let now = at(ABSOLUTE).saturating_sub(MS);
    assert_eq!(bed.here().sweep(100, now).await, Swept::default(), "{ONLY}");
    bed.there().assert_ended(&tombstone, now, ONLY).await;

    swept(bed.here(), at(ABSOLUTE), ONLY).await;
    bed.there().assert_dead(record.handle(), START, ONLY).await;
    bed.there()
        .assert_ended(&order.tombstone(), at(ABSOLUTE), ONLY)
        .await;
}

/// Clause 2, race 40: a sweep is bounded, says that there is more, and comes to an end.
pub async fn a_sweep_is_bounded_and_says_whether_there_is_more<S: Sweep>(bed: &TestBed<S>) {
    const MAX: usize = 10;
    let handles = short_lived(bed).await;
    let first = bed.here().sweep(MAX, at(60)).await;
    assert!(
        first.removed >= 1,
        "{BOUNDED}: nothing was removed, and {MANY} could be"
    );
    assert!(
        first.removed <= 2 * MAX,
        "{BOUNDED}: {} removed of {MAX}",
        first.removed
    );
    assert!(first.more, "{BOUNDED}: there is more");

    let removed = first.removed + swept(bed.here(), at(60), BOUNDED).await;
    assert!(
        removed >= MANY,
        "{BOUNDED}: {removed} removed in all, of {MANY}"
    );
    for handle in handles {
        bed.there().assert_dead(handle, START, BOUNDED).await;
    }
    assert_eq!(
        bed.here().sweep(MAX, at(60)).await,
        Swept::default(),
        "{BOUNDED}: all is done"
    );
}

/// Clause 3, race 40: sweeps that race come to an end and remove nothing that lives.
pub async fn sweeps_that_race_remove_only_what_is_past_its_time<S: Sweep>(bed: &TestBed<S>) {
    let handles = short_lived(bed).await;
    let lives = bed.begin(RecordFixture::anonymous()).await;
    race((0..4).map(|n| {
        let node = bed.node(n);
        async move { swept(&node, at(60), AT_ONCE).await }
    }))
    .await;
    for handle in handles {
        bed.here().assert_dead(handle, START, AT_ONCE).await;
    }
    bed.here().assert_live(&lives, at(60), AT_ONCE).await;
}

/// Clauses 1 and 3, clause 6 of the store: a sweep that races with a touch does not remove the
/// session that the touch kept alive.
pub async fn a_sweep_that_races_a_touch_removes_no_live_session<S: Sweep>(bed: &TestBed<S>) {
    let before = at(IDLE).saturating_sub(MS);
    for meeting in meetings(bed).await {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let touch = touch(&record, before, false);
        let sweep = bed.here().sweep(100, at(IDLE));
        let (_swept, touched) = meeting.of(sweep, bed.there().touch(&touch, before)).await;
        assert_kept(bed, &record, touched).await;
    }
    for round in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let (here, there) = (bed.here().clone(), bed.there().clone());
        let touch = touch(&record, before, false);
        let touches: Racer<Touched> = Box::pin(async move { here.touch(&touch, before).await });
        let sweeps: Racer<Touched> = Box::pin(async move {
            let _any = there.sweep(100, at(IDLE)).await;
            Touched::Gone
        });
        let racers = if round % 2 == 0 {
            [touches, sweeps]
        } else {
            [sweeps, touches]
        };
        for touched in race(racers).await {
            assert_kept(bed, &record, touched).await;
        }
    }
}

/// Checks that a session lives at its old deadline that was touched just before, if it was.
async fn assert_kept<S: Sweep>(bed: &TestBed<S>, record: &SessionRecord, touched: Touched) {
    if touched == Touched::Applied {
        let stored = bed.here().live(record.handle(), at(IDLE), ONLY).await;
        assert_eq!(stored.last_seen(), at(IDLE).saturating_sub(MS), "{ONLY}");
    }
}

/// Sweeps until there is no more, and returns how much was removed.
async fn swept<S: Sweep>(node: &Node<S>, now: Timestamp, clause: &str) -> usize {
    let mut removed = 0;
    for _ in 0..10 * MANY {
        let swept = node.sweep(10, now).await;
        removed += swept.removed;
        if !swept.more {
            return removed;
        }
    }
    panic!("{clause}: after {} sweeps there is still more", 10 * MANY);
}

/// Begins sessions that live for less than a minute.
async fn short_lived<S: Sweep>(bed: &TestBed<S>) -> Vec<SessionHandle> {
    let mut handles = Vec::new();
    for lifetime in (1..).step_by(1_000).map(Duration::from_millis).take(MANY) {
        let fixture = RecordFixture::anonymous().timeouts(None, lifetime);
        handles.push(bed.begin(fixture).await.handle());
    }
    handles
}

const MANY: usize = 50;
const MS: Duration = Duration::from_millis(1);
