//! A logout against the late writes of other requests, again and again.

use std::num::NonZeroUsize;
use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;

use hallpass_core::EndOutcome;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::Revision;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_testkit::SeededRandom;

use super::at;
use super::logout;
use super::ready;
use super::touch;

/// Races 1 and 3, a million times (without optimisation 200 000 times, so that it takes seconds).
/// Two threads come to a few sessions at a time, one to end them and one to write them. Which of
/// them comes first changes all the time: who is through last with some is first at the next, and
/// they go through them in opposite directions.
#[test]
fn no_late_write_brings_a_session_back() {
    let random = SeededRandom::new(32);
    let sessions: Vec<[SessionRecord; 2]> = (0..SESSIONS)
        .map(|_| {
            let (record, _) = RecordFixture::anonymous().build(&random, at(0)).unwrap();
            let write = NextWrite::after(&record, &random).unwrap().build();
            [record, write]
        })
        .collect();
    let stores: Vec<MemoryStore> = (0..STORES).map(|_| store()).collect();
    let race = Race {
        through: [const { AtomicUsize::new(0) }; 2],
        batch: Barrier::new(2),
    };

    // Nothing is asserted while the threads wait for each other: the other one would wait for ever.
    let (ended, resurrected, left, [in_time, late]) = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut counts = [0, 0];
            for store in &stores {
                race.batch.wait();
                for (n, group) in sessions.chunks(GROUP).enumerate() {
                    for [record, write] in group {
                        let [in_time, late] = if n % 2 == 0 {
                            updates(store, write)
                        } else {
                            touches(store, record)
                        };
                        counts[0] += usize::from(in_time);
                        counts[1] += usize::from(late);
                    }
                    race.meet(0);
                }
                race.batch.wait();
            }
            counts
        });
        let [mut ended, mut resurrected, mut left] = [0; 3];
        for store in &stores {
            for [record, _] in &sessions {
                let _created = ready(store.create(record, at(0)));
            }
            race.batch.wait();
            for group in sessions.chunks(GROUP) {
                for [record, _] in group.iter().rev() {
                    let outcome = ready(store.end(&logout(record, at(1)), at(1)));
                    ended += usize::from(matches!(outcome, Ok(EndOutcome::Ended(_))));
                    resurrected += usize::from(is_live(store, record));
                }
                race.meet(1);
            }
            race.batch.wait();
            for [record, _] in &sessions {
                resurrected += usize::from(is_live(store, record));
            }
            left += store.len();
        }
        (ended, resurrected, left, writer.join().unwrap())
    });

    assert_eq!((ended, resurrected, left), (STORES * SESSIONS, 0, 0));
    assert_eq!(in_time + late, STORES * SESSIONS);
    assert!(
        in_time > 0 && late > 0,
        "the test tested nothing: {in_time} {late}"
    );
}

/// Two threads that go from group to group together.
struct Race {
    /// How many groups each thread is through with.
    through: [AtomicUsize; 2],
    batch: Barrier,
}

impl Race {
    /// Waits until the other thread is through with this group as well.
    fn meet(&self, thread: usize) {
        let [mine, other] = [thread, 1 - thread].map(|thread| &self.through[thread]);
        let count = mine.fetch_add(1, Ordering::SeqCst) + 1;
        let mut looks = 0_u32;
        while other.load(Ordering::SeqCst) < count {
            // The other one may have lost its processor.
            looks += 1;
            if looks.is_multiple_of(64) {
                thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

/// Returns whether the update came in time, and whether it came too late.
fn updates(store: &MemoryStore, write: &SessionRecord) -> [bool; 2] {
    let answer = ready(store.update(write, Revision::FIRST, at(1)));
    [Write::Applied, Write::Gone].map(|expected| matches!(answer, Ok(told) if told == expected))
}

/// Returns whether the touch came in time, and whether it came too late.
fn touches(store: &MemoryStore, record: &SessionRecord) -> [bool; 2] {
    let answer = ready(store.touch(&touch(record, at(1)), at(1)));
    [Touched::Applied, Touched::Gone].map(|expected| matches!(answer, Ok(told) if told == expected))
}

fn is_live(store: &MemoryStore, record: &SessionRecord) -> bool {
    let loaded = ready(store.load(record.handle(), at(1)));
    matches!(loaded, Ok(Load::Live(_)))
}

/// A store of its own for each batch, because a handle is never used twice.
fn store() -> MemoryStore {
    MemoryStore::builder()
        .capacity(NonZeroUsize::new(SESSIONS).unwrap())
        .reserve_for_subjects(0)
        .build()
}

const SESSIONS: usize = 1_000;
const STORES: usize = if cfg!(debug_assertions) { 200 } else { 1_000 };

/// How many sessions the threads go through before they wait for each other: so few that they
/// meet, and so many that a machine with other work to do does not spend its time on switching.
const GROUP: usize = 10;
