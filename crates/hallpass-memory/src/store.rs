//! The store as its users see it.

mod abilities;
mod begin;
mod inner;
mod room;

use std::fmt;
use std::sync::Arc;

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

use crate::builder::MemoryStoreBuilder;
use crate::places::Full;
use crate::places::Places;

pub(crate) use self::inner::Inner;

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
/// source. (`bind` also refuses a record without a subject, which no engine asks for.) A live
/// session never goes to make room for another, but for those of the same subject
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
        self.0
            .shards
            .iter()
            .map(|shard| shard.lock().tombstones())
            .sum()
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
        Ok(self.0.load(handle, now))
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let decide = |stored: &SessionRecord| stored.updated(record, expected, now);
        Ok(self
            .0
            .write(record.handle(), decide, now)
            .unwrap_or(Write::Gone))
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        let decide = |stored: &SessionRecord| stored.touched(touch, now);
        Ok(self
            .0
            .write(touch.handle, decide, now)
            .unwrap_or(Touched::Gone))
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        Ok(self.0.end(end, now))
    }
}

#[cfg(test)]
mod tests;
