//! How long a load and a request take with a store on a server, as a multiple of the least that
//! any of them has to do: one bare `GET`, one bare prepared `SELECT`.
//!
//! `cargo bench -p hallpass-benches --bench stores` measures, on private servers that it starts.
//! Without `--bench`, which cargo passes there and nowhere else, or with `--quick`, each row runs
//! once, to see that it works.

mod stores {
    pub(crate) mod application;
    pub(crate) mod bare;
    pub(crate) mod measure;
}

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use hallpass::Clock;
use hallpass::DynStore;
use hallpass::SessionStore;
use hallpass::SystemClock;
use hallpass::postgres::PostgresStore;
use hallpass::redis::RedisStore;
use hallpass_servers::Postgres;
use hallpass_servers::Redis;
use hallpass_servers::postgres;
use hallpass_servers::redis;

use self::stores::application::Application;
use self::stores::bare::Bare;
use self::stores::measure::Extent;
use self::stores::measure::compare;
use self::stores::measure::headline;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let extent = Extent::from_arguments();

    let server = Redis::start(&redis::Settings::default())?;
    let store = RedisStore::builder(&server.url()).connect().await?;
    let bare = Bare::redis(&server.url()).await?;
    rows("Redis, one GET", store.into(), bare, extent).await?;
    drop(server);

    let server = Postgres::start(&postgres::Settings::default().durable())?;
    let store = PostgresStore::builder(&server.url()).connections(1);
    let store = store.connect().await?;
    store.migrate().await?;
    let bare = Bare::postgres(&server.url()).await?;
    rows(
        "PostgreSQL, one prepared SELECT",
        store.into(),
        bare,
        extent,
    )
    .await
}

async fn rows(base: &str, store: DynStore, bare: Bare, extent: Extent) -> Result {
    let sessions = Application::log_in(store.clone()).await?;
    let now = SystemClock.now();
    let handle = sessions.handle()?;
    let bare = Arc::new(bare);
    bare.keep(&sessions.record(&store, now).await?).await?;
    let reads = Arc::clone(&bare);
    let floor = Application::bare(Router::new().route(
        "/read",
        get(async move || reads.read().await.unwrap_or_default()),
    ));

    headline(base, extent)?;
    let ask = async || bare.read().await;
    compare("the same again (what the noise is)", extent, ask, ask).await?;
    let load = async || Ok(store.load(handle, now).await?);
    compare("load", extent, ask, load).await?;
    let request = async || floor.get("/read").await;
    compare(
        "request that reads, against a handler that asks the server once",
        extent,
        request,
        async || sessions.get("/read").await,
    )
    .await?;
    compare(
        "request that reads and changes, against the same",
        extent,
        request,
        async || sessions.get("/change").await,
    )
    .await
}
