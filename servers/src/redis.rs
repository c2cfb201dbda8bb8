//! One Redis, or Valkey.

use std::ffi::OsString;

use rustix::process::Signal;

use crate::Error;
use crate::programs;
use crate::programs::Pair;
use crate::server::Launch;
use crate::server::Server;

/// How a Redis is started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    valkey: Option<Pair>,
    append_only: bool,
    arguments: Vec<String>,
}

impl Settings {
    /// Settings for a Valkey, or `None` where there is none: then it prints that a test is skipped.
    ///
    /// Settings that do not ask for it start a Redis, and a Valkey only where there is no Redis.
    #[must_use]
    pub fn valkey() -> Option<Self> {
        let valkey = programs::valkey();
        if valkey.is_none() {
            eprintln!("SKIPPED: there is no valkey-server to test with");
        }
        Some(Self {
            valkey: Some(valkey?),
            ..Self::default()
        })
    }

    /// Keeps what it acknowledged, also when it is killed: each write is in the append-only file
    /// before its answer. Default: it keeps nothing.
    #[must_use]
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }

    /// How much memory the data may take, as in its configuration: `8mb`. Default: any.
    #[must_use]
    pub fn max_memory(self, size: &str) -> Self {
        self.argument("maxmemory", &[size])
    }

    /// A line of its configuration. It comes after all others, so it wins.
    #[must_use]
    pub fn argument(mut self, name: &str, values: &[&str]) -> Self {
        self.arguments.push(format!("--{name}"));
        self.arguments
            .extend(values.iter().copied().map(String::from));
        self
    }
}

/// A Redis of our own on a free loopback port. Dropping it ends it and removes its folder.
///
/// Redis 7 or later, or Valkey; databases and keys start empty.
#[derive(Debug)]
pub struct Redis {
    server: Server,
}

impl Redis {
    /// Starts a Redis, and waits until it answers.
    ///
    /// # Errors
    ///
    /// Fails if it is not installed, or does not start. The error holds the last line of its log.
    ///
    /// # Example: data that outlive a crash
    ///
    /// ```no_run
    /// use hallpass_servers::Redis;
    /// use hallpass_servers::redis::Settings;
    ///
    /// let redis = Redis::start(&Settings::default().append_only())?;
    /// redis.kill();
    /// redis.start_again()?;
    /// println!("{}", redis.url());
    /// # Ok::<(), hallpass_servers::Error>(())
    /// ```
    pub fn start(settings: &Settings) -> Result<Self, Error> {
        let program = match &settings.valkey {
            Some(pair) => pair.server.clone(),
            None => programs::redis()?.server,
        };
        let server = Server::start(|port, folder| {
            let data = folder.data(None)?;
            let port = port.to_string();
            let append_only = if settings.append_only { "yes" } else { "no" };
            let arguments = [
                ["--bind", "127.0.0.1"],
                ["--protected-mode", "yes"],
                ["--port", &port],
                ["--save", ""],
                ["--appendonly", append_only],
                ["--appendfsync", "always"],
            ];
            Ok(Launch {
                program: program.clone(),
                arguments: arguments
                    .into_iter()
                    .flatten()
                    .map(OsString::from)
                    .chain([OsString::from("--dir"), data.into()])
                    .chain(settings.arguments.iter().map(OsString::from))
                    .collect(),
                user: None,
                ready: "Ready to accept connections",
                stop: Signal::TERM,
                end: Signal::KILL,
            })
        })?;
        Ok(Self { server })
    }

    /// `redis://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// Sends one command on a connection of its own, and returns the answer if it is a text or a
    /// number. For looking at a server; tests of a client use their client.
    ///
    /// # Errors
    ///
    /// Fails if the server is not reached, or answers with an error, nothing or a list.
    pub fn ask(&self, command: &[&str]) -> Result<String, Error> {
        crate::resp::ask(self.port(), command).map_err(|error| Error::of("Redis", error))
    }
}

crate::lifecycle!(Redis);
