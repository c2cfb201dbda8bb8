//! Session store of hallpass on PostgreSQL, version 14 or later.
//!
//! [`PostgresStore`] keeps the sessions of many processes in tables of a database that all of them
//! reach: limits of concurrent sessions, lists by subject, endings of many at once, sweeping, and a feed
//! of endings. Each operation is one statement, so it happens in whole or not at all, and takes one round
//! trip.
//!
//! # Example: a complete program
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use hallpass_core::SessionManager;
//! use hallpass_postgres::PostgresStore;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let store = PostgresStore::builder("postgres://app@localhost/shop")
//!         .connect()
//!         .await?;
//!     // Each process may do so when it starts. Or see `migrations_sql`.
//!     store.migrate().await?;
//!
//!     let sessions = SessionManager::builder(store).build()?;
//!     let sweeper = sessions.clone();
//!     tokio::spawn(async move { sweeper.sweep_every(Duration::from_secs(60), 1_000).await });
//!     // For the layer of the web framework.
//!     drop(sessions);
//!     Ok(())
//! }
//! ```
//!
//! # What the defaults do
//!
//! | What | Default | Change it with |
//! | --- | --- | --- |
//! | schema of the tables | `public` | [`PostgresStoreBuilder::schema`] |
//! | how the names of the tables begin | `hallpass_` | [`PostgresStoreBuilder::prefix`] |
//! | connections | 4, shared by all operations | [`PostgresStoreBuilder::connections`] |
//! | time-out of an operation | 1 second, repetitions included | [`PostgresStoreBuilder::operation_timeout`] |
//! | time-out of a connection | 5 seconds | [`PostgresStoreBuilder::connect_timeout`] |
//! | statements | prepared at their first use | [`PostgresStoreBuilder::statements`] |
//!
//! A lost connection is made again after 50 ms to 5 s, not at the same time by all nodes. While all
//! are down calls fail at once with [`StoreErrorKind::Unavailable`]. A statement that lost against
//! another one, by a serialization failure or a deadlock, is repeated within the time-out.
//!
//! All times are numbers that the caller passes in. No clock and no time zone of a server or of a
//! connection has a say.
//!
//! [`StoreErrorKind::Unavailable`]: hallpass_core::StoreErrorKind::Unavailable
//!
//! # What a session costs
//!
//! A session of a subject with 200 bytes of data takes 0.9 KB on the disk, indexes included. A touch
//! writes 0.2 KB to the log of the server, however large the data is: what is past 2 KB is kept apart
//! from the row and left alone, and no index is written, because no indexed column changes and a fifth
//! of each page is kept free for the next version of a row. An update of the same session writes 0.7
//! KB. Both write more where they are the first on their page after a checkpoint.
//!
//! # Deployment
//!
//! - **Sweeping.** PostgreSQL forgets nothing by itself: call
//!   [`sweep_every`](hallpass_core::SessionManager::sweep_every) on one node or on all of them; they do
//!   not wait for each other. The tables are made with an autovacuum that comes early. Transactions that
//!   stay open for long, anywhere on the server, keep it from clearing old versions away.
//! - **Roles.** The role that migrates owns the tables. Another one that only uses them needs `usage`
//!   on the schema; `select, insert, update, delete` on the tables of sessions and subjects;
//!   `select, insert, update` on `epochs` and `newest`; and `execute` on the functions, which everybody
//!   has by default.
//! - **Schema.** Use one of your own where anybody may create in `public`: before PostgreSQL 15, and in
//!   databases that were upgraded from there.
//! - **Migrations** only add, so nodes of two versions work side by side: migrate, then roll the nodes.
//! - **PgBouncer** in transaction mode: [`Statements::Unnamed`], and a
//!   [`feed_url`](PostgresStoreBuilder::feed_url) that leads past it. Nothing that the store does
//!   depends on which connection a statement meets.
//! - **Locks.** Operations share connections, one behind the other. Who opens a transaction by hand and
//!   locks a session holds up those behind it, until they time out.
//! - **A pool of your own** (feature `deadpool`): `PostgresStore::from_pool`. Whatever the default
//!   isolation of its connections is, limits are exact; with `read committed` less is repeated. A
//!   connection whose operation is given up is closed; with `-c client_connection_check_interval=1000`
//!   in the options of the pool, the server ends the statement, too, as with connections of the store.
//! - **A server on Windows** can not check connections: `options=-c%20client_connection_check_interval%3D0`
//!   in the URL.
//! - **TLS** (feature `tls`): `sslmode` in the URL decides. `require` refuses to go on without. The
//!   certificate of the server is always verified, name included, also with `prefer`, against the root
//!   certificates of the system or those of `PostgresStoreBuilder::root_certificates`.
//! - **Durability.** What was answered is as durable as a commit: with `synchronous_commit = on`, the
//!   default of the server, it survives a crash. With `off` a crash of the server undoes the last moments,
//!   endings included. A failover to a standby that lags behind does so as well: use synchronous
//!   replication where an ending must be final. With several hosts in the URL add
//!   `target_session_attrs=read-write`, so that connections find the primary.
//! - **Replicas** that are for reading only are not to be used: they show what was, and a session that
//!   has ended there lives.
//! - **Names.** The database has the encoding UTF8. Names of tables may be any.
//! - **What stays.** Tombstones go with a sweep at the end of their time, and so does the row by which
//!   logins of one subject wait for each other. The row of a subject, or a tenant, whose sessions were
//!   ended by counting stays: it holds the name, a number and the reason. Remove it by hand no earlier
//!   than all sessions that began before are past their absolute timeout.
//! - **Logs.** A server that logs parameters (`log_parameter_max_length`) logs the data of sessions
//!   and the digests of tokens, though no token.
//!
//! # For library authors
//!
//! The SQL is in `migrations` and `src/sql`, and says the rules of `hallpass-core` once more, for
//! tables. The conformance suite of `hallpass-testkit` holds it to them, in each way to reach a server.
//!
//! # Features
//!
//! | Feature | Gives |
//! | --- | --- |
//! | `deadpool` | `PostgresStore::from_pool`: connections from a pool of your own |
//! | `tls` | connections under TLS, by rustls |

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod builder;
mod connection;
mod connections;
mod error;
mod feed;
mod migrations;
mod names;
mod row;
mod server;
mod sql;
mod store;
mod target;
mod time;
mod timer;
#[cfg(feature = "tls")]
mod tls;
mod value;

pub use self::builder::PostgresStoreBuilder;
pub use self::error::ConnectError;
pub use self::error::PostgresError;
pub use self::server::Statements;
pub use self::store::PostgresStore;
