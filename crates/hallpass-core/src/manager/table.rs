//! A table of counters of fixed size, for what is counted of strangers.

use std::hash::BuildHasher;
use std::hash::Hash;
use std::hash::RandomState;
use std::sync::atomic::AtomicU64;

/// 32 KiB. The tags in the places keep those apart that share one.
const PLACES: usize = 4_096;

/// Places for keys. Which keys share a place is unknown outside, and what a place holds tells
/// whose it is by a tag.
pub(super) struct Table {
    hasher: RandomState,
    places: Vec<AtomicU64>,
}

impl Table {
    /// Returns the place of a key, and its tag of `bits` bits.
    pub(super) fn place(&self, key: impl Hash, bits: u32) -> Option<(&AtomicU64, u64)> {
        let hash = self.hasher.hash_one(key);
        let place = usize::try_from(hash % PLACES as u64).ok()?;
        Some((self.places.get(place)?, hash >> (u64::BITS - bits)))
    }
}

impl Default for Table {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}
