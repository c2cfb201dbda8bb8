//! What the store promises, in each order in which threads can come to its locks and atomics.
//!
//! `cargo xtask loom` runs these. A model is run again and again, each time with the threads in
//! another order, until none is left: so what it asserts holds always, for these threads. Only
//! where there are too many orders, those are left out that interrupt threads more than three
//! times.
//!
//! Records are made before a model begins, and the keys of the hashes are constants, because each
//! run has to take the same locks.

mod advancing;
mod beginning;
mod binding;
mod ending;
mod hearing;
mod sweeping;
mod writing;

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::Revision;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_core::WriteId;
use hallpass_testkit::SeededRandom;

use crate::MemoryStore;
use crate::hashing::HandleHashing;
use crate::hashing::RandomState;
use crate::testing::at;
use crate::testing::limited;
use crate::testing::login;
use crate::testing::ready;
use crate::testing::replacing;
use crate::testing::revoked;
use crate::testing::subject;

/// Runs a model in each order, and says how many there were.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    explore_with(None, model);
}

/// As [`explore`], with a bound on how often a thread is interrupted that could go on, for models
/// that have too many orders. `LOOM_MAX_PREEMPTIONS` is a bound for all models.
#[expect(clippy::disallowed_methods, reason = "says how long a model takes")]
fn explore_with(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(preemptions);
    let bound = builder
        .preemption_bound
        .map(|most| format!(" with at most {most} preemptions"))
        .unwrap_or_default();
    let begun = Instant::now();
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let runs = runs.load(Ordering::Relaxed);
    assert!(runs > 1, "the threads never met");
    println!(
        "{runs:>8} orders{bound} in {:.2} s: {}",
        begun.elapsed().as_secs_f64(),
        thread::current().name().unwrap_or_default()
    );
}

/// Takes two steps at once, and returns both answers.
fn race<A, B: 'static>(
    store: &MemoryStore,
    here: impl FnOnce(&MemoryStore) -> A,
    there: impl FnOnce(&MemoryStore) -> B + 'static,
) -> (A, B) {
    let clone = store.clone();
    let thread = loom::thread::spawn(move || there(&clone));
    (here(store), thread.join().unwrap())
}

/// Takes three steps at once, and returns all answers.
fn race_three<A, B: 'static, C: 'static>(
    store: &MemoryStore,
    here: impl FnOnce(&MemoryStore) -> A,
    there: impl FnOnce(&MemoryStore) -> B + 'static,
    elsewhere: impl FnOnce(&MemoryStore) -> C + 'static,
) -> (A, B, C) {
    let clone = store.clone();
    let thread = loom::thread::spawn(move || elsewhere(&clone));
    let (here, there) = race(store, here, there);
    (here, there, thread.join().unwrap())
}

/// Makes records, the same on each run.
struct Cast(SeededRandom);

impl Cast {
    fn new() -> Self {
        Self(SeededRandom::new(7))
    }

    fn anonymous(&self) -> SessionRecord {
        self.built(RecordFixture::anonymous())
    }

    fn of(&self, id: &str) -> SessionRecord {
        self.built(RecordFixture::of(&subject(id)))
    }

    /// A session whose record is in this one of two shards.
    fn of_in(&self, id: &str, shard: usize) -> SessionRecord {
        let hashing = HandleHashing::new();
        std::iter::repeat_with(|| self.of(id))
            .find(|record| hashing.shard(record.handle(), 1) == shard)
            .unwrap()
    }

    fn update(&self, record: &SessionRecord, value: &[u8]) -> SessionRecord {
        NextWrite::after(record, &self.0)
            .unwrap()
            .data("value", value)
            .build()
    }

    fn built(&self, fixture: RecordFixture) -> SessionRecord {
        fixture.build(&self.0, at(0)).unwrap().0
    }
}

/// A subject whose entries are under another lock than those of Alice.
fn another() -> &'static str {
    let shard = |id| RandomState::new().hash_one(subject(id)).to_be_bytes()[0] % 2;
    ["bob", "carol", "dave", "erin", "frank", "grace"]
        .into_iter()
        .find(|id| shard(id) != shard("alice"))
        .unwrap()
}

fn store(capacity: usize) -> MemoryStore {
    let store = crate::testing::store(capacity);
    assert_eq!(
        store.inner().shards.len(),
        if capacity < TWO_SHARDS { 1 } else { 2 }
    );
    store
}

/// A store in which these sessions live.
fn store_of(capacity: usize, records: &[&SessionRecord]) -> MemoryStore {
    let store = store(capacity);
    for record in records {
        assert_eq!(create(&store, record), Some(Create::Created));
    }
    store
}

/// `None` where there is no place.
fn create(store: &MemoryStore, record: &SessionRecord) -> Option<Create> {
    create_at(store, record, at(1))
}

fn create_at(store: &MemoryStore, record: &SessionRecord, now: Timestamp) -> Option<Create> {
    ready(store.create(record, now)).ok()
}

fn load(store: &MemoryStore, record: &SessionRecord, now: Timestamp) -> Load {
    ready(store.load(record.handle(), now)).unwrap()
}

fn live(store: &MemoryStore, record: &SessionRecord) -> Option<Arc<SessionRecord>> {
    match load(store, record, at(1)) {
        Load::Live(record) => Some(record),
        Load::Ended(_) | Load::Missing => None,
    }
}

fn is_live(store: &MemoryStore, record: &SessionRecord) -> bool {
    live(store, record).is_some()
}

/// Which write the record of a live session is from.
fn written_by(store: &MemoryStore, record: &SessionRecord) -> Option<WriteId> {
    live(store, record).map(|record| record.write_id())
}

/// What is known to have ended a session.
fn ending(store: &MemoryStore, record: &SessionRecord) -> Option<EndReason> {
    match load(store, record, at(1)) {
        Load::Ended(tombstone) => Some(tombstone.reason().clone()),
        Load::Live(_) | Load::Missing => None,
    }
}

/// Asks for a first update.
fn update(store: &MemoryStore, record: &SessionRecord) -> Write {
    ready(store.update(record, Revision::FIRST, at(1))).unwrap()
}

fn touch(store: &MemoryStore, record: &SessionRecord, now: Timestamp) -> Touched {
    let touch = Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen: now,
        confirm: false,
    };
    ready(store.touch(&touch, now)).unwrap()
}

fn end(store: &MemoryStore, record: &SessionRecord) -> EndOutcome {
    end_at(store, record, at(1))
}

fn end_at(store: &MemoryStore, record: &SessionRecord, now: Timestamp) -> EndOutcome {
    let end = End {
        handle: record.handle(),
        reason: EndReason::Logout,
        at: now,
        keep_until: record.absolute_deadline(),
    };
    ready(store.end(&end, now)).unwrap()
}

fn has_ended(outcome: &EndOutcome) -> bool {
    matches!(outcome, EndOutcome::Ended(_))
}

fn end_subject(store: &MemoryStore, id: &str) -> Vec<Tombstone> {
    ready(store.end_subject(&subject(id), None, &revoked(), at(1))).unwrap()
}

fn advance(store: &MemoryStore, scope: &EpochScope) {
    ready(store.advance(scope, &revoked(), at(1))).unwrap();
}

/// `None` where there is no place.
fn bind(store: &MemoryStore, bind: &Bind) -> Option<Bound> {
    ready(store.bind(bind, at(1))).ok()
}

fn is_bound(answer: Option<&Bound>) -> bool {
    matches!(answer, Some(Bound::Bound { .. }))
}

/// The least capacity of a store with two shards. One with less has one.
const TWO_SHARDS: usize = 2_048;
