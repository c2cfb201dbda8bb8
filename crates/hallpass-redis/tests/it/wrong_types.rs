//! Keys of the store that hold what is not the store's.

use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_redis::RedisStore;
use hallpass_servers::urls;

use crate::private::Connection;
use crate::private::connection;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::records::login;
use crate::records::of;
use crate::records::touch;
use crate::servers;

/// A store with a session of a subject and one of nobody, all counters counted up, and the key of
/// this kind.
async fn with(kind: &str) -> (RedisStore, Connection, SessionRecord, SessionRecord, String) {
    let store = servers::single().await;
    let (record, old) = (of(&store, &alice()), anonymous());
    let scope = EpochScope::Subject(alice());
    let reason = EndReason::Logout;
    store.advance(&scope, &reason, at(0)).await.unwrap();
    let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
    let _created = store.create(&old, at(0)).await.unwrap();
    let mut connection = connection(&urls::redis()).await;
    let kind = match kind {
        "s" => format!(":s:{}", record.handle()),
        other => other.to_owned(),
    };
    let keys = connection.keys(store.prefix()).await;
    let key = keys.into_iter().find(|key| key.contains(&kind)).unwrap();
    (store, connection, record, old, key)
}

/// Every operation that writes, and what it said where it failed.
async fn everything(
    store: &RedisStore,
    record: &SessionRecord,
    old: &SessionRecord,
) -> Vec<StoreError> {
    let next = NextWrite::after(record, &SystemRandom).unwrap().build();
    let order = end(record.handle(), EndReason::Logout, at(1));
    let new = of(store, &alice());
    let reason = EndReason::Logout;
    let errors = [
        store.update(&next, record.revision(), at(1)).await.err(),
        store.touch(&touch(record, at(1)), at(1)).await.err(),
        store.bind(&login(&new, Some(old)), at(1)).await.err(),
        store.list(&alice(), at(1)).await.err(),
        store.end(&order, at(1)).await.err(),
    ];
    let ended = store.end_subject(&alice(), None, &reason, at(1)).await;
    errors.into_iter().flatten().chain(ended.err()).collect()
}

/// Race 45: a record, or the counters, are of another type, or not what this version writes: an
/// operation fails before it has written anything, and not as an outage.
#[tokio::test]
async fn an_operation_that_cannot_read_changes_nothing() {
    for (kind, failing) in [("s", 3), ("}:e:", 6), ("}:e", 6)] {
        let (store, mut connection, record, old, key) = with(kind).await;
        let _removed: i64 = connection.ask(&["DEL", &key]).await;
        let _length: i64 = connection.ask(&["LPUSH", &key, "not ours"]).await;
        if kind == "s" {
            // The index drops it, as one whose session is gone.
            let index = connection.keys(store.prefix()).await;
            let index = index.iter().find(|key| key.contains("}:i:")).unwrap();
            let _removed: i64 = connection.ask(&["DEL", index]).await;
        }
        let before = connection.dump(store.prefix()).await;
        let errors = if kind == "s" {
            let next = NextWrite::after(&record, &SystemRandom).unwrap().build();
            let order = end(record.handle(), EndReason::Logout, at(1));
            let errors = [
                store.update(&next, record.revision(), at(1)).await.err(),
                store.touch(&touch(&record, at(1)), at(1)).await.err(),
                store.end(&order, at(1)).await.err(),
            ];
            let loaded = store.load(record.handle(), at(1)).await.unwrap();
            assert!(matches!(loaded, Load::Missing));
            errors.into_iter().flatten().collect()
        } else {
            everything(&store, &record, &old).await
        };
        let kinds: Vec<_> = errors.iter().map(StoreError::kind).collect();
        assert_eq!(kinds, vec![StoreErrorKind::Corrupt; failing], "{key}");
        assert_eq!(connection.dump(store.prefix()).await, before, "{key}");
    }
}

/// Race 45: an index that is no index lets nobody log in, and keeps no session from ending.
#[tokio::test]
async fn an_index_of_another_type_keeps_no_session_from_ending() {
    let (store, mut connection, record, old, key) = with("}:i:").await;
    let _ok: String = connection.ask(&["SET", &key, "not ours"]).await;
    let before = connection.dump(store.prefix()).await;
    let new = of(&store, &alice());
    let reason = EndReason::Logout;
    for error in [
        store.bind(&login(&new, Some(&old)), at(1)).await.err(),
        store.create(&new, at(1)).await.err(),
        store.list(&alice(), at(1)).await.err(),
        store
            .end_subject(&alice(), None, &reason, at(1))
            .await
            .err(),
    ] {
        assert_eq!(error.unwrap().kind(), StoreErrorKind::Corrupt);
    }
    assert_eq!(connection.dump(store.prefix()).await, before);
    let order = end(record.handle(), reason, at(1));
    let _ended = store.end(&order, at(1)).await.unwrap();
    let loaded = store.load(record.handle(), at(1)).await.unwrap();
    assert!(matches!(loaded, Load::Ended(_)));
}

/// Race 45: a mark of another type is as one that is gone: the counters are asked, and it is made
/// anew.
#[tokio::test]
async fn a_mark_of_another_type_hides_no_ending() {
    for kind in ["}:g", "}:h:"] {
        let (store, mut connection, record, old, key) = with(kind).await;
        let _removed: i64 = connection.ask(&["DEL", &key]).await;
        let _length: i64 = connection.ask(&["LPUSH", &key, "not ours"]).await;
        let loaded = store.load(record.handle(), at(1)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)));
        let new = of(&store, &alice());
        let bound = store.bind(&login(&new, Some(&old)), at(1)).await;
        assert!(matches!(bound.unwrap(), Bound::Bound { .. }));
        let scope = EpochScope::Subject(alice());
        let reason = EndReason::Logout;
        store.advance(&scope, &reason, at(2)).await.unwrap();
        for record in [&record, &new] {
            let loaded = store.load(record.handle(), at(2)).await.unwrap();
            assert!(matches!(loaded, Load::Ended(_)), "{loaded:?}");
        }
    }
}

/// A record that was cut short, as by hand, is told as damaged and not as an outage.
#[tokio::test]
async fn a_record_that_was_cut_short_is_damaged() {
    let (store, mut connection, record, _old, key) = with("s").await;
    let stored: Vec<u8> = connection.ask(&["GET", &key]).await;
    let words: [&[u8]; 3] = [b"SET", key.as_bytes(), &stored[..100]];
    let _ok: String = connection.ask(&words).await;
    let order = end(record.handle(), EndReason::Logout, at(1));
    for error in [
        store.load(record.handle(), at(1)).await.err(),
        store.touch(&touch(&record, at(1)), at(1)).await.err(),
        store.end(&order, at(1)).await.err(),
    ] {
        assert_eq!(error.unwrap().kind(), StoreErrorKind::Corrupt);
    }
}
