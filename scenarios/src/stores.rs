//! The stores that every scenario runs on.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::time::Duration;

use hallpass::DynStore;
use hallpass::MemoryStore;
use hallpass::postgres::PostgresStore;
use hallpass::redis::RedisStore;
use hallpass_servers::urls;

/// A kind of store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// In the process.
    Memory,
    /// On PostgreSQL.
    Postgres,
    /// On one Redis.
    Redis,
    /// On a Redis Cluster.
    RedisCluster,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Memory,
        Self::Postgres,
        Self::Redis,
        Self::RedisCluster,
    ];

    /// Returns the kind as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::RedisCluster => "redis_cluster",
        }
    }

    /// Returns an empty store. One on a server has a place of its own there.
    pub(crate) async fn empty(self) -> DynStore {
        let place = format!("test_{:016x}", RandomState::new().hash_one(0_u8));
        match self {
            Self::Memory => DynStore::from(MemoryStore::new()),
            Self::Postgres => {
                let store = PostgresStore::builder(&urls::postgres())
                    .connections(1)
                    // Many tests share few cores.
                    .operation_timeout(Duration::from_secs(60))
                    .connect_timeout(Duration::from_secs(30))
                    .schema(&place)
                    .connect()
                    .await
                    .unwrap();
                store.migrate().await.unwrap();
                DynStore::from(store)
            }
            Self::Redis => redis(&urls::redis(), &place).await,
            Self::RedisCluster => redis(&urls::redis_cluster(), &place).await,
        }
    }
}

async fn redis(url: &str, prefix: &str) -> DynStore {
    let builder = RedisStore::builder(url).prefix(prefix);
    DynStore::from(builder.connect().await.unwrap())
}
