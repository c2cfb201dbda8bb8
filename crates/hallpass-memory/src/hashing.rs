//! How handles are spread over shards and buckets.

use std::hash::BuildHasher;
#[cfg(all(test, hallpass_loom))]
use std::hash::BuildHasherDefault;
#[cfg(all(test, hallpass_loom))]
use std::hash::DefaultHasher;
use std::hash::Hasher;

use hallpass_core::SessionHandle;

#[cfg(not(all(test, hallpass_loom)))]
pub(crate) use std::hash::RandomState;

/// No randomness: a model is run many times, and takes the same locks each time.
#[cfg(all(test, hallpass_loom))]
pub(crate) type RandomState = BuildHasherDefault<DefaultHasher>;

/// Hashes handles: two multiplications, with a key of the store's own.
///
/// The handles of sessions are random already, and an attacker chooses only handles to look up,
/// which are not stored. The exception is the tombstone of an `end` for a handle that nobody
/// issued. The key is there for it: who does not know the key cannot choose handles that meet in
/// one bucket. It costs about two nanoseconds; `SipHash` would cost a good part of the lookup.
#[derive(Clone)]
pub(crate) struct HandleHashing {
    key: [u64; 2],
}

impl HandleHashing {
    pub(crate) fn new() -> Self {
        let random = RandomState::new();
        Self {
            key: [random.hash_one(0_u8), random.hash_one(1_u8)],
        }
    }

    /// Returns the shard of a handle among `mask + 1`, a power of two of at most 256.
    ///
    /// A hash map uses the lowest and the seven highest bits of the hash, so this uses others.
    pub(crate) fn shard(&self, handle: SessionHandle, mask: usize) -> usize {
        let [_, _, byte, ..] = self.hash_one(handle).to_be_bytes();
        usize::from(byte) & mask
    }
}

impl BuildHasher for HandleHashing {
    type Hasher = HandleHasher;

    fn build_hasher(&self) -> HandleHasher {
        HandleHasher {
            key: self.key,
            hash: 0,
        }
    }
}

/// The hasher of [`HandleHashing`], for the 16 bytes of one handle and nothing else.
pub(crate) struct HandleHasher {
    key: [u64; 2],
    hash: u64,
}

impl Hasher for HandleHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some((low, rest)) = bytes.split_first_chunk()
            && let Some(high) = rest.first_chunk()
        {
            let [low_key, high_key] = self.key;
            let low = u64::from_le_bytes(*low) ^ low_key;
            let high = u64::from_le_bytes(*high) ^ high_key;
            // Twice, because a product with one factor fixed falls into patterns for some keys.
            self.hash = folded_product(folded_product(low, high), MIX);
        }
    }

    /// The length of the array, which is always the same.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.hash
    }
}

/// Returns both halves of the product, one laid over the other, so that each bit of the result
/// depends on the bits above and below it.
fn folded_product(a: u64, b: u64) -> u64 {
    let [
        a0,
        a1,
        a2,
        a3,
        a4,
        a5,
        a6,
        a7,
        b0,
        b1,
        b2,
        b3,
        b4,
        b5,
        b6,
        b7,
    ] = (u128::from(a) * u128::from(b)).to_le_bytes();
    u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7])
        ^ u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7])
}

/// An odd number without a pattern: 2 to the power of 64, divided by the golden ratio.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn numbered(number: u128) -> SessionHandle {
        SessionHandle::from_bytes(number.to_be_bytes())
    }

    /// The worst that somebody could choose without the key: handles that differ in one byte.
    #[test]
    fn handles_that_differ_little_do_not_meet() {
        let hashing = HandleHashing::new();
        for shift in (0..120).step_by(8) {
            let hashes: HashSet<u64> = (0..256)
                .map(|n: u128| hashing.hash_one(numbered(n << shift)))
                .collect();
            assert_eq!(hashes.len(), 256, "byte {shift}");
            let buckets: HashSet<u64> = hashes.iter().map(|hash| hash & 0xff).collect();
            assert!(
                buckets.len() > 100,
                "byte {shift}: {} buckets",
                buckets.len()
            );
        }
    }

    #[test]
    fn each_store_spreads_handles_in_its_own_way() {
        let [one, other] = [HandleHashing::new(), HandleHashing::new()];
        assert_ne!(one.hash_one(numbered(1)), other.hash_one(numbered(1)));
    }

    #[test]
    fn all_shards_are_used() {
        let hashing = HandleHashing::new();
        let shards: HashSet<usize> = (0..10_000)
            .map(|n| hashing.shard(numbered(n), 63))
            .collect();
        assert_eq!(shards.len(), 64);
    }
}
