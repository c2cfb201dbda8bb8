//! Room for a login among sessions of which some are in the old store for good.

use std::sync::Arc;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Concurrency;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::MigratingStore;

impl<New: SubjectIndex, Old: SubjectIndex> MigratingStore<New, Old> {
    /// Begins a session in the new store, where these of the subject stay in the old one.
    pub(super) async fn bind_beside(
        &self,
        staying: Vec<Arc<SessionRecord>>,
        bind: &Bind,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        if staying.is_empty() {
            return self.new.bind(bind, now).await;
        }
        let mut bind = bind.clone();
        let (replaced, mut staying): (Vec<_>, Vec<_>) = staying.into_iter().partition(|record| {
            bind.replaces
                .is_some_and(|replaced| replaced.handle == record.handle())
        });
        if let (Some(replaced), Some(stored)) = (bind.replaces, replaced.first())
            && replaced.revision != stored.revision()
        {
            return Ok(Bound::Conflict);
        }

        let mut evicted = Vec::new();
        if let Some(limit) = bind.limit {
            let surplus = match self.surplus(&staying, &bind, limit, subject, now).await? {
                Ok(surplus) => surplus,
                Err(active) => return Ok(Bound::Denied { active }),
            };
            for record in surplus {
                staying.retain(|other| other.handle() != record.handle());
                evicted.extend(self.end_in_old(&record, EndReason::Evicted, now).await?);
            }
            bind.limit = Some(less(limit, staying.len()));
        }
        if let Some(stored) = replaced.first() {
            if self
                .end_in_old(stored, EndReason::Superseded, now)
                .await?
                .is_none()
            {
                return Ok(Bound::Conflict);
            }
            bind.replaces = None;
        }
        Ok(match self.new.bind(&bind, now).await? {
            Bound::Bound { evicted: more } => {
                evicted.extend(more);
                Bound::Bound { evicted }
            }
            Bound::Denied { mut active } => {
                active.extend(staying);
                Bound::Denied { active }
            }
            answer @ (Bound::Conflict | Bound::Occupied) => answer,
        })
    }

    /// Returns which of the sessions in the old store have to end before another one begins, or
    /// all sessions of the subject where the limit says that none is to end.
    async fn surplus(
        &self,
        staying: &[Arc<SessionRecord>],
        bind: &Bind,
        limit: Concurrency,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Result<Vec<Arc<SessionRecord>>, Vec<Arc<SessionRecord>>>, StoreError> {
        let mut active = self.new.list(subject, now).await?;
        // A login that is repeated has its place.
        if active
            .iter()
            .any(|record| record.handle() == bind.record.handle())
        {
            return Ok(Ok(Vec::new()));
        }
        active.retain(|record| {
            bind.replaces
                .is_none_or(|replaced| replaced.handle != record.handle())
        });
        active.extend(staying.iter().cloned());
        let max = usize::try_from(limit.max.get()).unwrap_or(usize::MAX);
        let surplus = (active.len() + 1).saturating_sub(max);
        if surplus > 0 && limit.at_limit == AtLimit::Reject {
            return Ok(Err(active));
        }
        in_order(&mut active, limit);
        active.truncate(surplus);
        active.retain(|record| {
            staying
                .iter()
                .any(|other| other.handle() == record.handle())
        });
        Ok(Ok(active))
    }

    /// Ends a session in the old store. `None` where it had ended before.
    async fn end_in_old(
        &self,
        record: &SessionRecord,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<Option<Tombstone>, StoreError> {
        let order = order(record, reason, now);
        Ok(match self.old.end(&order, now).await? {
            EndOutcome::Ended(tombstone) => Some(tombstone),
            EndOutcome::Already(_) | EndOutcome::Missing => None,
        })
    }

    /// Holds a login to its limit that the old store counted before sessions moved: where there
    /// are too many by now, others end, or it does.
    pub(super) async fn keep_limit(
        &self,
        bind: &Bind,
        mut evicted: Vec<Tombstone>,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Bound, StoreError> {
        let Some(limit) = bind.limit else {
            return Ok(Bound::Bound { evicted });
        };
        let own = bind.record.handle();
        let (own, mut others): (Vec<_>, Vec<_>) = self
            .list(subject, now)
            .await?
            .into_iter()
            .partition(|record| record.handle() == own);
        if own.is_empty() {
            // Another login, which came after, has evicted it.
            return Ok(Bound::Bound { evicted });
        }
        let max = usize::try_from(limit.max.get()).unwrap_or(usize::MAX);
        let surplus = (others.len() + 1).saturating_sub(max);
        if surplus > 0 && limit.at_limit == AtLimit::Reject {
            let own = order(&bind.record, EndReason::Evicted, now);
            let _ended: EndOutcome = self.end_everywhere(&own, now).await?;
            return Ok(Bound::Denied { active: others });
        }
        in_order(&mut others, limit);
        for record in others.iter().take(surplus) {
            let order = order(record, EndReason::Evicted, now);
            if let EndOutcome::Ended(tombstone) = self.end_everywhere(&order, now).await? {
                evicted.push(tombstone);
            }
        }
        Ok(Bound::Bound { evicted })
    }
}

/// Sorts sessions in the order in which a limit ends them.
fn in_order(active: &mut [Arc<SessionRecord>], limit: Concurrency) {
    match limit.at_limit {
        AtLimit::EvictLeastRecentlyUsed => {
            active.sort_unstable_by_key(|record| (record.last_seen(), record.handle()));
        }
        AtLimit::EvictOldest | AtLimit::Reject => {
            active.sort_unstable_by_key(|record| (record.created_at(), record.handle()));
        }
    }
}

/// What is left of a limit beside sessions that count and are elsewhere. At least one: they are
/// fewer than the limit.
fn less(limit: Concurrency, elsewhere: usize) -> Concurrency {
    let elsewhere = u32::try_from(elsewhere).unwrap_or(u32::MAX);
    let left = limit.max.get().saturating_sub(elsewhere);
    Concurrency {
        max: left.try_into().unwrap_or(std::num::NonZeroU32::MIN),
        at_limit: limit.at_limit,
    }
}

fn order(record: &SessionRecord, reason: EndReason, now: Timestamp) -> End {
    End {
        handle: record.handle(),
        reason,
        at: now,
        keep_until: record.absolute_deadline(),
    }
}
