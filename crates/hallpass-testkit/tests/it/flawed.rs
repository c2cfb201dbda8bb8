//! The reference store, broken on purpose in one way at a time.

mod abilities;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::FeedListener;
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
use tokio::task::yield_now;

use crate::reference::ReferenceStore;
use crate::reference::Slot;

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    /// `load` answers from a cache that nobody empties.
    AnswersFromCache,
    /// An epoch ends what was created before it by the clock, not what was stored before it.
    ComparesClocks,
    /// Sessions that expired count for the limit.
    CountsExpired,
    /// `bind` counts first and stores later.
    CountsWithoutLock,
    /// `end` removes the record and leaves the tombstone in a second step.
    EndsInTwoSteps,
    /// A session lives at its deadline.
    ExpiresLate,
    /// `end` leaves no tombstone.
    ForgetsEndings,
    /// `bind` does not remember that it was applied.
    ForgetsLogins,
    /// `update` does not look at the write id.
    ForgetsWrites,
    /// A locked session expires when it is idle.
    IgnoresLocks,
    /// `bind` and `list` know a subject by its printed name.
    IgnoresTenants,
    /// Listeners are kept alive.
    KeepsListeners,
    /// Deadlines are kept in seconds.
    KeepsSeconds,
    /// A record that is too long for its column is not stored.
    LosesLongRecords,
    /// `create` replaces what is there.
    Overwrites,
    /// `bind` replaces a session at any revision.
    ReplacesAnyRevision,
    /// `update` inserts what is not there.
    Resurrects,
    /// The last end is told, not the first.
    RetellsEndings,
    /// `end_subject` ends the one that it should spare.
    SparesNobody,
    /// `sweep` removes everything at once.
    SweepsAll,
    /// `sweep` looks first and removes later.
    SweepsInTwoSteps,
    /// `sweep` removes tombstones that are still kept.
    SweepsTombstones,
    /// A touch takes `last_seen` back.
    TouchesBackwards,
    /// A touch with any digest is applied.
    TouchesForAnyone,
    /// `update` looks first and writes later.
    UpdatesInTwoSteps,
    /// `update` stores what it is given, whatever a touch has told.
    UpdatesOverTouches,
    /// `update` does not look at the revision.
    UpdatesWithoutRevision,
}

/// A clone that is made with [`FlawedStore::peer`] is the same store on another node.
#[derive(Debug)]
pub(crate) struct FlawedStore {
    sound: ReferenceStore,
    flaw: Flaw,
    /// What this node remembers of the records that it has seen.
    cache: Mutex<HashMap<SessionHandle, Arc<SessionRecord>>>,
    kept: Mutex<Vec<Arc<dyn FeedListener>>>,
}

impl FlawedStore {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self {
            sound: ReferenceStore::new(),
            flaw,
            cache: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    pub(crate) fn peer(&self) -> Self {
        Self {
            sound: self.sound.clone(),
            ..Self::new(self.flaw)
        }
    }

    fn put(&self, record: &SessionRecord) {
        self.sound.state().put(record.clone());
    }

    /// Returns the live record that is stored, also where it is past its deadline.
    fn stored(&self, handle: SessionHandle) -> Option<Arc<SessionRecord>> {
        match self.sound.state().slots.get(&handle) {
            Some(Slot::Live(record)) => Some(Arc::clone(record)),
            Some(Slot::Ended(_)) | None => None,
        }
    }
}

impl SessionStore for FlawedStore {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        match self.flaw {
            Flaw::Overwrites => {
                self.put(record);
                Ok(Create::Created)
            }
            Flaw::LosesLongRecords if record.encode().len() > 32 * 1024 => Ok(Create::Created),
            _ => self.sound.create(record, now).await,
        }
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        let now = match self.flaw {
            Flaw::ExpiresLate => now.saturating_sub(Duration::from_millis(1)),
            Flaw::KeepsSeconds => Timestamp::from_millis(now.as_millis() / 1_000 * 1_000),
            _ => now,
        };
        if self.flaw == Flaw::IgnoresLocks
            && let Some(record) = self.stored(handle)
            && record
                .idle_deadline()
                .is_some_and(|deadline| deadline <= now)
        {
            return Ok(Load::Missing);
        }
        if self.flaw != Flaw::AnswersFromCache {
            return self.sound.load(handle, now).await;
        }
        if let Some(record) = self.cache.lock().unwrap().get(&handle) {
            return Ok(Load::Live(Arc::clone(record)));
        }
        let answer = self.sound.load(handle, now).await?;
        if let Load::Live(record) = &answer {
            self.cache
                .lock()
                .unwrap()
                .insert(handle, Arc::clone(record));
        }
        Ok(answer)
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        match (self.flaw, self.stored(record.handle())) {
            (Flaw::Resurrects, None) => {
                self.put(record);
                Ok(Write::Applied)
            }
            (Flaw::UpdatesWithoutRevision, Some(stored)) => {
                self.sound.update(record, stored.revision(), now).await
            }
            (Flaw::UpdatesOverTouches, Some(stored))
                if stored.is_live(now) && stored.revision() == expected =>
            {
                self.put(record);
                Ok(Write::Applied)
            }
            (Flaw::ForgetsWrites, Some(stored)) if stored.write_id() == record.write_id() => {
                Ok(Write::Conflict)
            }
            (Flaw::UpdatesInTwoSteps, Some(stored)) => {
                let (answer, applied) = stored.updated(record, expected, now);
                yield_now().await;
                if let Some(applied) = applied {
                    self.put(&applied);
                }
                Ok(answer)
            }
            _ => self.sound.update(record, expected, now).await,
        }
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        match (self.flaw, self.stored(touch.handle)) {
            (Flaw::TouchesBackwards, Some(stored)) => {
                // Touches the record as it was when it was touched first.
                let earliest = Arc::clone(
                    self.cache
                        .lock()
                        .unwrap()
                        .entry(touch.handle)
                        .or_insert(stored),
                );
                let (answer, applied) = earliest.touched(touch, now);
                if let Some(applied) = applied {
                    self.put(&applied);
                }
                Ok(answer)
            }
            (Flaw::TouchesForAnyone, Some(stored)) => {
                let digest = stored.credential().digest();
                self.sound.touch(&Touch { digest, ..*touch }, now).await
            }
            _ => self.sound.touch(touch, now).await,
        }
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        match self.flaw {
            Flaw::EndsInTwoSteps => {
                let stored = self.sound.state().slots.remove(&end.handle);
                yield_now().await;
                if let Some(slot) = stored {
                    self.sound.state().slots.insert(end.handle, slot);
                }
            }
            Flaw::RetellsEndings => {
                let mut state = self.sound.state();
                if let Some(Slot::Ended(_)) = state.slots.get(&end.handle) {
                    let tombstone = end.tombstone();
                    state
                        .slots
                        .insert(end.handle, Slot::Ended(tombstone.clone()));
                    return Ok(EndOutcome::Already(tombstone));
                }
            }
            _ => {}
        }
        let outcome = self.sound.end(end, now).await;
        if self.flaw == Flaw::ForgetsEndings {
            self.sound.state().slots.remove(&end.handle);
        }
        outcome
    }
}
