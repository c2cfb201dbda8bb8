//! The object-safe twins of the traits that stores implement.

use std::fmt;
use std::sync::Arc;
use std::sync::Weak;

use crate::clock::BoxFuture;
use crate::end::EndReason;
use crate::record::Revision;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::store::Bind;
use crate::store::Bound;
use crate::store::Create;
use crate::store::End;
use crate::store::EndOutcome;
use crate::store::Ending;
use crate::store::EpochScope;
use crate::store::Epochs;
use crate::store::FeedListener;
use crate::store::HandleTag;
use crate::store::HandleTags;
use crate::store::Load;
use crate::store::RevocationFeed;
use crate::store::SessionStore;
use crate::store::StoreError;
use crate::store::SubjectIndex;
use crate::store::Sweep;
use crate::store::Swept;
use crate::store::Touch;
use crate::store::Touched;
use crate::store::Write;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

pub(super) trait ErasedStore: fmt::Debug + Send + Sync {
    fn create<'a>(&'a self, record: &'a SessionRecord, now: Timestamp) -> Answer<'a, Create>;
    fn load(&self, handle: SessionHandle, now: Timestamp) -> Answer<'_, Load>;
    fn update<'a>(
        &'a self,
        record: &'a SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Answer<'a, Write>;
    fn touch<'a>(&'a self, touch: &'a Touch, now: Timestamp) -> Answer<'a, Touched>;
    fn end<'a>(&'a self, end: &'a End, now: Timestamp) -> Answer<'a, EndOutcome>;
}

impl<S: SessionStore> ErasedStore for S {
    fn create<'a>(&'a self, record: &'a SessionRecord, now: Timestamp) -> Answer<'a, Create> {
        Box::pin(SessionStore::create(self, record, now))
    }

    fn load(&self, handle: SessionHandle, now: Timestamp) -> Answer<'_, Load> {
        Box::pin(SessionStore::load(self, handle, now))
    }

    fn update<'a>(
        &'a self,
        record: &'a SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Answer<'a, Write> {
        Box::pin(SessionStore::update(self, record, expected, now))
    }

    fn touch<'a>(&'a self, touch: &'a Touch, now: Timestamp) -> Answer<'a, Touched> {
        Box::pin(SessionStore::touch(self, touch, now))
    }

    fn end<'a>(&'a self, end: &'a End, now: Timestamp) -> Answer<'a, EndOutcome> {
        Box::pin(SessionStore::end(self, end, now))
    }
}

pub(super) trait ErasedIndex: Send + Sync {
    fn bind<'a>(&'a self, bind: &'a Bind, now: Timestamp) -> Answer<'a, Bound>;
    fn list<'a>(
        &'a self,
        subject: &'a Subject,
        now: Timestamp,
    ) -> Answer<'a, Vec<Arc<SessionRecord>>>;
    fn end_subject<'a>(
        &'a self,
        subject: &'a Subject,
        except: Option<SessionHandle>,
        reason: &'a EndReason,
        now: Timestamp,
    ) -> Answer<'a, Vec<Tombstone>>;
}

impl<S: SubjectIndex> ErasedIndex for S {
    fn bind<'a>(&'a self, bind: &'a Bind, now: Timestamp) -> Answer<'a, Bound> {
        Box::pin(SubjectIndex::bind(self, bind, now))
    }

    fn list<'a>(
        &'a self,
        subject: &'a Subject,
        now: Timestamp,
    ) -> Answer<'a, Vec<Arc<SessionRecord>>> {
        Box::pin(SubjectIndex::list(self, subject, now))
    }

    fn end_subject<'a>(
        &'a self,
        subject: &'a Subject,
        except: Option<SessionHandle>,
        reason: &'a EndReason,
        now: Timestamp,
    ) -> Answer<'a, Vec<Tombstone>> {
        Box::pin(SubjectIndex::end_subject(
            self, subject, except, reason, now,
        ))
    }
}

pub(super) trait ErasedEpochs: Send + Sync {
    fn advance<'a>(
        &'a self,
        scope: &'a EpochScope,
        reason: &'a EndReason,
        now: Timestamp,
    ) -> Answer<'a, ()>;
}

impl<S: Epochs> ErasedEpochs for S {
    fn advance<'a>(
        &'a self,
        scope: &'a EpochScope,
        reason: &'a EndReason,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(Epochs::advance(self, scope, reason, now))
    }
}

pub(super) trait ErasedSweep: Send + Sync {
    fn sweep(&self, max: usize, now: Timestamp) -> Answer<'_, Swept>;
}

impl<S: Sweep> ErasedSweep for S {
    fn sweep(&self, max: usize, now: Timestamp) -> Answer<'_, Swept> {
        Box::pin(Sweep::sweep(self, max, now))
    }
}

pub(super) trait ErasedFeed: Send + Sync {
    fn publish<'a>(&'a self, ending: &'a Ending) -> Answer<'a, ()>;
    fn subscribe(&self, listener: Weak<dyn FeedListener>);
}

impl<S: RevocationFeed> ErasedFeed for S {
    fn publish<'a>(&'a self, ending: &'a Ending) -> Answer<'a, ()> {
        Box::pin(RevocationFeed::publish(self, ending))
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        RevocationFeed::subscribe(self, listener);
    }
}

pub(super) trait ErasedTags: Send + Sync {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag>;
}

impl<S: HandleTags> ErasedTags for S {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        HandleTags::handle_tag(self, subject)
    }
}
