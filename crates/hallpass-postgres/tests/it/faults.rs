//! Connections that are lost, and come back.

use std::time::Duration;

use hallpass_core::Ending;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_postgres::PostgresStore;

use crate::admin::Admin;
use crate::outages::listened;
use crate::outages::next;
use crate::records::at;
use crate::records::begun;
use crate::servers;

/// Race 39: an outage is an error at once, never an answer; afterwards the store works as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_fails_fast_while_its_server_is_gone_and_comes_back() {
    let admin = Admin::connect().await;
    let url = servers::database().await;
    let (_server, database) = url.rsplit_once('/').unwrap();
    let store = servers::fresh(PostgresStore::builder(&url)).await;
    let record = begun(&store, RecordFixture::anonymous()).await;

    admin
        .run(&format!(
            "alter database {database} allow_connections false"
        ))
        .await;
    let terminated = format!(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{database}'"
    );
    while admin.number(&terminated).await != 0 {}
    // The first may have been under way; the store learns from the connections that are closed.
    let error = loop {
        match store.load(record.handle(), at(0)).await {
            Ok(Load::Live(_)) => {}
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    for _ in 0..1_000 {
        let error = store.load(record.handle(), at(0)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    }

    admin
        .run(&format!("alter database {database} allow_connections true"))
        .await;
    let load = loop {
        match store.load(record.handle(), at(0)).await {
            Ok(load) => break load,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(load, Load::Live(_)), "{load:?}");
}

/// Race 39: who waits for a lock for too long is told that nobody knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_takes_too_long_is_given_up() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let record = begun(&store, RecordFixture::anonymous()).await;
    let hasty = servers::patient(PostgresStore::builder(&servers::postgres()))
        .schema(&schema)
        .operation_timeout(Duration::from_millis(50))
        .connect()
        .await
        .unwrap();
    let admin = Admin::connect().await;
    admin
        .run(&format!(
            "begin; select from {schema}.hallpass_sessions for update"
        ))
        .await;
    let touch = crate::records::touch(&record, 1);
    let error = hasty.touch(&touch, at(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    admin.run("commit").await;
    assert!(store.touch(&touch, at(1)).await.is_ok());
}

/// Clause 1 of the feed: who listens learns that endings may have been missed, and hears on.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_is_told_when_the_feed_was_interrupted() {
    let name = servers::schema();
    let url = format!("{}?application_name={name}", servers::postgres());
    let builder = PostgresStore::builder(&servers::postgres()).feed_url(&url);
    let store = servers::fresh(builder).await;
    let (heard, _ear) = listened(&store);
    assert_eq!(next(&heard), None, "the beginning is an interruption");

    let admin = Admin::connect().await;
    let cut = format!(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity
         where application_name = '{name}'"
    );
    assert_eq!(admin.number(&cut).await, 1);
    assert_eq!(next(&heard), None, "it is lost");
    assert_eq!(next(&heard), None, "it is back");
    let ending = Ending::Scope(hallpass_core::EpochScope::Everybody);
    store.publish(&ending).await.unwrap();
    assert_eq!(next(&heard), Some(ending));
}

/// A message that the server would refuse says nothing, and whoever hears it looks for themselves.
#[tokio::test(flavor = "multi_thread")]
async fn an_ending_that_is_too_long_to_be_told_is_an_interruption() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let (heard, _ear) = listened(&store);
    assert_eq!(next(&heard), None);
    let tenant = hallpass_core::EpochScope::Tenant("t".repeat(6_000));
    store.publish(&Ending::Scope(tenant)).await.unwrap();
    assert_eq!(next(&heard), None);
}
