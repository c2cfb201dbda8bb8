//! No overwrite, clause 2; and places, of which each live session has one.

use super::*;
use crate::testing::places;

#[test]
fn a_handle_is_occupied_once() {
    let cast = Cast::new();
    let records = [cast.of("alice"), cast.anonymous()];
    explore(move || {
        for record in &records {
            let store = store(9);
            let also = record.clone();
            let (here, there) = race(
                &store,
                |store| create(store, record),
                move |store| create(store, &also),
            );
            match (here, there) {
                (Some(Create::Created), Some(Create::Occupied))
                | (Some(Create::Occupied), Some(Create::Created)) => {}
                other => panic!("{other:?}"),
            }
            assert_eq!(store.len(), 1);
            store.assert_sound();
        }
    });
}

#[test]
fn the_last_place_is_taken_once() {
    let cast = Cast::new();
    let [one, other] = [cast.anonymous(), cast.of("alice")];
    explore(move || {
        let store = store(1);
        let second = other.clone();
        let (here, there) = race(
            &store,
            |store| create(store, &one),
            move |store| create(store, &second),
        );
        assert_eq!(here.is_some(), there.is_none());
        assert_eq!(store.len(), 1);
        store.assert_sound();
    });
}

/// In a store that is full of what is past its time, everybody who looks for a place finds the
/// same one.
#[test]
fn the_place_of_an_expired_session_is_taken_once() {
    let cast = Cast::new();
    let old = cast.of(another());
    let now = old.expires_at();
    let news = ["alice", "carol"].map(|id| {
        RecordFixture::of(&subject(id))
            .build(&cast.0, now)
            .unwrap()
            .0
    });
    explore(move || {
        let store = store_of(1, &[&old]);
        let [one, other] = news.clone();
        let (here, there) = race(
            &store,
            |store| create_at(store, &one, now),
            move |store| create_at(store, &other, now),
        );
        assert_eq!(here.is_some(), there.is_none());
        assert_eq!(store.len(), 1);
        store.assert_sound();
    });
}

/// Whoever was refused a place that was just given back gets it when asking again.
#[test]
fn a_place_that_was_given_back_is_there() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.anonymous()];
    explore(move || {
        let store = store_of(1, &[&old]);
        let first = new.clone();
        let (outcome, created) = race(
            &store,
            |store| end(store, &old),
            move |store| create(store, &first),
        );
        assert!(has_ended(&outcome));
        if created.is_none() {
            assert_eq!(create(&store, &new), Some(Create::Created));
        }
        assert!(is_live(&store, &new) && store.len() == 1);
        store.assert_sound();
    });
}

/// Two that find the same session expired: its place comes back once.
#[test]
fn the_place_of_an_expired_session_comes_back_once() {
    let cast = Cast::new();
    let [record, other] = [cast.of("alice"), cast.of(another())];
    let over = record.expires_at();
    explore(move || {
        let store = store_of(9, &[&record, &other]);
        assert_eq!(touch(&store, &other, at(5)), Touched::Applied);
        let [looked_up, touched] = [&record, &other].map(Clone::clone);
        let (loaded, _) = race(
            &store,
            |store| load(store, &record, over),
            move |store| (touch(store, &touched, over), load(store, &looked_up, over)),
        );
        assert!(matches!(loaded, Load::Ended(_)));
        assert_eq!((store.len(), store.tombstones()), (1, 1));
        store.assert_sound();
    });
}

#[test]
fn three_sessions_take_two_places() {
    let cast = Cast::new();
    let records = [cast.anonymous(), cast.of("alice"), cast.of(another())];
    explore(move || {
        let store = store(2);
        let [one, two, three] = records.clone();
        let (a, b, c) = race_three(
            &store,
            move |store| create(store, &one),
            move |store| create(store, &two),
            move |store| create(store, &three),
        );
        let created = [a, b, c].into_iter().flatten().count();
        assert_eq!((created, store.len()), (2, 2));
        store.assert_sound();
    });
}

/// The place of a subject is not lent to a visitor, not even while others are refused.
#[test]
fn visitors_never_take_the_share_of_subjects() {
    let cast = Cast::new();
    let records = [cast.anonymous(), cast.anonymous(), cast.of("alice")];
    explore(move || {
        let store = MemoryStore::with(places(2, 50));
        let [one, two, three] = records.clone();
        let (a, b, c) = race_three(
            &store,
            move |store| create(store, &one),
            move |store| create(store, &two),
            move |store| create(store, &three),
        );
        assert_eq!(a.is_some(), b.is_none());
        assert_eq!((c, store.len()), (Some(Create::Created), 2));
        store.assert_sound();
    });
}

/// A place changes hands while two look for it.
#[test]
fn a_place_that_comes_back_is_taken_once() {
    let cast = Cast::new();
    let [old, one, other] = [cast.of("alice"), cast.anonymous(), cast.of(another())];
    explore_with(Some(3), move || {
        let store = store_of(1, &[&old]);
        let [ended, one, other] = [&old, &one, &other].map(Clone::clone);
        let (outcome, a, b) = race_three(
            &store,
            move |store| end(store, &ended),
            move |store| create(store, &one),
            move |store| create(store, &other),
        );
        assert!(has_ended(&outcome) && (a.is_none() || b.is_none()));
        assert_eq!(store.len(), [a, b].into_iter().flatten().count());
        store.assert_sound();
    });
}
