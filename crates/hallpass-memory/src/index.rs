//! Which sessions a subject has.
//!
//! The index knows hashes of subjects, not subjects: the record says whose it is, and whoever
//! looks something up here compares. So two subjects with the same hash share nothing but a few
//! wasted looks, an entry takes 24 bytes, and no empty entry stays behind when the last session of
//! a subject is over.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use hallpass_core::SessionHandle;
use hallpass_core::Subject;

use crate::hashing::RandomState;
use crate::sync::Mutex;
use crate::sync::MutexGuard;

type Entries = BTreeSet<(u64, SessionHandle)>;

pub(crate) struct Index {
    // Subjects are chosen by whoever registers, so they are hashed with a random key.
    hashing: RandomState,
    shards: [Mutex<Entries>; SHARDS],
}

impl Index {
    pub(crate) fn new() -> Self {
        Self {
            hashing: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Keeps everybody else from the sessions of this subject.
    #[expect(
        clippy::indexing_slicing,
        reason = "the remainder is below the number of shards"
    )]
    pub(crate) fn lock(&self, subject: &Subject) -> Sessions<'_> {
        let hash = self.hashing.hash_one(subject);
        let [byte, ..] = hash.to_be_bytes();
        Sessions {
            hash,
            entries: self.shards[usize::from(byte) % SHARDS].lock(),
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

/// The sessions of one subject, for as long as it is held.
pub(crate) struct Sessions<'a> {
    hash: u64,
    entries: MutexGuard<'a, Entries>,
}

impl Sessions<'_> {
    pub(crate) fn insert(&mut self, handle: SessionHandle) {
        self.entries.insert((self.hash, handle));
    }

    pub(crate) fn remove(&mut self, handle: SessionHandle) {
        self.entries.remove(&(self.hash, handle));
    }

    /// Returns the handles of the subject, some of which may be of sessions that are over or of
    /// another subject with the same hash.
    pub(crate) fn handles(&self) -> Vec<SessionHandle> {
        let [first, last] = [[0; 16], [0xff; 16]].map(SessionHandle::from_bytes);
        let range = (self.hash, first)..=(self.hash, last);
        self.entries
            .range(range)
            .map(|&(_, handle)| handle)
            .collect()
    }
}

// A model has few subjects, and each lock more makes it slower.
const SHARDS: usize = if cfg!(all(test, hallpass_loom)) {
    2
} else {
    64
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::subject;

    #[test]
    fn handles_are_found_by_subject_up_to_both_ends() {
        let index = Index::new();
        let mut expected = [[0; 16], [7; 16], [0xff; 16]].map(SessionHandle::from_bytes);
        for handle in expected {
            index.lock(&subject("alice")).insert(handle);
            index.lock(&subject("bob")).insert(handle);
        }
        index.lock(&subject("bob")).remove(expected[1]);
        expected.sort();
        assert_eq!(index.lock(&subject("alice")).handles(), expected);
        assert_eq!(
            index.lock(&subject("bob")).handles(),
            [expected[0], expected[2]]
        );
        assert_eq!(index.lock(&subject("carol")).handles(), []);
        assert_eq!(index.len(), 5);
    }
}
