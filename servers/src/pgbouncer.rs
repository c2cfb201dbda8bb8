//! One PgBouncer before a PostgreSQL.

use std::ffi::OsString;
use std::fs;

use rustix::process::Signal;

use crate::Error;
use crate::Postgres;
use crate::programs;
use crate::server::Launch;
use crate::server::Server;
use crate::user::User;

/// A PgBouncer of our own in transaction mode, on a free loopback port. Dropping it ends it and
/// removes its folder.
///
/// Each transaction of a client may run on another connection to the server: nothing that belongs to
/// a connection stays, as prepared statements, `LISTEN` or `SET`.
#[derive(Debug)]
pub struct PgBouncer {
    server: Server,
}

impl PgBouncer {
    /// Starts a PgBouncer before the server, and waits until it answers.
    ///
    /// # Errors
    ///
    /// Fails if it is not installed, or does not start. The error holds the last line of its log.
    pub fn start(postgres: &Postgres) -> Result<Self, Error> {
        Self::before(postgres.port())
    }

    /// Starts a PgBouncer before a server that somebody else has started, as those of
    /// [`urls`](crate::urls), and waits until it answers.
    ///
    /// # Errors
    ///
    /// Fails if the URL names no port, if it is not installed, or does not start.
    pub fn in_front_of(url: &str) -> Result<Self, Error> {
        let port = url
            .rsplit_once('/')
            .and_then(|(server, _database)| server.rsplit_once(':'))
            .and_then(|(_host, port)| port.parse().ok())
            .ok_or_else(|| Error::new("a PgBouncer needs a URL with a port and a database"))?;
        Self::before(port)
    }

    fn before(postgres: u16) -> Result<Self, Error> {
        let program = programs::pgbouncer()?;
        let user = User::for_servers()?;
        let server = Server::start(|port, folder| {
            let config = folder.path().join("pgbouncer.ini");
            fs::write(&config, configuration(port, postgres))
                .map_err(|error| Error::of("no configuration for pgbouncer", error))?;
            Ok(Launch {
                program: program.clone(),
                arguments: vec![OsString::from(config)],
                user,
                ready: "process up",
                // It has nothing to save, and waits for its clients with any gentler signal.
                stop: Signal::KILL,
                end: Signal::KILL,
            })
        })?;
        Ok(Self { server })
    }

    /// `postgres://postgres@127.0.0.1:<port>/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port())
    }
}

crate::lifecycle!(PgBouncer);

fn configuration(port: u16, postgres: u16) -> String {
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={postgres} user=postgres\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = transaction\n\
         max_client_conn = 1000\n\
         default_pool_size = 20\n"
    )
}
