//! Bounds what somebody who knows a handle can make the server compute.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::ratchet::MAX_WALK;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// Failed long walks that a handle may cause in a minute. An honest client causes none: it
/// presents the current token or its parent.
const PER_MINUTE: u64 = 8;
/// How far a token is walked once those are spent: some ten microseconds of work, and farther than
/// a session that is not remembered is renewed by default. So who sends forged tokens does not keep
/// the real ones from being told as replays.
const SPENT_WALK: u32 = 64;
const BUCKETS: usize = 1_024;

/// Counts failed walks per handle and minute, in a table of fixed size. Handles that share a
/// bucket share the bound; which ones do is unknown outside.
pub(super) struct Walks {
    hasher: RandomState,
    /// The minute in the upper 48 bits, the count in the lower 16.
    buckets: Vec<AtomicU64>,
}

impl Walks {
    /// Returns how far a token of this session may be walked forward now.
    pub(super) fn bound(&self, handle: SessionHandle, now: Timestamp) -> u32 {
        let spent = self.bucket(handle).is_some_and(|bucket| {
            let value = bucket.load(Ordering::Relaxed);
            value >> 16 == minute(now) && value & 0xFFFF >= PER_MINUTE
        });
        if spent { SPENT_WALK } else { MAX_WALK }
    }

    /// Notes a walk that led nowhere.
    pub(super) fn failed(&self, handle: SessionHandle, now: Timestamp) {
        if let Some(bucket) = self.bucket(handle) {
            let minute = minute(now);
            // A count that two threads write at once may lose one: the bound is no exact science.
            let value = bucket.load(Ordering::Relaxed);
            let next = if value >> 16 == minute {
                value + 1
            } else {
                minute << 16 | 1
            };
            if next & 0xFFFF != 0 {
                bucket.store(next, Ordering::Relaxed);
            }
        }
    }

    fn bucket(&self, handle: SessionHandle) -> Option<&AtomicU64> {
        let hash = self.hasher.hash_one(handle);
        usize::try_from(hash % BUCKETS as u64)
            .ok()
            .and_then(|place| self.buckets.get(place))
    }
}

impl Default for Walks {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

const fn minute(now: Timestamp) -> u64 {
    (now.as_millis() / 60_000) & 0xFFFF_FFFF_FFFF
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Race 49: knowing a handle costs the server no measurable work.
    #[test]
    fn failed_walks_are_bounded_per_handle_and_minute() {
        let walks = Walks::default();
        let handle = SessionHandle::from_bytes([1; 16]);
        let now = Timestamp::from_millis(600_000);
        for _ in 0..PER_MINUTE {
            assert_eq!(walks.bound(handle, now), MAX_WALK);
            walks.failed(handle, now);
        }
        assert_eq!(walks.bound(handle, now), SPENT_WALK);
        assert_eq!(
            walks.bound(handle, Timestamp::from_millis(659_999)),
            SPENT_WALK
        );
        assert_eq!(
            walks.bound(handle, Timestamp::from_millis(660_000)),
            MAX_WALK
        );
    }
}
