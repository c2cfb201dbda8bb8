//! How sessions end in both stores.

use std::collections::HashSet;

use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::SessionHandle;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::MigratingStore;
use super::Phase;
use super::marks;
use super::place::Place;

impl<New: SessionStore, Old: SessionStore> MigratingStore<New, Old> {
    pub(super) async fn end_everywhere(
        &self,
        end: &End,
        now: Timestamp,
    ) -> Result<EndOutcome, StoreError> {
        let handle = end.handle;
        match self.place(handle, now).await? {
            Place::Ended(tombstone) => return Ok(EndOutcome::Already(tombstone)),
            Place::New => {}
            Place::Old => match self.old.end(end, now).await? {
                // Moved meanwhile.
                EndOutcome::Already(tombstone) if marks::is_moved(&tombstone) => {}
                outcome => {
                    if let EndOutcome::Already(tombstone) | EndOutcome::Ended(tombstone) = &outcome
                        && self.is_noted(marks::of_session(handle), now).await?
                    {
                        self.end_copy(tombstone, now).await?;
                    }
                    return Ok(outcome);
                }
            },
        }
        match self.new.end(end, now).await? {
            // It may still begin, in either store, if its `create` is late.
            EndOutcome::Missing => match self.old.end(end, now).await? {
                EndOutcome::Already(tombstone) if marks::is_moved(&tombstone) => {
                    Ok(EndOutcome::Missing)
                }
                outcome => Ok(outcome),
            },
            outcome => Ok(outcome),
        }
    }
}

impl<New: SubjectIndex, Old: SubjectIndex> MigratingStore<New, Old> {
    pub(super) async fn end_all(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        if self.phase == Phase::Moving {
            for record in self.old.list(subject, now).await? {
                let _place: Place = self.settle(record.handle(), now).await?;
            }
        }
        // What is left there: what cannot move, and what other nodes began meanwhile.
        let ended = self.old.end_subject(subject, except, reason, now).await?;
        let mut tombstones = ended;
        let may_have_moved =
            self.phase == Phase::Moving || self.is_noted(marks::of_subject(subject), now).await?;
        if !may_have_moved {
            return Ok(tombstones);
        }
        for tombstone in &tombstones {
            self.end_copy(tombstone, now).await?;
        }
        let known: HashSet<_> = tombstones.iter().map(Tombstone::handle).collect();
        let moved = self.new.end_subject(subject, except, reason, now).await?;
        let moved = moved
            .into_iter()
            .filter(|tombstone| !known.contains(&tombstone.handle()));
        tombstones.extend(moved);
        Ok(tombstones)
    }
}
