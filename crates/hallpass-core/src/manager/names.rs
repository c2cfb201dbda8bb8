//! Names for writes.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::random::RandomUnavailable;
use crate::random::SecureRandom;
use crate::random::random_bytes;
use crate::record::WriteId;

/// Draws a name for each write: eight random bytes of this manager, and a count.
///
/// A name has to differ from that of the write before on the same record, and is no secret, so a
/// call of the system for each would be wasted on it.
#[derive(Debug, Default)]
pub(super) struct WriteNames {
    manager: OnceLock<[u8; 8]>,
    count: AtomicU64,
}

impl WriteNames {
    pub(super) fn next(&self, random: &dyn SecureRandom) -> Result<WriteId, RandomUnavailable> {
        let manager = match self.manager.get() {
            Some(manager) => manager,
            None => {
                let drawn = random_bytes(random)?;
                self.manager.get_or_init(|| drawn)
            }
        };
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut name = [0; 16];
        let (front, back) = name.split_at_mut(8);
        front.copy_from_slice(manager);
        back.copy_from_slice(&count.to_be_bytes());
        Ok(WriteId::from_bytes(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn no_two_writes_have_one_name() {
        let (here, there) = (WriteNames::default(), WriteNames::default());
        let draw = |names: &WriteNames| names.next(&SystemRandom).unwrap();
        let drawn = [draw(&here), draw(&here), draw(&there), draw(&there)];
        let unique: std::collections::HashSet<_> = drawn.iter().collect();
        assert_eq!(unique.len(), 4);
    }
}
