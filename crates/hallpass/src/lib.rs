#![doc = include_str!("../README.md")]
//!
//! # Deployment
//!
//! - **HTTPS.** The cookies are `Secure`. Behind a proxy that ends TLS nothing has to be set for
//!   that; to have requests over plain http refused, and to see the addresses of clients, name
//!   the proxy in [`TransportConfig::trusted_proxies`](crate::http::TransportConfig::trusted_proxies).
//! - **Addresses.** Serve with `into_make_service_with_connect_info::<SocketAddr>()`. Lists of
//!   devices then know the client's network, and a late repair of a lost token can tell a client
//!   that looks the same from another one.
//! - **Several nodes.** [`MemoryStore`] is for one process; [`redis`] and [`postgres`] are for many.
//!   Clocks of nodes may be apart by [`max_skew`](StandardPolicyBuilder::max_skew).
//! - **Events.** Give the manager an [`EventSink`], for instance the `TracingSink` of the feature
//!   `tracing`: it tells logins, endings, replays and failures of the store, and no secret.
//!
//! # For library authors
//!
//! Take [`Session`] and [`SessionError`] from `hallpass-core`, which knows no framework. Stores
//! implement [`SessionStore`] and test it with `hallpass-testkit`. Adapters fill in [`Presented`],
//! call [`SessionManager::open`] and [`Session::finish`], and leave cookies to `hallpass-http`.
//!
//! # Features
//!
//! | Feature | Gives |
//! | --- | --- |
//! | `actix` | the middleware and the extractors for actix-web, in [`actix`] |
//! | `axum` (default) | the extractors for axum, in [`axum`], with `tower` |
//! | `deadpool` | [`postgres`] on connections from a pool of your own |
//! | `memory` (default) | [`MemoryStore`] |
//! | `postgres` | the store on PostgreSQL, in [`postgres`] |
//! | `redis` | the store on Redis and Valkey, in [`redis`] |
//! | `stores` | stores around stores, in [`stores`]: encryption at rest, and moving to another store |
//! | `system-clock` (default) | `SystemClock`, and with it `SessionManager::builder` |
//! | `tls` | connections of the stores under TLS |
//! | `tower` | the layer for every tower stack, in [`tower`] |
//! | `tracing` | `TracingSink`: events written to the `tracing` subscriber |

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

pub use hallpass_core::*;
pub use hallpass_http as http;

#[cfg(feature = "actix")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "actix")))]
pub use hallpass_actix as actix;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "axum")))]
pub use hallpass_axum as axum;
#[cfg(feature = "memory")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "memory")))]
pub use hallpass_memory::MemoryStore;
#[cfg(feature = "memory")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "memory")))]
pub use hallpass_memory::MemoryStoreBuilder;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "postgres")))]
pub use hallpass_postgres as postgres;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "redis")))]
pub use hallpass_redis as redis;
#[cfg(feature = "stores")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "stores")))]
pub use hallpass_stores as stores;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "tower")))]
pub use hallpass_tower as tower;
