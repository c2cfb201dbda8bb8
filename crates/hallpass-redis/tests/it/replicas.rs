//! Endings that wait for replicas.

use std::error::Error;
use std::time::Duration;

use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;
use hallpass_redis::Fault;
use hallpass_redis::RedisStore;
use hallpass_servers::Redis;
use hallpass_servers::redis::Settings;

use crate::away::answered;
use crate::private::Connection;
use crate::private::Private;
use crate::private::connection;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::records::login;
use crate::records::of;

/// A master and its replica, which has all that the master had.
pub(crate) async fn pair() -> (Redis, Redis) {
    let settings = Settings::default().argument("repl-diskless-sync-delay", &["0"]);
    let master = Redis::start(&settings).unwrap();
    let port = master.port().to_string();
    let replica = Redis::start(&settings.argument("replicaof", &["127.0.0.1", &port])).unwrap();
    let mut connection = connection(&master.url()).await;
    loop {
        let _ok: String = connection.ask(&["SET", "hallpass-pair", "is up"]).await;
        let count: i64 = connection.ask(&["WAIT", "1", "100"]).await;
        if count == 1 {
            return (master, replica);
        }
    }
}

fn is_not_replicated(error: &StoreError) -> bool {
    let fault = error.source().and_then(|source| source.downcast_ref());
    error.kind() == StoreErrorKind::Unavailable && fault == Some(&Fault::NotReplicated)
}

/// Whatever ends sessions by choice is told once a replica has it; where none is there, it stands on
/// the master, and the caller knows that it is not safe yet.
#[tokio::test]
async fn an_ending_is_told_once_the_replicas_have_it() {
    let (master, replica) = pair().await;
    let builder = RedisStore::builder(&master.url());
    let builder = builder.wait_for_replicas(1, Duration::from_millis(500));
    let store = builder.connect().await.unwrap();
    let lasting: Vec<_> = (0..3).map(|_| anonymous()).collect();
    for record in &lasting {
        let _created = store.create(record, at(0)).await.unwrap();
    }
    let [first, second, last] = lasting.as_slice() else {
        panic!("there are three");
    };
    let order = end(first.handle(), EndReason::Logout, at(1));
    let expected = Tombstone::of(first, EndReason::Logout, at(1));
    let outcome = answered(async || store.end(&order, at(1)).await).await;
    assert!(matches!(
        outcome,
        EndOutcome::Already(told) | EndOutcome::Ended(told) if told == expected
    ));
    let mut at_replica = connection(&replica.url()).await;
    let key = format!("hallpass:{{0}}:s:{}", first.handle());
    let stored: Vec<u8> = at_replica.ask(&["GET", &key]).await;
    assert_eq!(stored.first(), Some(&b'T'));

    replica.kill();
    let record = of(&store, &alice());
    let _bound = store.bind(&login(&record, None), at(1)).await.unwrap();
    let order = end(second.handle(), EndReason::Logout, at(2));
    let error = store.end(&order, at(2)).await.unwrap_err();
    assert!(is_not_replicated(&error), "{error:?}");
    let replacing = of(&store, &alice());
    let bind = login(&replacing, Some(last));
    let error = store.bind(&bind, at(2)).await.unwrap_err();
    assert!(is_not_replicated(&error), "{error:?}");
    for ended in [second, last] {
        let loaded = store.load(ended.handle(), at(2)).await.unwrap();
        assert!(matches!(loaded, Load::Ended(_)), "{loaded:?}");
    }
    let reason = EndReason::Logout;
    let ended = store.end_subject(&alice(), None, &reason, at(3)).await;
    assert!(is_not_replicated(&ended.unwrap_err()));
    let everybody = store.advance(&EpochScope::Everybody, &reason, at(4)).await;
    assert!(is_not_replicated(&everybody.unwrap_err()));
    for record in [&record, &replacing] {
        let loaded = store.load(record.handle(), at(4)).await.unwrap();
        assert!(matches!(loaded, Load::Ended(_)), "{loaded:?}");
    }

    replica.start_again().unwrap();
    let outcome = answered(async || store.end(&order, at(2)).await).await;
    let expected = Tombstone::of(second, EndReason::Logout, at(2));
    assert_eq!(outcome, EndOutcome::Already(expected));
}

/// SES-32: an ending that no replica has is the first to be lost, and then it is asserted again, also
/// where the new master has no replica that could acknowledge it.
#[tokio::test]
async fn endings_without_replicas_are_asserted_again() {
    let server = Private::start();
    let builder = RedisStore::builder(&server.url());
    let builder = builder.wait_for_replicas(1, Duration::from_millis(10));
    let store = builder.connect().await.unwrap();
    let records = [anonymous(), anonymous(), anonymous()];
    for record in &records {
        let _created = store.create(record, at(0)).await.unwrap();
    }
    let mut connection = server.connection().await;
    let before = connection.dump("hallpass").await;
    for record in &records {
        let order = end(record.handle(), EndReason::Logout, at(1));
        let error = store.end(&order, at(1)).await.unwrap_err();
        assert!(is_not_replicated(&error), "{error:?}");
    }
    connection.restore(before).await;
    server.crash();
    server.begin();
    for record in &records {
        let told = loop {
            let loaded = answered(async || store.load(record.handle(), at(1)).await).await;
            if let Load::Ended(told) = loaded {
                break told;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(told, Tombstone::of(record, EndReason::Logout, at(1)));
    }
}

/// A master that has stepped down is left, also by the connection that waits for replicas: the next
/// one may lead elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stepped_down_is_left() {
    let (master, replica) = pair().await;
    let builder = RedisStore::builder(&master.url());
    let builder = builder.wait_for_replicas(1, Duration::from_millis(500));
    let store = builder.connect().await.unwrap();
    let order = end(anonymous().handle(), EndReason::Logout, at(1));
    let outcome = answered(async || store.end(&order, at(1)).await).await;
    assert!(matches!(
        outcome,
        EndOutcome::Already(_) | EndOutcome::Missing
    ));

    let port = replica.port().to_string();
    let mut connection = connection(&master.url()).await;
    let before = connections(&mut connection).await;
    let _ok: String = connection.ask(&["REPLICAOF", "127.0.0.1", &port]).await;
    let order = end(anonymous().handle(), EndReason::Logout, at(1));
    let error = store.end(&order, at(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    for _ in 0..10_000 {
        if connections(&mut connection).await > before {
            return;
        }
    }
    panic!("no connection was made after the server had stepped down");
}

/// How many connections a server has taken from clients.
async fn connections(connection: &mut Connection) -> u64 {
    let stats: String = connection.ask(&["INFO", "stats"]).await;
    let (_, count) = stats.split_once("total_connections_received:").unwrap();
    count.lines().next().unwrap().parse().unwrap()
}
