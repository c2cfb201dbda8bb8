use std::error::Error;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;

use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_core::Touched;

use super::*;
use crate::MemoryStore;
use crate::testing::IDLE;
use crate::testing::OverWhenDropped;
use crate::testing::anonymous;
use crate::testing::at;
use crate::testing::built;
use crate::testing::limited;
use crate::testing::login;
use crate::testing::of;
use crate::testing::places;
use crate::testing::ready;
use crate::testing::replacing;
use crate::testing::revoked;
use crate::testing::store;
use crate::testing::subject;

fn bind(store: &MemoryStore, bind: &Bind, now: Timestamp) -> Bound {
    let answer = ready(store.bind(bind, now)).unwrap();
    store.assert_sound();
    answer
}

fn create(store: &MemoryStore, record: &SessionRecord) {
    assert_eq!(
        ready(store.create(record, record.created_at())).unwrap(),
        Create::Created
    );
}

fn is_live(store: &MemoryStore, record: &SessionRecord, now: Timestamp) -> bool {
    matches!(
        ready(store.load(record.handle(), now)).unwrap(),
        Load::Live(_)
    )
}

fn started(millis: u64) -> SessionRecord {
    built(RecordFixture::of(&subject("alice")), at(millis))
}

#[test]
fn the_least_recently_used_session_goes() {
    let store = store(10);
    let [first, second, third] = [1, 2, 3].map(started);
    create(&store, &first);
    create(&store, &second);
    let touch = Touch {
        handle: first.handle(),
        digest: first.credential().digest(),
        binding: first.binding(),
        last_seen: at(3),
        confirm: false,
    };
    assert_eq!(ready(store.touch(&touch, at(3))).unwrap(), Touched::Applied);
    let answer = bind(
        &store,
        &limited(&third, 2, AtLimit::EvictLeastRecentlyUsed),
        at(4),
    );
    let expected = Tombstone::of(&second, EndReason::Evicted, at(4));
    assert!(matches!(answer, Bound::Bound { evicted } if evicted == [expected]));
    assert!(is_live(&store, &first, at(4)) && is_live(&store, &third, at(4)));
}

