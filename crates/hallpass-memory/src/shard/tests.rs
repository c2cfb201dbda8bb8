use hallpass_core::NextWrite;
use hallpass_core::RandomUnavailable;
use hallpass_core::RecordFixture;
use hallpass_core::SecureRandom;
use hallpass_core::SystemRandom;
use hallpass_core::Touch;

use super::*;
use crate::epochs::EpochTable;
use crate::places::Places;
use crate::testing::HALF;
use crate::testing::IDLE;
use crate::testing::anonymous;
use crate::testing::at;
use crate::testing::of;
use crate::testing::places;
use crate::testing::revoked;

impl Shard {
    /// Checks the invariants, and returns the live records.
    pub(crate) fn sound(&self) -> Vec<Arc<SessionRecord>> {
        let mut live = Vec::new();
        for (&handle, slot) in &self.slots {
            let next_due = match slot {
                Slot::Ended(tombstone) => {
                    assert!(self.tombstones.contains(&(tombstone.keep_until(), handle)));
                    tombstone.keep_until()
                }
                Slot::Live { record, queued } => {
                    assert!(self.deadlines.contains(&(*queued, handle)));
                    assert!(*queued <= record.expires_at());
                    live.push(Arc::clone(record));
                    *queued
                }
            };
            assert!(self.next_due <= next_due);
        }
        assert_eq!(live.len(), self.deadlines.len());
        assert_eq!(self.slots.len() - live.len(), self.tombstones.len());
        assert!(self.tombstones.len() <= self.max_tombstones);
        live
    }
}

/// A shard and what surrounds it.
struct Bed {
    shard: Shard,
    epochs: EpochTable,
    places: Places,
}

impl Bed {
    fn new(max_tombstones: usize) -> Self {
        Self {
            shard: Shard::new(HandleHashing::new(), max_tombstones),
            epochs: EpochTable::default(),
            places: places(100_000, 0),
        }
    }

    fn at<T>(&mut self, now: Timestamp, step: impl FnOnce(&mut Shard, &mut Visit<'_>) -> T) -> T {
        let Self {
            shard,
            epochs,
            places,
        } = self;
        let mut visit = Visit {
            now,
            epochs,
            places,
            gone: Vec::new(),
        };
        let answer = step(shard, &mut visit);
        shard.sound();
        answer
    }

    fn insert(&mut self, record: SessionRecord) {
        self.places.take(&record).unwrap();
        self.at(record.created_at(), |shard, visit| {
            shard.insert(record, visit)
        });
    }

    fn find(&mut self, record: &SessionRecord, now: Timestamp) -> Load {
        self.at(now, |shard, visit| shard.find(record.handle(), visit))
    }

    fn expire(&mut self, now: Timestamp) -> Expired {
        self.at(now, |shard, visit| shard.expire(usize::MAX, visit))
    }
}

const fn expired(looked_at: usize, removed: usize) -> Expired {
    Expired { looked_at, removed }
}

#[test]
fn ten_thousand_touches_leave_one_entry_in_the_queue() {
    let mut bed = Bed::new(10);
    let record = of("alice");
    bed.insert(record.clone());
    for millis in 1..=10_000 {
        let touch = Touch {
            handle: record.handle(),
            digest: record.credential().digest(),
            binding: record.binding(),
            last_seen: at(millis),
            confirm: false,
        };
        let Load::Live(stored) = bed.find(&record, at(millis)) else {
            panic!("{millis}")
        };
        let (_applied, next) = stored.touched(&touch, at(millis));
        bed.at(at(millis), |shard, _| shard.replace(next.unwrap()));
    }
    assert_eq!(bed.shard.deadlines.len(), 1);
    // The old deadline brings the entry forward by ten seconds, and the new one is the end.
    assert_eq!(bed.expire(record.expires_at()), expired(1, 0));
    let moved = at(10_000).saturating_add(IDLE);
    assert_eq!(bed.shard.deadlines.first(), Some(&(moved, record.handle())));
    assert_eq!(bed.expire(moved), expired(1, 1));
    assert_eq!(bed.places.taken(), 0);
}

#[test]
fn ten_thousand_updates_leave_one_entry_in_the_queue() {
    let mut bed = Bed::new(10);
    let mut record = of("alice");
    bed.insert(record.clone());
    for millis in 1..=10_000 {
        record = NextWrite::after(&record, &SystemRandom)
            .unwrap()
            .last_seen(at(millis))
            .build();
        bed.at(at(millis), |shard, _| shard.replace(record.clone()));
    }
    assert_eq!(bed.shard.deadlines.len(), 1);
}

/// A step-up restarts the absolute timeout, under limits that may be shorter by now.
#[test]
fn a_deadline_that_moves_forward_is_looked_at_in_time() {
    /// Gives two records the same handle.
    #[derive(Debug)]
    struct Same;

    impl SecureRandom for Same {
        fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
            destination.fill(7);
            Ok(())
        }
    }

