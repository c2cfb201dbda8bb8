//! The rounds that follow an advance of an epoch.
//!
//! An advance ends sessions without looking at them, so their records stay where they are, and it
//! leaves an entry that each later operation compares with. A round looks at every record, a few
//! with each write and each advance, and leaves tombstones where sessions were ended. When it has
//! gone round, the entries that were there when it began are needed no more. So neither dead
//! records nor entries accumulate, and no request pays for more than a few records.

use hallpass_core::Timestamp;

use crate::shard::Due;
use crate::store::Inner;
use crate::sync::MutexGuard;

/// Where a round has come to.
#[derive(Debug)]
pub(crate) struct Round {
    /// The counter of the epochs when the round began.
    target: u64,
    shard: usize,
    /// The last record that was looked at in this shard. Records whose sessions were ended keep
    /// their place in the queue, so none of them is passed over.
    after: Option<Due>,
}

impl Inner {
    /// Goes a few records further, unless somebody else is about it or nothing was advanced. The
    /// caller holds no lock.
    pub(crate) fn collect_some(&self, max: usize, now: Timestamp) {
        if self.epochs.is_pending()
            && let Some(round) = self.round.try_lock()
        {
            self.collect(round, max, now);
        }
    }

    /// Goes about `max` records further. The caller holds the lock of the round and no other.
    pub(crate) fn collect(
        &self,
        mut current: MutexGuard<'_, Option<Round>>,
        max: usize,
        now: Timestamp,
    ) {
        if !self.epochs.is_pending() {
            return;
        }
        let target = self.epochs.counter();
        let round = current.get_or_insert(Round {
            target,
            shard: 0,
            after: None,
        });
        self.visit(now, |visit| {
            let mut left = max;
            while left > 0
                && let Some(shard) = self.shards.get(round.shard)
            {
                let (after, looked_at) = shard.lock().settle(round.after, left, visit);
                if looked_at < left {
                    round.shard += 1;
                    round.after = None;
                } else {
                    round.after = after;
                }
                left -= looked_at;
            }
        });
        if round.shard == self.shards.len() {
            self.epochs.forget_until(round.target);
            *current = None;
        }
    }
}

/// How many records a new session or an advance looks at. There are at most twice as many entries
/// of advances as it takes steps to go round.
pub(crate) const LONG_STEP: usize = 16;

/// How many records an update or a touch looks at. Those are many, and the round is over soon, so
/// that loads need not look at the entries any more.
pub(crate) const SHORT_STEP: usize = 4;

#[cfg(test)]
mod tests;
