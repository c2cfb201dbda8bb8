//! A correct store with all abilities: everything under one lock.

mod abilities;
mod state;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

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
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

pub(crate) use self::state::Slot;
pub(crate) use self::state::State;

/// Clones are the same store.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReferenceStore(Arc<Mutex<State>>);

impl ReferenceStore {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for ReferenceStore {
    async fn create(&self, record: &SessionRecord, _now: Timestamp) -> Result<Create, StoreError> {
        let mut state = self.state();
        if state.slots.contains_key(&record.handle()) {
            return Ok(Create::Occupied);
        }
        state.begin(record);
        Ok(Create::Created)
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        Ok(self.state().find(handle, now))
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let mut state = self.state();
        let Load::Live(stored) = state.find(record.handle(), now) else {
            return Ok(Write::Gone);
        };
        let (answer, applied) = stored.updated(record, expected, now);
        if let Some(applied) = applied {
            state.put(applied);
        }
        Ok(answer)
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        let mut state = self.state();
        let Load::Live(stored) = state.find(touch.handle, now) else {
            return Ok(Touched::Gone);
        };
        let (answer, applied) = stored.touched(touch, now);
        if let Some(applied) = applied {
            state.put(applied);
        }
        Ok(answer)
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        let mut state = self.state();
        let (outcome, tombstone) = match state.find(end.handle, now) {
            Load::Ended(tombstone) => (EndOutcome::Already(tombstone.clone()), tombstone),
            Load::Live(record) => {
                let tombstone = Tombstone::of(&record, end.reason.clone(), end.at);
                (EndOutcome::Ended(tombstone.clone()), tombstone)
            }
            Load::Missing => (EndOutcome::Missing, end.tombstone()),
        };
        state.slots.insert(end.handle, Slot::Ended(tombstone));
        Ok(outcome)
    }
}
