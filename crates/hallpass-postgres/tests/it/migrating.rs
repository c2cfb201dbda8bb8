//! Tables and functions are made once, whoever makes them.

use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_postgres::ConnectError;
use hallpass_postgres::PostgresStore;
use tokio::task::JoinSet;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::records::of;
use crate::servers;

/// Race 41.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_processes_may_migrate_at_once() {
    let schema = servers::schema();
    let mut migrations = JoinSet::new();
    for _ in 0..20 {
        let builder = servers::patient(PostgresStore::builder(&servers::postgres()));
        let builder = builder.schema(&schema).connections(1);
        migrations.spawn(async move { builder.connect().await.unwrap().migrate().await });
    }
    for outcome in migrations.join_all().await {
        outcome.unwrap();
    }
    let versions = format!("select count(*) from {schema}.hallpass_migrations");
    assert_eq!(Admin::connect().await.number(&versions).await, 2);
}

/// Race 41, through pools whose transactions see the database as it was when they began.
#[cfg(feature = "deadpool")]
#[tokio::test(flavor = "multi_thread")]
async fn processes_with_any_isolation_may_migrate_at_once() {
    let schema = servers::schema();
    let mut migrations = JoinSet::new();
    for n in 0..20 {
        let isolation = ["repeatable read", "serializable"][n % 2];
        let builder = servers::patient(servers::pooled(isolation)).schema(&schema);
        migrations.spawn(async move { builder.connect().await.unwrap().migrate().await });
    }
    for outcome in migrations.join_all().await {
        outcome.unwrap();
    }
}

/// Race 41: several versions of the library use the same tables.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_added_is_left_alone() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let admin = Admin::connect().await;
    admin
        .run(&format!(
            "insert into {schema}.hallpass_migrations values (99);
             alter table {schema}.hallpass_sessions add column later text"
        ))
        .await;
    store.migrate().await.unwrap();
    let record = begun(&store, RecordFixture::anonymous()).await;
    assert!(matches!(
        store.load(record.handle(), at(1)).await.unwrap(),
        Load::Live(_)
    ));
}

/// For those who migrate by other means.
#[tokio::test(flavor = "multi_thread")]
async fn the_printed_script_makes_what_migrate_makes() {
    let schema = servers::schema();
    let builder = servers::patient(PostgresStore::builder(&servers::postgres())).schema(&schema);
    let script = builder.migrations_sql().unwrap();
    let admin = Admin::connect().await;
    admin
        .run(&format!("begin; create schema {schema}; {script} commit;"))
        .await;
    let store = builder.connect().await.unwrap();
    store.migrate().await.unwrap();
    let record = begun(&store, RecordFixture::anonymous()).await;
    assert!(matches!(
        store.load(record.handle(), at(1)).await.unwrap(),
        Load::Live(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_tables_says_to_migrate() {
    let schema = servers::schema();
    let builder = servers::patient(PostgresStore::builder(&servers::postgres())).schema(&schema);
    let store = builder.connect().await.unwrap();
    let record = of("alice");
    for error in [
        store.load(record.handle(), at(0)).await.unwrap_err(),
        store.create(&record, at(0)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Rejected);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("call `PostgresStore::migrate`"), "{source}");
    }
    // It works as soon as somebody has.
    store.migrate().await.unwrap();
    assert!(store.create(&record, at(0)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_is_a_name() {
    for (schema, prefix) in [
        ("odd\"name", "x\"y_"),
        ("back\\slash'", "'; drop table x; --"),
        ("{sessions}", "Gro\u{df} \u{dc} "),
        ("$$", "a$$b"),
        ("select", ""),
    ] {
        let schema = format!("{schema}{}", servers::schema());
        let builder = servers::patient(PostgresStore::builder(&servers::postgres()));
        let builder = builder.schema(&schema).prefix(prefix);
        let store = builder.connect().await.unwrap();
        store.migrate().await.unwrap();
        store.migrate().await.unwrap();
        let record = begun(&store, RecordFixture::anonymous()).await;
        let load = store.load(record.handle(), at(1)).await.unwrap();
        assert!(matches!(load, Load::Live(_)), "{schema} {prefix}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_the_server_would_cut_is_refused() {
    let builder = PostgresStore::builder(&servers::postgres()).prefix(&"p".repeat(41));
    assert!(matches!(
        builder.connect().await,
        Err(ConnectError::InvalidName)
    ));
}
