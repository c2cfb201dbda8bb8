//! Real servers for the tests of the workspace: Redis, Redis Cluster, PostgreSQL and PgBouncer, each
//! private to its owner, and a [`Proxy`] that breaks connections to them. For Linux and macOS.
//!
//! A test that needs a server, and does no harm to it, takes the one that `cargo xtask test` has
//! started, by [`urls`]. Each test uses keys or a schema of its own, since all share the server. A
//! test that kills, pauses or configures its server starts one itself:
//!
//! ```no_run
//! use hallpass_servers::Redis;
//! use hallpass_servers::redis::Settings;
//!
//! let redis = Redis::start(&Settings::default().append_only())?;
//! redis.kill();
//! redis.start_again()?;
//! # Ok::<(), hallpass_servers::Error>(())
//! ```
//!
//! # What is left behind
//!
//! Dropping a server ends its processes and removes its folder. Where the owner is killed, nothing is
//! dropped. Then Linux kills the servers, by way of `setpriv --pdeathsig` of util-linux. It does that
//! when the thread ends that started a server, so one thread starts them all and lives as long as the
//! process: a server may be started from any thread, and may live in a `static`. The folder stays,
//! and the next process that starts a server removes it. Elsewhere the servers of a killed owner
//! stay, too.
//!
//! The servers listen on 127.0.0.1 only. Whoever has an account on the machine can reach them.

mod cluster;
mod error;
mod family;
mod folder;
mod install;
mod keeper;
mod lifecycle;
mod pgbouncer;
mod ports;
pub mod postgres;
mod programs;
mod proxy;
pub mod redis;
mod resp;
mod server;
mod shared_memory;
pub mod urls;
mod user;
mod wait;

pub use crate::cluster::Node;
pub use crate::cluster::RedisCluster;
pub use crate::error::Error;
pub use crate::family::end_tree;
pub use crate::family::kill_tree;
pub use crate::folder::sweep;
pub use crate::install::install;
pub use crate::keeper::command_that_ends_with_us;
use crate::lifecycle::lifecycle;
pub use crate::pgbouncer::PgBouncer;
pub use crate::postgres::Postgres;
pub use crate::programs::missing;
pub use crate::proxy::Proxy;
pub use crate::redis::Redis;
pub use crate::wait::eventually;
