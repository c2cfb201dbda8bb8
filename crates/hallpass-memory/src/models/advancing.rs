//! Advances of epochs, and the rounds that follow them.

use super::*;
use crate::collection::LONG_STEP;

fn alice() -> EpochScope {
    EpochScope::Subject(subject("alice"))
}

fn collect(store: &MemoryStore) {
    store.inner().collect_some(LONG_STEP, at(1));
}

/// Once an advance has returned, or somebody has seen what it did, the session has ended.
#[test]
fn a_session_that_an_advance_has_ended_stays_ended() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store_of(9, &[&record]);
        let seen = record.clone();
        let (is_back, [first, second]) = race(
            &store,
            |store| {
                advance(store, &alice());
                is_live(store, &record)
            },
            move |store| [(); 2].map(|()| is_live(store, &seen)),
        );
        assert!(!is_back && (first || !second));
        assert!(!is_live(&store, &record));
        store.assert_sound();
    });
}

#[test]
fn a_late_update_cannot_undo_an_advance() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let write = cast.update(&record, b"1");
    explore(move || {
        let store = store_of(9, &[&record]);
        let late = write.clone();
        let (is_back, written) = race(
            &store,
            |store| {
                advance(store, &alice());
                is_live(store, &record)
            },
            move |store| update(store, &late),
        );
        assert!(!is_back && matches!(written, Write::Applied | Write::Gone));
        assert!(!is_live(&store, &record));
        collect(&store);
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}

/// A login at the moment of an advance comes before it, and has ended, or after it, and lives. It
/// never denies or lets through more than its limit says.
#[test]
fn a_login_comes_before_an_advance_or_after_it() {
    let cast = Cast::new();
    let [old, new, last] = [(); 3].map(|()| cast.of("alice"));
    explore(move || {
        let store = store_of(9, &[&old]);
        let ask = limited(&new, 1, AtLimit::Reject);
        let ((), bound) = race(
            &store,
            |store| advance(store, &alice()),
            move |store| bind(store, &ask),
        );
        assert!(!is_live(&store, &old));
        let lives = is_live(&store, &new);
        match bound {
            Some(Bound::Bound { evicted }) => assert!(evicted.is_empty()),
            Some(Bound::Denied { .. }) => assert!(!lives),
            other => panic!("{other:?}"),
        }
        // What begins after it has returned lives.
        assert_eq!(create(&store, &last), Some(Create::Created));
        assert!(is_live(&store, &last));
        assert_eq!(store.len(), 1 + usize::from(lives));
        store.assert_sound();
    });
}

/// The session begins in a shard that the round has passed or has still to come to.
#[test]
fn a_round_forgets_no_advance_that_a_new_session_needs() {
    let cast = Cast::new();
    let olds = [cast.of_in("alice", 0), cast.of_in("alice", 1)];
    let new = cast.of_in("alice", 0);
    explore(move || {
        let store = store_of(TWO_SHARDS, &olds.each_ref());
        store.inner().epochs.advance(&alice(), &revoked(), at(1));
        let begun = new.clone();
        let ((), created) = race(
            &store,
            |store| {
                collect(store);
                advance(store, &EpochScope::Everybody);
            },
            move |store| create(store, &begun),
        );
        assert_eq!(created, Some(Create::Created));
        let lives = is_live(&store, &new);
        assert!(!olds.iter().any(|record| is_live(&store, record)));
        // Each round that is under way comes to its end, and no entry stays.
        collect(&store);
        collect(&store);
        assert_eq!(store.inner().epochs.len(), 0);
        assert!(!store.inner().epochs.is_pending());
        assert_eq!(is_live(&store, &new), lives);
        assert_eq!(store.len(), usize::from(lives));
        store.assert_sound();
    });
}

/// A round is under way, and another thread advances and goes on with it or finds it taken.
#[test]
fn a_round_forgets_no_advance_that_came_after_it_began() {
    let cast = Cast::new();
    let [alice_too, bob] = [cast.of_in("alice", 0), cast.of_in(another(), 1)];
    explore(move || {
        let store = store_of(TWO_SHARDS, &[&alice_too, &bob]);
        store.inner().epochs.advance(&alice(), &revoked(), at(1));
        store.inner().collect_some(1, at(1));
        let is_bob_back = race(&store, collect, {
            let bob = bob.clone();
            move |store| {
                advance(store, &EpochScope::Subject(subject(another())));
                is_live(store, &bob)
            }
        })
        .1;
        assert!(!is_bob_back && !is_live(&store, &bob) && !is_live(&store, &alice_too));
        collect(&store);
        collect(&store);
        assert_eq!(store.inner().epochs.len(), 0);
        assert_eq!((store.len(), store.tombstones()), (0, 2));
        store.assert_sound();
    });
}

/// The numbers of advances are counted up one at a time, or one would not be seen.
#[test]
fn of_two_advances_none_is_lost() {
    let cast = Cast::new();
    let [alice_too, bob] = [cast.of("alice"), cast.of(another())];
    explore(move || {
        let store = store_of(9, &[&alice_too, &bob]);
        let ended = bob.clone();
        let is_back = race(
            &store,
            |store| {
                advance(store, &alice());
                is_live(store, &alice_too)
            },
            move |store| {
                advance(store, &EpochScope::Subject(subject(another())));
                is_live(store, &ended)
            },
        );
        assert_eq!(is_back, (false, false));
        assert_eq!(store.inner().epochs.counter(), 2);
        assert!(!is_live(&store, &alice_too) && !is_live(&store, &bob));
        store.assert_sound();
    });
}

/// A round takes a record out and then its entry out of the index, while that is read.
#[test]
fn a_round_and_a_login_clear_away_a_session_once() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store_of(1, &[&old]);
        store.inner().epochs.advance(&alice(), &revoked(), at(1));
        let ask = limited(&new, 1, AtLimit::Reject);
        let ((), bound) = race(&store, collect, move |store| bind(store, &ask));
        assert!(is_bound(bound.as_ref()), "{bound:?}");
        assert!(is_live(&store, &new) && !is_live(&store, &old));
        assert_eq!((store.len(), store.tombstones()), (1, 1));
        store.assert_sound();
    });
}

