//! What a store is made of.

use std::fmt;
use std::time::Duration;

use crate::connections::Connections;
use crate::error::ConnectError;
use crate::feed::Feed;
use crate::migrations;
use crate::names::Names;
use crate::server::Server;
use crate::server::Source;
use crate::server::Statements;
use crate::sql::Sql;
use crate::store::PostgresStore;
use crate::target::Target;

/// The settings of a [`PostgresStore`]. `Debug` shows no URL, because it may hold a password.
#[must_use]
pub struct PostgresStoreBuilder {
    origin: Origin,
    schema: String,
    prefix: String,
    connections: usize,
    statements: Statements,
    operation_timeout: Duration,
    connect_timeout: Duration,
    feed_url: Option<String>,
    #[cfg(feature = "tls")]
    roots: Vec<Vec<u8>>,
}

enum Origin {
    #[cfg(feature = "deadpool")]
    Pool(deadpool_postgres::Pool),
    Url(String),
}

impl PostgresStoreBuilder {
    pub(crate) fn of_url(url: &str) -> Self {
        Self::new(Origin::Url(url.to_owned()))
    }

    #[cfg(feature = "deadpool")]
    pub(crate) fn of_pool(pool: deadpool_postgres::Pool) -> Self {
        Self::new(Origin::Pool(pool))
    }

    fn new(origin: Origin) -> Self {
        Self {
            origin,
            schema: "public".to_owned(),
            prefix: "hallpass_".to_owned(),
            connections: 4,
            statements: Statements::default(),
            operation_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(5),
            feed_url: None,
            #[cfg(feature = "tls")]
            roots: Vec::new(),
        }
    }

    /// In which schema the tables are. Default: `public`. Name another one where anybody may create in
    /// that: before PostgreSQL 15, and in databases that were upgraded from there.
    pub fn schema(mut self, schema: &str) -> Self {
        schema.clone_into(&mut self.schema);
        self
    }

    /// How the names of the tables begin, at most 40 bytes. Change it to keep the sessions of two
    /// applications apart in one schema. Default: `hallpass_`.
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// How many connections the store keeps. Operations share them, each in turn, without waiting for
    /// one to be free, so a few are enough; more make use of more cores of the server. Default: 4. A
    /// pool has a number of its own.
    pub const fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// How statements are sent. Take [`Statements::Unnamed`] behind PgBouncer in transaction mode, and
    /// name a [`feed_url`](Self::feed_url) that leads past it. Default: [`Statements::Prepared`].
    pub const fn statements(mut self, statements: Statements) -> Self {
        self.statements = statements;
        self
    }

    /// How long an operation may take, repetitions included. Keep it below the time-out of the
    /// manager, so that the fault is told with its cause. Default: 1 second.
    pub const fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.operation_timeout = timeout;
        self
    }

    /// How long one attempt to connect may take. Default: 5 seconds.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Where to listen for endings: the same database, without PgBouncer in between, because listening
    /// needs a connection that stays. Default: the URL of the store, where it has one and its
    /// statements are prepared; otherwise the store has no feed.
    pub fn feed_url(mut self, url: &str) -> Self {
        self.feed_url = Some(url.to_owned());
        self
    }

    /// Trusts the certificates in this PEM text, in place of those of the system. Can be called more
    /// than once.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs_hallpass, doc(cfg(feature = "tls")))]
    pub fn root_certificates(mut self, pem: &[u8]) -> Self {
        self.roots.push(pem.to_vec());
        self
    }

    /// Returns the SQL that makes the tables and functions, for people who migrate by other means
    /// than [`PostgresStore::migrate`]. It is run once, in one transaction, and notes what it did, so
    /// that `migrate` finds nothing to do.
    ///
    /// # Errors
    ///
    /// [`ConnectError::InvalidName`].
    pub fn migrations_sql(&self) -> Result<String, ConnectError> {
        Ok(migrations::script(&Names::new(&self.schema, &self.prefix)?))
    }

    /// Connects, and returns the store. Connections that are lost later come back by themselves.
    ///
    /// The tables are not looked at: call [`PostgresStore::migrate`] where they may be missing.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which says whether the settings are wrong or the server does not answer.
    ///
    /// # Panics
    ///
    /// Outside of a runtime of tokio with its drivers for time and network.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it leaves nothing behind.
    pub async fn connect(self) -> Result<PostgresStore, ConnectError> {
        let names = Names::new(&self.schema, &self.prefix)?;
        let sql = Sql::new(&names);
        let feed_target = match &self.feed_url {
            Some(url) => Some(self.target(url)?),
            None => None,
        };
        let mut own_target = None;
        let source = match &self.origin {
            #[cfg(feature = "deadpool")]
            Origin::Pool(pool) => Source::Pool(pool.clone()),
            Origin::Url(url) => {
                let mut target = self.target(url)?;
                if self.statements == Statements::Prepared {
                    own_target = Some(target.clone());
                    target = target.read_committed();
                }
                Source::Own(Connections::open(self.connections, &target).await?)
            }
        };
        let server = Server::new(source, sql, self.statements, self.operation_timeout);
        let feed = Feed::new(names.channel(), feed_target.or(own_target));
        Ok(PostgresStore::new(server, names, feed))
    }

    fn target(&self, url: &str) -> Result<Target, ConnectError> {
        Target::new(
            url,
            self.connect_timeout,
            #[cfg(feature = "tls")]
            &self.roots,
        )
    }
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder")
            .field("schema", &self.schema)
            .field("prefix", &self.prefix)
            .field("connections", &self.connections)
            .field("statements", &self.statements)
            .field("operation_timeout", &self.operation_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
