use hallpass_core::Create;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::Subject;
use hallpass_core::Sweep;
use hallpass_core::Touch;

use super::*;
use crate::MemoryStore;
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

/// Fills the store with sessions of different subjects that began at 0.
fn filled(store: MemoryStore, count: usize) -> MemoryStore {
    for n in 0..count {
        let record = of(&format!("user {n}"));
        assert_eq!(
            ready(store.create(&record, at(0))).unwrap(),
            Create::Created
        );
    }
    store
}

fn touched(record: &SessionRecord, last_seen: Timestamp) -> Touch {
    Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen,
        confirm: false,
    }
}

fn begins(store: &MemoryStore, fixture: RecordFixture, now: Timestamp) -> bool {
    let answer = ready(store.create(&built(fixture, now), now));
    store.assert_sound();
    answer.is_ok()
}

/// Four shards, so that what is due is mostly in others than that of the new session.
#[test]
fn a_full_store_looks_everywhere_for_what_is_due() {
    let store = filled(store(4_096), 4_096);
    let late = at(0).saturating_add(IDLE);
    assert!(!begins(
        &store,
        RecordFixture::anonymous(),
        at(late.as_millis() - 1)
    ));
    for _ in 0..100 {
        assert!(begins(&store, RecordFixture::anonymous(), late));
    }
}

#[test]
fn the_share_of_anonymous_sessions_comes_back_when_they_expire() {
    let store = MemoryStore::with(places(10, 50));
    for _ in 0..5 {
        assert!(begins(&store, RecordFixture::anonymous(), at(0)));
    }
    assert!(!begins(&store, RecordFixture::anonymous(), at(1)));
    assert!(begins(
        &store,
        RecordFixture::anonymous(),
        at(0).saturating_add(IDLE)
    ));
}

/// An incident: all sessions are ended, and everybody signs in again at once.
#[test]
fn a_full_store_takes_everybody_again_after_an_advance() {
    let store = filled(store(4_096), 4_096);
    ready(store.advance(&EpochScope::Everybody, &revoked(), at(1))).unwrap();
    for _ in 0..4_096 {
        let record = built(RecordFixture::anonymous(), at(2));
        assert_eq!(
            ready(store.create(&record, at(2))).unwrap(),
            Create::Created
        );
    }
    assert!(!begins(&store, RecordFixture::anonymous(), at(2)));
    assert_eq!(store.len(), 4_096);
}

/// One tenant of many, whose sessions are not the next that are looked at.
#[test]
fn a_full_store_looks_further_for_what_an_advance_ended() {
    let store = filled(store(1_024), 1_000);
    let late = |fixture| built(fixture, at(1));
    for n in 0..24 {
        let member = Subject::of_tenant("acme", &format!("user {n}")).unwrap();
        let record = late(RecordFixture::of(&member));
        assert_eq!(
            ready(store.create(&record, at(1))).unwrap(),
            Create::Created
        );
    }
    let scope = EpochScope::Tenant("acme".to_owned());
    ready(store.advance(&scope, &revoked(), at(1))).unwrap();
    assert_eq!(store.len(), 1_024);
    assert!(begins(&store, RecordFixture::anonymous(), at(2)));
    assert_eq!(store.len(), 1_001);
}

/// Many sessions that come due and go on come before the one that is over.
#[test]
fn a_full_store_looks_at_all_that_is_due() {
    let store = store(BATCH * 3);
    let now = at(1).saturating_add(IDLE);
    for n in 0..BATCH * 3 {
        let is_last = n == BATCH * 3 - 1;
        let began = at(u64::from(is_last));
        let record = built(RecordFixture::anonymous(), began);
        assert_eq!(
            ready(store.create(&record, began)).unwrap(),
            Create::Created
        );
        if !is_last {
            let used = touched(&record, at(0).saturating_add(HALF));
            let _applied = ready(store.touch(&used, used.last_seen)).unwrap();
        }
    }
    assert!(begins(&store, RecordFixture::anonymous(), now));
}

#[test]
fn a_sweep_is_bounded_and_says_whether_there_is_more() {
    let store = filled(store(4_096), 100);
    let late = at(0).saturating_add(IDLE);
    let early = ready(store.sweep(60, at(late.as_millis() - 1))).unwrap();
    assert_eq!(
        early,
        Swept {
            removed: 0,
            more: false
        }
    );
    for (removed, more) in [(60, true), (40, false), (0, false)] {
        assert_eq!(
            ready(store.sweep(60, late)).unwrap(),
            Swept { removed, more }
        );
    }
    assert_eq!((store.len(), store.tombstones()), (0, 100));
    let end = at(0).saturating_add(6 * IDLE);
    assert_eq!(
        ready(store.sweep(100, end)).unwrap(),
        Swept {
            removed: 100,
            more: false
        }
    );
    assert_eq!(store.tombstones(), 0);
    store.assert_sound();
}

#[test]
fn a_sweep_of_nothing_at_a_time_still_comes_to_an_end() {
    let store = filled(store(100), 10);
    let late = at(0).saturating_add(IDLE);
    let mut swept = 0;
    while ready(store.sweep(0, late)).unwrap().more {
        swept += 1;
    }
    assert_eq!((swept, store.len()), (9, 0));
}

#[test]
fn a_sweep_looks_at_a_session_in_use_once() {
    let store = store(100);
    let record = anonymous();
    assert_eq!(
        ready(store.create(&record, at(0))).unwrap(),
        Create::Created
    );
    let used = touched(&record, at(0).saturating_add(HALF));
    let _applied = ready(store.touch(&used, used.last_seen)).unwrap();
    let late = at(0).saturating_add(IDLE);
    assert_eq!(
        ready(store.sweep(1, late)).unwrap(),
        Swept {
            removed: 0,
            more: false
        }
    );
    assert_eq!(store.len(), 1);
}
