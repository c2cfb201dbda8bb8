//! Operations that nobody waits for any more, and what becomes of their connections.

use std::time::Duration;

use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_postgres::PostgresStore;
use hallpass_servers::Proxy;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::records::touch;
use crate::servers;

/// Race 39: a caller who leaves early is a time-out, too. Otherwise a connection that is half open would
/// stay for as long as all callers do.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_silent_is_given_up_though_no_caller_waits_for_long() {
    let proxy = Proxy::in_front_of(&servers::postgres()).unwrap();
    let builder = PostgresStore::builder(&servers::postgres());
    let record = begun(&servers::fresh(builder).await, RecordFixture::anonymous()).await;
    let store = servers::patient(PostgresStore::builder(&proxy.url()))
        .schema(&servers::last_schema())
        .connections(1)
        .operation_timeout(Duration::from_millis(300))
        .connect()
        .await
        .unwrap();
    proxy.hang();
    let error = loop {
        tokio::select! {
            biased;
            answer = store.load(record.handle(), at(0)) => break answer.unwrap_err(),
            () = tokio::task::yield_now() => {}
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_given_up_leaves_nothing_behind_that_waits_for_a_lock() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let record = begun(&store, RecordFixture::anonymous()).await;
    let hasty = servers::patient(PostgresStore::builder(&servers::postgres()))
        .schema(&schema)
        .operation_timeout(Duration::from_millis(50))
        .connect()
        .await
        .unwrap();
    let (locks, admin) = (Admin::connect().await, Admin::connect().await);
    locks.run(&locking(&schema)).await;
    let error = hasty.touch(&touch(&record, 1), at(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    while admin.number(&waiting(&schema)).await != 0 {}
}

/// Who gets it next would wait behind the statement.
#[cfg(feature = "deadpool")]
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_does_not_get_a_connection_back_whose_statement_is_under_way() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let record = begun(&store, RecordFixture::anonymous()).await;
    let (locks, admin) = (Admin::connect().await, Admin::connect().await);
    locks.run(&locking(&schema)).await;

    let pool = servers::pool("read committed");
    let of_pool = |timeout| {
        servers::patient(PostgresStore::from_pool(pool.clone()))
            .schema(&schema)
            .operation_timeout(timeout)
            .connect()
    };
    let hasty = of_pool(Duration::from_millis(300)).await.unwrap();
    let load = hasty.load(record.handle(), at(0)).await.unwrap();
    assert!(matches!(load, Load::Live(_)), "{load:?}");
    assert_eq!(pool.status().size, 1, "an answered operation gives it back");
    let touch = touch(&record, 1);
    let error = hasty.touch(&touch, at(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert_eq!(pool.status().size, 0, "a time-out closes it");

    let patient = of_pool(Duration::from_secs(60)).await.unwrap();
    let waiting = waiting(&schema);
    let before = admin.number(&waiting).await;
    tokio::select! {
        answer = patient.touch(&touch, at(1)) => panic!("{answer:?}"),
        () = admin.reaches(&waiting, before + 1) => {}
    }
    assert_eq!(pool.status().size, 0, "a caller who leaves closes it");
}

/// The plans of all connections are as old as each other.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_stale_on_each_connection_is_answered() {
    let name = servers::schema();
    let url = format!("{}?application_name={name}", servers::postgres());
    let store = servers::fresh_with(PostgresStore::builder(&url), 4).await;
    let schema = servers::last_schema();
    let record = begun(&store, RecordFixture::anonymous()).await;
    let admin = Admin::connect().await;
    let prepared = format!(
        "select count(*) from pg_stat_activity where application_name = '{name}'
         and query like '%s.record%' and state = 'idle'"
    );
    while admin.number(&prepared).await < 4 {
        assert!(store.load(record.handle(), at(0)).await.is_ok());
    }
    admin
        .run(&format!(
            "create domain {schema}.bytes as bytea;
             alter table {schema}.hallpass_sessions alter column record type {schema}.bytes"
        ))
        .await;
    let load = store.load(record.handle(), at(0)).await.unwrap();
    assert!(matches!(load, Load::Live(_)), "{load:?}");
}

/// Returns the statement that locks all sessions until its connection is closed.
fn locking(schema: &str) -> String {
    format!("begin; select from {schema}.hallpass_sessions for update")
}

/// Returns the query that counts the statements of a store that wait for a lock.
fn waiting(schema: &str) -> String {
    format!(
        "select count(*) from pg_stat_activity
         where wait_event_type = 'Lock' and query like '%{schema}%'"
    )
}
