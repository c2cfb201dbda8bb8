//! Logins: limits, and what a session replaces.

use super::*;

/// Race 24.
#[test]
fn of_two_logins_for_one_place_of_a_subject_one_is_denied() {
    let cast = Cast::new();
    let [one, other] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store(9);
        let [here, there] = [&one, &other].map(|record| limited(record, 1, AtLimit::Reject));
        let (here, there) = race(
            &store,
            |store| bind(store, &here),
            move |store| bind(store, &there),
        );
        let (winner, active) = match (here, there) {
            (Some(Bound::Bound { .. }), Some(Bound::Denied { active })) => (&one, active),
            (Some(Bound::Denied { active }), Some(Bound::Bound { .. })) => (&other, active),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            active.iter().map(|r| r.handle()).collect::<Vec<_>>(),
            [winner.handle()]
        );
        assert!(is_live(&store, winner) && store.len() == 1);
        store.assert_sound();
    });
}

/// Race 24.
#[test]
fn of_two_logins_that_evict_the_later_one_stays() {
    let cast = Cast::new();
    let [one, other] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store(9);
        let [here, there] = [&one, &other].map(|record| limited(record, 1, AtLimit::EvictOldest));
        let (here, there) = race(
            &store,
            |store| bind(store, &here),
            move |store| bind(store, &there),
        );
        let [
            Some(Bound::Bound { evicted: by_one }),
            Some(Bound::Bound { evicted: by_other }),
        ] = [here, there]
        else {
            panic!("not bound")
        };
        let (first, evicted) = match (by_one.as_slice(), by_other.as_slice()) {
            ([], [evicted]) => (&one, evicted),
            ([evicted], []) => (&other, evicted),
            both => panic!("{both:?}"),
        };
        assert_eq!(evicted.handle(), first.handle());
        assert_eq!(is_live(&store, &one), !is_live(&store, &other));
        assert_eq!((store.len(), store.tombstones()), (1, 1));
        store.assert_sound();
    });
}

/// Race 24.
#[test]
fn of_three_logins_that_evict_two_stay() {
    let cast = Cast::new();
    let records = [(); 3].map(|()| cast.of("alice"));
    explore(move || {
        let store = store(9);
        let [one, two, three] = records
            .each_ref()
            .map(|record| limited(record, 2, AtLimit::EvictLeastRecentlyUsed));
        let (a, b, c) = race_three(
            &store,
            |store| bind(store, &one),
            move |store| bind(store, &two),
            move |store| bind(store, &three),
        );
        assert!([a, b, c].iter().all(|answer| is_bound(answer.as_ref())));
        let listed = ready(store.list(&subject("alice"), at(1))).unwrap();
        assert_eq!((listed.len(), store.len(), store.tombstones()), (2, 2, 1));
        store.assert_sound();
    });
}

