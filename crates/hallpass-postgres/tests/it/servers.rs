//! Which servers the tests use, and a place of its own in them for each test.

use std::cell::RefCell;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::LazyLock;
use std::time::Duration;

use hallpass_postgres::PostgresStore;
use hallpass_postgres::PostgresStoreBuilder;
use hallpass_postgres::Statements;
use hallpass_servers::PgBouncer;
use hallpass_servers::urls;

use crate::admin::Admin;

/// A server that keeps its time in UTC.
pub(crate) fn postgres() -> String {
    urls::postgres()
}

/// A server in another time zone.
pub(crate) fn postgres_elsewhere() -> String {
    urls::postgres_elsewhere()
}

/// PgBouncer in transaction mode in front of [`postgres`], one for each run of this program.
pub(crate) fn pgbouncer() -> String {
    static PGBOUNCER: LazyLock<PgBouncer> =
        LazyLock::new(|| PgBouncer::in_front_of(&postgres()).unwrap());
    PGBOUNCER.url()
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
    fresh_with(builder, 2).await
}

/// Returns a store with this many connections in a schema of its own.
pub(crate) async fn fresh_with(builder: PostgresStoreBuilder, connections: usize) -> PostgresStore {
    let schema = schema();
    let builder = patient(builder).connections(connections).schema(&schema);
    let store = builder.connect().await.unwrap();
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

/// Returns nodes on the same tables, whose connections have every isolation.
pub(crate) async fn of_all_kinds() -> Vec<PostgresStore> {
    let url = postgres();
    #[cfg_attr(
        not(feature = "deadpool"),
        expect(unused_mut, reason = "pools come last")
    )]
    let mut nodes = vec![
        fresh(PostgresStore::builder(&url)).await,
        peer(unnamed(&pgbouncer())).await,
    ];
    #[cfg(feature = "deadpool")]
    for isolation in ["repeatable read", "serializable"] {
        nodes.push(peer(pooled(isolation)).await);
    }
    nodes
}
