//! What an encrypted store is able to do beside: what the one inside is.

use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::Bind;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::HandleTag;
use hallpass_core::HandleTags;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;
use hallpass_core::Tombstone;

use super::EncryptedStore;

#[deny(clippy::missing_trait_methods)]
impl<S: SubjectIndex> SubjectIndex for EncryptedStore<S> {
    async fn bind(&self, bind: &Bind, now: Timestamp) -> Result<Bound, StoreError> {
        let bind = Bind {
            record: self.seal(&bind.record)?,
            replaces: bind.replaces,
            limit: bind.limit,
        };
        match self.store.bind(&bind, now).await? {
            Bound::Denied { active } => {
                let active = self.open_all(active)?;
                Ok(Bound::Denied { active })
            }
            answer @ (Bound::Bound { .. } | Bound::Conflict | Bound::Occupied) => Ok(answer),
        }
    }

    async fn list(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        self.open_all(self.store.list(subject, now).await?)
    }

    async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<Vec<Tombstone>, StoreError> {
        self.store.end_subject(subject, except, reason, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Epochs> Epochs for EncryptedStore<S> {
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.store.advance(scope, reason, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: HandleTags> HandleTags for EncryptedStore<S> {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        self.store.handle_tag(subject)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Sweep> Sweep for EncryptedStore<S> {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        self.store.sweep(max, now).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RevocationFeed> RevocationFeed for EncryptedStore<S> {
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        self.store.publish(ending).await
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.store.subscribe(listener);
    }
}
