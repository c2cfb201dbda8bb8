//! Clause 7 when the end races with everything else.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_core::Write;
use tokio::task::JoinHandle;
use tokio::task::yield_now;

use super::CLAUSE;
use crate::SeededRandom;
use crate::conformance::bed::START;
use crate::conformance::bed::TestBed;
use crate::conformance::bed::at;
use crate::conformance::bed::end;
use crate::conformance::bed::next;
use crate::conformance::bed::touch;
use crate::conformance::meeting::meetings;
use crate::conformance::node::Node;
use crate::conformance::racing::ROUNDS;
use crate::conformance::racing::Racer;
use crate::conformance::racing::joined;
use crate::conformance::racing::race;

/// Clauses 3 and 7, races 1 and 2: updates that loaded before the end and write while it happens,
/// or after it, do not undo it.
pub async fn a_late_writer_cannot_undo_an_end<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let next = bed.next(&record).data("k", b"1").last_seen(at(60)).build();
        let order = end(record.handle(), EndReason::Logout, START);
        let update = bed.here().update(&next, record.revision(), at(1));
        let _any = meeting.of(update, bed.there().end(&order, START)).await;
        assert_over(bed, &record).await;
    }
    for round in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        race((0..8).map(|n| -> Racer<()> {
            let node = bed.node(n / 2);
            if n == round % 8 {
                return ends(node, &record);
            }
            let next = bed.next(&record).data("k", b"1").last_seen(at(60)).build();
            let expected = record.revision();
            Box::pin(async move {
                let _any = node.update(&next, expected, at(1)).await;
            })
        }))
        .await;
        assert_over(bed, &record).await;
    }
}

/// Clauses 3 and 7, race 3: touches do not undo an end that happens at the same time.
pub async fn a_late_touch_cannot_undo_an_end<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let touch = touch(&record, at(1), true);
        let order = end(record.handle(), EndReason::Logout, START);
        let touching = bed.here().touch(&touch, at(1));
        let _any = meeting.of(touching, bed.there().end(&order, START)).await;
        assert_over(bed, &record).await;
    }
    for round in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        race((0..8).map(|n| -> Racer<()> {
            let node = bed.node(n / 2);
            if n == round % 8 {
                return ends(node, &record);
            }
            let touch = touch(&record, at(n as u64), true);
            Box::pin(async move {
                let _any = node.touch(&touch, at(1)).await;
            })
        }))
        .await;
        assert_over(bed, &record).await;
    }
}

/// Clauses 2 and 7, races 1 and 2: a session that begins while it ends is ended, whichever came
/// first.
pub async fn a_session_that_begins_while_it_ends_is_ended<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let (record, _token) = bed.build(RecordFixture::anonymous(), START);
        let order = end(record.handle(), EndReason::Logout, START);
        let create = bed.there().create(&record, START);
        let _any = meeting.of(bed.here().end(&order, START), create).await;
        assert_over(bed, &record).await;
    }
    for _ in 0..ROUNDS {
        let (record, _token) = bed.build(RecordFixture::anonymous(), START);
        let (here, there) = (bed.here().clone(), bed.there().clone());
        let order = end(record.handle(), EndReason::Logout, START);
        let created = record.clone();
        let racers: [Racer<()>; 2] = [
            Box::pin(async move {
                match here.create(&created, START).await {
                    Create::Created | Create::Occupied => {}
                }
            }),
            Box::pin(async move {
                let outcome = there.end(&order, START).await;
                let first = !matches!(outcome, EndOutcome::Already(_));
                assert!(first, "{CLAUSE}: nobody ended the session before");
            }),
        ];
        race(racers).await;
        assert_over(bed, &record).await;
    }
}

/// Clause 7: of many ends one is the first, and all the others are told of it.
pub async fn of_ends_that_race_the_first_counts<S: SessionStore>(bed: &TestBed<S>) {
    for meeting in meetings(bed).await {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let one = end(record.handle(), EndReason::Logout, START);
        let other = end(record.handle(), EndReason::Replayed, at(1));
        let (ending, another) = (bed.here().end(&one, START), bed.there().end(&other, at(1)));
        let tombstone = match meeting.of(ending, another).await {
            (EndOutcome::Ended(first), EndOutcome::Already(told))
            | (EndOutcome::Already(told), EndOutcome::Ended(first))
                if first == told =>
            {
                first
            }
            other => panic!("{CLAUSE}: two ends of one session were answered {other:?}"),
        };
        bed.here().assert_ended(&tombstone, at(1), CLAUSE).await;
    }
    let reasons = [
        EndReason::Logout,
        EndReason::Replayed,
        EndReason::Evicted,
        EndReason::Idle,
    ];
    for _ in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let outcomes = race(
            reasons
                .iter()
                .cycle()
                .take(16)
                .enumerate()
                .map(|(n, reason)| {
                    let node = bed.node(n);
                    let order = end(record.handle(), reason.clone(), at(n as u64));
                    async move { node.end(&order, START).await }
                }),
        )
        .await;
        let mut first = Vec::new();
        let mut later = Vec::new();
        for outcome in outcomes {
            match outcome {
                EndOutcome::Already(tombstone) => later.push(tombstone),
                EndOutcome::Ended(tombstone) => first.push(tombstone),
                EndOutcome::Missing => panic!("{CLAUSE}: a live session was told as missing"),
            }
        }
        let [tombstone] = first.as_slice() else {
            panic!("{CLAUSE}: the session ended {} times", first.len());
        };
        assert!(
            later.iter().all(|told| told == tombstone),
            "{CLAUSE}: another tombstone was told"
        );
        bed.here().assert_ended(tombstone, at(1), CLAUSE).await;
        bed.there().assert_ended(tombstone, at(1), CLAUSE).await;
    }
}

