//! Sessions of streams, which outlive the head of their response.

use std::time::Duration;

use super::Session;
use crate::capacity::Impersonated;
use crate::end::EndReason;
use crate::error::SessionError;
use crate::manager::CredentialChange;
use crate::manager::Found;
use crate::manager::race;
use crate::policy::Standing;
use crate::policy::judge_record;
use crate::store::Load;

/// How often a waiter looks by itself, because a hint may be lost.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How soon a waiter looks again when the store did not answer.
const TRY_AGAIN: Duration = Duration::from_secs(5);

impl Session {
    /// Commits at once what is pending, so that a failure is the handler's to see.
    ///
    /// # Errors
    ///
    /// [`SessionError::Contended`], [`SessionError::Data`], [`SessionError::Random`] and
    /// [`SessionError::Unavailable`] where nothing was committed: the changes are pending as
    /// before. [`SessionError::Ended`] where they can not be committed any more.
    /// [`SessionError::InDoubt`] where they may have been: they are not pending any more.
    /// [`SessionError::Closed`] after the head of the response has left; a stream takes
    /// [`Session::detach`] with it. Also for the stream of a visitor without a session, to whom no
    /// token could be given.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the changes are applied all or none, and not tried again.
    pub async fn save(&self) -> Result<(), SessionError> {
        self.commit_now(None, CredentialChange::Keep).await
    }

    /// Returns the session for a stream: a handle of its own on what this request found, whose
    /// changes are committed by its own [`Session::save`] and by nothing else, also after the
    /// head of the response has left. It is given no token.
    #[must_use]
    pub fn detach(&self) -> Self {
        let state = self.state();
        let found = Found {
            opened: state.opened.clone(),
            ended: state.ended.clone(),
            manner: self.0.manner,
            ..Found::default()
        };
        let Self(inner) = self;
        Self::with(
            &inner.manager,
            inner.client.clone(),
            inner.opened_at,
            true,
            found,
        )
    }

    /// Waits until the session ends, on whatever node and for whatever reason, and returns the
    /// reason. A stream that stands for a session selects on it. Pending for ever where nothing
    /// is stored of the session. A stream that began for a subject for whom somebody acts ends with
    /// that, as [`EndReason::Superseded`].
    ///
    /// Endings on this node, and on others where the store has a
    /// [`RevocationFeed`](crate::RevocationFeed), are noticed at once; everything else within 30
    /// seconds.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn ended(&self) -> EndReason {
        let manager = &self.0.manager;
        let opened = self.state().opened.clone();
        let Some(opened) = opened else {
            return std::future::pending().await;
        };
        let (record, impersonates) = (&opened.record, opened.impersonates);
        let watch = manager.watchers().watch(record.handle(), record.subject());
        loop {
            let now = manager.now();
            let wait = match manager.store_load(record.handle()).await {
                Ok(Load::Ended(tombstone)) => return tombstone.reason().clone(),
                // Another binding: an impersonation in place of this one, perhaps of the same subject.
                Ok(Load::Live(live))
                    if impersonates
                        && (live.impersonation(now).is_none()
                            || live.binding() != record.binding()) =>
                {
                    return EndReason::Superseded;
                }
                Ok(Load::Live(record)) => {
                    match judge_record(&record, &manager.limits_of(&record), now) {
                        Standing::Ended(reason) => return reason,
                        Standing::Locked { .. } => return EndReason::Idle,
                        Standing::Live { expires_at, .. } => {
                            let until = record.impersonation(now).map(Impersonated::until);
                            let next = until.map_or(expires_at, |until| until.min(expires_at));
                            next.since(now).min(LOOK_AGAIN)
                        }
                    }
                }
                // The store has forgotten it, which it may once its time is over.
                Ok(Load::Missing) => return record.expiry_reason(),
                // Whom it stands for is known without the store.
                Err(_) if impersonates && record.impersonation(now).is_none() => {
                    return EndReason::Superseded;
                }
                Err(_told_in_the_events) => TRY_AGAIN,
            };
            let _hint = race(watch.woken(), || manager.clock().sleep(wait)).await;
        }
    }
}
