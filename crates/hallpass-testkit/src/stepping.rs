//! A store that can be overtaken at each of its calls.

use std::collections::HashSet;
use std::future::Future;
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

use crate::schedule::step;

/// A store around a store, each call of which lets others go first: before it is applied, and, if
/// that is asked for, between that and its answer.
///
/// With an [`Explorer`](crate::schedule::Explorer) those are the points at which requests overtake
/// each other. On a runtime it is a store that yields. It has the abilities of the store inside.
///
/// # Example: every point but the announcements
///
/// ```
/// use hallpass_core::{SessionStore, StoreOperation};
/// use hallpass_testkit::SteppingStore;
///
/// fn stepping<S: SessionStore>(store: S) -> SteppingStore<S> {
///     SteppingStore::new(store).with_late_answers().without(StoreOperation::Publish)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SteppingStore<S> {
    store: S,
    has_late_answers: bool,
    prompt: HashSet<StoreOperation>,
    without: HashSet<StoreOperation>,
}

impl<S> SteppingStore<S> {
    /// Wraps a store: before each call is applied, others may go first.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            has_late_answers: false,
            prompt: HashSet::new(),
            without: HashSet::new(),
        }
    }

    /// Others may also go first between a call and its answer, so that an answer can be late. That
    /// squares the number of schedules, about.
    #[must_use]
    pub fn with_late_answers(mut self) -> Self {
        self.has_late_answers = true;
        self
    }

    /// The answers of this operation are never late.
    #[must_use]
    pub fn with_prompt_answers_to(mut self, operation: StoreOperation) -> Self {
        self.prompt.insert(operation);
        self
    }

    /// The calls of this operation are one step with what comes before and after them.
    #[must_use]
    pub fn without(mut self, operation: StoreOperation) -> Self {
        self.without.insert(operation);
        self
    }

    /// Returns the store inside, which nobody overtakes.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.store
    }

    /// Makes a call after its point: a store need not wait to be polled before it applies one.
    async fn call<T, F: Future<Output = T>>(
        &self,
        operation: StoreOperation,
        call: impl FnOnce() -> F,
    ) -> T {
        let is_point = !self.without.contains(&operation);
        if is_point {
            step().await;
        }
        let answer = call().await;
        if is_point && self.has_late_answers && !self.prompt.contains(&operation) {
            step().await;
        }
        answer
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> SessionStore for SteppingStore<S> {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        let call = || self.store.create(record, now);
        self.call(StoreOperation::Create, call).await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        let call = || self.store.load(handle, now);
        self.call(StoreOperation::Load, call).await
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let call = || self.store.update(record, expected, now);
        self.call(StoreOperation::Update, call).await
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        let call = || self.store.touch(touch, now);
        self.call(StoreOperation::Touch, call).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.call(StoreOperation::End, || self.store.end(end, now))
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SubjectIndex> SubjectIndex for SteppingStore<S> {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        self.call(StoreOperation::Bind, || self.store.bind(bind, now))
            .await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        let call = || self.store.list(subject, now);
        self.call(StoreOperation::List, call).await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let call = || self.store.end_subject(subject, except, reason, now);
        self.call(StoreOperation::EndSubject, call).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Epochs> Epochs for SteppingStore<S> {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let call = || self.store.advance(scope, reason, now);
        self.call(StoreOperation::Advance, call).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: HandleTags> HandleTags for SteppingStore<S> {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        self.store.handle_tag(subject)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Sweep> Sweep for SteppingStore<S> {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        self.call(StoreOperation::Sweep, || self.store.sweep(max, now))
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RevocationFeed> RevocationFeed for SteppingStore<S> {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.call(StoreOperation::Publish, || self.store.publish(ending))
            .await
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.store.subscribe(listener);
    }
}