    let mut bed = Bed::new(10);
    let limited = |timeout| {
        let fixture = RecordFixture::anonymous().timeouts(None, timeout);
        fixture.build(&Same, at(0)).unwrap().0
    };
    bed.insert(limited(IDLE));
    bed.at(at(1), |shard, _| shard.replace(limited(HALF)));
    assert_eq!(bed.expire(at(0).saturating_add(HALF)), expired(1, 1));
    assert_eq!(bed.shard.slots.len(), 0);
}

#[test]
fn nothing_is_looked_at_before_it_is_due() {
    let mut bed = Bed::new(10);
    let record = of("alice");
    bed.insert(record.clone());
    let deadline = record.expires_at();
    assert_eq!(bed.expire(at(deadline.as_millis() - 1)), expired(0, 0));
    assert!(matches!(
        bed.find(&record, at(deadline.as_millis() - 1)),
        Load::Live(_)
    ));
    assert_eq!(bed.expire(deadline), expired(1, 1));
    assert!(matches!(bed.find(&record, deadline), Load::Ended(_)));
}

#[test]
fn a_subject_leaves_a_tombstone_and_an_anonymous_session_nothing() {
    let mut bed = Bed::new(10);
    let records = [of("alice"), anonymous()];
    for record in &records {
        bed.insert(record.clone());
    }
    let deadline = records[0].expires_at();
    assert_eq!(bed.expire(deadline), expired(2, 2));
    let [alice, nobody] = records.map(|record| bed.find(&record, deadline));
    assert!(matches!(alice, Load::Ended(tombstone) if tombstone.reason() == &EndReason::Idle));
    assert!(matches!(nobody, Load::Missing));
    assert_eq!(bed.expire(at(0).saturating_add(6 * IDLE)), expired(1, 1));
    assert_eq!(bed.shard.slots.len(), 0);
}

#[test]
fn an_expired_anonymous_session_that_somebody_asks_for_leaves_a_tombstone() {
    let mut bed = Bed::new(10);
    let record = anonymous();
    bed.insert(record.clone());
    for _ in 0..2 {
        assert!(matches!(
            bed.find(&record, record.expires_at()),
            Load::Ended(_)
        ));
    }
    assert_eq!((bed.shard.tombstones(), bed.places.taken()), (1, 0));
}

#[test]
fn the_deadline_after_which_nobody_asks_leaves_nothing() {
    let mut bed = Bed::new(10);
    let record = of("alice");
    bed.insert(record.clone());
    assert_eq!(bed.expire(record.absolute_deadline()), expired(1, 1));
    assert_eq!(bed.shard.slots.len(), 0);
}

#[test]
fn the_clock_may_go_backwards_and_what_was_found_ended_stays_so() {
    let mut bed = Bed::new(10);
    let record = of("alice");
    bed.insert(record.clone());
    assert!(matches!(
        bed.find(&record, record.expires_at()),
        Load::Ended(_)
    ));
    assert!(matches!(bed.find(&record, at(1)), Load::Ended(_)));
}

#[test]
fn no_more_is_looked_at_than_was_asked_for() {
    let mut bed = Bed::new(10);
    for _ in 0..10 {
        bed.insert(anonymous());
    }
    let now = at(0).saturating_add(IDLE);
    assert_eq!(
        bed.at(now, |shard, visit| shard.expire(4, visit)),
        expired(4, 4)
    );
    assert!(bed.shard.has_due(now));
    assert_eq!(
        bed.at(now, |shard, visit| shard.expire(7, visit)),
        expired(6, 6)
    );
    assert!(!bed.shard.has_due(now));
}

#[test]
fn the_tombstone_that_would_go_first_goes() {
    let mut bed = Bed::new(3);
    let handles = [4, 2, 3, 1].map(|n| SessionHandle::from_bytes([n; 16]));
    for (handle, keep_until) in handles.into_iter().zip([400, 200, 300, 100]) {
        let tombstone = Tombstone::unknown(handle, revoked(), at(0), at(keep_until));
        bed.at(at(0), |shard, _| shard.end(tombstone));
    }
    // The newest stays in any case: somebody was just told that it is there.
    assert_eq!(bed.shard.tombstones(), 3);
    let kept = handles.map(|handle| bed.shard.slots.contains_key(&handle));
    assert_eq!(kept, [true, false, true, true]);
}

#[test]
fn the_table_gives_its_memory_back() {
    let mut bed = Bed::new(1);
    for _ in 0..5_000 {
        bed.places.take(&anonymous()).unwrap();
        let Bed {
            shard,
            epochs,
            places,
        } = &mut bed;
        shard.insert(
            anonymous(),
            &Visit {
                now: at(0),
                epochs,
                places,
                gone: Vec::new(),
            },
        );
    }
    assert!(bed.shard.slots.capacity() >= 5_000);
    assert_eq!(
        bed.expire(at(0).saturating_add(IDLE)),
        expired(5_000, 5_000)
    );
    assert!(bed.shard.slots.capacity() <= 64);
    assert_eq!(bed.places.taken(), 0);
}

#[test]
fn a_slot_is_as_small_as_two_pointers() {
    assert_eq!(size_of::<Slot>(), 16);
}
