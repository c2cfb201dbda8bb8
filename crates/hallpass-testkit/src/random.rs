//! Randomness that is the same on each run, or fails.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use hallpass_core::RandomUnavailable;
use hallpass_core::SecureRandom;

/// A generator that gives the same bytes on each run, and different ones on each call. Clones
/// share one sequence.
///
/// # Security
///
/// For tests only: who knows one token knows all of them.
///
/// # Example: the same seed, the same bytes
///
/// ```
/// use hallpass_core::{RandomUnavailable, SecureRandom};
/// use hallpass_testkit::SeededRandom;
///
/// let (mut first, mut second) = ([0; 16], [0; 16]);
/// SeededRandom::new(7).fill(&mut first)?;
/// SeededRandom::new(7).fill(&mut second)?;
/// assert_eq!(first, second);
/// # Ok::<(), RandomUnavailable>(())
/// ```
#[derive(Clone, Debug)]
pub struct SeededRandom(Arc<AtomicU64>);

impl SeededRandom {
    /// Returns the generator of this seed, at the start of its sequence.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    fn next(&self) -> [u8; 8] {
        let before = self.0.fetch_add(GAMMA, Ordering::Relaxed);
        mixed(before.wrapping_add(GAMMA)).to_le_bytes()
    }
}

impl SecureRandom for SeededRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in destination.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.next()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

/// A generator that fails, at once or after a while. Clones share the count.
///
/// # Example: the second call fails
///
/// ```
/// use hallpass_core::{RandomUnavailable, SecureRandom};
/// use hallpass_testkit::FailingRandom;
///
/// let random = FailingRandom::after(1);
/// assert_eq!(random.fill(&mut [0; 16]), Ok(()));
/// assert_eq!(random.fill(&mut [0; 16]), Err(RandomUnavailable::new()));
/// ```
#[derive(Clone, Debug)]
pub struct FailingRandom {
    left: Arc<AtomicUsize>,
    random: SeededRandom,
}

impl FailingRandom {
    /// Returns a generator that always fails.
    #[must_use]
    pub fn new() -> Self {
        Self::after(0)
    }

    /// Returns a generator that works this many times, as a [`SeededRandom`], and then fails.
    #[must_use]
    pub fn after(times: usize) -> Self {
        Self {
            left: Arc::new(AtomicUsize::new(times)),
            random: SeededRandom::new(0),
        }
    }
}

impl Default for FailingRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl SecureRandom for FailingRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .map_err(|_none| RandomUnavailable::new())?;
        self.random.fill(destination)
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014).
const fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The step of SplitMix64: the golden ratio, as a fraction of 64 bits.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn<const N: usize>(random: &impl SecureRandom) -> Result<[u8; N], RandomUnavailable> {
        let mut bytes = [0; N];
        random.fill(&mut bytes).map(|()| bytes)
    }

    #[test]
    fn a_seed_gives_one_sequence() {
        let (one, same) = (SeededRandom::new(1), SeededRandom::new(1));
        for _ in 0..8 {
            assert_eq!(drawn::<28>(&one), drawn::<28>(&same));
        }
        assert_ne!(
            drawn::<16>(&SeededRandom::new(1)),
            drawn::<16>(&SeededRandom::new(2))
        );
    }

    /// The first numbers of SplitMix64 with the seed 0, as other implementations give them.
    #[test]
    fn the_sequence_is_that_of_split_mix_64() {
        let bytes: [u8; 24] = drawn(&SeededRandom::new(0)).unwrap();
        let numbers = [
            0xe220_a839_7b1d_cdaf_u64,
            0x6e78_9e6a_a1b9_65f4,
            0x06c4_5d18_8009_454f,
        ];
        assert_eq!(bytes.as_slice(), numbers.map(u64::to_le_bytes).concat());
    }

    #[test]
    fn no_two_draws_are_alike() {
        let random = SeededRandom::new(0);
        let draws: std::collections::HashSet<[u8; 16]> =
            (0..10_000).map(|_| drawn(&random).unwrap()).collect();
        assert_eq!(draws.len(), 10_000);
    }

    #[test]
    fn clones_share_one_sequence() {
        let random = SeededRandom::new(3);
        let clone = random.clone();
        assert_ne!(drawn::<16>(&random), drawn::<16>(&clone));
    }

    #[test]
    fn a_failing_generator_works_as_often_as_it_was_told() {
        let random = FailingRandom::after(2);
        let clone = random.clone();
        assert_ne!(drawn::<16>(&random).unwrap(), drawn::<16>(&clone).unwrap());
        assert_eq!(drawn::<16>(&random), Err(RandomUnavailable::new()));
        assert_eq!(drawn::<16>(&clone), Err(RandomUnavailable::new()));
        assert_eq!(
            drawn::<16>(&FailingRandom::new()),
            Err(RandomUnavailable::new())
        );
    }
}
