//! In-process session store of hallpass.

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod builder;
mod collection;
mod epochs;
mod feed;
mod hashing;
mod index;
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