/// Clauses 3 and 7, races 1 to 3: while many tasks write and touch without pause, every call that
/// starts after the end has returned finds the session ended.
pub async fn no_call_that_starts_after_the_end_sees_the_session<S: SessionStore>(bed: &TestBed<S>) {
    for round in 0..ROUNDS {
        let record = bed.begin(RecordFixture::anonymous()).await;
        let stop = Arc::new(AtomicBool::new(false));
        let used = Arc::new(AtomicUsize::new(0));
        let storm: Vec<_> = (0..6)
            .map(|n| {
                let (node, random) = (bed.node(n), bed.random().clone());
                let (stop, used) = (Arc::clone(&stop), Arc::clone(&used));
                tokio::spawn(uses(node, random, record.clone(), stop, used))
            })
            .collect();
        while used.load(Ordering::Relaxed) < round && !storm.iter().all(JoinHandle::is_finished) {
            yield_now().await;
        }
        let order = end(record.handle(), EndReason::Logout, at(1));
        let outcome = bed.here().end(&order, at(1)).await;
        let EndOutcome::Ended(tombstone) = outcome else {
            panic!("{CLAUSE}: ending a live session answered {outcome:?}");
        };
        for node in [bed.there(), bed.here()] {
            node.assert_ended(&tombstone, at(1), CLAUSE).await;
            let next = bed.next(&record).build();
            let answer = node.update(&next, record.revision(), at(1)).await;
            assert_eq!(answer, Write::Gone, "{CLAUSE}: an update after the end");
            let answer = node.touch(&touch(&record, at(1), true), at(1)).await;
            assert_eq!(answer, Touched::Gone, "{CLAUSE}: a touch after the end");
        }
        stop.store(true, Ordering::Relaxed);
        for task in storm {
            joined(task).await;
        }
        bed.here().assert_ended(&tombstone, at(1), CLAUSE).await;
        bed.there().assert_ended(&tombstone, at(1), CLAUSE).await;
    }
}

/// Loads, writes and touches, and tries again with what was loaded last where the session is gone.
async fn uses<S: SessionStore>(
    node: Node<S>,
    random: SeededRandom,
    record: SessionRecord,
    stop: Arc<AtomicBool>,
    used: Arc<AtomicUsize>,
) {
    let mut record = Arc::new(record);
    while !stop.load(Ordering::Relaxed) {
        used.fetch_add(1, Ordering::Relaxed);
        if let Load::Live(loaded) = node.load(record.handle(), at(1)).await {
            record = loaded;
        }
        yield_now().await;
        let next = next(&record, &random).last_seen(at(1)).build();
        let _any = node.update(&next, record.revision(), at(1)).await;
        let _any = node.touch(&touch(&record, at(2), true), at(1)).await;
        yield_now().await;
    }
}

fn ends<S: SessionStore>(node: Node<S>, record: &SessionRecord) -> Racer<()> {
    let order = end(record.handle(), EndReason::Logout, START);
    let tombstone = Tombstone::of(record, EndReason::Logout, START);
    Box::pin(async move {
        let outcome = node.end(&order, START).await;
        assert_eq!(
            outcome,
            EndOutcome::Ended(tombstone.clone()),
            "{CLAUSE}: a live session"
        );
        node.assert_ended(&tombstone, START, CLAUSE).await;
    })
}

async fn assert_over<S: SessionStore>(bed: &TestBed<S>, record: &SessionRecord) {
    for node in [bed.here(), bed.there()] {
        match node.load(record.handle(), at(1)).await {
            Load::Ended(tombstone) => {
                assert_eq!(
                    *tombstone.reason(),
                    EndReason::Logout,
                    "{CLAUSE}: another reason"
                );
            }
            other => panic!("{CLAUSE}: an ended session was told as {other:?}"),
        }
    }
}
