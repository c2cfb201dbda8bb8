//! What the reference store holds.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::EpochStamp;
use hallpass_core::FeedListener;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) slots: HashMap<SessionHandle, Slot>,
    pub(crate) epochs: HashMap<EpochScope, Epoch>,
    pub(crate) listeners: Vec<Weak<dyn FeedListener>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Slot {
    Ended(Tombstone),
    Live(Arc<SessionRecord>),
}

/// How often a scope was advanced, and what was told the last time.
#[derive(Clone, Debug)]
pub(crate) struct Epoch {
    pub(crate) count: u64,
    pub(crate) reason: EndReason,
    pub(crate) at: Timestamp,
}

impl State {
    pub(crate) fn begin(&mut self, record: &SessionRecord) {
        let stamp = self.stamp(record.subject());
        self.put(record.clone().stamped(stamp));
    }

    pub(crate) fn put(&mut self, record: SessionRecord) {
        self.slots
            .insert(record.handle(), Slot::Live(Arc::new(record)));
    }

    pub(crate) fn end(
        &mut self,
        record: &SessionRecord,
        reason: EndReason,
        now: Timestamp,
    ) -> Tombstone {
        let tombstone = Tombstone::of(record, reason, now);
        self.slots
            .insert(record.handle(), Slot::Ended(tombstone.clone()));
        tombstone
    }

    pub(crate) fn find(&self, handle: SessionHandle, now: Timestamp) -> Load {
        match self.slots.get(&handle) {
            Some(Slot::Ended(tombstone)) => Load::Ended(tombstone.clone()),
            Some(Slot::Live(record)) => match self.over(record, now) {
                Some(tombstone) => Load::Ended(tombstone),
                None => Load::Live(Arc::clone(record)),
            },
            None => Load::Missing,
        }
    }

    /// Returns the live sessions of a subject.
    pub(crate) fn live(&self, subject: &Subject, now: Timestamp) -> Vec<Arc<SessionRecord>> {
        self.slots
            .values()
            .filter_map(|slot| match slot {
                Slot::Live(record)
                    if record.subject() == Some(subject) && self.over(record, now).is_none() =>
                {
                    Some(Arc::clone(record))
                }
                Slot::Ended(_) | Slot::Live(_) => None,
            })
            .collect()
    }

    /// Returns what a record amounts to that is past its deadline or of an older epoch.
    fn over(&self, record: &SessionRecord, now: Timestamp) -> Option<Tombstone> {
        let stamp = record.epochs();
        let advanced = scopes(record.subject())
            .into_iter()
            .zip([stamp.everybody, stamp.tenant, stamp.subject])
            .filter_map(|(scope, noted)| Some((self.epochs.get(&scope?)?, noted)))
            .find(|(epoch, noted)| epoch.count > *noted);
        match advanced {
            Some((epoch, _)) => Some(Tombstone::of(record, epoch.reason.clone(), epoch.at)),
            None => record.expired(now),
        }
    }

    fn stamp(&self, subject: Option<&Subject>) -> EpochStamp {
        let [everybody, tenant, subject] = scopes(subject).map(|scope| {
            scope
                .and_then(|scope| self.epochs.get(&scope))
                .map_or(0, |epoch| epoch.count)
        });
        EpochStamp {
            everybody,
            tenant,
            subject,
        }
    }
}

/// The scopes that hold the sessions of a subject: everybody's, its tenant's, its own.
fn scopes(subject: Option<&Subject>) -> [Option<EpochScope>; 3] {
    let tenant = subject.and_then(Subject::tenant).map(str::to_owned);
    [
        Some(EpochScope::Everybody),
        tenant.map(EpochScope::Tenant),
        subject.cloned().map(EpochScope::Subject),
    ]
}
