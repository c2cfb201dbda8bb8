//! What both stores are able to do beside.

use std::sync::Weak;

use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::HandleTag;
use hallpass_core::HandleTags;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Subject;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Timestamp;

use super::MigratingStore;
use super::Phase;

/// Needs both stores to have epochs.
#[deny(clippy::missing_trait_methods)]
impl<New: Epochs, Old: Epochs> Epochs for MigratingStore<New, Old> {
    /// The old store first. A session that is moved now is still there when its copy exists: the
    /// advance ends it there, which the move finds, or comes to the copy.
    async fn advance(
        &self,
        scope: &EpochScope,
        reason: &EndReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.old.advance(scope, reason, now).await?;
        self.new.advance(scope, reason, now).await
    }
}

/// The tags are those of the store in which sessions begin;
/// [`MigratingStore::with_tags_of_new`] and [`MigratingStore::with_tags_of_old`] say whose are used.
#[deny(clippy::missing_trait_methods)]
impl<New: SessionStore, Old: SessionStore> HandleTags for MigratingStore<New, Old> {
    fn handle_tag(&self, subject: &Subject) -> Option<HandleTag> {
        let of_new = || {
            self.tags_of_new
                .and_then(|tag_of| tag_of(&self.new, subject))
        };
        let of_old = || {
            self.tags_of_old
                .and_then(|tag_of| tag_of(&self.old, subject))
        };
        match self.phase {
            // A store that takes any handle takes those that the other one wants.
            Phase::Dual => of_old().or_else(of_new),
            Phase::Moving => of_new(),
        }
    }
}

/// [`MigratingStore::with_sweep_of_new`] and [`MigratingStore::with_sweep_of_old`] say what is
/// swept.
#[deny(clippy::missing_trait_methods)]
impl<New: SessionStore, Old: SessionStore> Sweep for MigratingStore<New, Old> {
    async fn sweep(&self, max: usize, now: Timestamp) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        if let Some(sweep) = self.sweep_of_old {
            swept = sweep(&self.old, max, now).await?;
        }
        let Some(sweep) = self.sweep_of_new else {
            return Ok(swept);
        };
        let left = max.saturating_sub(swept.removed);
        if left == 0 {
            // The other one has its turn next time.
            return Ok(Swept {
                more: true,
                ..swept
            });
        }
        let other = sweep(&self.new, left, now).await?;
        Ok(Swept {
            removed: swept.removed.saturating_add(other.removed),
            more: swept.more || other.more,
        })
    }
}

/// Needs both stores to have a feed.
#[deny(clippy::missing_trait_methods)]
impl<New: RevocationFeed, Old: RevocationFeed> RevocationFeed for MigratingStore<New, Old> {
    /// Tells nodes that listen to either store. Those that listen to both hear it twice.
    async fn publish(&self, ending: &Ending) -> Result<(), StoreError> {
        let old = self.old.publish(ending).await;
        self.new.publish(ending).await.and(old)
    }

    fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        self.old.subscribe(Weak::clone(&listener));
        self.new.subscribe(listener);
    }
}
