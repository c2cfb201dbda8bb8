//! One operation on the store, from its first lock to what is left to do after its last.

use std::sync::Arc;

use hallpass_core::SessionRecord;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use crate::epochs::EpochTable;
use crate::places::Places;

/// What an operation knows in every shard that it comes to.
pub(crate) struct Visit<'a> {
    pub(crate) now: Timestamp,
    pub(crate) epochs: &'a EpochTable,
    pub(crate) places: &'a Places,
    /// Records that were taken out of their shards. Their entries in the index have to go, but the
    /// lock of the index comes before that of a shard: that is done, and the memory is freed, when
    /// no lock is held any more. Until then an entry leads to a tombstone, which does no harm.
    pub(crate) gone: Vec<Arc<SessionRecord>>,
}

impl Visit<'_> {
    /// Returns what a record amounts to that lives no more.
    pub(crate) fn ending_of(&self, record: &SessionRecord) -> Option<Tombstone> {
        self.epochs
            .ending_of(record)
            .or_else(|| record.expired(self.now))
    }

    /// Takes a record that was taken out of its shard, and gives its place back.
    pub(crate) fn give_back(&mut self, record: Arc<SessionRecord>) {
        self.places.give_back(&record);
        self.gone.push(record);
    }

    /// Takes a record that was taken out of its shard, and whose place a new session got.
    pub(crate) fn hand_to_subject(&mut self, record: Arc<SessionRecord>) {
        self.places.hand_to_subject(&record);
        self.gone.push(record);
    }
}
