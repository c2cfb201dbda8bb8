//! In-process session store of hallpass: sharded and bounded.
//!
//! [`MemoryStore`] keeps the sessions of one process in its memory, with every ability that a
//! store may have: limits of concurrent sessions, lists by subject, endings of many at once,
//! sweeping, and a feed of endings. It is fast, needs nothing else to run, and forgets everything
//! when the process ends: then everybody signs in again.
//!
//! # Example: a store for a manager
//!
//! ```
//! use hallpass_core::DynStore;
//! use hallpass_memory::MemoryStore;
//!
//! // For operators: a clone is the same store.
//! let store = MemoryStore::new();
//! let sessions = store.clone();
//!
//! // For the manager, which takes anything that becomes a `DynStore`.
//! let store: DynStore = store.into();
//! assert!(store.has_index() && store.has_epochs() && store.has_sweep() && store.has_feed());
//! assert_eq!((sessions.len(), sessions.tombstones()), (0, 0));
//! ```
//!
//! # What the defaults do
//!
//! | What | Default | Change it with |
//! | --- | --- | --- |
//! | live sessions at once | 1 000 000 | [`MemoryStoreBuilder::capacity`] |
//! | of these never anonymous | 10 % | [`MemoryStoreBuilder::reserve_for_subjects`] |
//! | endings that are remembered | as many as the capacity | the same |
//!
//! A store that is full never drops a live session. It looks for places of sessions that are over,
//! and where there are none it refuses: anonymous sessions first, when they have used up their
//! share, and logins when every place is taken. The client gets 503, and the source of the error
//! is [`Full`], which names the setting to raise. A login that replaces a session or evicts one
//! gets its place, so it works in a full store, too.
//!
//! Nobody has to sweep. Every new session, update, touch and end clears away a few of those that
//! are past their time, more than become so because of it. Sweep all the same where memory should
//! come back in quiet hours. What a subject's session leaves is a tombstone, until the absolute
//! timeout would have been over, so that its client is told why it ended. When there are too many
//! tombstones, those go first that would go first anyway; that is safe, because a session that the
//! store does not know is as dead as one that it knows to have ended.
//!
//! # What a session costs
//!
//! About 1.0 KB for a session of a subject with 200 bytes of data under one key. The store's own
//! part of that is 150 bytes, the rest is the record. An anonymous session without data takes 0.5
//! KB, a tombstone 0.3 KB. Measured as allocated bytes, with a million sessions on a 64-bit system.
//!
//! A load takes one lock of 64, one lookup and no allocation. No operation waits for anything, so
//! all of them are done at the first poll of their future.
//!
//! # Deployment
//!
//! One process, and sessions that may end with it: development, tests, small services. With
//! several nodes, or where a restart must sign nobody out, take a store that is outside of the
//! process. The policies, the contract and the conformance suite are the same.
//!
//! Set the capacity so that a full store fits into the memory, with the tombstones and with the
//! most data that your sessions hold: the payload limit of the manager is 64 KiB for each.
//!
//! # For library authors
//!
//! Tests that need a store take this one: it is held to the contract by the suite in
//! `hallpass-testkit`, and its time is the `now` that you pass in.

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod builder;
mod collection;
mod epochs;
mod feed;
mod hashing;
mod index;
#[cfg(all(test, hallpass_loom))]
mod models;
mod places;
mod shard;
mod store;
mod sync;
#[cfg(test)]
mod testing;
mod visit;

pub use self::builder::MemoryStoreBuilder;
pub use self::places::Full;
pub use self::store::MemoryStore;
