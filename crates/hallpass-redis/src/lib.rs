//! Session store of hallpass on Redis and Valkey: single, Sentinel and Cluster.
//!
//! [`RedisStore`] keeps the sessions of many processes on a server that all of them reach: limits of
//! concurrent sessions, lists by subject, endings of many at once, and a feed of endings. Each
//! operation is one script on the server, so it happens in whole or not at all, and takes one round
//! trip. A load is a plain read of three keys, with a script only after something was counted up.
//!
//! # Example: a complete program
//!
//! ```no_run
//! use hallpass_core::DynStore;
//! use hallpass_core::SessionManager;
//! use hallpass_redis::RedisStore;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let store = RedisStore::builder("redis://127.0.0.1")
//!         .prefix("shop")
//!         .connect()
//!         .await?;
//!     let sessions = SessionManager::builder(DynStore::from(store)).build()?;
//!     // For the layer of the web framework.
//!     drop(sessions);
//!     Ok(())
//! }
//! ```
//!
//! # Where the server is
//!
//! | URL | Leads to |
//! | --- | --- |
//! | `redis://user:password@host:6379/0` | one server, here its database 0 |
//! | `unix:///run/redis.sock?db=0` | one server on this machine |
//! | `redis+sentinel://user:password@s1:26379,s2:26379/name?db=0` | the master that these Sentinels call `name`; user and password are those of the master |
//! | `redis+cluster://user:password@n1:6379,n2:6379` | a Cluster with these nodes, and others that they know |
//!
//! With `rediss` in place of `redis` (or `rediss+sentinel`, `rediss+cluster`) the connections are
//! under TLS, which needs the feature `tls`. The certificate of each server must be of an authority
//! that the system trusts (or that is in the file `SSL_CERT_FILE`) and name the host as the URL,
//! the Sentinels or the Cluster do; nothing turns that off. `valkey` and `valkeys` are understood as
//! well. Name several nodes of a Cluster: a process finds its way by those that are there. A
//! connection that you made is taken by [`RedisStore::from_connection_manager`] or
//! [`RedisStore::from_cluster_connection`]; such a store has no feed.
//!
//! # What the defaults do
//!
//! | What | Default | Change it with |
//! | --- | --- | --- |
//! | what keys begin with | `hallpass` | [`RedisStoreBuilder::prefix`] |
//! | the secret of the tags of handles | none | [`RedisStoreBuilder::tag_key`] |
//! | time-out of a call | 1 second | [`RedisStoreBuilder::response_timeout`] |
//! | time-out of a connection | 1 second | [`RedisStoreBuilder::connect_timeout`] |
//! | replicas that must know of an ending before it is told | none | [`RedisStoreBuilder::wait_for_replicas`] |
//!
//! A lost connection is made again at once, and then after 50 ms to 5 s, not at the same time by all
//! nodes. Meanwhile calls fail at once with
//! [`StoreErrorKind::Unavailable`](hallpass_core::StoreErrorKind::Unavailable). Every key has a time
//! to live, which is reckoned from the `now` of the caller; the server removes what is past its time,
//! and nobody has to sweep.
//!
//! A session of a subject with 200 bytes of data takes about 0.9 KB of the server's memory, and its
//! entry in the index of the subject another 0.1 KB.
//!
//! # What is guaranteed
//!
//! A server that acknowledged an ending, and then lost it, has brought the session back. When that
//! can happen is a matter of its settings:
//!
//! | Server | What survives |
//! | --- | --- |
//! | one, `appendonly yes`, `appendfsync always` | everything that was answered |
//! | one, `appendonly yes`, `appendfsync everysec` (the default of that file) | a crash of the process: everything; of the machine: all but the last second or two |
//! | one, snapshots only | all but what came after the last snapshot: **endings of minutes are undone** |
//! | one, without persistence | nothing: everybody signs in again, and nothing comes back |
//! | Sentinel | replicas lag behind; a failover may lose the last writes of the master, and a partition what the old one took meanwhile |
//! | Cluster | the same for the slots of each master that fails |
//!
//! Against what a failover loses there are two means. Each store remembers the endings of the last
//! minute (up to 10 000, and 256 of subjects, tenants or everybody), and asserts them again once it has
//! seen a connection go or a server step down; so a session that came back ends again within moments,
//! unless the process that ended it is gone, too. A store on a connection of yours does not see that, and none sees an operator's
//! `CLUSTER FAILOVER FORCE` or `TAKEOVER`, which breaks no connection: use it without those words,
//! so that nothing is lost. And with [`RedisStoreBuilder::wait_for_replicas`] an ending is told only when so many
//! replicas have it: then a failover to one of those loses nothing. Neither makes Redis strongly
//! consistent; a store on PostgreSQL is.
//!
//! Set `maxmemory-policy noeviction`, and enough memory. Other policies remove keys that are still
//! needed: a record or a tombstone is safe to lose, since a session that nobody knows is as dead as
//! one that ended, and its user signs in again. The counter of a subject (`e:<subject>`) is not, nor
//! are the marks `g` and `h:`: sessions that were ended by a counter would live again. An index
//! (`i:`) is not, either: sessions that are not in it neither count nor end with their subject, but
//! by its counter. (The counters of everybody and of tenants are missed when they are
//! gone, and begin elsewhere: sessions from before count as lost.) A server that is full refuses new sessions and changes, with
//! nothing half done, and still ends sessions, notes their use, and lets in a login that replaces or
//! evicts one.
//!
//! # Deployment
//!
//! Redis 7.0 or later, or Valkey. The scripts reach keys that are not named in the call, always
//! of the same slot: a Cluster is fine, a proxy that spreads keys by itself is not.
//!
//! Clocks of the nodes may differ by less than the slack of five minutes that each key gets. Where
//! they differ by more than five seconds, a login on a Cluster that replaces a session of another node
//! may miss what was written to that at the same moment.
//!
//! A store lives on the Tokio runtime of its first call: use one runtime for as long as the store is
//! there. After the end of that runtime every call fails, also on another one, for good.
//!
//! On a Cluster the handles of a subject's sessions begin with the subject's tag, so that one node
//! has them all: make the `DynStore` by `DynStore::from`, or with `.with_tags()`. There are 1024
//! slots in use. A login there that replaces a session on another node is three steps; in between
//! an update of that session waits. Ending the sessions of everybody, or of a tenant, writes to all of
//! the 1024, wherever sessions began; where it fails, repeat it.
//!
//! An ACL user needs these rights, here for the default prefix:
//!
//! ```text
//! ACL SETUSER hallpass on >password ~hallpass:* resetchannels &hallpass:* -@all
//!     +evalsha +eval +mget +get +set +del +getrange +setrange +exists +pexpire +pttl
//!     +hget +hmget +hset +sadd +srem +smembers +scard +srandmember
//!     +publish +spublish +subscribe +ssubscribe
//!     +ping +hello +auth +select +wait +cluster|slots +role
//! ```
//!
//! # For library authors
//!
//! The keys are `{prefix}:{<bucket>}:<kind>:<name>`:
//!
//! | Kind | Holds |
//! | --- | --- |
//! | `s:<handle>` | a record or a tombstone |
//! | `i:<subject>` | the handles of a subject's sessions; heals itself when it is read |
//! | `e` | the counters of everybody and of tenants |
//! | `e:<subject>` | the counter of a subject |
//! | `g`, `h:<two characters>` | marks that change with the counters: while they are those that a record was last compared under, a load needs no script |
//!
//! Subjects and tenants are hashed in the names. Their names are in the records, beside the data of
//! the application; no token is. The layout is that of this version, and may change with a major one.
//!
//! # Features
//!
//! | Feature | Gives |
//! | --- | --- |
//! | `tls` | connections under TLS, by rustls, with the authorities that the system trusts |

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod address;
mod builder;
mod fault;
mod feed;
mod keys;
mod layout;
mod link;
mod memory;
mod reply;
mod script;
mod store;
mod task;

pub use self::address::InvalidAddress;
pub use self::builder::ConnectError;
pub use self::builder::RedisStoreBuilder;
pub use self::fault::Fault;
pub use self::fault::ServerCode;
pub use self::store::RedisStore;
