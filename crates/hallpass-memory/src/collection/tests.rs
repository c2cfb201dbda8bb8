use std::sync::Mutex as StdMutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;

use hallpass_core::Create;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::Sweep;
use hallpass_core::Touch;
use hallpass_core::Touched;

use super::*;
use crate::MemoryStore;
use crate::testing::OverWhenDropped;
use crate::testing::anonymous;
use crate::testing::at;
use crate::testing::of;
use crate::testing::ready;
use crate::testing::revoked;
use crate::testing::store;
use crate::testing::subject;

fn create(store: &MemoryStore, record: &SessionRecord) {
    assert_eq!(ready(store.create(record, at(0))).unwrap(), Create::Created);
}

fn advance(store: &MemoryStore, scope: &EpochScope) {
    ready(store.advance(scope, &revoked(), at(1))).unwrap();
}

fn is_live(store: &MemoryStore, record: &SessionRecord) -> bool {
    matches!(
        ready(store.load(record.handle(), at(2))).unwrap(),
        Load::Live(_)
    )
}

#[test]
fn logins_clear_away_what_an_advance_ended() {
    let store = store(8_192);
    let bystander = of("bob");
    create(&store, &bystander);
    for _ in 0..1_000 {
        create(&store, &of("alice"));
    }
    advance(&store, &EpochScope::Subject(subject("alice")));
    for _ in 0..100 {
        create(&store, &of("carol"));
    }
    assert_eq!((store.len(), store.tombstones()), (101, 1_000));
    assert_eq!(
        (
            store.inner().epochs.len(),
            store.inner().epochs.is_pending()
        ),
        (0, false)
    );
    assert!(is_live(&store, &bystander));
    store.assert_sound();
}

#[test]
fn a_sweep_clears_away_what_an_advance_ended() {
    let store = store(8_192);
    for _ in 0..1_000 {
        create(&store, &anonymous());
    }
    advance(&store, &EpochScope::Everybody);
    let swept = ready(store.sweep(2_000, at(2))).unwrap();
    // Nothing was past its time.
    assert_eq!((swept.removed, swept.more), (0, false));
    assert_eq!((store.len(), store.tombstones()), (0, 1_000));
    assert_eq!(store.inner().epochs.len(), 0);
    store.assert_sound();
}

/// Sessions in use are touched now and then, and that is enough.
#[test]
fn touches_clear_away_what_an_advance_ended() {
    let store = store(8_192);
    let bystander = of("bob");
    create(&store, &bystander);
    for _ in 0..1_000 {
        create(&store, &of("alice"));
    }
    advance(&store, &EpochScope::Subject(subject("alice")));
    let touch = Touch {
        handle: bystander.handle(),
        digest: bystander.credential().digest(),
        binding: bystander.binding(),
        last_seen: at(1),
        confirm: false,
    };
    for _ in 0..1_000 / SHORT_STEP {
        assert_eq!(ready(store.touch(&touch, at(2))).unwrap(), Touched::Applied);
    }
    assert_eq!((store.len(), store.inner().epochs.is_pending()), (1, false));
}

/// Each advance goes a few records further itself, so that nobody else is needed.
#[test]
fn entries_of_advances_do_not_accumulate() {
    let store = store(8_192);
    for _ in 0..1_000 {
        create(&store, &anonymous());
    }
    let mut most = 0;
    for n in 0..2_000 {
        advance(&store, &EpochScope::Subject(subject(&format!("user {n}"))));
        most = most.max(store.inner().epochs.len());
    }
    assert!(most <= 2 * (1_000 / LONG_STEP + 2), "{most}");
    assert_eq!(store.len(), 1_000);
}

/// An entry goes when a round is over that began after it, not one that it fell into.
#[test]
fn a_round_knows_only_what_was_advanced_before_it_began() {
    let store = store(100);
    let records: Vec<SessionRecord> = (0..40).map(|_| of("alice")).collect();
    for record in &records {
        create(&store, record);
    }
    advance(&store, &EpochScope::Subject(subject("nobody")));
    assert!(store.inner().round.lock().is_some());
    advance(&store, &EpochScope::Subject(subject("alice")));
    while store.inner().epochs.len() == 2 {
        store.inner().collect_some(LONG_STEP, at(2));
    }
    assert_eq!(store.inner().epochs.len(), 1);
    assert!(!records.iter().any(|record| is_live(&store, record)));
    store.assert_sound();
}

/// What began before an advance was called is over when it has returned; what begins after that
/// lives; and rounds that go on all the while change neither.
#[test]
fn no_session_slips_through_an_advance() {
    let store = store(100_000);
    let clock = AtomicU64::new(1);
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let is_over = AtomicBool::new(false);
    let begun = StdMutex::new(Vec::new());
    let mut advances = Vec::new();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _over = OverWhenDropped(&is_over);
                while !is_over.load(Ordering::Relaxed) {
                    let record = of("alice");
                    let before = tick();
                    create(&store, &record);
                    begun.lock().unwrap().push((before, tick(), record));
                }
            });
        }
        let _over = OverWhenDropped(&is_over);
        let wait_for_another = || {
            let count = begun.lock().unwrap().len();
            while begun.lock().unwrap().len() == count && !is_over.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        };
        for n in 0..300_usize {
            wait_for_another();
            let scope = match n % 3 {
                0 => EpochScope::Everybody,
                1 => EpochScope::Subject(subject("alice")),
                _ => EpochScope::Subject(subject("bob")),
            };
            let before = tick();
            advance(&store, &scope);
            if n % 3 != 2 {
                advances.push((before, tick()));
            }
            // Sessions of which is known that they had begun.
            let known = begun.lock().unwrap();
            for (_, after, record) in known.iter().rev().take(20) {
                let ended = advances.iter().any(|(called, _)| after < called);
                assert!(!(ended && is_live(&store, record)));
            }
        }
        wait_for_another();
        wait_for_another();
    });
    let begun = begun.into_inner().unwrap();
    let (called, returned) = advances.last().copied().unwrap();
    let mut counts = [0, 0];
    for (before, after, record) in &begun {
        if *after < called {
            assert!(!is_live(&store, record));
            counts[0] += 1;
        }
        if returned < *before {
            assert!(is_live(&store, record));
            counts[1] += 1;
        }
    }
    assert!(
        counts[0] > 0 && counts[1] > 0,
        "the test tested nothing: {counts:?}"
    );
    store.assert_sound();
}
