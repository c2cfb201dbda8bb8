//! One winner, and a touch only moves forward: clauses 4 and 5.

use super::*;

#[test]
fn of_two_updates_of_one_revision_one_is_applied() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let [first, second] = [b"1", b"2"].map(|value| cast.update(&record, value));
    explore(move || {
        let store = store_of(9, &[&record]);
        let other = second.clone();
        let (here, there) = race(
            &store,
            |store| update(store, &first),
            move |store| update(store, &other),
        );
        let winner = match (here, there) {
            (Write::Applied, Write::Conflict) => &first,
            (Write::Conflict, Write::Applied) => &second,
            other => panic!("{other:?}"),
        };
        assert_eq!(written_by(&store, &record), Some(winner.write_id()));
    });
}

#[test]
fn of_three_updates_of_one_revision_one_is_applied() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let writes = [b"1", b"2", b"3"].map(|value| cast.update(&record, value));
    explore(move || {
        let store = store_of(9, &[&record]);
        let [first, second, third] = writes.clone();
        let (a, b, c) = race_three(
            &store,
            |store| update(store, &first),
            move |store| update(store, &second),
            move |store| update(store, &third),
        );
        let mut answers = [a, b, c].map(|answer| answer == Write::Applied);
        answers.sort_unstable();
        assert_eq!(answers, [false, false, true]);
        assert_ne!(written_by(&store, &record), Some(record.write_id()));
    });
}

/// Race 48: an answer was lost, and the write is repeated while the first is still on its way.
#[test]
fn an_update_that_is_repeated_is_applied_once() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let write = cast.update(&record, b"1");
    explore(move || {
        let store = store_of(9, &[&record]);
        let again = write.clone();
        let answers = race(
            &store,
            |store| update(store, &write),
            move |store| update(store, &again),
        );
        assert_eq!(answers, (Write::Applied, Write::Applied));
        assert_eq!(written_by(&store, &record), Some(write.write_id()));
    });
}

#[test]
fn an_update_and_a_touch_do_not_disturb_each_other() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let write = cast.update(&record, b"1");
    explore(move || {
        let store = store_of(9, &[&record]);
        let [write_too, touched] = [&write, &record].map(Clone::clone);
        let answers = race(
            &store,
            |store| update(store, &write_too),
            move |store| touch(store, &touched, at(7)),
        );
        assert_eq!(answers, (Write::Applied, Touched::Applied));
        let stored = live(&store, &record).unwrap();
        assert_eq!(
            (stored.write_id(), stored.last_seen()),
            (write.write_id(), at(7))
        );
    });
}

#[test]
fn of_two_touches_the_later_one_stays() {
    let record = Cast::new().of("alice");
    explore(move || {
        let store = store_of(9, &[&record]);
        let other = record.clone();
        let answers = race(
            &store,
            |store| touch(store, &record, at(3)),
            move |store| touch(store, &other, at(2)),
        );
        assert_eq!(answers, (Touched::Applied, Touched::Applied));
        assert_eq!(live(&store, &record).unwrap().last_seen(), at(3));
    });
}