/// What a request put into the session before the login is in it, or the login is told to look
/// again: nothing is lost.
#[test]
fn a_login_replaces_the_session_that_it_loaded_or_none() {
    let cast = Cast::new();
    let [before, record] = [cast.anonymous(), cast.of("alice")];
    let write = cast.update(&before, b"1");
    explore(move || {
        let store = store_of(9, &[&before]);
        let ask = replacing(&record, &before);
        let late = write.clone();
        let (bound, written) = race(
            &store,
            |store| bind(store, &ask),
            move |store| update(store, &late),
        );
        match (bound, written) {
            (Some(Bound::Bound { .. }), Write::Gone) => {
                assert!(is_live(&store, &record) && !is_live(&store, &before));
            }
            (Some(Bound::Conflict), Write::Applied) => {
                assert!(!is_live(&store, &record));
                assert_eq!(written_by(&store, &before), Some(write.write_id()));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(store.len(), 1);
        store.assert_sound();
    });
}

/// Two people sign in from one anonymous session at once: one of them replaces it.
#[test]
fn a_session_is_replaced_once() {
    let cast = Cast::new();
    let before = cast.anonymous();
    let [alice, bob] = ["alice", another()].map(|id| cast.of(id));
    explore(move || {
        let store = store_of(9, &[&before]);
        let [here, there] = [&alice, &bob].map(|record| replacing(record, &before));
        let (here, there) = race(
            &store,
            |store| bind(store, &here),
            move |store| bind(store, &there),
        );
        match (here, there) {
            (Some(Bound::Bound { .. }), Some(Bound::Conflict))
            | (Some(Bound::Conflict), Some(Bound::Bound { .. })) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(is_live(&store, &alice), !is_live(&store, &bob));
        assert_eq!(ending(&store, &before), Some(EndReason::Superseded));
        assert_eq!(store.len(), 1);
        store.assert_sound();
    });
}

/// Each holds its own subject's part of the index, and has to take an entry out of the other's.
#[test]
fn logins_that_replace_sessions_of_each_other_do_not_wait_in_a_circle() {
    let cast = Cast::new();
    let olds = [cast.of_in("alice", 0), cast.of_in(another(), 1)];
    let news = [cast.of_in(another(), 1), cast.of_in("alice", 0)];
    explore(move || {
        let [alice, bob] = &olds;
        let store = store_of(TWO_SHARDS, &[alice, bob]);
        let [to_bob, to_alice] = &news;
        let here = replacing(to_bob, alice);
        let there = replacing(to_alice, bob);
        let (here, there) = race(
            &store,
            |store| bind(store, &here),
            move |store| bind(store, &there),
        );
        assert!(is_bound(here.as_ref()) && is_bound(there.as_ref()));
        assert_eq!((store.len(), store.tombstones()), (2, 2));
        store.assert_sound();
    });
}

/// Race 48: the answer to a login was lost, and it is repeated.
#[test]
fn a_login_that_is_repeated_begins_one_session() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store(9);
        let ask = limited(&record, 1, AtLimit::Reject);
        let again = ask.clone();
        let (here, there) = race(
            &store,
            |store| bind(store, &ask),
            move |store| bind(store, &again),
        );
        assert!(is_bound(here.as_ref()) && is_bound(there.as_ref()));
        assert!(is_live(&store, &record) && store.len() == 1);
        store.assert_sound();
    });
}

/// A full store lets those in who make room. The room may be gone by its own meanwhile, and then
/// it is there all the same.
#[test]
fn a_login_that_evicts_finds_room_in_a_full_store() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store_of(1, &[&old]);
        let ask = limited(&new, 1, AtLimit::EvictOldest);
        let ended = old.clone();
        let (bound, outcome) = race(
            &store,
            |store| bind(store, &ask),
            move |store| end(store, &ended),
        );
        let Some(Bound::Bound { evicted }) = bound else {
            panic!("{bound:?}")
        };
        assert_eq!(evicted.is_empty(), has_ended(&outcome));
        assert!(is_live(&store, &new) && store.len() == 1);
        store.assert_sound();
    });
}

/// The same while a visitor looks for a place: the one that is handed on is never free.
#[test]
fn a_visitor_cannot_take_the_place_that_a_login_frees_for_itself() {
    let cast = Cast::new();
    let [old, new, visitor] = [cast.of("alice"), cast.of("alice"), cast.anonymous()];
    explore(move || {
        let store = store_of(1, &[&old]);
        let ask = limited(&new, 1, AtLimit::EvictOldest);
        let visitor = visitor.clone();
        let (bound, created) = race(
            &store,
            |store| bind(store, &ask),
            move |store| create(store, &visitor),
        );
        assert!(is_bound(bound.as_ref()));
        assert_eq!(created, None);
        assert!(is_live(&store, &new) && store.len() == 1);
        store.assert_sound();
    });
}

/// The same with a request that writes into the session that both would replace.
#[test]
fn a_session_is_replaced_once_or_written() {
    let cast = Cast::new();
    let before = cast.anonymous();
    let [alice, other] = ["alice", another()].map(|id| cast.of(id));
    let write = cast.update(&before, b"1");
    explore(move || {
        let store = store_of(9, &[&before]);
        let [here, there] = [&alice, &other].map(|record| replacing(record, &before));
        let late = write.clone();
        let (here, there, written) = race_three(
            &store,
            |store| bind(store, &here),
            move |store| bind(store, &there),
            move |store| update(store, &late),
        );
        let bound = [here, there]
            .iter()
            .flatten()
            .filter(|answer| is_bound(Some(answer)))
            .count();
        match written {
            Write::Applied => assert_eq!(bound, 0),
            Write::Gone => assert_eq!(bound, 1),
            Write::Conflict => panic!("nobody else wrote"),
        }
        assert_eq!(is_live(&store, &before), written == Write::Applied);
        assert_eq!(store.len(), 1);
        store.assert_sound();
    });
}