/// An advance, a login and a round at once.
#[test]
fn a_login_is_counted_right_while_a_round_goes_on() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    explore_with(Some(3), move || {
        let store = store_of(2, &[&old]);
        store
            .inner()
            .epochs
            .advance(&EpochScope::Subject(subject("nobody")), &revoked(), at(1));
        let ask = limited(&new, 1, AtLimit::EvictOldest);
        let (is_back, (), bound) = race_three(
            &store,
            |store| {
                advance(store, &alice());
                is_live(store, &old)
            },
            collect,
            move |store| bind(store, &ask),
        );
        assert!(!is_back && is_bound(bound.as_ref()));
        let lives = is_live(&store, &new);
        collect(&store);
        collect(&store);
        assert_eq!(
            (store.inner().epochs.len(), is_live(&store, &new)),
            (0, lives)
        );
        assert_eq!(
            (store.len(), store.tombstones()),
            if lives { (1, 1) } else { (0, 2) }
        );
        store.assert_sound();
    });
}

/// The session began after another advance, which is still compared with. A round that begins while
/// its own advance is half published must not take it for one that everybody was compared with.
#[test]
fn a_round_forgets_no_advance_that_is_under_way_when_it_begins() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store(9);
        store
            .inner()
            .epochs
            .advance(&EpochScope::Everybody, &revoked(), at(1));
        let nobody_collects = store.inner().round.lock();
        assert_eq!(create(&store, &record), Some(Create::Created));
        drop(nobody_collects);
        let ended = record.clone();
        let ((), is_back) = race(&store, collect, move |store| {
            advance(store, &alice());
            is_live(store, &ended)
        });
        assert!(!is_back && !is_live(&store, &record));
        collect(&store);
        assert_eq!((store.inner().epochs.len(), store.len()), (0, 0));
        store.assert_sound();
    });
}
