use std::num::NonZeroU32;
use std::sync::Mutex as StdMutex;
use std::thread;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Concurrency;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::Replaced;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::SystemRandom;
use hallpass_core::Tombstone;

use super::*;
use crate::testing::HALF;
use crate::testing::IDLE;
use crate::testing::anonymous;
use crate::testing::at;
use crate::testing::built;
use crate::testing::of;
use crate::testing::places;
use crate::testing::ready;
use crate::testing::revoked;
use crate::testing::store;
use crate::testing::subject;

impl MemoryStore {
    /// Checks the invariants of all parts together. Nobody else may use the store meanwhile.
    pub(crate) fn assert_sound(&self) {
        let live: Vec<Arc<SessionRecord>> = self
            .0
            .shards
            .iter()
            .flat_map(|shard| shard.lock().sound())
            .collect();
        assert_eq!(live.len(), self.len());
        assert!(self.tombstones() <= self.capacity());
        let indexed = live
            .iter()
            .filter_map(|record| record.subject().map(|of| (of, record)));
        assert_eq!(indexed.clone().count(), self.0.index.len());
        for (subject, record) in indexed {
            assert!(
                self.0
                    .index
                    .lock(subject)
                    .handles()
                    .contains(&record.handle())
            );
        }
    }
}

fn touch(record: &SessionRecord, last_seen: Timestamp) -> Touch {
    Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen,
        confirm: false,
    }
}

#[test]
fn clones_are_the_same_store() {
    let store = store(10);
    let record = of("alice");
    assert_eq!(
        ready(store.create(&record, at(0))).unwrap(),
        Create::Created
    );
    let loaded = ready(store.clone().load(record.handle(), at(0))).unwrap();
    assert!(matches!(loaded, Load::Live(_)));
}

/// Race 47.
#[test]
fn debug_shows_counts_only() {
    let store = store(10);
    let record = built(
        RecordFixture::of(&subject("alice")).data("cart", b"\"secret\""),
        at(0),
    );
    assert_eq!(
        ready(store.create(&record, at(0))).unwrap(),
        Create::Created
    );
    assert_eq!(
        format!("{store:?}"),
        "MemoryStore { len: 1, tombstones: 0, capacity: 10 }"
    );
}

/// 64 shards; the memory of what expired comes back by creates alone, without a sweep.
#[test]
fn new_sessions_clear_away_what_expired() {
    let store = store(65_536);
    for _ in 0..4_000 {
        assert_eq!(
            ready(store.create(&anonymous(), at(0))).unwrap(),
            Create::Created
        );
    }
    let now = at(0).saturating_add(IDLE);
    for _ in 0..4_000 {
        let record = built(RecordFixture::anonymous(), now);
        assert_eq!(ready(store.create(&record, now)).unwrap(), Create::Created);
    }
    // Nearly all of it: each shard gets about as many new sessions as it had old ones.
    assert!(store.len() < 4_050, "{}", store.len());
    assert_eq!(store.tombstones(), 0);
    store.assert_sound();
}

/// Sessions in use come due again and again, and each touch pays for that.
#[test]
fn touches_keep_up_with_what_they_put_off() {
    let store = store(1_000);
    let records: Vec<SessionRecord> = (0..100).map(|_| anonymous()).collect();
    for record in &records {
        assert_eq!(ready(store.create(record, at(0))).unwrap(), Create::Created);
    }
    let mut now = at(0);
    for _ in 0..10 {
        now = now.saturating_add(HALF);
        for record in &records[..50] {
            let _applied = ready(store.touch(&touch(record, now), now)).unwrap();
        }
    }
    assert_eq!(store.len(), 50);
    store.assert_sound();
}

/// Race 3, and clauses 3 and 7: an ending wins over everything that comes later.
#[test]
fn what_an_epoch_ended_is_gone_for_every_operation() {
    let store = store(10);
    let record = of("alice");
    assert_eq!(
        ready(store.create(&record, at(0))).unwrap(),
        Create::Created
    );
    ready(store.advance(&EpochScope::Everybody, &revoked(), at(5))).unwrap();

    let next = NextWrite::after(&record, &SystemRandom).unwrap().build();
    let updated = ready(store.update(&next, record.revision(), at(6))).unwrap();
    assert_eq!(updated, Write::Gone);
    let touched = ready(store.touch(&touch(&record, at(6)), at(6))).unwrap();
    assert_eq!(touched, Touched::Gone);
    assert_eq!(
        ready(store.create(&record, at(6))).unwrap(),
        Create::Occupied
    );
    let expected = Tombstone::of(&record, revoked(), at(5));
    let end = End {
        handle: record.handle(),
        reason: EndReason::Logout,
        at: at(6),
        keep_until: at(7),
    };
    assert_eq!(
        ready(store.end(&end, at(6))).unwrap(),
        EndOutcome::Already(expected.clone())
    );
    let loaded = ready(store.load(record.handle(), at(6))).unwrap();
    assert!(matches!(loaded, Load::Ended(tombstone) if tombstone == expected));
    store.assert_sound();
}

