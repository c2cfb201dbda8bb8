//! Where a session is, and how it gets there.

use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::MigratingStore;
use super::Phase;
use super::marks;

/// Which store is to be asked for a session.
#[derive(Debug)]
pub(super) enum Place {
    /// None: it has ended.
    Ended(Tombstone),
    /// The new one, if any knows it.
    New,
    /// The old one, where it lives and stays for now.
    Old,
}

impl<New: SessionStore, Old: SessionStore> MigratingStore<New, Old> {
    /// Returns where to write to a session, after moving it in phase `moving`.
    pub(super) async fn place(
        &self,
        handle: SessionHandle,
        now: Timestamp,
    ) -> Result<Place, StoreError> {
        match self.phase {
            Phase::Dual => self.look(handle, now).await,
            Phase::Moving => self.settle(handle, now).await,
        }
    }

    /// Returns where a session is, and moves nothing.
    pub(super) async fn look(
        &self,
        handle: SessionHandle,
        now: Timestamp,
    ) -> Result<Place, StoreError> {
        match self.old.load(handle, now).await? {
            Load::Live(_) => Ok(Place::Old),
            Load::Ended(tombstone) => self.told(tombstone, now).await,
            Load::Missing => Ok(Place::New),
        }
    }

    /// Moves a session, if it lives in the old store and can move, and returns where it is.
    ///
    /// Until the last step it lives in the old store, and whoever writes to it there looks for the
    /// note afterwards. So what is read here, after the note, holds everything that was answered.
    pub(super) async fn settle(
        &self,
        handle: SessionHandle,
        now: Timestamp,
    ) -> Result<Place, StoreError> {
        let record = match self.old.load(handle, now).await? {
            Load::Live(record) => record,
            Load::Ended(tombstone) => return self.told(tombstone, now).await,
            Load::Missing => return Ok(Place::New),
        };
        if !self.can_move(&record) {
            return Ok(Place::Old);
        }
        if let Some(subject) = record.subject() {
            self.note_subject(subject, now).await?;
        }
        // Whoever is held up for longer creates what is past its deadline.
        let note = marks::note(marks::of_session(handle), record.absolute_deadline(), now);
        let _noted: EndOutcome = self.new.end(&note, now).await?;

        let record = match self.old.load(handle, now).await? {
            Load::Live(record) => record,
            Load::Ended(tombstone) => return self.told(tombstone, now).await,
            Load::Missing => return Ok(Place::New),
        };
        match self.new.create(&record, now).await? {
            // Where it is taken, somebody else is moving the session, or was.
            Create::Created | Create::Occupied => {}
        }
        match self.old.end(&marks::moved(handle, now), now).await? {
            EndOutcome::Already(tombstone) => self.told(tombstone, now).await,
            EndOutcome::Ended(_) | EndOutcome::Missing => Ok(Place::New),
        }
    }

    /// Returns where a session is of which the old store has a tombstone. Where that says that it
    /// has ended, a copy that was made meanwhile ends with it.
    async fn told(&self, tombstone: Tombstone, now: Timestamp) -> Result<Place, StoreError> {
        if marks::is_moved(&tombstone) {
            return Ok(Place::New);
        }
        self.end_copy(&tombstone, now).await?;
        Ok(Place::Ended(tombstone))
    }

    /// Ends the copy of a session that has ended in the old store, if there is one. Whoever makes
    /// one after this looks does the same.
    pub(super) async fn end_copy(
        &self,
        tombstone: &Tombstone,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Load::Live(_) = self.new.load(tombstone.handle(), now).await? {
            let _ended: EndOutcome = self.new.end(&marks::as_ended(tombstone), now).await?;
        }
        Ok(())
    }

    /// Notes that sessions of a subject may be in the new store.
    pub(super) async fn note_subject(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let name = marks::of_subject(subject);
        if !self.is_noted(name, now).await? {
            let note = marks::note(name, marks::subject_noted_until(now), now);
            let _noted: EndOutcome = self.new.end(&note, now).await?;
        }
        Ok(())
    }

    /// Returns whether there is a note with this name.
    pub(super) async fn is_noted(
        &self,
        name: SessionHandle,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match self.new.load(name, now).await? {
            Load::Ended(_) => Ok(true),
            Load::Live(_) | Load::Missing => Ok(false),
        }
    }
}
