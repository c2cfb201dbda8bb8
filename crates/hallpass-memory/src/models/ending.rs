//! No resurrection, and the end is final: clauses 3 and 7.

use super::*;

/// Race 1.
#[test]
fn a_late_update_cannot_undo_an_end() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let late = cast.update(&record, b"1");
    explore(move || {
        let store = store_of(9, &[&record]);
        let [record_too, late] = [&record, &late].map(Clone::clone);
        let ((outcome, is_back), written) = race(
            &store,
            |store| (end(store, &record), is_live(store, &record)),
            move |store| update(store, &late),
        );
        assert!(has_ended(&outcome) && !is_back);
        assert!(matches!(written, Write::Applied | Write::Gone));
        assert!(!is_live(&store, &record_too));
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}

/// Race 3.
#[test]
fn a_late_touch_cannot_undo_an_end() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store_of(9, &[&record]);
        let late = record.clone();
        let ((outcome, is_back), touched) = race(
            &store,
            |store| (end(store, &record), is_live(store, &record)),
            move |store| touch(store, &late, at(2)),
        );
        assert!(has_ended(&outcome) && !is_back);
        assert!(matches!(touched, Touched::Applied | Touched::Gone));
        assert!(!is_live(&store, &record));
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}

/// Races 1 and 3 at once, seen by somebody who was told of the end.
#[test]
fn a_late_update_and_a_late_touch_together_cannot_undo_an_end() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let write = cast.update(&record, b"1");
    explore(move || {
        let store = store_of(9, &[&record]);
        let [touched, write] = [&record, &write].map(Clone::clone);
        let (seen, ..) = race_three(
            &store,
            |store| {
                assert!(has_ended(&end(store, &record)));
                (is_live(store, &record), touch(store, &record, at(2)))
            },
            move |store| update(store, &write),
            move |store| touch(store, &touched, at(3)),
        );
        assert_eq!(seen, (false, Touched::Gone));
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}

#[test]
fn a_session_ends_once() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store_of(9, &[&record]);
        let also = record.clone();
        let (here, there) = race(
            &store,
            |store| end(store, &record),
            move |store| end(store, &also),
        );
        match (here, there) {
            (EndOutcome::Ended(first), EndOutcome::Already(second))
            | (EndOutcome::Already(second), EndOutcome::Ended(first)) => assert_eq!(first, second),
            other => panic!("{other:?}"),
        }
        store.assert_sound();
    });
}

/// Nobody knows yet that the session begins, but its end has been announced: the end holds.
#[test]
fn a_session_that_is_ended_while_it_begins_has_ended() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store(9);
        let begun = record.clone();
        let (outcome, created) = race(
            &store,
            |store| end(store, &record),
            move |store| create(store, &begun),
        );
        match outcome {
            EndOutcome::Ended(_) => assert_eq!(created, Some(Create::Created)),
            EndOutcome::Missing => assert_eq!(created, Some(Create::Occupied)),
            EndOutcome::Already(_) => panic!("nobody else ended it"),
        }
        assert!(!is_live(&store, &record));
        store.assert_sound();
    });
}

/// The same for a login, which finds its handle free and looks again later.
#[test]
fn a_session_that_is_ended_while_it_is_bound_has_ended() {
    let cast = Cast::new();
    let [before, record] = [cast.anonymous(), cast.of("alice")];
    explore(move || {
        let store = store_of(9, &[&before]);
        let ask = replacing(&record, &before);
        let (outcome, bound) = race(
            &store,
            |store| end(store, &record),
            move |store| bind(store, &ask),
        );
        let replaced = ending(&store, &before) == Some(EndReason::Superseded);
        match bound {
            Some(Bound::Bound { .. }) => assert!(replaced),
            Some(Bound::Occupied) => assert!(!replaced && !has_ended(&outcome)),
            other => panic!("{other:?}"),
        }
        assert!(!is_live(&store, &record));
        store.assert_sound();
    });
}

/// Whoever signs out everywhere ends each session that was there, and says which.
#[test]
fn a_session_that_begins_while_its_subject_is_ended_has_ended_or_came_after() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store_of(9, &[&old]);
        let ask = limited(&new, 2, AtLimit::Reject);
        let (ended, bound) = race(
            &store,
            |store| end_subject(store, "alice"),
            move |store| bind(store, &ask),
        );
        assert!(is_bound(bound.as_ref()));
        let is_named = |record: &SessionRecord| {
            ended
                .iter()
                .any(|tombstone| tombstone.handle() == record.handle())
        };
        assert!(is_named(&old) && !is_live(&store, &old));
        assert_eq!(is_named(&new), !is_live(&store, &new));
        store.assert_sound();
    });
}

