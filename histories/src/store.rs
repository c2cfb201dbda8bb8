//! The store behind a URL.

use std::time::Duration;

use deadpool_postgres::Manager;
use deadpool_postgres::Pool;
use hallpass::DynStore;
use hallpass::MemoryStore;
use hallpass::postgres::PostgresStore;
use hallpass::redis::RedisStore;
use tokio_postgres::NoTls;

use crate::Failure;
use crate::settings::Settings;

/// Opens the store at the URL of the settings. Their prefix separates this run from others on the
/// same server.
///
/// Beside the schemes of the stores there are `postgres-pool`, where the connections are from a pool
/// of the application and have the isolation `repeatable read` by default, and `redis+cluster+wait`,
/// where an ending is told when a replica has it.
///
/// # Errors
///
/// Fails where the URL names no store that is known here, or the server does not answer.
pub async fn open(settings: &Settings) -> Result<DynStore, Failure> {
    let Settings {
        prefix, timeout, ..
    } = settings;
    let url = settings.url.as_str();
    let redis = |url: &str| RedisStore::builder(url).response_timeout(*timeout);
    match url.split_once(':') {
        Some(("memory", _)) => Ok(MemoryStore::new().into()),
        Some(("redis" | "redis+cluster", _)) => {
            let store = redis(url).prefix(prefix);
            Ok(store.connect().await?.into())
        }
        Some(("redis+cluster+wait", rest)) => {
            let store = redis(&format!("redis+cluster:{rest}")).prefix(prefix);
            let store = store.wait_for_replicas(1, Duration::from_millis(300));
            Ok(store.connect().await?.into())
        }
        Some(("postgres-pool", rest)) => {
            let url = format!("postgres:{rest}");
            let store = PostgresStore::from_pool(pool(&url)?).feed_url(&url);
            let store = store.operation_timeout(*timeout).prefix(prefix);
            let store = store.connect().await?;
            store.migrate().await?;
            Ok(store.into())
        }
        Some(("postgres", _)) => {
            let store = PostgresStore::builder(url).operation_timeout(*timeout);
            let store = store.prefix(prefix).connections(2);
            let store = store.connect().await?;
            store.migrate().await?;
            Ok(store.into())
        }
        _ => Err(format!("no store is known for {url} (prefix {prefix})").into()),
    }
}

fn pool(url: &str) -> Result<Pool, Failure> {
    let mut config: tokio_postgres::Config = url.parse()?;
    config.options("-c default_transaction_isolation=repeatable\\ read");
    let pool = Pool::builder(Manager::new(config, NoTls)).max_size(4);
    Ok(pool.build()?)
}
