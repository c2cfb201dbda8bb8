//! The five operations of every store.

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::MigratingStore;
use super::Phase;
use super::marks;
use super::place::Place;

#[deny(clippy::missing_trait_methods)]
impl<New: SessionStore, Old: SessionStore> SessionStore for MigratingStore<New, Old> {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        match self.phase {
            Phase::Dual => match self.new.load(record.handle(), now).await? {
                Load::Missing => self.old.create(record, now).await,
                Load::Ended(_) | Load::Live(_) => Ok(Create::Occupied),
            },
            Phase::Moving => match self.old.load(record.handle(), now).await? {
                Load::Missing => {
                    if let Some(subject) = record.subject() {
                        self.note_subject(subject, now).await?;
                    }
                    self.new.create(record, now).await
                }
                Load::Ended(_) | Load::Live(_) => Ok(Create::Occupied),
            },
        }
    }

    /// Moves nothing: a load changes nothing.
    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        match self.old.load(handle, now).await? {
            Load::Ended(tombstone) if marks::is_moved(&tombstone) => {
                self.new.load(handle, now).await
            }
            Load::Missing => self.new.load(handle, now).await,
            known @ (Load::Ended(_) | Load::Live(_)) => Ok(known),
        }
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let handle = record.handle();
        let mut is_in_doubt = false;
        let mut place = self.first_place(handle, now).await?;
        if let Place::Old = place {
            match self.old.update(record, expected, now).await? {
                Write::Conflict => return Ok(Write::Conflict),
                Write::Applied if !self.is_noted(marks::of_session(handle), now).await? => {
                    return Ok(Write::Applied);
                }
                // Read by who moves the session, or too late for that.
                Write::Applied => is_in_doubt = true,
                // Moved or ended meanwhile.
                Write::Gone => {}
            }
            place = self.place_after_old(handle, is_in_doubt, now).await?;
        }
        match place {
            Place::New => match self.new.update(record, expected, now).await? {
                Write::Conflict if is_in_doubt => {
                    Err(StoreError::new(StoreErrorKind::Unavailable, InDoubt))
                }
                answer => Ok(answer),
            },
            Place::Ended(_) | Place::Old => Ok(Write::Gone),
        }
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        let handle = touch.handle;
        let mut place = self.first_place(handle, now).await?;
        if let Place::Old = place {
            let answer = self.old.touch(touch, now).await?;
            let is_late = match answer {
                Touched::Refused => return Ok(answer),
                Touched::Applied => self.is_noted(marks::of_session(handle), now).await?,
                Touched::Gone => false,
            };
            if answer == Touched::Applied && !is_late {
                return Ok(answer);
            }
            place = self.place_after_old(handle, is_late, now).await?;
        }
        match place {
            // Once more does no harm: a touch only moves forward.
            Place::New => self.new.touch(touch, now).await,
            Place::Ended(_) | Place::Old => Ok(Touched::Gone),
        }
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.end_everywhere(end, now).await
    }
}

impl<New: SessionStore, Old: SessionStore> MigratingStore<New, Old> {
    /// Returns where to try a write first. In phase `dual` that is the old store, which has nearly
    /// all sessions, so nobody looks before.
    async fn first_place(
        &self,
        handle: SessionHandle,
        now: Timestamp,
    ) -> Result<Place, StoreError> {
        match self.phase {
            Phase::Dual => Ok(Place::Old),
            Phase::Moving => self.settle(handle, now).await,
        }
    }

    /// Returns where a session is that could not be written to in the old store, or not for good:
    /// where others move it, the move is finished first.
    async fn place_after_old(
        &self,
        handle: SessionHandle,
        is_moving: bool,
        now: Timestamp,
    ) -> Result<Place, StoreError> {
        if is_moving {
            self.settle(handle, now).await
        } else {
            self.look(handle, now).await
        }
    }
}

/// An update was applied in the old store while the session moved, and others wrote to it since.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the session moved to another store while it was written")]
struct InDoubt;
