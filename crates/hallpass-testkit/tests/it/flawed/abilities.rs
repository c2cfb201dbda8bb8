//! The abilities of the flawed store.

use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Concurrency;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::Load;
use hallpass_core::Replaced;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use tokio::task::yield_now;

use super::Flaw;
use super::FlawedStore;
use crate::reference::Slot;

impl SubjectIndex for FlawedStore {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        let record = &bind.record;
        match (self.flaw, bind.limit) {
            (Flaw::CountsExpired, Some(limit)) => {
                let all = self.same_name(record.subject(), |whose| record.subject() == Some(whose));
                if limit.at_limit == AtLimit::Reject && all.len() >= max(limit) {
                    return Ok(Bound::Denied { active: all });
                }
            }
            (Flaw::CountsWithoutLock, Some(limit)) => {
                let active = match record.subject() {
                    Some(whose) => self.sound.list(whose, now).await?,
                    None => Vec::new(),
                };
                yield_now().await;
                if limit.at_limit == AtLimit::Reject && active.len() >= max(limit) {
                    return Ok(Bound::Denied { active });
                }
                return self
                    .sound
                    .bind(
                        &Bind {
                            limit: None,
                            ..bind.clone()
                        },
                        now,
                    )
                    .await;
            }
            (Flaw::IgnoresTenants, Some(_)) => {
                let printed = record.subject().map(Subject::to_string);
                for other in
                    self.same_name(record.subject(), |whose| Some(whose.to_string()) == printed)
                {
                    self.sound.state().end(&other, EndReason::Evicted, now);
                }
            }
            (Flaw::ForgetsLogins, _) => {
                if let Load::Live(_) = self.sound.load(record.handle(), now).await? {
                    return Ok(Bound::Occupied);
                }
            }
            (Flaw::ReplacesAnyRevision, _) => {
                if let Some(replaces) = bind.replaces
                    && let Some(old) = self.stored(replaces.handle)
                {
                    let replaces = Replaced {
                        revision: old.revision(),
                        ..replaces
                    };
                    let bind = Bind {
                        replaces: Some(replaces),
                        ..bind.clone()
                    };
                    return self.sound.bind(&bind, now).await;
                }
            }
            _ => {}
        }
        self.sound.bind(bind, now).await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        if self.flaw == Flaw::IgnoresTenants {
            let printed = subject.to_string();
            return Ok(self.same_name(Some(subject), |whose| whose.to_string() == printed));
        }
        self.sound.list(subject, now).await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let except = if self.flaw == Flaw::SparesNobody {
            None
        } else {
            except
        };
        self.sound.end_subject(subject, except, reason, now).await
    }
}

impl FlawedStore {
    /// Returns the records whose subject passes, if one is asked for, also expired ones.
    fn same_name(
        &self,
        asked: Option<&Subject>,
        passes: impl Fn(&Subject) -> bool,
    ) -> Vec<Arc<SessionRecord>> {
        let state = self.sound.state();
        let records = state.slots.values().filter_map(|slot| match slot {
            Slot::Ended(_) => None,
            Slot::Live(record) => Some(record),
        });
        records
            .filter(|record| asked.is_some() && record.subject().is_some_and(&passes))
            .map(Arc::clone)
            .collect()
    }
}

impl Epochs for FlawedStore {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.flaw != Flaw::ComparesClocks {
            return self.sound.advance(scope, reason, now).await;
        }
        let mut state = self.sound.state();
        let older: Vec<_> = state
            .slots
            .values()
            .filter_map(|slot| match slot {
                Slot::Live(record) if record.created_at() < now => Some(Arc::clone(record)),
                Slot::Ended(_) | Slot::Live(_) => None,
            })
            .filter(|record| scope.holds(record.subject()))
            .collect();
        for record in older {
            state.end(&record, reason.clone(), now);
        }
        Ok(())
    }
}

impl Sweep for FlawedStore {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        match self.flaw {
            Flaw::SweepsAll => self.sound.sweep(usize::MAX, now).await,
            Flaw::SweepsInTwoSteps => {
                let past: Vec<_> = self
                    .sound
                    .state()
                    .slots
                    .iter()
                    .filter(|(_, slot)| matches!(slot, Slot::Live(record) if !record.is_live(now)))
                    .map(|(handle, _)| *handle)
                    .collect();
                yield_now().await;
                self.sound
                    .state()
                    .slots
                    .retain(|handle, _| !past.contains(handle));
                Ok(Swept {
                    removed: past.len(),
                    more: false,
                })
            }
            Flaw::SweepsTombstones => {
                self.sound
                    .state()
                    .slots
                    .retain(|_, slot| matches!(slot, Slot::Live(_)));
                self.sound.sweep(max, now).await
            }
            _ => self.sound.sweep(max, now).await,
        }
    }
}

impl RevocationFeed for FlawedStore {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.sound.publish(ending).await
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        if self.flaw == Flaw::KeepsListeners {
            self.kept.lock().unwrap().extend(listener.upgrade());
        }
        self.sound.subscribe(listener);
    }
}

fn max(limit: Concurrency) -> usize {
    usize::try_from(limit.max.get()).unwrap()
}