#[test]
fn as_many_as_needed_go_when_the_limit_was_lowered() {
    let store = store(10);
    let mut records = [5, 1, 4, 2, 3].map(started);
    for record in &records {
        create(&store, record);
    }
    let last = started(6);
    let Bound::Bound { evicted } = bind(&store, &limited(&last, 2, AtLimit::EvictOldest), at(6))
    else {
        panic!("not bound")
    };
    records.sort_by_key(SessionRecord::created_at);
    let handles: Vec<_> = evicted.iter().map(Tombstone::handle).collect();
    assert_eq!(
        handles,
        records[..4]
            .iter()
            .map(SessionRecord::handle)
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_denied_login_changes_nothing() {
    let store = store(10);
    let [first, second, nobody] = [started(1), started(2), anonymous()];
    create(&store, &first);
    create(&store, &nobody);
    let ask = Bind {
        replaces: replacing(&second, &nobody).replaces,
        ..limited(&second, 1, AtLimit::Reject)
    };
    let Bound::Denied { active } = bind(&store, &ask, at(3)) else {
        panic!("not denied")
    };
    assert_eq!(
        active.iter().map(|r| r.handle()).collect::<Vec<_>>(),
        [first.handle()]
    );
    assert!(is_live(&store, &nobody, at(3)) && !is_live(&store, &second, at(3)));
    assert_eq!((store.len(), store.tombstones()), (2, 0));
}

/// Race 25.
#[test]
fn a_session_that_expired_leaves_its_place_without_any_event() {
    let store = store(10);
    create(&store, &started(0));
    let now = at(0).saturating_add(IDLE);
    let second = built(RecordFixture::of(&subject("alice")), now);
    let answer = bind(&store, &limited(&second, 1, AtLimit::Reject), now);
    assert!(matches!(answer, Bound::Bound { evicted } if evicted.is_empty()));
}

/// Race 48.
#[test]
fn a_repeated_login_is_not_denied_by_its_own_ghost() {
    let store = store(1);
    let [nobody, alice] = [anonymous(), started(1)];
    create(&store, &nobody);
    let ask = Bind {
        limit: limited(&alice, 1, AtLimit::Reject).limit,
        ..replacing(&alice, &nobody)
    };
    for _ in 0..2 {
        let answer = bind(&store, &ask, at(1));
        assert!(matches!(answer, Bound::Bound { evicted } if evicted.is_empty()));
    }
    assert_eq!((store.len(), store.tombstones()), (1, 1));
}

#[test]
fn only_the_named_revision_is_replaced() {
    let store = store(10);
    let [nobody, alice] = [anonymous(), started(1)];
    create(&store, &nobody);
    let mut ask = replacing(&alice, &nobody);
    ask.replaces = ask.replaces.map(|r| Replaced {
        revision: r.revision.next(),
        ..r
    });
    assert!(matches!(bind(&store, &ask, at(1)), Bound::Conflict));
    assert!(is_live(&store, &nobody, at(1)) && !is_live(&store, &alice, at(1)));
    // And neither one that is missing nor one that has ended.
    let ask = replacing(&alice, &anonymous());
    assert!(matches!(bind(&store, &ask, at(1)), Bound::Conflict));
    let ask = replacing(&alice, &nobody);
    assert!(matches!(
        bind(&store, &ask, nobody.expires_at()),
        Bound::Conflict
    ));
    assert_eq!(store.len(), 0);
}

/// The place of whoever logs in may be the last one.
#[test]
fn a_full_store_lets_in_who_makes_room() {
    let store = store(2);
    let [nobody, first] = [anonymous(), started(1)];
    create(&store, &nobody);
    create(&store, &first);
    let second = started(2);
    assert!(matches!(
        bind(&store, &replacing(&second, &nobody), at(2)),
        Bound::Bound { .. }
    ));
    let third = limited(&started(3), 2, AtLimit::EvictOldest);
    assert!(matches!(bind(&store, &third, at(3)), Bound::Bound { evicted } if evicted.len() == 1));
    assert_eq!(store.len(), 2);
}

#[test]
fn a_full_store_refuses_and_ends_nobody() {
    let store = MemoryStore::with(places(10, 10));
    for _ in 0..9 {
        create(&store, &anonymous());
    }
    let error = ready(store.create(&anonymous(), at(0))).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
    let source = error.source().unwrap();
    assert_eq!(source.downcast_ref(), Some(&Full::Anonymous { share: 9 }));
    assert!(
        source
            .to_string()
            .contains("raise `MemoryStoreBuilder::capacity`")
    );

    create(&store, &of("alice"));
    let error = ready(store.bind(&login(&of("bob")), at(0))).unwrap_err();
    let source = error.source().unwrap();
    assert_eq!(source.downcast_ref(), Some(&Full::Store { capacity: 10 }));
    assert_eq!((store.len(), store.tombstones()), (10, 0));
    store.assert_sound();
}

#[test]
fn a_name_that_is_taken_stays_taken() {
    let store = store(10);
    let [live, ended] = [started(1), started(2)];
    create(&store, &live);
    create(&store, &ended);
    let gone = ready(store.end_subject(&subject("alice"), Some(live.handle()), &revoked(), at(3)));
    assert_eq!(gone.unwrap().len(), 1);
    assert_eq!(ready(store.create(&live, at(4))).unwrap(), Create::Occupied);
    for record in [live, ended] {
        let other = NextWrite::after(&record, &SystemRandom).unwrap().build();
        let ask = limited(&other, 1, AtLimit::EvictOldest);
        assert!(matches!(bind(&store, &ask, at(4)), Bound::Occupied));
    }
    assert_eq!((store.len(), store.tombstones()), (1, 1));
}

/// Race 24, seen from inside: a shard cannot change while it is looked at, and here is only one.
#[test]
fn racing_logins_never_pass_the_limit() {
    for at_limit in [
        AtLimit::EvictLeastRecentlyUsed,
        AtLimit::EvictOldest,
        AtLimit::Reject,
    ] {
        let store = store(1_000);
        let bound = AtomicUsize::new(0);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut most = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let [shard] = &*store.inner().shards else {
                        panic!("more than one shard")
                    };
                    most = most.max(shard.lock().sound().len());
                    thread::yield_now();
                }
                most
            });
            let logins: Vec<_> = (0..64)
                .map(|n| {
                    let (store, bound) = (&store, &bound);
                    scope.spawn(move || {
                        for turn in 0..10 {
                            let ask = limited(&started(n * 10 + turn), 3, at_limit);
                            match ready(store.bind(&ask, at(1_000))).unwrap() {
                                Bound::Bound { .. } => bound.fetch_add(1, Ordering::Relaxed),
                                Bound::Denied { active } => {
                                    assert_eq!(active.len(), 3);
                                    0
                                }
                                other => panic!("{other:?}"),
                            };
                        }
                    })
                })
                .collect();
            {
                let _over = OverWhenDropped(&is_over);
                logins.into_iter().for_each(|login| login.join().unwrap());
            }
            assert!(watcher.join().unwrap() <= 3, "{at_limit:?}");
        });
        let expected = if at_limit == AtLimit::Reject { 3 } else { 640 };
        assert_eq!(bound.into_inner(), expected, "{at_limit:?}");
        assert_eq!(
            ready(store.list(&subject("alice"), at(1_000)))
                .unwrap()
                .len(),
            3
        );
        store.assert_sound();
    }
}

/// Race 8, from two sides at once: the anonymous session is replaced once.
#[test]
fn of_two_logins_that_replace_one_session_one_wins() {
    for _ in 0..200 {
        let store = store(10_000);
        let nobody = anonymous();
        create(&store, &nobody);
        let asks = [
            replacing(&of("alice"), &nobody),
            replacing(&of("bob"), &nobody),
        ];
        let answers: Vec<Bound> = thread::scope(|scope| {
            let store = &store;
            let logins: Vec<_> = asks
                .iter()
                .map(|ask| scope.spawn(move || ready(store.bind(ask, at(1))).unwrap()))
                .collect();
            logins
                .into_iter()
                .map(|login| login.join().unwrap())
                .collect()
        });
        let bound = answers
            .iter()
            .filter(|answer| matches!(answer, Bound::Bound { .. }))
            .count();
        let lost = answers
            .iter()
            .filter(|answer| matches!(answer, Bound::Conflict))
            .count();
        assert_eq!((bound, lost, store.len(), store.tombstones()), (1, 1, 1, 1));
        store.assert_sound();
    }
}

/// Race 43: also entries of sessions that nobody asks for again.
#[test]
fn the_index_keeps_no_session_that_is_over() {
    let store = store(10);
    let [first, second] = [started(0), started(0)];
    create(&store, &first);
    create(&store, &second);
    let end = End {
        handle: first.handle(),
        reason: EndReason::Logout,
        at: at(1),
        keep_until: first.absolute_deadline(),
    };
    assert!(matches!(
        ready(store.end(&end, at(1))).unwrap(),
        EndOutcome::Ended(_)
    ));
    assert_eq!(store.inner().index.len(), 1);
    create(
        &store,
        &built(RecordFixture::anonymous(), at(0).saturating_add(IDLE)),
    );
    assert_eq!(store.inner().index.len(), 0);
    store.assert_sound();
}
