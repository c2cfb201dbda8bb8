//! Sessions by their subject, over both stores.

use std::collections::BTreeSet;
use std::sync::Arc;

use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::MigratingStore;
use super::Phase;
use super::marks;
use super::place::Place;

#[deny(clippy::missing_trait_methods)]
impl<New: SubjectIndex, Old: SubjectIndex> SubjectIndex for MigratingStore<New, Old> {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        let Some(subject) = bind.record.subject() else {
            return Err(StoreError::new(StoreErrorKind::Rejected, NoSubject));
        };
        match self.phase {
            Phase::Dual => self.bind_in_old(bind, subject, now).await,
            Phase::Moving => self.bind_in_new(bind, subject, now).await,
        }
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        // In this order: what moves in between is listed by the new store. Then each is asked for,
        // so that none is told that ended before another one began.
        let old = self.old.list(subject, now).await?;
        let new = self.new.list(subject, now).await?;
        let handles: BTreeSet<_> = old.iter().chain(&new).map(|it| it.handle()).collect();
        let mut live = Vec::with_capacity(handles.len());
        for handle in handles {
            if let Load::Live(record) = self.load(handle, now).await? {
                live.push(record);
            }
        }
        Ok(live)
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        self.end_all(subject, except, reason, now).await
    }
}

impl<New: SubjectIndex, Old: SubjectIndex> MigratingStore<New, Old> {
    /// Begins a session in the old store, which counts all of the subject's as long as none of
    /// them has moved.
    async fn bind_in_old(
        &self,
        bind: &Bind,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        let note = marks::of_subject(subject);
        if self.is_noted(note, now).await? || self.replaces_moved(bind, now).await? {
            return self.bind_in_new(bind, subject, now).await;
        }
        let Load::Missing = self.new.load(bind.record.handle(), now).await? else {
            // The same login, perhaps, on a node that moves.
            return self.bind_in_new(bind, subject, now).await;
        };
        match self.old.bind(bind, now).await? {
            Bound::Bound { evicted } if self.is_noted(note, now).await? => {
                self.bind_again(bind, evicted, subject, now).await
            }
            // By the same login, perhaps, which has moved since.
            Bound::Occupied if self.is_noted(note, now).await? => {
                self.bind_in_new(bind, subject, now).await
            }
            answer => Ok(answer),
        }
    }

    /// Takes back a session that just began in the old store, and begins it in the new one: some
    /// of the subject had moved by then, and were not counted. Nobody has its token yet.
    async fn bind_again(
        &self,
        bind: &Bind,
        mut evicted: Vec<Tombstone>,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        let moved = marks::moved(bind.record.handle(), now);
        let _moved: EndOutcome = self.old.end(&moved, now).await?;
        let again = Bind {
            record: bind.record.clone(),
            // That one has ended.
            replaces: None,
            limit: bind.limit,
        };
        match self.bind_in_new(&again, subject, now).await? {
            Bound::Bound { evicted: more } => {
                evicted.extend(more);
                Ok(Bound::Bound { evicted })
            }
            // It began, and somebody has ended it since.
            Bound::Occupied => Ok(Bound::Bound { evicted }),
            answer @ (Bound::Conflict | Bound::Denied { .. }) => Ok(answer),
        }
    }

    /// Returns whether a login replaces a session that lives in the new store, so that only that
    /// one can do both in one step.
    async fn replaces_moved(&self, bind: &Bind, now: Timestamp) -> Result<bool, StoreError> {
        let Some(replaced) = bind.replaces else {
            return Ok(false);
        };
        let Place::New = self.look(replaced.handle, now).await? else {
            return Ok(false);
        };
        let found = self.new.load(replaced.handle, now).await?;
        Ok(matches!(found, Load::Live(_)))
    }

    /// Begins a session in the new store, after all of the subject have moved there.
    async fn bind_in_new(
        &self,
        bind: &Bind,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        let began_in_old = match self.old.load(bind.record.handle(), now).await? {
            Load::Missing => false,
            Load::Live(stored) if stored.write_id() == bind.record.write_id() => true,
            Load::Ended(tombstone) if marks::is_moved(&tombstone) => true,
            Load::Ended(_) | Load::Live(_) => return Ok(Bound::Occupied),
        };
        self.note_subject(subject, now).await?;
        let mut staying = Vec::new();
        for record in self.old.list(subject, now).await? {
            if let Place::Old = self.settle(record.handle(), now).await? {
                staying.push(record);
            }
        }
        if let Some(replaced) = bind.replaces {
            let _place: Place = self.settle(replaced.handle, now).await?;
        }
        match self.bind_beside(staying, bind, subject, now).await? {
            Bound::Bound { evicted } if began_in_old => {
                self.keep_limit(bind, evicted, subject, now).await
            }
            answer => Ok(answer),
        }
    }
}

/// A caller broke its promise.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the session to bind has no subject: begin it with `create`")]
struct NoSubject;
