//! A node as it is now, with sessions that began in the old store.

use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::HandleTag;
use hallpass_core::HandleTags;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

use super::Stores;

/// Begins sessions in the old store, as it was before, and does all else as it is now.
#[derive(Clone, Debug)]
pub(super) struct BeganBefore<S>(pub(super) Stores<S>);

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> SessionStore for BeganBefore<S> {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.0.old_store().create(record, now).await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        self.0.load(handle, now).await
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        self.0.update(record, expected, now).await
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.0.touch(touch, now).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.0.end(end, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SubjectIndex> SubjectIndex for BeganBefore<S> {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        self.0.bind(bind, now).await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        self.0.list(subject, now).await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        self.0.end_subject(subject, except, reason, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Epochs> Epochs for BeganBefore<S> {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.advance(scope, reason, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Sweep> Sweep for BeganBefore<S> {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        self.0.sweep(max, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RevocationFeed> RevocationFeed for BeganBefore<S> {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.0.publish(ending).await
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.0.subscribe(listener);
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> HandleTags for BeganBefore<S> {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        self.0.handle_tag(subject)
    }
}
