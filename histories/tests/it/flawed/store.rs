//! A memory store with one flaw.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use hallpass::Bind;
use hallpass::Bound;
use hallpass::Create;
use hallpass::End;
use hallpass::EndOutcome;
use hallpass::EndReason;
use hallpass::EpochScope;
use hallpass::Epochs;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::Revision;
use hallpass::SessionHandle;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StoreError;
use hallpass::Subject;
use hallpass::SubjectIndex;
use hallpass::Timestamp;
use hallpass::Tombstone;
use hallpass::Touch;
use hallpass::Touched;
use hallpass::Write;

/// What is wrong with a store, in one of [`EVERY`] calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flaw {
    AllowsOneMore,
    AppliesWhatItRefuses,
    EvictsNobody,
    IgnoresRevisions,
    LosesEnds,
    LosesWrites,
    ServesOldCopies,
    SparesOne,
}

#[derive(Debug)]
pub(super) struct FlawedStore {
    store: MemoryStore,
    flaw: Flaw,
    calls: AtomicU64,
    copies: Mutex<HashMap<SessionHandle, Load>>,
}

impl FlawedStore {
    pub(super) fn new(store: MemoryStore, flaw: Flaw) -> Self {
        Self {
            store,
            flaw,
            calls: AtomicU64::new(0),
            copies: Mutex::default(),
        }
    }

    /// Returns whether the flaw shows in this call.
    fn shows(&self, flaw: Flaw) -> bool {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        self.flaw == flaw && calls.is_multiple_of(EVERY)
    }
}

#[deny(clippy::missing_trait_methods)]
impl SessionStore for FlawedStore {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.store.create(record, now).await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        let loaded = self.store.load(handle, now).await?;
        if self.flaw != Flaw::ServesOldCopies {
            return Ok(loaded);
        }
        let is_old = self.shows(Flaw::ServesOldCopies);
        let mut copies = self.copies.lock().unwrap();
        Ok(match copies.get(&handle) {
            Some(copy) if is_old => copy.clone(),
            _ => {
                copies.insert(handle, loaded.clone());
                loaded
            }
        })
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        if self.shows(Flaw::LosesWrites) {
            return Ok(Write::Applied);
        }
        let answer = self.store.update(record, expected, now).await?;
        match answer {
            Write::Applied if self.shows(Flaw::AppliesWhatItRefuses) => Ok(Write::Gone),
            Write::Conflict if self.flaw == Flaw::IgnoresRevisions => Ok(Write::Applied),
            answer => Ok(answer),
        }
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(touch, now).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        if self.shows(Flaw::LosesEnds) {
            return Ok(EndOutcome::Ended(end.tombstone()));
        }
        self.store.end(end, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl SubjectIndex for FlawedStore {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        let mut bind = bind.clone();
        if let Some(limit) = &mut bind.limit
            && matches!(self.flaw, Flaw::AllowsOneMore | Flaw::EvictsNobody)
        {
            limit.max = limit.max.saturating_add(1);
        }
        let listed = match bind.record.subject() {
            Some(subject) => self.store.list(subject, now).await?,
            None => Vec::new(),
        };
        let mut bound = self.store.bind(&bind, now).await?;
        if let (Bound::Bound { evicted }, Flaw::EvictsNobody) = (&mut bound, self.flaw)
            && evicted.is_empty()
            && let [first, _, _, ..] = &*listed
        {
            evicted.push(Tombstone::of(first, EndReason::Evicted, now));
        }
        Ok(bound)
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        self.store.list(subject, now).await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let listed = self.store.list(subject, now).await?;
        let spared = listed.first().map(|record| record.handle());
        let is_flawed = self.flaw == Flaw::SparesOne;
        let except = spared.filter(|_| is_flawed).or(except);
        self.store.end_subject(subject, except, reason, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl Epochs for FlawedStore {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.advance(scope, reason, now).await
    }
}

/// Rarely enough to be like a race.
const EVERY: u64 = 20;