/// A device is signed out here while all are signed out there: one of them is told so.
#[test]
fn a_session_that_ends_alone_and_with_its_subject_ends_once() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store_of(9, &[&record]);
        let alone = record.clone();
        let (ended, outcome) = race(
            &store,
            |store| end_subject(store, "alice"),
            move |store| end(store, &alone),
        );
        assert_eq!(ended.len() + usize::from(has_ended(&outcome)), 1);
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}

/// Race 2: the update of a request that loaded before its session was evicted.
#[test]
fn a_late_update_cannot_undo_an_eviction() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    let late = cast.update(&old, b"1");
    explore(move || {
        let store = store_of(9, &[&old]);
        let ask = limited(&new, 1, AtLimit::EvictOldest);
        let late = late.clone();
        let ((bound, is_back), written) = race(
            &store,
            |store| (bind(store, &ask), is_live(store, &old)),
            move |store| update(store, &late),
        );
        assert!(matches!(bound, Some(Bound::Bound { evicted }) if evicted.len() == 1));
        assert!(matches!(written, Write::Applied | Write::Gone));
        assert!(!is_back && !is_live(&store, &old) && is_live(&store, &new));
        store.assert_sound();
    });
}

/// A logout, "sign out everywhere" and a login that evicts meet: one of them is told of the end.
#[test]
fn however_many_end_a_session_it_ends_once() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store_of(9, &[&old]);
        let ask = limited(&new, 1, AtLimit::EvictOldest);
        let alone = old.clone();
        let (outcome, ended, bound) = race_three(
            &store,
            move |store| end(store, &alone),
            |store| end_subject(store, "alice"),
            move |store| bind(store, &ask),
        );
        let Some(Bound::Bound { evicted }) = bound else {
            panic!("{bound:?}")
        };
        let names = |list: &[Tombstone], record: &SessionRecord| {
            list.iter()
                .any(|tombstone| tombstone.handle() == record.handle())
        };
        let told = [
            has_ended(&outcome),
            names(&ended, &old),
            names(&evicted, &old),
        ];
        assert_eq!(told.into_iter().filter(|told| *told).count(), 1);
        assert!(!is_live(&store, &old));
        assert_eq!(names(&ended, &new), !is_live(&store, &new));
        // What was evicted had not been ended yet, so the login came first.
        assert!(names(&ended, &new) || !names(&evicted, &old));
        store.assert_sound();
    });
}

/// A list of devices and a logout, while a session of the subject begins.
#[test]
fn a_list_names_no_session_that_has_ended() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store_of(9, &[&old]);
        let ask = login(&new);
        let (outcome, listed, bound) = race_three(
            &store,
            |store| end(store, &old),
            {
                let old = old.clone();
                move |store| {
                    let is_over = !is_live(store, &old);
                    let listed = ready(store.list(&subject("alice"), at(1))).unwrap();
                    !(is_over && listed.iter().any(|record| record.handle() == old.handle()))
                }
            },
            move |store| bind(store, &ask),
        );
        assert!(has_ended(&outcome) && listed && is_bound(bound.as_ref()));
        let listed = ready(store.list(&subject("alice"), at(1))).unwrap();
        assert_eq!(listed.len(), 1);
        assert!(is_live(&store, &new));
        store.assert_sound();
    });
}

/// A session that begins without a login, with a subject all the same.
#[test]
fn a_session_that_is_created_while_its_subject_is_ended_has_ended_or_came_after() {
    let cast = Cast::new();
    let [old, new] = [cast.of("alice"), cast.of("alice")];
    explore(move || {
        let store = store_of(9, &[&old]);
        let begun = new.clone();
        let (ended, created) = race(
            &store,
            |store| end_subject(store, "alice"),
            move |store| create(store, &begun),
        );
        assert_eq!(created, Some(Create::Created));
        assert_eq!(ended.len(), 2 - usize::from(is_live(&store, &new)));
        assert!(!is_live(&store, &old));
        store.assert_sound();
    });
}
