//! How the places of sessions that are over come back.

use hallpass_core::SessionRecord;
use hallpass_core::Swept;
use hallpass_core::Timestamp;

use super::Inner;
use crate::shard::Expired;

impl Inner {
    /// Looks for a place for a record where there seems to be none: among everything that is due,
    /// and among some of what an epoch may have ended. The caller holds no lock.
    ///
    /// What is due is looked at once and gone, or due again only after another touch or update, so
    /// a store that is full of live sessions says so quickly.
    pub(super) fn make_room(&self, record: &SessionRecord, now: Timestamp) -> bool {
        for shard in &self.shards {
            loop {
                let Expired { looked_at, .. } =
                    self.visit(now, |visit| shard.lock().expire(BATCH, visit));
                if self.places.has_room_for(record) {
                    return true;
                }
                if looked_at < BATCH {
                    break;
                }
            }
        }
        self.collect(self.round.lock(), MOST_COLLECTED, now);
        self.places.has_room_for(record)
    }

    pub(super) fn sweep(&self, max: usize, now: Timestamp) -> Swept {
        let mut swept = Swept::default();
        // At least one, so that whoever sweeps until there is no more comes to an end.
        let mut left = max.max(1);
        for shard in &self.shards {
            let (expired, has_due) = self.visit(now, |visit| {
                let mut shard = shard.lock();
                (shard.expire(left, visit), shard.has_due(now))
            });
            swept.removed += expired.removed;
            left -= expired.looked_at;
            if has_due {
                swept.more = true;
                return swept;
            }
        }
        self.collect_some(left, now);
        swept
    }
}

/// How much of what is due is looked at under one lock.
const BATCH: usize = 256;

/// How many records a login that finds the store full looks at after an advance: enough to find
/// room after everybody's sessions were ended, and no more than a fraction of a millisecond.
const MOST_COLLECTED: usize = 4_096;

#[cfg(test)]
mod tests;
