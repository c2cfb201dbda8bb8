//! A server that goes away and comes back.

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;
use hallpass_redis::ConnectError;
use hallpass_redis::RedisStore;

use crate::private::Private;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::records::login;
use crate::records::of;

/// Asks until the server answers. The store waits between its own attempts to connect.
pub(crate) async fn answered<T>(call: impl AsyncFn() -> Result<T, StoreError>) -> T {
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
        tokio::task::yield_now().await;
    }
}

/// Race 39: while the server is away every call says so, none finds sessions missing; afterwards
/// all of them are there, and so are the endings.
#[tokio::test]
async fn an_outage_wipes_no_session() {
    let server = Private::start();
    let store = server.store().await;
    let (lives, ended) = (anonymous(), anonymous());
    for record in [&lives, &ended] {
        assert_eq!(store.create(record, at(0)).await.unwrap(), Create::Created);
    }
    let order = end(ended.handle(), EndReason::Logout, at(1));
    let outcome = store.end(&order, at(1)).await.unwrap();
    assert!(matches!(outcome, EndOutcome::Ended(_)));

    server.crash();
    for _ in 0..3 {
        let error = store.load(lives.handle(), at(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    }
    server.begin();
    let loaded = answered(async || store.load(lives.handle(), at(1)).await).await;
    assert!(matches!(loaded, Load::Live(_)));
    let loaded = store.load(ended.handle(), at(1)).await.unwrap();
    assert!(matches!(loaded, Load::Ended(_)));
}

/// The server may be away when the process starts.
#[tokio::test]
async fn a_store_can_be_had_before_its_server() {
    let server = Private::away();
    let url = server.url();
    let refused = RedisStore::builder(&url).connect().await.unwrap_err();
    assert!(matches!(refused, ConnectError::Server(_)));
    let store = RedisStore::builder(&url).connect_lazy().unwrap();
    let record = anonymous();
    let error = store.create(&record, at(0)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    server.begin();
    let created = answered(async || store.create(&record, at(0)).await).await;
    assert_eq!(created, Create::Created);
}

/// SES-32: a server that lost its last writes, as a replica may that became the master, is told again
/// what has ended.
#[tokio::test]
async fn an_ending_that_the_server_lost_is_asserted_again() {
    let server = Private::start();
    let store = server.store().await;
    let record = anonymous();
    let _created = store.create(&record, at(0)).await.unwrap();
    let mut connection = server.connection().await;
    let key = format!("hallpass:{{0}}:s:{}", record.handle());
    let before: Vec<u8> = connection.ask(&["GET", &key]).await;
    let order = end(record.handle(), EndReason::Logout, at(1));
    let outcome = store.end(&order, at(1)).await.unwrap();
    let EndOutcome::Ended(tombstone) = outcome else {
        panic!("a live session was told as {outcome:?}");
    };
    // The state of a master that never heard of the end.
    let lost: [&[u8]; 5] = [b"SET", key.as_bytes(), &before, b"PX", b"600000"];
    let _ok: String = connection.ask(&lost).await;
    server.crash();
    server.begin();
    let told = loop {
        let loaded = answered(async || store.load(record.handle(), at(1)).await).await;
        if let Load::Ended(told) = loaded {
            break told;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(told, tombstone);
}

/// SES-32: what cannot be asserted, because somebody else wrote over it, keeps nothing else from it.
#[tokio::test]
async fn an_ending_that_cannot_be_asserted_does_not_hold_up_the_next() {
    let server = Private::start();
    let store = server.store().await;
    let (spoilt, lost) = (anonymous(), anonymous());
    let mut connection = server.connection().await;
    let key = |record: &SessionRecord| format!("hallpass:{{0}}:s:{}", record.handle());
    for record in [&spoilt, &lost] {
        let _created = store.create(record, at(0)).await.unwrap();
    }
    let before: Vec<u8> = connection.ask(&["GET", &key(&lost)]).await;
    for record in [&spoilt, &lost] {
        let order = end(record.handle(), EndReason::Logout, at(1));
        let _ended = store.end(&order, at(1)).await.unwrap();
    }
    let _deleted: i64 = connection.ask(&["DEL", &key(&spoilt)]).await;
    let _length: i64 = connection.ask(&["LPUSH", &key(&spoilt), "a list"]).await;
    let place = key(&lost);
    let restored: [&[u8]; 5] = [b"SET", place.as_bytes(), &before, b"PX", b"600000"];
    let _ok: String = connection.ask(&restored).await;
    server.crash();
    server.begin();
    loop {
        let loaded = answered(async || store.load(lost.handle(), at(1)).await).await;
        if matches!(loaded, Load::Ended(_)) {
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// SES-32, SES-17: the same for the counters of a subject, of its tenant, and of everybody.
#[tokio::test]
async fn a_counter_that_the_server_lost_is_asserted_again() {
    for scope in [
        EpochScope::Subject(alice()),
        EpochScope::Tenant("acme".to_owned()),
        EpochScope::Everybody,
    ] {
        let server = Private::start();
        let store = server.store().await;
        let record = of(&store, &alice());
        let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
        let mut connection = server.connection().await;
        let before = connection.dump("hallpass").await;
        store
            .advance(&scope, &EndReason::Logout, at(1))
            .await
            .unwrap();
        connection.restore(before).await;
        let loaded = store.load(record.handle(), at(1)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)));
        server.crash();
        server.begin();
        let told = loop {
            let loaded = answered(async || store.load(record.handle(), at(1)).await).await;
            if let Load::Ended(told) = loaded {
                break told;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(told, Tombstone::of(&record, EndReason::Logout, at(1)));
    }
}
