//! A store as a cluster is one: it gives handles tags, and takes no other handle of a subject.

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
use hallpass_core::StoreErrorKind;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

#[derive(Clone, Debug)]
pub(crate) struct Tagged<S>(pub(crate) S);

impl<S: SessionStore> Tagged<S> {
    /// Refuses a handle with another tag, unless it is taken: then the store says so.
    async fn check(&self, record: &SessionRecord, now: Timestamp) -> Result<(), StoreError> {
        let tag = record.subject().map(tag_of);
        let fits = tag.is_none_or(|tag| tag == HandleTag::of(record.handle()));
        if fits || !matches!(self.0.load(record.handle(), now).await?, Load::Missing) {
            return Ok(());
        }
        let source = "the handle has another tag than its subject";
        Err(StoreError::new(StoreErrorKind::Rejected, source))
    }
}

/// FNV-1a over tenant and id. A real store has a key for it.
fn tag_of(subject: &Subject) -> HandleTag {
    let tenant = subject.tenant().unwrap_or_default().bytes();
    let hash = tenant
        .chain([0xff])
        .chain(subject.id().bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    let [first, second, ..] = hash.to_be_bytes();
    HandleTag::from_bytes([first, second])
}

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> HandleTags for Tagged<S> {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        Some(tag_of(subject))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> SessionStore for Tagged<S> {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.check(record, now).await?;
        self.0.create(record, now).await
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
impl<S: SubjectIndex> SubjectIndex for Tagged<S> {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        self.check(&bind.record, now).await?;
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
impl<S: Epochs> Epochs for Tagged<S> {
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
impl<S: Sweep> Sweep for Tagged<S> {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        self.0.sweep(max, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RevocationFeed> RevocationFeed for Tagged<S> {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.0.publish(ending).await
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.0.subscribe(listener);
    }
}
