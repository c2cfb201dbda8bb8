//! Where the randomness comes from.

use std::fmt;

/// A source of randomness that is fit for secrets.
pub trait SecureRandom: fmt::Debug + Send + Sync {
    /// Fills `destination` with random bytes.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] where the source fails. The engine then fails the request; it never
    /// falls back to something weaker.
    ///
    /// # Security
    ///
    /// The bytes must come from a cryptographically secure generator (ASVS 5.0 11.5.1). Tokens
    /// are as hard to guess as they are.
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable>;
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, thiserror::Error)]
#[error("no secure randomness to be had")]
#[non_exhaustive]
pub struct RandomUnavailable;

impl RandomUnavailable {
    /// Returns the error, for sources of one's own.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// The generator of the operating system.
///
/// Deliberately not a generator in this process: creating a session is rare, so the system call
/// costs nothing that shows, and there is no state that a fork could copy.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for the source of the system, no more"
)]
pub struct SystemRandom;

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks the system"
)]
impl SecureRandom for SystemRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
        getrandom::fill(destination).map_err(|_error| RandomUnavailable)
    }
}

/// Returns `N` random bytes.
pub(crate) fn random_bytes<const N: usize>(
    random: &dyn SecureRandom,
) -> Result<[u8; N], RandomUnavailable> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_gives_different_bytes_each_time() {
        let first: [u8; 32] = random_bytes(&SystemRandom).unwrap();
        let second: [u8; 32] = random_bytes(&SystemRandom).unwrap();
        assert_ne!(first, second);
    }
}
