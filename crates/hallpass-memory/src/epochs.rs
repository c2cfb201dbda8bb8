//! Counters that end many sessions at once.
//!
//! There is one counter. A session that begins is stamped with its value; an advance counts it up
//! and notes the new value, its number, for its scope. A record has ended once a scope that holds
//! it was advanced with a number greater than its stamp.
//!
//! # Why no session slips through
//!
//! - A session that began before `advance` was called has a smaller stamp than the number. The
//!   number is published before `advance` returns, and everything that is read afterwards is
//!   compared with it, so nothing sees the session live.
//! - A session that begins after `advance` has returned reads the counter with that number or a
//!   later one in it. It is untouched.
//! - A session that begins meanwhile reads the counter before or after. Before: it counts as one
//!   that began before, and has ended, perhaps before its own `create` returns. After: it began
//!   after.
//!
//! The loads and stores are sequentially consistent, because these sentences are about the order
//! of events in time, also between threads that share nothing else.
//!
//! # Why an entry may go
//!
//! The entry of a scope is needed while a live record with a smaller stamp is held. A
//! [round](crate::collection) looks at all records. When it began, the counter stood at some
//! value; when it is over, the entries up to that value go. A record whose stamp is smaller was
//! put into its shard before the round came to that shard, because it was stamped and put there
//! under the lock of the shard. So the round met it, and either it was in no such scope, or it is
//! a tombstone now.

use std::collections::HashMap;

use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::EpochStamp;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use crate::sync::AtomicU64;
use crate::sync::Ordering;
use crate::sync::RwLock;

#[derive(Default)]
pub(crate) struct EpochTable {
    counter: AtomicU64,
    /// # Invariant
    ///
    /// At least the greatest number in `scopes`; 0 where there is none. No record whose stamp is
    /// as great needs a look at the scopes.
    newest: AtomicU64,
    scopes: RwLock<Scopes>,
}

/// The last advance of each scope.
#[derive(Default)]
struct Scopes {
    everybody: Option<Advance>,
    tenants: HashMap<String, Advance>,
    subjects: HashMap<Subject, Advance>,
}

struct Advance {
    number: u64,
    reason: EndReason,
    at: Timestamp,
}

impl EpochTable {
    /// Stamps a record that begins now. Call it under the lock of the record's shard.
    pub(crate) fn stamped(&self, record: SessionRecord) -> SessionRecord {
        let now = self.counter();
        let subject = record.subject();
        let stamp = EpochStamp {
            everybody: now,
            tenant: if subject.is_some_and(|subject| subject.tenant().is_some()) {
                now
            } else {
                0
            },
            subject: if subject.is_some() { now } else { 0 },
        };
        record.stamped(stamp)
    }

    pub(crate) fn counter(&self) -> u64 {
        self.counter.load(Ordering::SeqCst)
    }

    /// Ends what began before in this scope.
    pub(crate) fn advance(&self, scope: &EpochScope, reason: &EndReason, at: Timestamp) {
        let mut scopes = self.scopes.write();
        let number = self.counter().saturating_add(1);
        let advance = Advance {
            number,
            reason: reason.clone(),
            at,
        };
        match scope {
            EpochScope::Everybody => scopes.everybody = Some(advance),
            EpochScope::Subject(subject) => {
                scopes.subjects.insert(subject.clone(), advance);
            }
            EpochScope::Tenant(tenant) => {
                scopes.tenants.insert(tenant.clone(), advance);
            }
        }
        self.newest.store(number, Ordering::SeqCst);
        // Last, so that whoever is stamped with the number finds it published.
        self.counter.store(number, Ordering::SeqCst);
    }

    /// Returns what a record amounts to that an advance has ended.
    pub(crate) fn ending_of(&self, record: &SessionRecord) -> Option<Tombstone> {
        let stamp = record.epochs();
        if stamp.everybody >= self.newest.load(Ordering::SeqCst) {
            return None;
        }
        let scopes = self.scopes.read();
        let subject = record.subject();
        let everybody = scopes
            .everybody
            .as_ref()
            .filter(|last| last.number > stamp.everybody);
        let of_tenant = subject
            .and_then(Subject::tenant)
            .and_then(|tenant| scopes.tenants.get(tenant))
            .filter(|last| last.number > stamp.tenant);
        let of_subject = subject
            .and_then(|subject| scopes.subjects.get(subject))
            .filter(|last| last.number > stamp.subject);
        let first = [everybody, of_tenant, of_subject]
            .into_iter()
            .flatten()
            .min_by_key(|advance| advance.number)?;
        // It may have expired before it was ended.
        let expired = record.expired(first.at);
        Some(expired.unwrap_or_else(|| Tombstone::of(record, first.reason.clone(), first.at)))
    }

