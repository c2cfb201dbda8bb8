//! Session stores of hallpass around other stores: encryption at rest, and moving to another.
//!
//! | To | Use |
//! | --- | --- |
//! | keep the application's data encrypted in any store | [`EncryptedStore`] |
//! | go from one store to another without signing anybody out | [`MigratingStore`] |
//!
//! Both are stores, with the abilities of those inside, and can be put around each other.
//!
//! # Example: from one encrypted store to another
//!
//! ```
//! use std::error::Error;
//!
//! use hallpass_core::DynStore;
//! use hallpass_memory::MemoryStore;
//! use hallpass_stores::EncryptedStore;
//! use hallpass_stores::KeyRing;
//! use hallpass_stores::MigratingStore;
//!
//! /// The store for the manager, on nodes of the second phase.
//! fn store(keys: KeyRing, old: MemoryStore, new: MemoryStore) -> DynStore {
//!     let old = EncryptedStore::new(old, keys.clone());
//!     let new = EncryptedStore::new(new, keys);
//!     let both = MigratingStore::moving(new, old).with_sweep_of_new().with_sweep_of_old();
//!     DynStore::builder(both).with_index().with_epochs().with_sweep().with_feed().build()
//! }
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     // From your vault: 32 random bytes for each key, never a password.
//!     let (key, key_before) = ([2; 32], [1; 32]);
//!     let keys = KeyRing::builder().current(2, &key).old(1, &key_before).build()?;
//!
//!     let store = store(keys, MemoryStore::new(), MemoryStore::new());
//!     assert!(store.has_index() && store.has_epochs());
//!     // Then: `SessionManager::builder(store)`.
//!     Ok(())
//! }
//! ```
//!
//! # What the defaults do
//!
//! | What | Default | Change it with |
//! | --- | --- | --- |
//! | data that are not encrypted | are refused | [`EncryptedStore::danger_accept_plain`] |
//! | keys that open but do not seal | none | [`KeyRingBuilder::old`] |
//! | nonces | from the operating system | [`EncryptedStore::random`] |
//! | what a migration sweeps | nothing | [`MigratingStore::with_sweep_of_new`], [`MigratingStore::with_sweep_of_old`] |
//! | tags of handles | none | [`MigratingStore::with_tags_of_new`], [`MigratingStore::with_tags_of_old`] |
//!
//! # Deployment
//!
//! ## Switching encryption on
//!
//! 1. All nodes stop, and begin again with the key and [`EncryptedStore::danger_accept_plain`].
//!    Deliberately not one after the other: a node without the key finds none of the data that
//!    another one has sealed, and what it writes beside them no node reads. To switch it on without
//!    a break, move to a store that is encrypted from the beginning.
//! 2. Each session is sealed by its next update.
//! 3. Once the longest absolute timeout is over, all nodes go without `danger_accept_plain`.
//!
//! ## Changing the key
//!
//! A node that does not have a key counts what it has sealed as lost, so all get it before one
//! seals with it.
//!
//! 1. All nodes get the new key as an old one.
//! 2. All nodes get it as the current one, and the one before as old. Each session is sealed with
//!    it by its next update.
//! 3. Once the longest absolute timeout is over, all nodes go without the key before. Where that
//!    one is known to somebody, do not wait: end all sessions instead.
//!
//! ## Moving from one store to another
//!
//! Each step is done on all nodes before the next one begins. Within a step, nodes are deployed
//! one after the other, and sessions go on.
//!
//! | Step | Nodes have | Go back |
//! | --- | --- | --- |
//! | 0 | the old store alone | |
//! | 1 | [`MigratingStore::dual`] | to step 0, at any time before step 2 |
//! | 2 | [`MigratingStore::moving`] | to step 1, for up to 90 days; no more to step 0 |
//! | 3 | the new store alone | to step 2 |
//!
//! Never let nodes run side by side whose steps are not next to each other: a node of step 0 does
//! not see what was moved, and one of step 3 does not see what was not. A node of step 0 that is
//! left over at step 2 can end or write what lives elsewhere, which is then as if it had not been.
//!
//! Step 3 may begin when nothing lives in the old store: after the longest idle timeout has passed
//! in step 2, or the longest absolute one where sessions have no idle timeout, lock when they are
//! idle, or [cannot move](MigratingStore#sessions-that-cannot-move). A session that is still there
//! is lost: its user signs in again. The old store can go with it.
//!
//! In step 1 a write takes a look into the new store, and a login a few. In step 2 a load of a moved
//! session asks both stores, a write looks into the old one first, and the first write to each
//! session takes seven calls more. Both stores have to be up in both steps.
//!
//! Records move as they are, and both stores read one format. It is the first one there is, so
//! there is none before it that would have to be upgraded.
//!
//! # For library authors
//!
//! Both pass the conformance suite around a store that does. A store of your own needs nothing for
//! them but the contract; a wrapper of your own can change data by
//! [`SessionRecord::with_data`](hallpass_core::SessionRecord::with_data), as encryption does here.

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod encrypted;
mod migrating;

pub use self::encrypted::EncryptedStore;
pub use self::encrypted::KEY_BYTES;
pub use self::encrypted::KeyRing;
pub use self::encrypted::KeyRingBuilder;
pub use self::encrypted::KeyRingError;
pub use self::migrating::MigratingStore;
