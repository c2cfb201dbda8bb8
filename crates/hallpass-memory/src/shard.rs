//! One shard: records and tombstones by handle, and when each is past its time.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::ops::Bound;
use std::sync::Arc;

use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use crate::hashing::HandleHashing;
use crate::visit::Visit;

/// When something is due, and what: the key of the queues.
pub(crate) type Due = (Timestamp, SessionHandle);

/// A part of the sessions, under one lock.
///
/// Each method that meets a record which lives no more leaves its tombstone in its place, so that
/// it is judged once and its memory comes back.
pub(crate) struct Shard {
    slots: HashMap<SessionHandle, Slot, HandleHashing>,
    /// # Invariant
    ///
    /// One entry for each live slot, under the time that the slot names.
    deadlines: BTreeSet<Due>,
    /// # Invariant
    ///
    /// One entry for each tombstone, under the time until which it is kept.
    tombstones: BTreeSet<Due>,
    /// # Invariant
    ///
    /// No entry of either queue is due earlier. Saves a look at them.
    next_due: Timestamp,
    max_tombstones: usize,
}

enum Slot {
    Ended(Box<Tombstone>),
    Live {
        record: Arc<SessionRecord>,
        /// When the record is looked at again. Touches and updates move the deadline, not this:
        /// they would pay for a queue that nearly always finds that the session goes on.
        queued: Timestamp,
    },
}

/// What [`Shard::expire`] did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Expired {
    pub(crate) looked_at: usize,
    pub(crate) removed: usize,
}

impl Shard {
    pub(crate) fn new(hashing: HandleHashing, max_tombstones: usize) -> Self {
        Self {
            slots: HashMap::with_hasher(hashing),
            deadlines: BTreeSet::new(),
            tombstones: BTreeSet::new(),
            next_due: Timestamp::MAX,
            max_tombstones,
        }
    }

    /// Returns what is known of a session.
    pub(crate) fn find(&mut self, handle: SessionHandle, visit: &mut Visit<'_>) -> Load {
        let tombstone = match self.slots.get(&handle) {
            Some(Slot::Ended(tombstone)) => return Load::Ended(Tombstone::clone(tombstone)),
            Some(Slot::Live { record, .. }) => match visit.ending_of(record) {
                Some(tombstone) => tombstone,
                None => return Load::Live(Arc::clone(record)),
            },
            None => return Load::Missing,
        };
        if let Some(record) = self.end(tombstone.clone()) {
            visit.give_back(record);
        }
        Load::Ended(tombstone)
    }

    /// Begins a session, whose handle must be free, at the epochs of this moment.
    pub(crate) fn insert(&mut self, record: SessionRecord, visit: &Visit<'_>) {
        let record = Arc::new(visit.epochs.stamped(record));
        let queued = record.expires_at();
        self.queue_deadline((queued, record.handle()));
        self.slots
            .insert(record.handle(), Slot::Live { record, queued });
    }

    /// Stores the next state of a record that was found live under the same lock.
    pub(crate) fn replace(&mut self, next: SessionRecord) {
        let handle = next.handle();
        let deadline = next.expires_at();
        let Some(Slot::Live { record, queued }) = self.slots.get_mut(&handle) else {
            return;
        };
        *record = Arc::new(next);
        // Limits may have become shorter. Later deadlines wait until the entry is due.
        if deadline < *queued {
            let before = std::mem::replace(queued, deadline);
            self.deadlines.remove(&(before, handle));
            self.queue_deadline((deadline, handle));
        }
    }

    /// Leaves a tombstone, and returns the record that was in its place, whose place among the
    /// live ones is the caller's to give back.
    ///
    /// There are never more tombstones than the limit: the one that would go first goes.
    pub(crate) fn end(&mut self, tombstone: Tombstone) -> Option<Arc<SessionRecord>> {
        let handle = tombstone.handle();
        let record = self.remove(handle);
        if self.tombstones.len() >= self.max_tombstones
            && let Some((_, first)) = self.tombstones.pop_first()
        {
            self.slots.remove(&first);
        }
        let keep_until = tombstone.keep_until();
        self.tombstones.insert((keep_until, handle));
        self.next_due = self.next_due.min(keep_until);
        self.slots.insert(handle, Slot::Ended(Box::new(tombstone)));
        record
    }

