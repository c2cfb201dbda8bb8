//! A store whose type is chosen at run time.

mod erased;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::Weak;

use super::Bind;
use super::Bound;
use super::Create;
use super::End;
use super::EndOutcome;
use super::Ending;
use super::EpochScope;
use super::Epochs;
use super::FeedListener;
use super::HandleTag;
use super::HandleTags;
use super::Load;
use super::RevocationFeed;
use super::SessionStore;
use super::StoreError;
use super::StoreErrorKind;
use super::SubjectIndex;
use super::Sweep;
use super::Swept;
use super::Touch;
use super::Touched;
use super::Write;
use crate::end::EndReason;
use crate::record::Revision;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

use self::erased::ErasedEpochs;
use self::erased::ErasedFeed;
use self::erased::ErasedIndex;
use self::erased::ErasedStore;
use self::erased::ErasedSweep;
use self::erased::ErasedTags;

/// A store behind a pointer, which remembers what the store is able to do.
///
/// Clones are the same store. Asking for an ability that it lacks answers an error of the kind
/// [`StoreErrorKind::Rejected`]; the manager looks at the abilities when it is built, so that this
/// does not happen later.
///
/// # Example: choose at run time
///
/// ```
/// use hallpass_core::{DynStore, SessionStore, SubjectIndex};
///
/// fn erase(store: impl SubjectIndex) -> DynStore {
///     DynStore::builder(store).with_index().build()
/// }
/// ```
#[derive(Clone)]
pub struct DynStore {
    store: Arc<dyn ErasedStore>,
    index: Option<Arc<dyn ErasedIndex>>,
    epochs: Option<Arc<dyn ErasedEpochs>>,
    sweep: Option<Arc<dyn ErasedSweep>>,
    feed: Option<Arc<dyn ErasedFeed>>,
    tags: Option<Arc<dyn ErasedTags>>,
}

impl DynStore {
    /// Starts with a store of which only the [`SessionStore`] is used.
    pub fn builder<S: SessionStore>(store: S) -> DynStoreBuilder<S> {
        let store = Arc::new(store);
        let erased = Self {
            store: Arc::clone(&store) as _,
            index: None,
            epochs: None,
            sweep: None,
            feed: None,
            tags: None,
        };
        DynStoreBuilder { store, erased }
    }

    /// Returns whether the store is a [`SubjectIndex`].
    #[must_use]
    pub fn has_index(&self) -> bool {
        self.index.is_some()
    }

    /// Returns whether the store has [`Epochs`].
    #[must_use]
    pub fn has_epochs(&self) -> bool {
        self.epochs.is_some()
    }

    /// Returns whether the store can [`Sweep`].
    #[must_use]
    pub fn has_sweep(&self) -> bool {
        self.sweep.is_some()
    }

    /// Returns whether the store has a [`RevocationFeed`].
    #[must_use]
    pub fn has_feed(&self) -> bool {
        self.feed.is_some()
    }

    /// Returns whether the store has [`HandleTags`].
    #[must_use]
    pub fn has_tags(&self) -> bool {
        self.tags.is_some()
    }
}

impl fmt::Debug for DynStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynStore")
            .field("store", &self.store)
            .field("index", &self.has_index())
            .field("epochs", &self.has_epochs())
            .field("sweep", &self.has_sweep())
            .field("feed", &self.has_feed())
            .field("tags", &self.has_tags())
            .finish()
    }
}

/// Says which abilities of a store are used.
#[derive(Debug)]
#[must_use]
pub struct DynStoreBuilder<S> {
    store: Arc<S>,
    erased: DynStore,
}

impl<S: SessionStore> DynStoreBuilder<S> {
    /// Uses the store as a [`SubjectIndex`].
    pub fn with_index(mut self) -> Self
    where
        S: SubjectIndex,
    {
        self.erased.index = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Uses the [`Epochs`] of the store.
    pub fn with_epochs(mut self) -> Self
    where
        S: Epochs,
    {
        self.erased.epochs = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Uses the store's [`Sweep`].
    pub fn with_sweep(mut self) -> Self
    where
        S: Sweep,
    {
        self.erased.sweep = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Uses the [`RevocationFeed`] of the store.
    pub fn with_feed(mut self) -> Self
    where
        S: RevocationFeed,
    {
        self.erased.feed = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Uses the [`HandleTags`] of the store. A store that has them needs them.
    pub fn with_tags(mut self) -> Self
    where
        S: HandleTags,
    {
        self.erased.tags = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Returns the store.
    #[must_use]
    pub fn build(self) -> DynStore {
        self.erased
    }
}

impl<S: SessionStore> From<DynStoreBuilder<S>> for DynStore {
    fn from(builder: DynStoreBuilder<S>) -> Self {
        builder.erased
    }
}

#[deny(clippy::missing_trait_methods)]
impl SessionStore for DynStore {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.store.create(record, now).await
    }

    /// The future of the store as it is: every request waits for one of these.
    fn load(
        &self,
        handle: SessionHandle,
        now: Timestamp,
    ) -> impl Future<Output = Result<Load, StoreError>> + Send {
        self.store.load(handle, now)
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        self.store.update(record, expected, now).await
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(touch, now).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.store.end(end, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl SubjectIndex for DynStore {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        able(self.index.as_ref(), "SubjectIndex")?
            .bind(bind, now)
            .await
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        able(self.index.as_ref(), "SubjectIndex")?
            .list(subject, now)
            .await
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        able(self.index.as_ref(), "SubjectIndex")?
            .end_subject(subject, except, reason, now)
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
impl Epochs for DynStore {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        able(self.epochs.as_ref(), "Epochs")?
            .advance(scope, reason, now)
            .await
    }
}

#[deny(clippy::missing_trait_methods)]
impl Sweep for DynStore {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        able(self.sweep.as_ref(), "Sweep")?.sweep(max, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl RevocationFeed for DynStore {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        able(self.feed.as_ref(), "RevocationFeed")?
            .publish(ending)
            .await
    }

    /// Does nothing where the store has no feed.
    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        if let Some(feed) = &self.feed {
            feed.subscribe(listener);
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl HandleTags for DynStore {
    /// None where the store has no tags.
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        self.tags.as_ref().and_then(|tags| tags.handle_tag(subject))
    }
}

fn able<'a, T: ?Sized>(
    ability: Option<&'a Arc<T>>,
    name: &'static str,
) -> Result<&'a Arc<T>, StoreError> {
    ability.ok_or_else(|| {
        StoreError::new(
            StoreErrorKind::Rejected,
            format!("the store was made without {name}"),
        )
    })
}
