//! The store itself: which shard, under which lock, and what the record says.

mod abilities;
mod begin;
mod room;

use std::fmt;
use std::sync::Arc;

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

use crate::builder::MemoryStoreBuilder;
use crate::collection::Round;
use crate::epochs::EpochTable;
use crate::feed::Feed;
use crate::hashing::HandleHashing;
use crate::index::Index;
use crate::places::Full;
use crate::places::Places;
use crate::shard::Shard;
use crate::sync::Mutex;
use crate::sync::MutexGuard;
use crate::visit::Visit;

/// Keeps the sessions of one process in its memory. Clones are the same store.
///
/// Has all abilities: [`SubjectIndex`](hallpass_core::SubjectIndex),
/// [`Epochs`](hallpass_core::Epochs), [`Sweep`](hallpass_core::Sweep) and
/// [`RevocationFeed`](hallpass_core::RevocationFeed). `Debug` shows counts only. The
/// [crate's page](crate) says what the defaults do and what a session costs.
///
/// # Errors
///
/// Of all operations only `create` and `bind` fail, and only where there is no place: with
/// [`StoreErrorKind::Rejected`](hallpass_core::StoreErrorKind::Rejected) and [`Full`] as the
/// source. A live session never goes to make room for another, but for those of the same subject
/// that its own limit evicts.
///
/// # Cancel safety
///
/// No future of this store waits for anything. Each does nothing until it is polled, and
/// everything at the first poll.
///
/// # Example: at most fifty thousand sessions
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use hallpass_memory::MemoryStore;
///
/// let capacity = NonZeroUsize::new(50_000).expect("not zero");
/// let store = MemoryStore::builder().capacity(capacity).reserve_for_subjects(50).build();
/// assert_eq!(format!("{store:?}"), "MemoryStore { len: 0, tombstones: 0, capacity: 50000 }");
/// ```
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

pub(crate) struct Inner {
    hashing: HandleHashing,
    /// # Invariant
    ///
    /// As many as a power of two, at most 256.
    pub(crate) shards: Box<[Mutex<Shard>]>,
    pub(crate) index: Index,
    pub(crate) epochs: EpochTable,
    pub(crate) round: Mutex<Option<Round>>,
    places: Places,
    feed: Feed,
}

impl MemoryStore {
    /// Returns a store with the defaults: places for a million live sessions, of which a tenth is
    /// kept free of anonymous ones.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts with the defaults.
    pub const fn builder() -> MemoryStoreBuilder {
        MemoryStoreBuilder::new()
    }

    pub(crate) fn with(places: Places) -> Self {
        Self(Arc::new(Inner::new(places)))
    }

    /// Returns how many sessions are held as live. Some of them may be past their time, and not
    /// yet looked at.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.places.taken()
    }

    /// Returns whether no session is held as live.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many sessions that ended are remembered. Never more than the capacity.
    #[must_use]
    pub fn tombstones(&self) -> usize {
        self.0.shards.iter().map(|shard| shard.lock().tombstones()).sum()
    }

    /// Returns how many sessions may live at once.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.places.capacity().get()
    }

    #[cfg(test)]
    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("len", &self.len())
            .field("tombstones", &self.tombstones())
            .field("capacity", &self.capacity())
            .finish()
    }
}

impl SessionStore for MemoryStore {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.0.create(record, now).map_err(Full::into_store_error)
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        Ok(self.0.visit(now, |visit| self.0.shard(handle).find(handle, visit)))
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        Ok(self.0.visit(now, |visit| {
            let mut shard = self.0.shard(record.handle());
            let Load::Live(stored) = shard.find(record.handle(), visit) else {
                return Write::Gone;
            };
            let (answer, next) = stored.updated(record, expected, now);
            if let Some(next) = next {
                shard.replace(next);
            }
            shard.expire(DUE_PER_WRITE, visit);
            // Before what was stored, so that its memory is freed without the lock.
            drop(shard);
            answer
        }))
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        Ok(self.0.visit(now, |visit| {
            let mut shard = self.0.shard(touch.handle);
            let Load::Live(stored) = shard.find(touch.handle, visit) else {
                return Touched::Gone;
            };
            let (answer, next) = stored.touched(touch, now);
            if let Some(next) = next {
                shard.replace(next);
            }
            shard.expire(DUE_PER_WRITE, visit);
            drop(shard);
            answer
        }))
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        Ok(self.0.visit(now, |visit| {
            let mut shard = self.0.shard(end.handle);
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
        }))
    }
}

impl Inner {
    fn new(places: Places) -> Self {
        let hashing = HandleHashing::new();
        let capacity = places.capacity();
        let shards = shards_for(capacity.get());
        let max_tombstones = capacity.get() / shards;
        Self {
            shards: (0..shards)
                .map(|_| Mutex::new(Shard::new(hashing.clone(), max_tombstones)))
                .collect(),
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
        let mut visit =
            Visit { now, epochs: &self.epochs, places: &self.places, gone: Vec::new() };
        let answer = step(&mut visit);
        for record in visit.gone {
            if let Some(subject) = record.subject() {
                self.index.lock(subject).remove(record.handle());
            }
        }
        answer
    }

    #[expect(clippy::indexing_slicing, reason = "the mask is the greatest index")]
    fn shard(&self, handle: SessionHandle) -> MutexGuard<'_, Shard> {
        self.shards[self.hashing.shard(handle, self.shards.len() - 1)].lock()
    }

    /// Ends a session if it lives and fits.
    fn end_if(
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
}

/// Returns how many shards a store has: a power of two, up to 64. Few sessions need few, and with
/// few places each shard's part of the tombstones would be too small to be a fair one.
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
mod tests;
