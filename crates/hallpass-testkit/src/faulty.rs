//! A store whose calls fail as scripted.

mod script;

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

use self::script::Script;

/// What happens to a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the store carries out each of them"
)]
pub enum Fault {
    /// The call fails before it does anything.
    Fail(StoreErrorKind),
    /// The call is applied and its answer is lost: the caller hears
    /// [`StoreErrorKind::Unavailable`].
    FailAfter,
    /// The call never does anything, and never answers.
    Hang,
    /// The call is applied and never answers.
    HangAfter,
    /// The call works. Scripts the calls before the one that fails.
    Pass,
}

/// A store around a store, whose next calls fail as scripted. Without a script it forwards
/// everything.
///
/// It has the abilities of the store inside. Clones share the script.
///
/// # Example: the answer to the second update is lost
///
/// ```
/// use hallpass_core::{SessionStore, StoreOperation};
/// use hallpass_testkit::{Fault, FaultyStore};
///
/// fn faulty<S: SessionStore>(store: S) -> FaultyStore<S> {
///     let store = FaultyStore::new(store);
///     store.script(StoreOperation::Update, Fault::Pass);
///     store.script(StoreOperation::Update, Fault::FailAfter);
///     store
/// }
/// ```
#[derive(Clone, Debug)]
pub struct FaultyStore<S> {
    store: S,
    script: Script,
}

impl<S> FaultyStore<S> {
    /// Wraps a store, with an empty script.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            script: Script::default(),
        }
    }

    /// Says what happens to the next call of an operation about which nothing is said yet.
    pub fn script(&self, operation: StoreOperation, fault: Fault) {
        self.script.push(operation, fault);
    }

    /// Returns how many scripted calls have not come yet.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.script.len()
    }

    /// Returns how many calls hang: what they were to do is done or left, and nobody has dropped
    /// them yet.
    #[must_use]
    pub fn hanging(&self) -> usize {
        self.script.hanging()
    }

    /// Returns the store inside, which does not fail.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.store
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> SessionStore for FaultyStore<S> {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.script
            .play(StoreOperation::Create, self.store.create(record, now))
            .await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        self.script
            .play(StoreOperation::Load, self.store.load(handle, now))
            .await
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        self.script
            .play(
                StoreOperation::Update,
                self.store.update(record, expected, now),
            )
            .await
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.script
            .play(StoreOperation::Touch, self.store.touch(touch, now))
            .await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.script
            .play(StoreOperation::End, self.store.end(end, now))
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SubjectIndex> SubjectIndex for FaultyStore<S> {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        self.script
            .play(StoreOperation::Bind, self.store.bind(bind, now))
            .await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        self.script
            .play(StoreOperation::List, self.store.list(subject, now))
            .await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        let call = self.store.end_subject(subject, except, reason, now);
        self.script.play(StoreOperation::EndSubject, call).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Epochs> Epochs for FaultyStore<S> {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.script
            .play(
                StoreOperation::Advance,
                self.store.advance(scope, reason, now),
            )
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: HandleTags> HandleTags for FaultyStore<S> {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        self.store.handle_tag(subject)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Sweep> Sweep for FaultyStore<S> {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        self.script
            .play(StoreOperation::Sweep, self.store.sweep(max, now))
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RevocationFeed> RevocationFeed for FaultyStore<S> {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.script
            .play(StoreOperation::Publish, self.store.publish(ending))
            .await
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.store.subscribe(listener);
    }
}
