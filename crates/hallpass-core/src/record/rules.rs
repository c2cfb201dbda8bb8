//! The rules of the store contract, as pure functions of what is stored.
//!
//! A store that can read, decide and write as one step (under a lock, in a transaction, in a
//! script) calls these and has clauses 1, 3, 4 and 5 right. A store that decides in SQL or in Lua
//! says the same in its own language.

use super::SessionRecord;
use super::Tombstone;
use crate::end::EndReason;
use crate::record::Revision;
use crate::store::Touch;
use crate::store::Touched;
use crate::store::Write;
use crate::time::Timestamp;

impl SessionRecord {
    /// Decides an update: `self` is what is stored, `update` what was asked for.
    ///
    /// Returns the record to store only with [`Write::Applied`], and not where the same write was
    /// applied before.
    pub fn updated(
        &self,
        update: &Self,
        expected: Revision,
        now: Timestamp,
    ) -> (Write, Option<Self>) {
        if !self.is_live(now) {
            (Write::Gone, None)
        } else if self.write_id == update.write_id {
            (Write::Applied, None)
        } else if self.revision != expected {
            (Write::Conflict, None)
        } else {
            (Write::Applied, Some(update.clone().after(self)))
        }
    }

    /// Decides a touch: `self` is what is stored.
    ///
    /// Returns the record to store where something changes.
    pub fn touched(&self, touch: &Touch, now: Timestamp) -> (Touched, Option<Self>) {
        if !self.is_live(now) {
            return (Touched::Gone, None);
        }
        if self.credential.digest() != touch.digest || self.binding != touch.binding {
            return (Touched::Refused, None);
        }
        let confirms = touch.confirm && self.credential.confirmed_at().is_none();
        if !confirms && touch.last_seen <= self.last_seen {
            return (Touched::Applied, None);
        }
        let mut record = self.clone();
        record.last_seen = record.last_seen.max(touch.last_seen);
        if confirms {
            record.credential.confirm(now);
        }
        (Touched::Applied, Some(record))
    }

    /// Returns the tombstone that a record past its deadline amounts to; `None` while it lives.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> Option<Tombstone> {
        let deadline = self.expires_at();
        (now >= deadline).then(|| Tombstone::of(self, self.expiry_reason(), deadline))
    }

    /// Returns which of the deadlines the session ends by if nothing else ends it.
    pub(crate) fn expiry_reason(&self) -> EndReason {
        match self.idle_deadline() {
            Some(idle) if idle <= self.absolute_deadline && !self.locks_when_idle() => {
                EndReason::Idle
            }
            _ => EndReason::Absolute,
        }
    }

    /// Keeps what an update never takes back: activity that was stored meanwhile, and the epochs.
    fn after(mut self, stored: &Self) -> Self {
        self.last_seen = self.last_seen.max(stored.last_seen);
        self.epochs = stored.epochs;
        if self.credential.digest() == stored.credential.digest()
            && let Some(confirmed_at) = stored.credential.confirmed_at()
        {
            self.credential.confirm(confirmed_at);
        }
        self
    }
}
