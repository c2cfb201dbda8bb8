//! A server that one test has for itself, because it does to it what others would notice.

use hallpass_redis::RedisStore;
use hallpass_servers::Redis;
use hallpass_servers::redis::Settings;
use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;

/// A server that keeps what it acknowledged.
pub(crate) struct Private(Redis);

impl Private {
    pub(crate) fn start() -> Self {
        let settings = Settings::default()
            .append_only()
            .argument("maxmemory-policy", &["noeviction"]);
        Self(Redis::start(&settings).unwrap())
    }

    /// A server that is not there yet.
    pub(crate) fn away() -> Self {
        let private = Self::start();
        private.crash();
        private
    }

    /// Starts the server, and waits until it takes connections.
    pub(crate) fn begin(&self) {
        self.0.start_again().unwrap();
    }

    /// Ends the server at once.
    pub(crate) fn crash(&self) {
        self.0.kill();
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    /// The URL for a user of the server with the password `password`.
    pub(crate) fn url_as(&self, user: &str) -> String {
        let user = format!("redis://{user}:password@");
        self.0.url().replace("redis://", &user)
    }

    /// A store on the server.
    pub(crate) async fn store(&self) -> RedisStore {
        RedisStore::builder(&self.url()).connect().await.unwrap()
    }

    /// A connection to look into the server with.
    pub(crate) async fn connection(&self) -> Connection {
        connection(&self.url()).await
    }
}

/// A connection to look into a server with.
pub(crate) struct Connection(MultiplexedConnection);

pub(crate) async fn connection(url: &str) -> Connection {
    let client = redis::Client::open(url).unwrap();
    Connection(client.get_multiplexed_async_connection().await.unwrap())
}

impl Connection {
    pub(crate) async fn ask<T: FromRedisValue>(&mut self, words: &[impl AsRef<[u8]>]) -> T {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word.as_ref());
        }
        command.query_async(&mut self.0).await.unwrap()
    }

    pub(crate) async fn keys(&mut self, prefix: &str) -> Vec<String> {
        let pattern = format!("{prefix}:*");
        let mut keys: Vec<String> = self.ask(&["KEYS", &pattern]).await;
        keys.sort();
        keys
    }

    /// Everything that the server has under a prefix, names and values.
    pub(crate) async fn dump(&mut self, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let mut dump = Vec::new();
        for key in self.keys(prefix).await {
            let value = self.ask(&["DUMP", &key]).await;
            dump.push((key, value));
        }
        dump
    }

    /// Makes the server have what it had, and nothing else.
    pub(crate) async fn restore(&mut self, dump: Vec<(String, Vec<u8>)>) {
        let _ok: String = self.ask(&["FLUSHALL"]).await;
        for (key, value) in dump {
            let words: [&[u8]; 4] = [b"RESTORE", key.as_bytes(), b"600000", &value];
            let _ok: String = self.ask(&words).await;
        }
    }
}
