//! A store that takes note of what it is asked.

mod log;

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
use hallpass_core::StoreOperation;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

pub use self::log::Call;
pub use self::log::SpyLog;

/// A store around a store, which forwards every call and takes note of it first.
///
/// It has the abilities of the store inside. Clones share the log.
///
/// # Example: an untouched session costs one load
///
/// ```no_run
/// use hallpass_core::{DynStore, SessionStore, StoreOperation};
/// use hallpass_testkit::SpyStore;
///
/// fn spied(store: impl SessionStore) {
///     let store = SpyStore::new(store);
///     let log = store.log();
///     let store = DynStore::builder(store).build();
///     // Build a manager with the store and send it a request, then look:
///     assert_eq!(log.take(), [StoreOperation::Load]);
///     # drop(store);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SpyStore<S> {
    store: S,
    log: SpyLog,
}

impl<S> SpyStore<S> {
    /// Wraps a store, with an empty log.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            log: SpyLog::default(),
        }
    }

    /// Returns the log, which goes on.
    #[must_use]
    pub fn log(&self) -> SpyLog {
        self.log.clone()
    }

    /// Returns the store inside, to look into it unseen.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.store
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> SessionStore for SpyStore<S> {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.log
            .write(StoreOperation::Create, record.handle(), &record.encode());
        self.store.create(record, now).await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        self.log.call(StoreOperation::Load, Some(handle));
        self.store.load(handle, now).await
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        self.log
            .write(StoreOperation::Update, record.handle(), &record.encode());
        self.store.update(record, expected, now).await
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.log.write(
            StoreOperation::Touch,
            touch.handle,
            &touch.digest.to_bytes(),
        );
        self.store.touch(touch, now).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.log
            .write(StoreOperation::End, end.handle, &end.tombstone().encode());
        self.store.end(end, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SubjectIndex> SubjectIndex for SpyStore<S> {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        self.log.write(
            StoreOperation::Bind,
            bind.record.handle(),
            &bind.record.encode(),
        );
        self.store.bind(bind, now).await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        self.log.call(StoreOperation::List, None);
        self.store.list(subject, now).await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        self.log.call(StoreOperation::EndSubject, None);
        self.store.end_subject(subject, except, reason, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Epochs> Epochs for SpyStore<S> {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.log.call(StoreOperation::Advance, None);
        self.store.advance(scope, reason, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: HandleTags> HandleTags for SpyStore<S> {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        self.store.handle_tag(subject)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Sweep> Sweep for SpyStore<S> {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        self.log.call(StoreOperation::Sweep, None);
        self.store.sweep(max, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RevocationFeed> RevocationFeed for SpyStore<S> {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        let handle = match ending {
            Ending::Scope(_) => None,
            Ending::Session(handle) => Some(*handle),
        };
        self.log.call(StoreOperation::Publish, handle);
        self.store.publish(ending).await
    }

    /// Leaves no trace in the log: it is no operation that could fail.
    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.store.subscribe(listener);
    }
}
