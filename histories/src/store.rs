//! The store behind a URL.

use hallpass::DynStore;
use hallpass::MemoryStore;
use hallpass::postgres::PostgresStore;
use hallpass::redis::RedisStore;

use crate::Failure;

/// Opens the store at `url`. The prefix separates this run from others on the same server.
///
/// # Errors
///
/// Fails where the URL names no store that is known here, or the server does not answer.
pub async fn open(url: &str, prefix: &str) -> Result<DynStore, Failure> {
    match url.split_once(':') {
        Some(("memory", _)) => Ok(MemoryStore::new().into()),
        Some(("redis" | "redis+cluster", _)) => {
            let store = RedisStore::builder(url).prefix(prefix);
            Ok(store.connect().await?.into())
        }
        Some(("postgres", _)) => {
            let store = PostgresStore::builder(url).prefix(prefix).connections(2);
            let store = store.connect().await?;
            store.migrate().await?;
            Ok(store.into())
        }
        _ => Err(format!("no store is known for {url} (prefix {prefix})").into()),
    }
}
