//! Session store of hallpass on PostgreSQL.

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
