//! The servers that the tests run on, and stores on them.

use std::fmt::Write;

use hallpass_core::SecureRandom;
use hallpass_core::SystemRandom;
use hallpass_redis::RedisStore;
use hallpass_servers::urls;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;

/// A prefix that no other test has, so that all run on one server at once.
pub(crate) fn fresh_prefix() -> String {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes).unwrap();
    let mut prefix = "test-".to_owned();
    for byte in bytes {
        write!(prefix, "{byte:02x}").unwrap();
    }
    prefix
}

/// An empty store on a server.
pub(crate) async fn single() -> RedisStore {
    on(&urls::redis(), &fresh_prefix()).await
}

/// A second connection to the same sessions.
pub(crate) async fn peer_of_single(store: &RedisStore) -> RedisStore {
    on(&urls::redis(), store.prefix()).await
}

/// An empty store on a Cluster.
pub(crate) async fn cluster() -> RedisStore {
    on(&urls::redis_cluster(), &fresh_prefix()).await
}

/// Second connections to the same sessions.
pub(crate) async fn peer_of_cluster(store: &RedisStore) -> RedisStore {
    on(&urls::redis_cluster(), store.prefix()).await
}

async fn on(url: &str, prefix: &str) -> RedisStore {
    let builder = RedisStore::builder(url).prefix(prefix);
    builder.connect().await.expect("a server that is there")
}

/// A store on a connection that the application made.
pub(crate) async fn on_their_connection(prefix: &str) -> RedisStore {
    let client = redis::Client::open(urls::redis()).unwrap();
    let connection = client.get_connection_manager().await.unwrap();
    let builder = RedisStore::from_connection_manager(connection).prefix(prefix);
    builder.connect().await.unwrap()
}

/// A store on connections to a Cluster that the application made.
pub(crate) async fn on_their_cluster(prefix: &str) -> RedisStore {
    let builder = RedisStore::from_cluster_connection(their_cluster().await).prefix(prefix);
    builder.connect().await.unwrap()
}

/// Connections to the Cluster that are no store's.
pub(crate) async fn their_cluster() -> ClusterConnection {
    let url = urls::redis_cluster();
    let nodes = url.trim_start_matches("redis+cluster://").split(',');
    let nodes: Vec<String> = nodes.map(|node| format!("redis://{node}")).collect();
    let client = ClusterClient::new(nodes).unwrap();
    client.get_async_connection().await.unwrap()
}
