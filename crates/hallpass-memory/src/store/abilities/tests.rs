use std::num::NonZeroU32;
use std::sync::Mutex;

use hallpass_core::AtLimit;
use hallpass_core::Concurrency;
use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::Load;
use hallpass_core::SessionStore;

use super::*;
use crate::testing::anonymous;
use crate::testing::at;
use crate::testing::of;
use crate::testing::of_tenant;
use crate::testing::ready;
use crate::testing::revoked;
use crate::testing::store;
use crate::testing::subject;

/// The same id without a tenant, in a tenant, and in another.
fn namesakes(store: &MemoryStore) -> [SessionRecord; 3] {
    let records = [
        of("alice"),
        of_tenant("acme", "alice"),
        of_tenant("umbrella", "alice"),
    ];
    for record in &records {
        let bind = Bind {
            record: record.clone(),
            replaces: None,
            limit: None,
        };
        assert!(matches!(
            ready(store.bind(&bind, at(0))),
            Ok(Bound::Bound { .. })
        ));
    }
    records
}

fn handles(records: &[Arc<SessionRecord>]) -> Vec<SessionHandle> {
    records.iter().map(|record| record.handle()).collect()
}

fn one_session() -> Concurrency {
    Concurrency {
        max: NonZeroU32::MIN,
        at_limit: AtLimit::EvictOldest,
    }
}

fn live(store: &MemoryStore, records: &[SessionRecord]) -> Vec<bool> {
    store.assert_sound();
    let load = |record: &SessionRecord| ready(store.load(record.handle(), at(1))).unwrap();
    records
        .iter()
        .map(|record| matches!(load(record), Load::Live(_)))
        .collect()
}

/// Race 46.
#[test]
fn a_list_has_no_session_of_another_tenant() {
    let store = store(10);
    for record in namesakes(&store) {
        let listed = ready(store.list(record.subject().unwrap(), at(1))).unwrap();
        assert_eq!(
            listed.iter().map(|r| r.handle()).collect::<Vec<_>>(),
            [record.handle()]
        );
    }
}

/// Race 46.
#[test]
fn ending_a_subject_ends_no_session_of_another_tenant() {
    let store = store(10);
    let records = namesakes(&store);
    let ended = ready(store.end_subject(&subject("alice"), None, &revoked(), at(1))).unwrap();
    assert_eq!(ended, [Tombstone::of(&records[0], revoked(), at(1))]);
    assert_eq!(live(&store, &records), [false, true, true]);
}

/// Race 46.
#[test]
fn the_limit_counts_no_session_of_another_tenant() {
    let store = store(10);
    let records = namesakes(&store);
    let limit = Concurrency {
        max: NonZeroU32::MIN,
        at_limit: AtLimit::EvictOldest,
    };
    let record = of_tenant("acme", "alice");
    let bind = Bind {
        record,
        replaces: None,
        limit: Some(limit),
    };
    let bound = ready(store.bind(&bind, at(1))).unwrap();
    assert!(matches!(bound, Bound::Bound { evicted } if evicted.len() == 1));
    assert_eq!(live(&store, &records), [true, false, true]);
}

/// Race 46.
#[test]
fn an_advance_ends_no_session_of_another_tenant() {
    for (scope, expected) in [
        (EpochScope::Subject(subject("alice")), [false, true, true]),
        (EpochScope::Tenant("acme".to_owned()), [true, false, true]),
        (EpochScope::Everybody, [false, false, false]),
    ] {
        let store = store(10);
        let records = namesakes(&store);
        ready(store.advance(&scope, &revoked(), at(1))).unwrap();
        assert_eq!(live(&store, &records), expected, "{scope:?}");
    }
}

/// Race 46, where the hashes of two subjects are the same: the index mixes them up, and the store
/// does not.
#[test]
fn the_record_decides_whose_session_it_is() {
    let store = store(10);
    let records = namesakes(&store);
    let mixed = || store.inner().index.lock(&subject("alice"));
    mixed().insert(records[1].handle());

    let listed = ready(store.list(&subject("alice"), at(1))).unwrap();
    assert_eq!(handles(&listed), [records[0].handle()]);
    let record = of("alice");
    let bind = Bind {
        record,
        replaces: None,
        limit: Some(one_session()),
    };
    let bound = ready(store.bind(&bind, at(1))).unwrap();
    assert!(matches!(bound, Bound::Bound { evicted } if evicted.len() == 1));
    let ended = ready(store.end_subject(&subject("alice"), None, &revoked(), at(1))).unwrap();
    assert_eq!(ended.len(), 1);

    mixed().remove(records[1].handle());
    assert_eq!(live(&store, &records), [false, true, true]);
}

/// Race 43.
#[test]
fn the_index_heals_itself_when_it_is_read() {
    let store = store(10);
    let record = of("alice");
    assert_eq!(
        ready(store.create(&record, at(0))).unwrap(),
        Create::Created
    );
    let stale = || store.inner().index.lock(&subject("alice"));
    stale().insert(of("alice").handle());
    let listed = ready(store.list(&subject("alice"), at(1))).unwrap();
    assert_eq!(handles(&listed), [record.handle()]);
    store.assert_sound();
}

#[test]
fn all_but_one_are_ended() {
    let store = store(10);
    let records = [of("alice"), of("alice"), of("alice"), of("bob")];
    for record in &records {
        assert_eq!(ready(store.create(record, at(0))).unwrap(), Create::Created);
    }
    let except = Some(records[1].handle());
    let ended = ready(store.end_subject(&subject("alice"), except, &revoked(), at(1))).unwrap();
    assert_eq!(ended.len(), 2);
    assert_eq!(live(&store, &records), [false, true, false, true]);
    let again = ready(store.end_subject(&subject("alice"), except, &revoked(), at(1))).unwrap();
    assert_eq!(again, []);
}

#[test]
fn a_session_without_a_subject_is_not_bound() {
    let store = store(10);
    let bind = Bind {
        record: anonymous(),
        replaces: None,
        limit: None,
    };
    let error = ready(store.bind(&bind, at(0))).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .contains("begin it with `create`")
    );
    assert_eq!(store.len(), 0);
}

#[test]
fn the_erased_store_has_every_ability() {
    let store = DynStore::from(store(10));
    assert!(store.has_index() && store.has_epochs() && store.has_sweep() && store.has_feed());
}

#[test]
fn an_ending_reaches_the_listeners() {
    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<Ending>>);

    impl FeedListener for Heard {
        fn ended(&self, ending: &Ending) {
            self.0.lock().unwrap().push(ending.clone());
        }

        fn interrupted(&self) {}
    }

    let store = store(10);
    let heard = Arc::new(Heard::default());
    let listener: Arc<dyn FeedListener> = heard.clone();
    store.subscribe(Arc::downgrade(&listener));
    let record = of("alice");
    let end = End {
        handle: record.handle(),
        reason: EndReason::Logout,
        at: at(1),
        keep_until: at(2),
    };
    // An ending is told by whoever ended something, not by the store of its own accord.
    assert_eq!(ready(store.end(&end, at(1))).unwrap(), EndOutcome::Missing);
    assert_eq!(*heard.0.lock().unwrap(), []);
    ready(store.publish(&Ending::Session(record.handle()))).unwrap();
    assert_eq!(*heard.0.lock().unwrap(), [Ending::Session(record.handle())]);
}