    /// Returns whether any scope has an entry, so that records have to be compared with it.
    pub(crate) fn is_pending(&self) -> bool {
        self.newest.load(Ordering::SeqCst) != 0
    }

    /// Removes the entries with numbers up to this one. Call it when no record needs them.
    pub(crate) fn forget_until(&self, number: u64) {
        let mut scopes = self.scopes.write();
        scopes.everybody.take_if(|last| last.number <= number);
        scopes.tenants.retain(|_, last| last.number > number);
        scopes.subjects.retain(|_, last| last.number > number);
        scopes.shrink();
        if scopes.len() == 0 {
            self.newest.store(0, Ordering::SeqCst);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.scopes.read().len()
    }
}

impl Scopes {
    fn shrink(&mut self) {
        self.tenants.shrink_to(self.tenants.len() * 2);
        self.subjects.shrink_to(self.subjects.len() * 2);
    }

    fn len(&self) -> usize {
        usize::from(self.everybody.is_some()) + self.tenants.len() + self.subjects.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::anonymous;
    use crate::testing::at;
    use crate::testing::of;
    use crate::testing::of_tenant;
    use crate::testing::revoked;
    use crate::testing::subject;

    fn advanced(scope: EpochScope) -> impl Fn(SessionRecord) -> bool {
        move |record| {
            let epochs = EpochTable::default();
            let record = epochs.stamped(record);
            epochs.advance(&scope, &revoked(), at(1));
            assert!(epochs.ending_of(&epochs.stamped(record.clone())).is_none());
            epochs.ending_of(&record).is_some()
        }
    }

    #[test]
    fn everybody_is_everybody() {
        let ends = advanced(EpochScope::Everybody);
        assert!(ends(anonymous()) && ends(of("alice")) && ends(of_tenant("acme", "alice")));
    }

    /// Race 46.
    #[test]
    fn a_tenant_ends_with_its_own_subjects_only() {
        let ends = advanced(EpochScope::Tenant("acme".to_owned()));
        assert!(ends(of_tenant("acme", "alice")));
        assert!(!ends(of_tenant("acme2", "alice")) && !ends(of("acme")) && !ends(anonymous()));
    }

    /// Race 46.
    #[test]
    fn a_subject_ends_within_its_own_tenant_only() {
        let ends = advanced(EpochScope::Subject(subject("alice")));
        assert!(ends(of("alice")));
        assert!(!ends(of("bob")) && !ends(of_tenant("acme", "alice")) && !ends(anonymous()));
    }

    #[test]
    fn what_began_after_an_advance_outlives_those_of_others() {
        let tenant = EpochScope::Tenant("acme".to_owned());
        let subject = of_tenant("acme", "alice").subject().cloned().unwrap();
        for scope in [EpochScope::Everybody, tenant, EpochScope::Subject(subject)] {
            let epochs = EpochTable::default();
            epochs.advance(&scope, &revoked(), at(1));
            let record = epochs.stamped(of_tenant("acme", "alice"));
            epochs.advance(
                &EpochScope::Tenant("umbrella".to_owned()),
                &revoked(),
                at(2),
            );
            assert_eq!(epochs.ending_of(&record), None, "{scope:?}");
        }
    }

    #[test]
    fn the_first_ending_is_told() {
        let epochs = EpochTable::default();
        let record = epochs.stamped(of("alice"));
        epochs.advance(&EpochScope::Subject(subject("alice")), &revoked(), at(7));
        epochs.advance(&EpochScope::Everybody, &EndReason::Replayed, at(8));
        let tombstone = epochs.ending_of(&record).unwrap();
        assert_eq!(
            (tombstone.reason(), tombstone.ended_at()),
            (&revoked(), at(7))
        );
    }

    #[test]
    fn what_had_expired_before_has_expired() {
        let epochs = EpochTable::default();
        let record = epochs.stamped(of("alice"));
        epochs.advance(&EpochScope::Everybody, &revoked(), record.expires_at());
        let tombstone = epochs.ending_of(&record).unwrap();
        assert_eq!(tombstone.reason(), &EndReason::Idle);
    }

    #[test]
    fn entries_go_up_to_the_number_that_is_named() {
        let epochs = EpochTable::default();
        epochs.advance(&EpochScope::Tenant("acme".to_owned()), &revoked(), at(1));
        epochs.advance(&EpochScope::Subject(subject("alice")), &revoked(), at(2));
        let between = epochs.counter();
        let record = epochs.stamped(of("alice"));
        epochs.advance(&EpochScope::Everybody, &revoked(), at(3));
        epochs.forget_until(between);
        assert_eq!((epochs.len(), epochs.is_pending()), (1, true));
        assert!(epochs.ending_of(&record).is_some());
        epochs.forget_until(epochs.counter());
        assert_eq!((epochs.len(), epochs.is_pending()), (0, false));
        assert!(epochs.ending_of(&record).is_none());
    }
}
