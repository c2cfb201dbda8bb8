//! What the store is able to do beside keeping records: everything.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::DynStore;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::MemoryStore;
use crate::collection::LONG_STEP;
use crate::places::Full;

impl SubjectIndex for MemoryStore {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        match bind.record.subject() {
            Some(subject) => self
                .0
                .bind(bind, subject, now)
                .map_err(Full::into_store_error),
            None => Err(StoreError::new(StoreErrorKind::Rejected, NoSubject)),
        }
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        Ok(self.0.visit(now, |visit| {
            let mut sessions = self.0.index.lock(subject);
            self.0.live(subject, &mut sessions, visit)
        }))
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        Ok(self.0.visit(now, |visit| {
            // Locked throughout, so that no session of the subject begins among those that end.
            let sessions = self.0.index.lock(subject);
            let is_theirs = |record: &SessionRecord| record.subject() == Some(subject);
            let mut tombstones = Vec::new();
            for handle in sessions.handles() {
                if Some(handle) != except
                    && let Some((tombstone, record)) =
                        self.0.end_if(handle, reason, is_theirs, visit)
                {
                    visit.give_back(record);
                    tombstones.push(tombstone);
                }
            }
            tombstones
        }))
    }
}

impl Epochs for MemoryStore {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.epochs.advance(scope, reason, now);
        self.0.collect_some(LONG_STEP, now);
        Ok(())
    }
}

impl Sweep for MemoryStore {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        Ok(self.0.sweep(max, now))
    }
}

impl RevocationFeed for MemoryStore {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.0.feed.publish(ending);
        Ok(())
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.0.feed.subscribe(listener);
    }
}

impl From<MemoryStore> for DynStore {
    /// With all abilities.
    fn from(store: MemoryStore) -> Self {
        Self::builder(store)
            .with_index()
            .with_epochs()
            .with_sweep()
            .with_feed()
            .build()
    }
}

/// A caller broke its promise.
#[derive(Debug)]
struct NoSubject;

impl fmt::Display for NoSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session to bind has no subject: begin it with `create`")
    }
}

impl Error for NoSubject {}

#[cfg(test)]
mod tests;
