//! A server that one test has for itself, because it does to it what others would notice.

use std::env;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use hallpass_redis::RedisStore;
use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;

use crate::servers::fresh_prefix;

/// A server on a socket in a folder of its own, both of which go with this value.
pub(crate) struct Private {
    folder: PathBuf,
    server: Option<Child>,
}

impl Private {
    pub(crate) fn start() -> Self {
        let mut private = Self::away();
        private.begin();
        private
    }

    /// A server that is not there yet.
    pub(crate) fn away() -> Self {
        let folder = env::temp_dir().join(format!("hallpass-{}", fresh_prefix()));
        fs::create_dir(&folder).unwrap();
        Self {
            folder,
            server: None,
        }
    }

    /// Starts the server, and waits until it takes connections.
    pub(crate) fn begin(&mut self) {
        let mut server = Command::new("redis-server")
            .args(["--port", "0", "--unixsocket", "socket"])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args(["--save", "", "--maxmemory-policy", "noeviction"])
            .current_dir(&self.folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server, on the path");
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        self.server = Some(server);
        let is_ready = lines.any(|line| {
            let line = line.unwrap();
            line.contains("The server is now ready") || line.contains("eady to accept connections")
        });
        assert!(is_ready, "the server did not start");
        // Whatever it says later has somewhere to go.
        std::thread::spawn(move || lines.count());
    }

    /// Ends the server at once, as a crash would.
    pub(crate) fn crash(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}/socket", self.folder.display())
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

impl Drop for Private {
    fn drop(&mut self) {
        self.crash();
        let _left_behind = fs::remove_dir_all(&self.folder);
    }
}

/// A connection to look into a server with.
pub(crate) struct Connection(MultiplexedConnection);

pub(crate) async fn connection(url: &str) -> Connection {
    let client = redis::Client::open(url).unwrap();
    Connection(client.get_multiplexed_async_connection().await.unwrap())
}

impl Connection {
    pub(crate) async fn ask<T: FromRedisValue>(&mut self, words: &[&str]) -> T {
        let [name, args @ ..] = words else {
            panic!("a command has a name");
        };
        let mut command = redis::cmd(name);
        for arg in args {
            command.arg(*arg);
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
}
