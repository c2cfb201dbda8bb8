//! What is past its time is cleared away, and nothing else: clause 1.

use hallpass_core::Sweep;
use hallpass_core::Swept;

use super::*;
use crate::testing::IDLE;

fn sweep(store: &MemoryStore, now: Timestamp) -> Swept {
    ready(store.sweep(9, now)).unwrap()
}

/// The last request of a session comes in just before the sweep that would end it.
#[test]
fn a_touch_is_applied_or_the_session_is_swept() {
    let record = Cast::new().of("alice");
    let over = record.expires_at();
    let before = at(over.as_millis() - 1);
    explore(move || {
        let store = store_of(9, &[&record]);
        let touched = record.clone();
        let (swept, answer) = race(
            &store,
            |store| sweep(store, over),
            move |store| touch(store, &touched, before),
        );
        let removed = match answer {
            Touched::Applied => 0,
            Touched::Gone => 1,
            Touched::Refused => panic!("refused"),
        };
        assert_eq!((swept.removed, swept.more), (removed, false));
        let lives = matches!(load(&store, &record, over), Load::Live(_));
        assert_eq!(lives, answer == Touched::Applied);
        assert_eq!(store.len() + removed, 1);
        store.assert_sound();
    });
}

#[test]
fn a_late_update_cannot_undo_a_sweep() {
    let cast = Cast::new();
    let record = cast.of("alice");
    let write = cast.update(&record, b"1");
    let over = record.expires_at();
    explore(move || {
        let store = store_of(9, &[&record]);
        let late = write.clone();
        let (swept, written) = race(
            &store,
            |store| sweep(store, over),
            move |store| update(store, &late),
        );
        // The update does not move the deadline.
        assert_eq!((swept.removed, swept.more), (1, false));
        assert!(matches!(written, Write::Applied | Write::Gone));
        assert!(!is_live(&store, &record));
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}

#[test]
fn a_session_is_ended_or_swept() {
    let record = Cast::new().of("alice");
    let over = record.expires_at();
    explore(move || {
        let store = store_of(9, &[&record]);
        let ended = record.clone();
        let (swept, outcome) = race(
            &store,
            |store| sweep(store, over),
            move |store| end_at(store, &ended, at(1)),
        );
        assert_eq!(swept.removed + usize::from(has_ended(&outcome)), 1);
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}

/// Race 40.
#[test]
fn two_sweeps_remove_each_session_once() {
    let cast = Cast::new();
    let records = [
        cast.of_in("alice", 0),
        cast.of_in(another(), 1),
        cast.of_in("alice", 1),
    ];
    let over = at(IDLE.as_secs() * 1_000);
    explore(move || {
        let store = store_of(TWO_SHARDS, &records.each_ref());
        let (here, there) = race(
            &store,
            |store| sweep(store, over),
            move |store| sweep(store, over),
        );
        assert_eq!(here.removed + there.removed, 3);
        assert_eq!((store.len(), store.tombstones()), (0, 3));
        store.assert_sound();
    });
}

/// A login clears away what is past its time in its shard, while that is swept.
#[test]
fn a_login_and_a_sweep_remove_a_session_once() {
    let cast = Cast::new();
    let old = cast.of("alice");
    let over = old.expires_at();
    let new = RecordFixture::of(&subject("alice"))
        .build(&cast.0, over)
        .unwrap()
        .0;
    explore(move || {
        let store = store_of(1, &[&old]);
        let ask = limited(&new, 1, AtLimit::Reject);
        let (swept, bound) = race(
            &store,
            |store| sweep(store, over),
            move |store| ready(store.bind(&ask, over)).ok(),
        );
        assert!(swept.removed <= 1);
        assert!(is_bound(bound.as_ref()), "{bound:?}");
        assert!(matches!(load(&store, &new, over), Load::Live(_)));
        assert_eq!((store.len(), store.tombstones()), (1, 1));
        store.assert_sound();
    });
}

/// Two clocks of one process: for one thread the session is over, for the other not yet.
#[test]
fn a_session_that_was_seen_to_be_over_is_not_touched() {
    let record = Cast::new().of("alice");
    let over = record.expires_at();
    let before = at(over.as_millis() - 1);
    explore(move || {
        let store = store_of(9, &[&record]);
        let [looked_up, touched] = [(); 2].map(|()| record.clone());
        let (swept, loaded, answer) = race_three(
            &store,
            |store| sweep(store, over),
            move |store| load(store, &looked_up, over),
            move |store| touch(store, &touched, before),
        );
        let is_live = matches!(load(&store, &record, over), Load::Live(_));
        assert_eq!(is_live, answer == Touched::Applied);
        if is_live {
            assert_eq!(swept.removed, 0);
            assert!(matches!(loaded, Load::Live(_)));
        } else {
            assert!(matches!(loaded, Load::Ended(_)));
        }
        assert_eq!(store.len(), usize::from(is_live));
        store.assert_sound();
    });
}

/// Whoever takes a record out takes its entry out of the index, too, and others read that meanwhile.
#[test]
fn a_lookup_and_a_list_clear_away_a_session_once() {
    let record = Cast::new().of("alice");
    let over = record.expires_at();
    explore(move || {
        let store = store_of(9, &[&record]);
        let (loaded, listed) = race(
            &store,
            |store| load(store, &record, over),
            move |store| ready(store.list(&subject("alice"), over)).unwrap().len(),
        );
        assert!(matches!(loaded, Load::Ended(_)));
        assert_eq!(listed, 0);
        assert_eq!((store.len(), store.tombstones()), (0, 1));
        store.assert_sound();
    });
}