#[test]
fn there_are_never_more_tombstones_than_places() {
    let store = store(100);
    for _ in 0..1_000 {
        let record = of("alice");
        let end = End {
            handle: record.handle(),
            reason: EndReason::Logout,
            at: at(0),
            keep_until: record.absolute_deadline(),
        };
        assert_eq!(ready(store.end(&end, at(0))).unwrap(), EndOutcome::Missing);
        let loaded = ready(store.load(record.handle(), at(0))).unwrap();
        assert!(matches!(loaded, Load::Ended(_)));
        assert!(store.tombstones() <= 100);
    }
}

/// All operations on few sessions of few subjects from many threads: it comes to an end, and
/// everything fits together afterwards.
#[test]
fn no_mixture_of_operations_stops_or_breaks_the_store() {
    let store = MemoryStore::with(places(48, 25));
    let recent = StdMutex::new(vec![of("alice"); 8]);
    thread::scope(|scope| {
        for seed in 1..=8_u64 {
            let (store, recent) = (&store, &recent);
            scope.spawn(move || {
                let mut dice = Dice(seed);
                for step in 0..3_000_u64 {
                    let now = at(step * 500 + dice.roll(300_000));
                    one_of_everything(store, recent, &mut dice, now);
                }
            });
        }
    });
    store.assert_sound();
    let end = at(0).saturating_add(20 * IDLE);
    while ready(store.sweep(7, end)).unwrap().more {}
    store.assert_sound();
    assert_eq!(
        (store.len(), store.tombstones(), store.0.index.len()),
        (0, 0, 0)
    );
}

fn one_of_everything(
    store: &MemoryStore,
    recent: &StdMutex<Vec<SessionRecord>>,
    dice: &mut Dice,
    now: Timestamp,
) {
    let subject = subject(["alice", "bob", "carol"][dice.index(3)]);
    let known = recent.lock().unwrap()[dice.index(8)].clone();
    let fixture = if dice.roll(3) == 0 {
        RecordFixture::anonymous()
    } else {
        RecordFixture::of(&subject)
    };
    let fresh = built(fixture, now);
    match dice.roll(14) {
        0 => {
            let _created = ready(store.create(&fresh, now));
        }
        1..=3 => {
            let bind = Bind {
                record: fresh.clone(),
                replaces: (dice.roll(2) == 0).then(|| Replaced {
                    handle: known.handle(),
                    revision: known.revision(),
                }),
                limit: Some(Concurrency {
                    max: NonZeroU32::MIN.saturating_add(4),
                    at_limit: [
                        AtLimit::EvictLeastRecentlyUsed,
                        AtLimit::EvictOldest,
                        AtLimit::Reject,
                    ][dice.index(3)],
                }),
            };
            let _bound = ready(store.bind(&bind, now));
        }
        4..=6 => {
            let _loaded = ready(store.load(known.handle(), now)).unwrap();
            return;
        }
        7 => {
            let next = NextWrite::after(&known, &SystemRandom)
                .unwrap()
                .last_seen(now)
                .build();
            let written = ready(store.update(&next, known.revision(), now)).unwrap();
            if written == Write::Applied {
                recent.lock().unwrap()[dice.index(8)] = next;
            }
            return;
        }
        8 => {
            let _touched = ready(store.touch(&touch(&known, now), now)).unwrap();
            return;
        }
        9 => {
            let end = End {
                handle: known.handle(),
                reason: EndReason::Logout,
                at: now,
                keep_until: known.absolute_deadline(),
            };
            let _ended = ready(store.end(&end, now)).unwrap();
            return;
        }
        10 => {
            assert!(ready(store.list(&subject, now)).unwrap().len() <= 48);
            return;
        }
        11 => {
            let _ended = ready(store.end_subject(&subject, None, &revoked(), now)).unwrap();
            return;
        }
        12 => {
            let scope = match dice.roll(8) {
                0 => EpochScope::Everybody,
                1 => EpochScope::Tenant("acme".to_owned()),
                _ => EpochScope::Subject(subject),
            };
            ready(store.advance(&scope, &revoked(), now)).unwrap();
            return;
        }
        _ => {
            let _swept = ready(store.sweep(3, now)).unwrap();
            return;
        }
    }
    recent.lock().unwrap()[dice.index(8)] = fresh;
}

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn index(&mut self, length: u64) -> usize {
        usize::try_from(self.roll(length)).unwrap()
    }
}
