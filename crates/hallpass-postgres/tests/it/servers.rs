//! Which servers the tests use, and a place of its own in them for each test.

use std::cell::RefCell;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::time::Duration;

use hallpass_postgres::PostgresStore;
use hallpass_postgres::PostgresStoreBuilder;
use hallpass_postgres::Statements;

use crate::admin::Admin;

/// A server that keeps its time in UTC.
pub(crate) fn postgres() -> String {
    variable("HALLPASS_TEST_POSTGRES")
}

/// A server in another time zone.
pub(crate) fn postgres_elsewhere() -> String {
    variable("HALLPASS_TEST_POSTGRES_ELSEWHERE")
}

/// PgBouncer in transaction mode in front of [`postgres`]. Without one the tests go to the server.
pub(crate) fn pgbouncer() -> String {
    std::env::var("HALLPASS_TEST_PGBOUNCER").unwrap_or_else(|_missing| {
        eprintln!("NOT TESTED: PgBouncer (set HALLPASS_TEST_PGBOUNCER to one in transaction mode)");
        postgres()
    })
}

/// Returns the name of a schema that nobody uses.
pub(crate) fn schema() -> String {
    format!("test_{:016x}", RandomState::new().hash_one(0_u8))
}

/// Returns the URL of a database of its own, on the server in UTC.
pub(crate) async fn database() -> String {
    let (url, database) = (postgres(), schema());
    let admin = Admin::connect().await;
    admin.run(&format!("create database {database}")).await;
    let (server, _database) = url.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

thread_local! {
    static SCHEMA: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Returns a store in a schema of its own, which the next [`peer`] on this thread shares.
pub(crate) async fn fresh(builder: PostgresStoreBuilder) -> PostgresStore {
    let schema = schema();
    let store = patient(builder).schema(&schema).connect().await.unwrap();
    store.migrate().await.unwrap();
    SCHEMA.set(schema);
    store
}

/// Returns the schema of the last store that was made on this thread.
pub(crate) fn last_schema() -> String {
    SCHEMA.with_borrow(Clone::clone)
}

/// Returns what another node would use.
pub(crate) async fn peer(builder: PostgresStoreBuilder) -> PostgresStore {
    let schema = last_schema();
    patient(builder).schema(&schema).connect().await.unwrap()
}

/// Returns the settings of a store with unnamed statements.
pub(crate) fn unnamed(url: &str) -> PostgresStoreBuilder {
    PostgresStore::builder(url)
        .statements(Statements::Unnamed)
        .feed_url(&postgres())
}

/// Many tests share few cores.
pub(crate) fn patient(builder: PostgresStoreBuilder) -> PostgresStoreBuilder {
    builder
        .connections(2)
        .operation_timeout(Duration::from_secs(60))
        .connect_timeout(Duration::from_secs(30))
}

/// Returns the settings of a store on a pool whose connections have this isolation by default.
#[cfg(feature = "deadpool")]
pub(crate) fn pooled(isolation: &str) -> PostgresStoreBuilder {
    PostgresStore::from_pool(pool(isolation)).feed_url(&postgres())
}

/// Returns a pool whose connections have this isolation by default.
#[cfg(feature = "deadpool")]
pub(crate) fn pool(isolation: &str) -> deadpool_postgres::Pool {
    let mut config: tokio_postgres::Config = postgres().parse().unwrap();
    let isolation = isolation.replace(' ', "\\ ");
    config.options(format!("-c default_transaction_isolation={isolation}"));
    let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
    deadpool_postgres::Pool::builder(manager)
        .max_size(4)
        .build()
        .unwrap()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_missing| {
        panic!("no PostgreSQL to test with: set {name} to the URL of a server")
    })
}
