//! A server that is out of memory.

use std::num::NonZeroU32;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_redis::RedisStore;

use crate::private::Connection;
use crate::private::Private;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::records::limit;
use crate::records::login;
use crate::records::of;
use crate::records::touch;

/// A full server, and what it had before.
async fn full(sessions: impl AsyncFnOnce(&RedisStore)) -> (Private, Connection, RedisStore) {
    let server = Private::start();
    let store = server.store().await;
    sessions(&store).await;
    let mut connection = server.connection().await;
    let _ok: String = connection.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    (server, connection, store)
}

/// SES-33, race 39: what needs memory is refused, and nothing is changed.
#[tokio::test]
async fn a_full_server_refuses_what_is_new_and_changes_nothing() {
    let (old, mut stored) = (anonymous(), None);
    let (_server, mut connection, store) = full(async |store| {
        let _created = store.create(&old, at(0)).await.unwrap();
        let record = of(store, &alice());
        let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
        stored = Some(record);
    })
    .await;
    let before = connection.dump("hallpass").await;
    let new = of(&store, &alice());
    let next = NextWrite::after(&old, &SystemRandom).unwrap().build();
    let refused = [
        store.create(&anonymous(), at(1)).await.err(),
        store.create(&new, at(1)).await.err(),
        store.bind(&login(&new, None), at(1)).await.err(),
        store.update(&next, old.revision(), at(1)).await.err(),
    ];
    for error in refused {
        assert_eq!(error.unwrap().kind(), StoreErrorKind::Rejected);
    }
    assert_eq!(connection.dump("hallpass").await, before);
    for record in [&old, &stored.unwrap()] {
        let loaded = store.load(record.handle(), at(1)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)));
    }
}

/// SES-33: nobody has to make room before a session can end.
#[tokio::test]
async fn a_full_server_still_ends_sessions() {
    let (old, mut records) = (anonymous(), Vec::new());
    let (_server, _connection, store) = full(async |store| {
        let _created = store.create(&old, at(0)).await.unwrap();
        for _ in 0..3 {
            let record = of(store, &alice());
            let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
            records.push(record);
        }
    })
    .await;
    let touched = store.touch(&touch(&old, at(1)), at(1)).await.unwrap();
    assert_eq!(touched, Touched::Applied);
    let order = end(old.handle(), EndReason::Logout, at(2));
    let expected = Tombstone::of(&old, EndReason::Logout, at(2));
    assert_eq!(
        store.end(&order, at(2)).await.unwrap(),
        EndOutcome::Ended(expected)
    );
    let spared = records[0].handle();
    let ended = store
        .end_subject(&alice(), Some(spared), &EndReason::Logout, at(2))
        .await;
    assert_eq!(ended.unwrap().len(), 2);
    for scope in [EpochScope::Subject(alice()), EpochScope::Everybody] {
        store
            .advance(&scope, &EndReason::Logout, at(3))
            .await
            .unwrap();
    }
    let loaded = store.load(spared, at(3)).await.unwrap();
    assert!(matches!(loaded, Load::Ended(_)));
    let ending = hallpass_core::Ending::Session(spared);
    store.publish(&ending).await.unwrap();
}

/// A login that makes its own room gets it.
#[tokio::test]
async fn a_full_server_lets_in_who_replaces_or_evicts() {
    let (old, mut records) = (anonymous(), Vec::new());
    let (_server, _connection, store) = full(async |store| {
        let _created = store.create(&old, at(0)).await.unwrap();
        let record = of(store, &alice());
        let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
        records.push(record);
    })
    .await;
    let replacing = of(&store, &alice());
    let bound = store.bind(&login(&replacing, Some(&old)), at(1)).await;
    assert!(matches!(bound.unwrap(), Bound::Bound { .. }));
    let evicting = Bind {
        limit: limit(NonZeroU32::MIN, AtLimit::EvictOldest),
        ..login(&of(&store, &alice()), None)
    };
    let Bound::Bound { evicted } = store.bind(&evicting, at(2)).await.unwrap() else {
        panic!("a login that evicts was not let in");
    };
    assert_eq!(evicted.len(), 2);
    assert_eq!(store.list(&alice(), at(2)).await.unwrap().len(), 1);
}
