//! What is known of each session, and known for sure: a fact is noted when the call that shows it
//! has returned, and what a call must not show is looked up before it begins.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hallpass_core::AtLimit;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SecureRandom;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Timestamp;
use hallpass_memory::MemoryStore;
use hallpass_testkit::SeededRandom;

use crate::stress::at;
use crate::stress::ready;

pub(super) struct Facts {
    pub(super) store: MemoryStore,
    slots: Vec<Slot>,
    places: HashMap<SessionHandle, usize>,
    /// Steps that were begun: the time, in milliseconds.
    steps: AtomicU64,
}

/// One session, before, while and after it lives.
pub(super) struct Slot {
    pub(super) record: SessionRecord,
    index: usize,
    claimed: AtomicBool,
    begun: AtomicBool,
    over: AtomicBool,
    increments: AtomicU64,
}

impl Facts {
    pub(super) fn new(store: MemoryStore) -> Self {
        let random = SeededRandom::new(1);
        let slots: Vec<Slot> = (0..SLOTS).map(|index| Slot::new(index, &random)).collect();
        Self {
            store,
            places: slots
                .iter()
                .map(|slot| (slot.record.handle(), slot.index))
                .collect(),
            slots,
            steps: AtomicU64::new(0),
        }
    }

    /// Returns the time of the next step, and the sessions that it may be about: those begin, live
    /// for a while, and are left alone, so that some expire.
    pub(super) fn step(&self) -> Option<(Timestamp, Range<usize>)> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        let start = usize::try_from(step / STEPS_PER_SLOT).unwrap();
        (start < SLOTS).then(|| (at(step), start..SLOTS.min(start + WINDOW)))
    }

    pub(super) fn one_of(&self, window: &Range<usize>, dice: &Dice) -> &Slot {
        &self.slots[window.start + dice.below(window.len())]
    }

    pub(super) fn slot(&self, handle: SessionHandle) -> &Slot {
        &self.slots[self.places[&handle]]
    }

    pub(super) fn is_early(now: Timestamp) -> bool {
        now < at(SLOTS as u64 * STEPS_PER_SLOT / 2)
    }

    /// Returns whether the session may have expired, by any clock that a thread has seen so far.
    pub(super) fn has_idled(&self, slot: &Slot) -> bool {
        at(self.steps.load(Ordering::SeqCst)) >= slot.record.created_at().saturating_add(IDLE)
    }

    /// Returns the sessions of the same subject, near a session, of which something is known.
    pub(super) fn known(&self, slot: &Slot, fact: impl Fn(&Slot) -> bool) -> Vec<SessionHandle> {
        let near = slot.index.saturating_sub(WINDOW)..SLOTS.min(slot.index + WINDOW);
        self.slots[near]
            .iter()
            .filter(|other| other.record.subject() == slot.record.subject() && fact(other))
            .map(|other| other.record.handle())
            .collect()
    }

    pub(super) fn all(&self, fact: impl Fn(&Slot) -> bool) -> Vec<SessionHandle> {
        self.slots
            .iter()
            .filter(|slot| fact(slot))
            .map(|slot| slot.record.handle())
            .collect()
    }

    pub(super) fn have_ended(&self, handles: &[SessionHandle]) {
        for &handle in handles {
            self.slot(handle).has_ended();
        }
    }

    /// Compares the store with what is known, when all threads are done, and then empties it.
    pub(super) fn assert_final(&self, limit: usize) {
        let now = at(self.steps.load(Ordering::SeqCst));
        let mut live = Vec::new();
        for slot in &self.slots {
            if let Load::Live(stored) = ready(self.store.load(slot.record.handle(), now)).unwrap() {
                assert!(slot.begun() && !slot.is_over());
                assert_eq!(count_in(&stored), slot.increments.load(Ordering::SeqCst));
                live.push(stored);
            }
        }
        assert_eq!(self.store.len(), live.len());
        assert!(self.store.tombstones() <= SLOTS);
        let begun = self.all(Slot::begun).len();
        assert!(
            live.len() > 20 && begun > 4 * live.len(),
            "the test tested nothing: {begun} began and {} live",
            live.len()
        );

        live.retain(|record| record.subject().is_some());
        let listed = |now| -> Vec<usize> {
            (0..SUBJECTS)
                .map(|n| ready(self.store.list(&subject(n), now)).unwrap().len())
                .collect()
        };
        let counts = listed(now);
        assert_eq!(counts.iter().sum::<usize>(), live.len());
        assert!(counts[..LIMITED].iter().all(|count| *count <= limit));

        let later = at(u64::MAX / 2);
        while ready(self.store.sweep(1_000, later)).unwrap().more {}
        assert_eq!((self.store.len(), self.store.tombstones()), (0, 0));
        assert_eq!(listed(later), [0; SUBJECTS]);
    }
}

impl Slot {
    fn new(index: usize, random: &SeededRandom) -> Self {
        // Subjects in turn, and a few visitors. A tombstone of a session without an idle timeout is
        // kept until the session would have expired, whatever the time of the thread that ended it,
        // which may have slept since it took its step.
        let fixture = match index % (SUBJECTS + 4) {
            n if n < SUBJECTS => {
                RecordFixture::of(&subject(n)).timeouts(Some(IDLE), Duration::from_secs(36_000))
            }
            _ => RecordFixture::anonymous().timeouts(None, IDLE),
        };
        // Not after the first step that is about it.
        let first = u64::try_from(index.saturating_sub(WINDOW)).unwrap();
        let begins = at(first * STEPS_PER_SLOT);
        let (record, _) = fixture.build(random, begins).unwrap();
        Self {
            record,
            index,
            claimed: AtomicBool::new(false),
            begun: AtomicBool::new(false),
            over: AtomicBool::new(false),
            increments: AtomicU64::new(0),
        }
    }

    /// Returns whether the caller is the one who begins the session.
    pub(super) fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::SeqCst)
    }

    pub(super) fn has_begun(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    pub(super) fn begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    pub(super) fn has_ended(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub(super) fn was_incremented(&self) {
        self.increments.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns the subject and what happens at its limit, if it has one.
    pub(super) fn limit(&self) -> Option<(&Subject, AtLimit)> {
        let at_limit = match self.index % (SUBJECTS + 4) {
            LIMITED.. => return None,
            n if n % 3 == 0 => AtLimit::Reject,
            n if n % 3 == 1 => AtLimit::EvictOldest,
            _ => AtLimit::EvictLeastRecentlyUsed,
        };
        Some((self.record.subject()?, at_limit))
    }
}

/// Returns how often the counter of a session was counted up.
pub(super) fn count_in(record: &SessionRecord) -> u64 {
    record.data().get("count").map_or(0, |count| {
        str::from_utf8(count.bytes()).unwrap().parse().unwrap()
    })
}

/// Seeded numbers.
pub(super) struct Dice(pub(super) SeededRandom);

impl Dice {
    pub(super) fn below(&self, limit: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes).unwrap();
        usize::try_from(u32::from_le_bytes(bytes)).unwrap() % limit
    }
}

fn subject(number: usize) -> Subject {
    Subject::new(&format!("user {number}")).unwrap()
}

/// Subjects, the first of which have a limit.
const SUBJECTS: usize = 12;
const LIMITED: usize = 10;

const SLOTS: usize = 10_000;
const STEPS_PER_SLOT: u64 = 12;

/// How many sessions the threads are about at once.
const WINDOW: usize = 48;

/// A session that is left alone lives on for as many steps as this has milliseconds.
const IDLE: Duration = Duration::from_millis(STEPS_PER_SLOT * 400);
