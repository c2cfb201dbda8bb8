//! The abilities of the reference store.

use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::Load;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::ReferenceStore;
use super::Slot;
use super::state::Epoch;

impl SubjectIndex for ReferenceStore {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        let mut state = self.state();
        let record = &bind.record;
        match state.find(record.handle(), now) {
            Load::Missing => {}
            Load::Live(stored) if stored.write_id() == record.write_id() => {
                return Ok(Bound::Bound {
                    evicted: Vec::new(),
                });
            }
            Load::Ended(_) | Load::Live(_) => return Ok(Bound::Occupied),
        }
        let replaced = match &bind.replaces {
            Some(replaces) => match state.find(replaces.handle, now) {
                Load::Live(old) if old.revision() == replaces.revision => Some(old),
                Load::Ended(_) | Load::Live(_) | Load::Missing => return Ok(Bound::Conflict),
            },
            None => None,
        };
        let mut active = record
            .subject()
            .map_or_else(Vec::new, |whose| state.live(whose, now));
        active.retain(|other| {
            replaced
                .as_ref()
                .is_none_or(|old| old.handle() != other.handle())
        });
        let mut evicted = Vec::new();
        if let Some(limit) = &bind.limit {
            let room = usize::try_from(limit.max.get() - 1).unwrap_or(usize::MAX);
            match limit.at_limit {
                AtLimit::EvictLeastRecentlyUsed => active.sort_by_key(|other| other.last_seen()),
                AtLimit::EvictOldest => active.sort_by_key(|other| other.created_at()),
                AtLimit::Reject if active.len() > room => return Ok(Bound::Denied { active }),
                AtLimit::Reject => {}
            }
            active.truncate(active.len().saturating_sub(room));
            for other in &active {
                evicted.push(state.end(other, EndReason::Evicted, now));
            }
        }
        if let Some(old) = replaced {
            state.end(&old, EndReason::Superseded, now);
        }
        state.begin(record);
        Ok(Bound::Bound { evicted })
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        Ok(self.state().live(subject, now))
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let mut state = self.state();
        Ok(state
            .live(subject, now)
            .into_iter()
            .filter(|record| Some(record.handle()) != except)
            .map(|record| state.end(&record, reason.clone(), now))
            .collect())
    }
}

impl Epochs for ReferenceStore {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let count = state.epochs.get(scope).map_or(1, |epoch| epoch.count + 1);
        let epoch = Epoch {
            count,
            reason: reason.clone(),
            at: now,
        };
        state.epochs.insert(scope.clone(), epoch);
        Ok(())
    }
}

impl Sweep for ReferenceStore {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        let mut state = self.state();
        let past: Vec<SessionHandle> = state
            .slots
            .iter()
            .filter(|(_, slot)| match slot {
                Slot::Ended(tombstone) => tombstone.keep_until() <= now,
                Slot::Live(record) => !record.is_live(now),
            })
            .map(|(handle, _)| *handle)
            .collect();
        for handle in past.iter().take(max) {
            state.slots.remove(handle);
        }
        Ok(Swept {
            removed: past.len().min(max),
            more: past.len() > max,
        })
    }
}

impl RevocationFeed for ReferenceStore {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        let listeners = {
            let mut state = self.state();
            state
                .listeners
                .retain(|listener| listener.strong_count() > 0);
            state.listeners.clone()
        };
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.ended(ending);
        }
        Ok(())
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.state().listeners.push(listener);
    }
}
