//! How a store is built.

use std::num::NonZeroUsize;

use crate::places::Places;
use crate::store::MemoryStore;

/// Builds a [`MemoryStore`]. [`MemoryStore::builder`] returns one.
#[derive(Clone, Debug)]
#[must_use]
pub struct MemoryStoreBuilder {
    capacity: NonZeroUsize,
    reserved_percent: u8,
}

impl MemoryStoreBuilder {
    pub(crate) const fn new() -> Self {
        Self {
            capacity: DEFAULT_CAPACITY,
            reserved_percent: 10,
        }
    }

    /// How many sessions may live at once; as many that ended are remembered at most. Bounds the
    /// memory that clients can make the process use: lower it where a million sessions with your
    /// data do not fit, raise it where more people than that are signed in at once. Default:
    /// 1 000 000.
    pub const fn capacity(mut self, sessions: NonZeroUsize) -> Self {
        self.capacity = sessions;
        self
    }

    /// How many percent of the capacity anonymous sessions can never take, rounded down to whole
    /// sessions; more than 100 counts as 100. Anybody can begin an anonymous session, so raise it
    /// where anonymous sessions are few, or where a flood of them must leave more room for logins.
    /// Default: 10.
    pub const fn reserve_for_subjects(mut self, percent: u8) -> Self {
        self.reserved_percent = percent;
        self
    }

    /// Returns the store.
    #[must_use]
    pub fn build(self) -> MemoryStore {
        MemoryStore::with(Places::new(self.capacity, self.reserved_percent))
    }
}

impl Default for MemoryStoreBuilder {
    fn default() -> Self {
        Self::new()
    }
}

const DEFAULT_CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999_999);
