//! Which shard, under which lock, and what is left to do afterwards.

use std::sync::Arc;

use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use crate::collection::Round;
use crate::collection::SHORT_STEP;
use crate::epochs::EpochTable;
use crate::feed::Feed;
use crate::hashing::HandleHashing;
use crate::index::Index;
use crate::places::Places;
use crate::shard::Shard;
use crate::sync::Mutex;
use crate::sync::MutexGuard;
use crate::visit::Visit;

/// What the clones of a store share.
pub(crate) struct Inner {
    hashing: HandleHashing,
    /// # Invariant
    ///
    /// As many as a power of two, at most 256.
    pub(crate) shards: Box<[Mutex<Shard>]>,
    pub(crate) index: Index,
    pub(crate) epochs: EpochTable,
    pub(crate) round: Mutex<Option<Round>>,
    pub(super) places: Places,
    pub(super) feed: Feed,
}

impl Inner {
    pub(super) fn new(places: Places) -> Self {
        let hashing = HandleHashing::new();
        let capacity = places.capacity().get();
        let shards = shards_for(capacity);
        let shard = || Mutex::new(Shard::new(hashing.clone(), capacity / shards));
        Self {
            shards: (0..shards).map(|_| shard()).collect(),
            hashing,
            index: Index::new(),
            epochs: EpochTable::default(),
            round: Mutex::default(),
            places,
            feed: Feed::default(),
        }
    }

    /// Takes one step, and then clears away after it, when no shard is locked any more.
    pub(crate) fn visit<T>(&self, now: Timestamp, step: impl FnOnce(&mut Visit<'_>) -> T) -> T {
        let mut visit = Visit {
            now,
            epochs: &self.epochs,
            places: &self.places,
            gone: Vec::new(),
        };
        let answer = step(&mut visit);
        for record in visit.gone {
            if let Some(subject) = record.subject() {
                self.index.lock(subject).remove(record.handle());
            }
        }
        answer
    }

    pub(super) fn load(&self, handle: SessionHandle, now: Timestamp) -> Load {
        self.visit(now, |visit| self.shard(handle).find(handle, visit))
    }

    /// Decides on a live record what to answer and what to store; `None` where none lives.
    pub(super) fn write<T>(
        &self,
        handle: SessionHandle,
        decide: impl FnOnce(&SessionRecord) -> (T, Option<SessionRecord>),
        now: Timestamp,
    ) -> Option<T> {
        let answer = self.visit(now, |visit| {
            let mut shard = self.shard(handle);
            let Load::Live(stored) = shard.find(handle, visit) else {
                return None;
            };
            let (answer, next) = decide(&stored);
            if let Some(next) = next {
                shard.replace(next);
            }
            shard.expire(DUE_PER_WRITE, visit);
            // Before what was stored, so that its memory is freed without the lock.
            drop(shard);
            Some(answer)
        });
        self.collect_some(SHORT_STEP, now);
        answer
    }

    pub(super) fn end(&self, end: &End, now: Timestamp) -> EndOutcome {
        self.visit(now, |visit| {
            let mut shard = self.shard(end.handle);
            let outcome = match shard.find(end.handle, visit) {
                Load::Ended(tombstone) => EndOutcome::Already(tombstone),
                Load::Live(record) => {
                    let tombstone = Tombstone::of(&record, end.reason.clone(), end.at);
                    shard.end(tombstone.clone());
                    visit.give_back(record);
                    EndOutcome::Ended(tombstone)
                }
                Load::Missing => {
                    shard.end(end.tombstone());
                    EndOutcome::Missing
                }
            };
            shard.expire(DUE_PER_WRITE, visit);
            outcome
        })
    }

    /// Ends a session if it lives and fits. The place of the record is the caller's to give back.
    pub(super) fn end_if(
        &self,
        handle: SessionHandle,
        reason: &EndReason,
        fits: impl FnOnce(&SessionRecord) -> bool,
        visit: &mut Visit<'_>,
    ) -> Option<(Tombstone, Arc<SessionRecord>)> {
        let mut shard = self.shard(handle);
        match shard.find(handle, visit) {
            Load::Live(record) if fits(&record) => {
                let tombstone = Tombstone::of(&record, reason.clone(), visit.now);
                shard.end(tombstone.clone());
                Some((tombstone, record))
            }
            Load::Ended(_) | Load::Live(_) | Load::Missing => None,
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the mask is the greatest index")]
    pub(super) fn shard(&self, handle: SessionHandle) -> MutexGuard<'_, Shard> {
        self.shards[self.hashing.shard(handle, self.shards.len() - 1)].lock()
    }
}

/// Returns how many shards a store has: a power of two, up to 64. Few sessions need few; and the
/// tombstones are bounded in each shard, which is as good as in all together only where each has
/// many.
const fn shards_for(capacity: usize) -> usize {
    let most = capacity / PLACES_PER_SHARD;
    if most >= MAX_SHARDS {
        MAX_SHARDS
    } else if most == 0 {
        1
    } else {
        1 << most.ilog2()
    }
}

const PLACES_PER_SHARD: usize = 1_024;
const MAX_SHARDS: usize = 64;

/// How much of what is due in its shard an operation that writes looks at.
///
/// Each update and touch makes at most one entry of a queue come due once more, an end adds a
/// tombstone, and a new session adds an entry and later a tombstone. So these, and the greater
/// number of new sessions, catch up with whatever became due, and nobody has to sweep.
const DUE_PER_WRITE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_places_have_few_shards() {
        let shards = [1, 2_047, 2_048, 5_000, 65_535, 65_536, usize::MAX].map(shards_for);
        assert_eq!(shards, [1, 1, 2, 4, 32, 64, 64]);
    }
}
