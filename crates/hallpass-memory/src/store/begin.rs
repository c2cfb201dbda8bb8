//! How sessions begin.

use std::sync::Arc;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Concurrency;
use hallpass_core::Create;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::Replaced;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::Inner;
use crate::collection::LONG_STEP;
use crate::index::Sessions;
use crate::places::Full;
use crate::visit::Visit;

impl Inner {
    pub(super) fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, Full> {
        self.begin(record, now, |visit| {
            let sessions = record.subject().map(|subject| self.index.lock(subject));
            let copy = record.clone();
            let mut shard = self.shard(record.handle());
            let Load::Missing = shard.find(record.handle(), visit) else {
                return Ok(Create::Occupied);
            };
            self.places.take(record)?;
            shard.insert(copy, visit);
            shard.expire(DUE_PER_BEGIN, visit);
            if let Some(mut sessions) = sessions {
                sessions.insert(record.handle());
            }
            Ok(Create::Created)
        })
    }

    pub(super) fn bind(
        &self,
        bind: &Bind,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Bound, Full> {
        self.begin(&bind.record, now, |visit| {
            self.bind_step(bind, subject, visit)
        })
    }

    /// Takes a step that needs a place, once more where it found none and there is one now. A step
    /// that finds none has changed nothing.
    fn begin<T>(
        &self,
        record: &SessionRecord,
        now: Timestamp,
        step: impl Fn(&mut Visit<'_>) -> Result<T, Full>,
    ) -> Result<T, Full> {
        let answer = match self.visit(now, &step) {
            Err(_full) if self.make_room(record, now) => self.visit(now, &step),
            answer => answer,
        };
        self.collect_some(LONG_STEP, now);
        answer
    }

    /// Begins the session of a subject. Its part of the index stays locked, so that all of its
    /// logins happen one after the other.
    fn bind_step(
        &self,
        bind: &Bind,
        subject: &Subject,
        visit: &mut Visit<'_>,
    ) -> Result<Bound, Full> {
        let record = &bind.record;
        let mut sessions = self.index.lock(subject);
        match self.shard(record.handle()).find(record.handle(), visit) {
            Load::Live(stored) if stored.write_id() == record.write_id() => {
                return Ok(Bound::Bound {
                    evicted: Vec::new(),
                });
            }
            Load::Ended(_) | Load::Live(_) => return Ok(Bound::Occupied),
            Load::Missing => {}
        }

        let surplus = match bind.limit {
            Some(limit) => {
                let mut active = self.live(subject, &mut sessions, visit);
                active.retain(|record| !is_replaced(record, bind.replaces));
                match surplus(active, limit) {
                    Ok(surplus) => surplus,
                    Err(active) => return Ok(Bound::Denied { active }),
                }
            }
            None => Vec::new(),
        };

        let Some((evicted, freed)) = self.make_way(bind.replaces, surplus, visit) else {
            return Ok(Bound::Conflict);
        };
        let has_freed = !freed.is_empty();
        self.take_place(record, freed, visit)?;

        let copy = record.clone();
        let mut shard = self.shard(record.handle());
        if let Load::Missing = shard.find(record.handle(), visit) {
            shard.insert(copy, visit);
            sessions.insert(record.handle());
        } else {
            // Somebody ended this handle since it was found free. Where others ended for it, say
            // so: the session began, and then it ended.
            self.places.give_back(record);
            if !has_freed {
                return Ok(Bound::Occupied);
            }
        }
        shard.expire(DUE_PER_BEGIN, visit);
        Ok(Bound::Bound { evicted })
    }

    /// Ends the session that is replaced and those that are too many, and returns the tombstones
    /// of these and the records of all. `None` where the one to replace is not as it was loaded;
    /// then nothing was changed.
    fn make_way(
        &self,
        replaces: Option<Replaced>,
        surplus: Vec<Arc<SessionRecord>>,
        visit: &mut Visit<'_>,
    ) -> Option<(Vec<Tombstone>, Vec<Arc<SessionRecord>>)> {
        let mut freed = Vec::new();
        if let Some(Replaced { handle, revision }) = replaces {
            let fits = |stored: &SessionRecord| stored.revision() == revision;
            freed.push(self.end_if(handle, &EndReason::Superseded, fits, visit)?.1);
        }
        let mut evicted = Vec::new();
        for record in surplus {
            let ended = self.end_if(record.handle(), &EndReason::Evicted, |_| true, visit);
            if let Some((tombstone, record)) = ended {
                evicted.push(tombstone);
                freed.push(record);
            }
        }
        Some((evicted, freed))
    }

    /// Takes a place for the session of a subject: that of one that ended for it, so that a full
    /// store lets those in who make room themselves. Fails only where none did.
    fn take_place(
        &self,
        record: &SessionRecord,
        freed: Vec<Arc<SessionRecord>>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Full> {
        let mut freed = freed.into_iter();
        match freed.next() {
            Some(first) => visit.hand_to_subject(first),
            None => self.places.take(record)?,
        }
        freed.for_each(|record| visit.give_back(record));
        Ok(())
    }

    /// Returns the live sessions of a subject, and removes the others from the index: it heals
    /// when it is read (race 43).
    pub(super) fn live(
        &self,
        subject: &Subject,
        sessions: &mut Sessions<'_>,
        visit: &mut Visit<'_>,
    ) -> Vec<Arc<SessionRecord>> {
        let mut live = Vec::new();
        for handle in sessions.handles() {
            match self.shard(handle).find(handle, visit) {
                Load::Live(record) if record.subject() == Some(subject) => live.push(record),
                // Of another subject, whose hash is the same.
                Load::Live(_) => {}
                Load::Ended(_) | Load::Missing => sessions.remove(handle),
            }
        }
        live
    }
}

fn is_replaced(record: &SessionRecord, replaced: Option<Replaced>) -> bool {
    replaced.is_some_and(|replaced| replaced.handle == record.handle())
}

/// Returns those of the active sessions that have to end before another begins, or all of them
/// where the limit says that none is to end.
fn surplus(
    mut active: Vec<Arc<SessionRecord>>,
    limit: Concurrency,
) -> Result<Vec<Arc<SessionRecord>>, Vec<Arc<SessionRecord>>> {
    let max = usize::try_from(limit.max.get()).unwrap_or(usize::MAX);
    let surplus = (active.len() + 1).saturating_sub(max);
    if surplus == 0 {
        return Ok(Vec::new());
    }
    match limit.at_limit {
        AtLimit::EvictLeastRecentlyUsed => {
            active.sort_unstable_by_key(|record| (record.last_seen(), record.handle()));
        }
        AtLimit::EvictOldest => {
            active.sort_unstable_by_key(|record| (record.created_at(), record.handle()));
        }
        AtLimit::Reject => return Err(active),
    }
    active.truncate(surplus);
    Ok(active)
}

/// As `DUE_PER_WRITE` of the other operations, for an operation that adds the most.
const DUE_PER_BEGIN: usize = 4;

#[cfg(test)]
mod tests;
