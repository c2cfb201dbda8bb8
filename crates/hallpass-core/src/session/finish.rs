//! The end of a request: what is committed, and what goes to the client.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Session;
use crate::error::SessionError;
use crate::event::EventKind;
use crate::manager::CredentialChange;
use crate::manager::Opened;
use crate::record::SessionRecord;
use crate::store::Load;
use crate::store::Touched;
use crate::time::Timestamp;
use crate::token::SessionToken;

/// What the answer does to one place in which the client keeps a token.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "every carrier carries out each of them"
)]
pub enum Instruction {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Remove what is there.
    Remove,
    /// Put this token there.
    Set {
        /// The token.
        token: SessionToken,
        /// How long the client keeps it; `None` until its user closes it.
        max_age: Option<Duration>,
    },
}

impl Instruction {
    /// Only a remembered session outlives the client (NIST SP 800-63B-4, 5.1).
    pub(crate) fn set(token: SessionToken, record: &SessionRecord, now: Timestamp) -> Self {
        let max_age = record
            .is_remembered()
            .then(|| record.absolute_deadline().since(now));
        Self::Set { token, max_age }
    }

    /// Returns whether there is something to do.
    #[must_use]
    pub const fn is_something(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

/// What goes to the client.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// For the place of subjects' sessions.
    pub session: Instruction,
    /// For the place of anonymous sessions.
    pub anonymous: Instruction,
    /// The client signed out in this request.
    pub logged_out: bool,
}

/// The end of a request.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct Finished {
    /// What goes to the client in any case.
    pub delivery: Delivery,
    /// Why the handler's answer must not go out: changes that it counts on were not committed.
    pub refusal: Option<SessionError>,
}

impl Session {
    /// Commits what is pending and closes the session. For adapters: once, before the head of the
    /// response leaves.
    ///
    /// At most one write, none when nothing changed, and a load before the child of a late repair is
    /// sent. `failed` says that the handler answered 5xx:
    /// deferred changes are dropped then, while tokens are delivered all the same.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the changes are applied all or none.
    pub async fn finish(&self, failed: bool) -> Finished {
        if let Some(finished) = self.try_finish(failed) {
            return finished;
        }
        // From here on nobody changes the session, so that nothing can miss the commit.
        let (opened, has_changes) = {
            let mut state = self.state();
            state.closed = true;
            (state.opened.clone(), state.has_changes())
        };
        let refusal = match opened {
            Some(opened) if has_changes || opened.renew => {
                let result = self.commit_pending(&opened).await;
                // A renewal that failed costs nothing: the next request tries again.
                result.err().filter(|_| has_changes)
            }
            Some(opened) => {
                self.touch(&opened).await;
                None
            }
            None => self.commit(None, CredentialChange::Keep).await.err(),
        };
        let mut state = self.state();
        if let Some(SessionError::Ended) = refusal
            && let Some(opened) = &state.opened
        {
            let manager = &self.0.manager;
            manager.emit_of(&opened.record, &self.0.client, EventKind::Dropped);
        }
        Finished {
            delivery: std::mem::take(&mut state.delivery),
            refusal,
        }
    }

    /// Closes the session as [`Session::finish`] does, if nothing has to be written. For adapters
    /// that spare themselves a future; on `None` they go on with [`Session::finish`].
    #[must_use]
    pub fn try_finish(&self, failed: bool) -> Option<Finished> {
        let mut state = self.state();
        if state.closed || self.0.detached {
            return Some(Finished::default());
        }
        if failed {
            state.drop_changes();
        }
        let has_to_write = state
            .opened
            .as_ref()
            .is_some_and(|opened| opened.has_to_write());
        if state.has_changes() || has_to_write {
            return None;
        }
        state.closed = true;
        Some(Finished {
            delivery: std::mem::take(&mut state.delivery),
            refusal: None,
        })
    }

    /// Commits the changes, and renews the token in the same write where that is due.
    async fn commit_pending(&self, opened: &Opened) -> Result<(), SessionError> {
        let won = Arc::new(AtomicBool::new(false));
        let credential = match &opened.presented {
            Some(presented) if opened.renew => CredentialChange::Renew {
                presented: presented.clone(),
                client: self.0.client.kind(),
                won: Arc::clone(&won),
            },
            _ => CredentialChange::Keep,
        };
        self.commit(None, credential).await?;
        if won.load(Ordering::Acquire)
            && let Some(opened) = &self.state().opened
        {
            self.0
                .manager
                .emit_of(&opened.record, &self.0.client, EventKind::Renewed);
        }
        self.deliver_child().await;
        Ok(())
    }

    /// Writes the activity of a request that changed nothing. A touch that fails is told in the
    /// events, and the next request tries again.
    async fn touch(&self, opened: &Opened) {
        let touch = opened.activity(self.seen_at(opened));
        if let Ok(Touched::Applied) = self.0.manager.store_touch(&touch).await {
            self.deliver_child().await;
        }
    }

    /// Sends the child of the presented token, where there is one that nobody has used. Whoever
    /// renewed the token, it has one child. Called after a write that found the session alive, so
    /// that no answer brings back what has ended meanwhile.
    ///
    /// A slow request may know less than the store: somebody may have used the child since it
    /// loaded the session, and an answer with it could overwrite the child's own child. There is
    /// none within the repair window, because nothing renews so soon; after that, this looks
    /// again.
    async fn deliver_child(&self) {
        let manager = &self.0.manager;
        let Some(opened) = self.state().opened.clone() else {
            return;
        };
        let (record, repair) = (&opened.record, opened.limits.windows().repair);
        let parent = opened.presented.as_ref();
        let Some(child) = child_of(parent, record) else {
            return;
        };
        let is_old = manager.now().since(record.credential().renewed_at()) > repair;
        let is_sent = !is_old
            || matches!(
                manager.store_load(record.handle()).await,
                Ok(Load::Live(fresh))
                    if fresh.is_live(manager.now()) && child_of(parent, &fresh).is_some()
            );
        if is_sent {
            self.state().delivery.session = Instruction::set(child, record, manager.now());
        }
    }
}

/// Returns the child of the presented token, where that is the current token and nobody has used
/// it yet.
fn child_of(presented: Option<&SessionToken>, record: &SessionRecord) -> Option<SessionToken> {
    let credential = record.credential();
    match credential.confirmed_at() {
        Some(_) => None,
        None => credential.child_for(presented?),
    }
}