    /// Looks at no more than `max` of what is due, and removes what is past its time.
    ///
    /// A subject's record leaves a tombstone. That of an anonymous session leaves none, unless
    /// somebody asked for it after its deadline: nobody else misses it, and whoever can make
    /// anonymous sessions must not fill the memory for longer than those live.
    pub(crate) fn expire(&mut self, max: usize, visit: &mut Visit<'_>) -> Expired {
        let mut expired = Expired::default();
        if !self.has_due(visit.now) {
            return expired;
        }
        while expired.looked_at < max
            && let Some((_, handle)) = pop_due(&mut self.deadlines, visit.now)
        {
            expired.looked_at += 1;
            expired.removed += usize::from(self.expire_record(handle, visit));
        }
        while expired.looked_at < max
            && let Some((_, handle)) = pop_due(&mut self.tombstones, visit.now)
        {
            self.slots.remove(&handle);
            expired.looked_at += 1;
            expired.removed += 1;
        }
        let first = [self.deadlines.first(), self.tombstones.first()]
            .into_iter()
            .flatten()
            .min();
        self.next_due = first.map_or(Timestamp::MAX, |&(at, _)| at);
        self.shrink();
        expired
    }

    pub(crate) fn has_due(&self, now: Timestamp) -> bool {
        self.next_due <= now
    }

    /// Looks at no more than `max` live records, those after a point of the queue, and returns the
    /// point up to which it came and how many it looked at.
    pub(crate) fn settle(
        &mut self,
        after: Option<Due>,
        max: usize,
        visit: &mut Visit<'_>,
    ) -> (Option<Due>, usize) {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let batch: Vec<Due> = self
            .deadlines
            .range((start, Bound::Unbounded))
            .take(max)
            .copied()
            .collect();
        for &(_, handle) in &batch {
            let _settled: Load = self.find(handle, visit);
        }
        (batch.last().copied(), batch.len())
    }

    pub(crate) fn tombstones(&self) -> usize {
        self.tombstones.len()
    }

    /// Looks at the record of an entry that was taken from the queue; returns whether it is over.
    fn expire_record(&mut self, handle: SessionHandle, visit: &mut Visit<'_>) -> bool {
        let Some(Slot::Live { record, queued }) = self.slots.get_mut(&handle) else {
            return false;
        };
        let Some(tombstone) = visit.ending_of(record) else {
            *queued = record.expires_at();
            self.deadlines.insert((*queued, handle));
            return false;
        };
        let is_missed = tombstone.subject().is_some()
            || !matches!(tombstone.reason(), EndReason::Absolute | EndReason::Idle);
        let record = if is_missed && visit.now < tombstone.keep_until() {
            self.end(tombstone)
        } else {
            self.remove(handle)
        };
        if let Some(record) = record {
            visit.give_back(record);
        }
        true
    }

    /// Empties a slot, and returns the live record that was in it.
    fn remove(&mut self, handle: SessionHandle) -> Option<Arc<SessionRecord>> {
        match self.slots.remove(&handle)? {
            Slot::Ended(tombstone) => {
                self.tombstones.remove(&(tombstone.keep_until(), handle));
                None
            }
            Slot::Live { record, queued } => {
                self.deadlines.remove(&(queued, handle));
                Some(record)
            }
        }
    }

    fn queue_deadline(&mut self, due: Due) {
        self.deadlines.insert(due);
        self.next_due = self.next_due.min(due.0);
    }

    /// Gives memory back after many slots have gone. A table halves at least, so that this costs
    /// each slot that went no more than its insertion did.
    fn shrink(&mut self) {
        let needed = self.slots.len();
        if self.slots.capacity() > 8 * needed + 64 {
            self.slots.shrink_to(2 * needed);
        }
    }
}

fn pop_due(queue: &mut BTreeSet<Due>, now: Timestamp) -> Option<Due> {
    let &(at, _) = queue.first()?;
    if at <= now { queue.pop_first() } else { None }
}

#[cfg(test)]
mod tests;
