//! Renewal of the token, and changes of the assurance.

use std::sync::Arc;
use std::sync::Mutex;

use super::Session;
use super::finish::Instruction;
use crate::authentication::AssuranceLevel;
use crate::authentication::Authentication;
use crate::error::SessionError;
use crate::event::EventKind;
use crate::manager::CredentialChange;
use crate::manager::Raise;
use crate::manager::Step;
use crate::manager::lock;
use crate::policy::PolicyFacts;
use crate::policy::parent_is_over;
use crate::ratchet::Verdict;

/// What became of a wish for a fresh token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "it will be renewed, or it is too soon"
)]
pub enum Renewal {
    /// The answer of this request carries a fresh token.
    Scheduled,
    /// The last renewal is too recent, or the session is anonymous: requests with an earlier
    /// token may still come in.
    TooSoon,
}

impl Session {
    /// Asks for a fresh token with the answer of this request, before the policy would.
    ///
    /// # Errors
    ///
    /// [`SessionError::Closed`] after the head of the response has left, and for a stream.
    pub fn renew(&self) -> Result<Renewal, SessionError> {
        let now = self.0.manager.now();
        let mut state = self.open_state()?;
        if self.0.detached {
            return Err(SessionError::Closed);
        }
        let Some(opened) = &mut state.opened else {
            return Ok(Renewal::TooSoon);
        };
        let is_due = opened.record.subject().is_some()
            && opened.verdict == Verdict::Current { confirm: false }
            && now.since(opened.record.credential().renewed_at()) >= opened.limits.windows().span()
            && parent_is_over(&opened.record, &opened.limits, now);
        if is_due {
            Arc::make_mut(opened).renew = true;
        }
        Ok(if opened.renew {
            Renewal::Scheduled
        } else {
            Renewal::TooSoon
        })
    }

    /// Raises the assurance after another authentication of the same subject, or makes it recent
    /// again: step-up, "sudo mode", and the reopening of a locked session.
    ///
    /// The session keeps its handle and gets a token that does not follow from the one before
    /// (ASVS 5.0 7.2.4). The old one stays good, with the old assurance, until the raised one has
    /// been in use for the grace; a client that lost the answer goes on with it. Changes of
    /// requests that are under way are dropped. The absolute timeout starts anew where the
    /// authentication is as strong as the session's. Committed at once, together with changes
    /// made before.
    ///
    /// # Errors
    ///
    /// [`SessionError::NotLoggedIn`] for an anonymous session; [`SessionError::Stale`] for a
    /// request whose token was replaced meanwhile, also where the answer that carried the next one
    /// is lost: once the windows of the policy are over it may raise again, and a login always
    /// helps; [`SessionError::Closed`] after the head of the
    /// response has left, and for a stream; [`SessionError::Impersonating`] while the session acts for
    /// another subject; [`SessionError::Ended`], [`SessionError::Contended`], [`SessionError::Data`],
    /// [`SessionError::Random`] and [`SessionError::Unavailable`] where nothing was committed; [`SessionError::InDoubt`] where it may have been.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the assurance may have been raised. The client then goes on with
    /// its old token and the old assurance.
    pub async fn raise(&self, authentication: Authentication) -> Result<(), SessionError> {
        self.refuse_while_impersonating()?;
        let authentication = authentication.settled(self.0.manager.now());
        self.step(Step::Raise(authentication)).await
    }

    /// Makes the session stand for something else, with a token that does not follow from the one
    /// before.
    pub(super) async fn step(&self, step: Step) -> Result<(), SessionError> {
        let manager = &self.0.manager;
        let token = Arc::new(Mutex::new(None));
        let raise = {
            let state = self.open_state()?;
            if self.0.detached {
                return Err(SessionError::Closed);
            }
            let opened = state.to_raise().ok_or(SessionError::NotLoggedIn)?;
            let repeats = match opened.verdict {
                Verdict::Current { .. } | Verdict::Repaired { .. } => false,
                // The answer to the raise before is lost, and the user tries again.
                Verdict::Outranked { late: true } if opened.is_raise_unused() => true,
                _ => return Err(SessionError::Stale),
            };
            let record = &opened.record;
            let before = opened.authentication().cloned().unwrap_or_default();
            let authentication = match &step {
                Step::Raise(authentication) => before.raised_by(authentication),
                Step::Elevate(_) | Step::EndImpersonation | Step::Impersonate(_) => before,
            };
            let limits = manager.limits(&PolicyFacts {
                subject: record.subject(),
                authentication: Some(&authentication),
                remembered: record.is_remembered(),
                client: record.client(),
            });
            Raise {
                step: step.clone(),
                client: self.0.client.kind(),
                limits,
                repeats,
                token: Arc::clone(&token),
            }
        };
        let limits = raise.limits.clone();
        self.commit_now(None, CredentialChange::Raise(Box::new(raise)))
            .await?;
        let token = lock(&token).take();
        let mut state = self.state();
        if let (Some(token), Some(opened)) = (token, state.opened.as_mut()) {
            let opened = Arc::make_mut(opened);
            opened.limits = limits;
            opened.verdict = Verdict::Current { confirm: false };
            opened.presented = Some(token.clone());
            (opened.touch, opened.renew) = (false, false);
            let instruction = Instruction::set(token, &opened.record, manager.now());
            let record = Arc::clone(&opened.record);
            state.delivery.session = instruction;
            drop(state);
            if let Some(kind) = step.event(&record) {
                manager.emit_of(&record, &self.0.client, kind);
            }
        }
        Ok(())
    }

    /// Lowers the assurance to `level`, if it is higher, and ends an elevation above it. The token
    /// stays. Committed at once,
    /// together with changes made before.
    ///
    /// # Errors
    ///
    /// [`SessionError::NotLoggedIn`] for an anonymous session; [`SessionError::Impersonating`] while it
    /// acts for another subject; [`SessionError::Ended`], [`SessionError::Contended`],
    /// [`SessionError::Data`], [`SessionError::Random`] and [`SessionError::Unavailable`] where nothing
    /// was committed; [`SessionError::InDoubt`] where it may have been; [`SessionError::Closed`] after
    /// the head of the response has left.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the assurance may have been lowered.
    pub async fn lower(&self, level: AssuranceLevel) -> Result<(), SessionError> {
        if self.subject().is_none() {
            return Err(SessionError::NotLoggedIn);
        }
        self.refuse_while_impersonating()?;
        self.commit_now(None, CredentialChange::Lower(level))
            .await?;
        if let Some(opened) = &mut self.state().opened {
            if let Some(outranked) = &mut Arc::make_mut(opened).outranked {
                outranked.lower_to(level);
            }
            self.0
                .manager
                .emit_of(&opened.record, &self.0.client, EventKind::Lowered);
        }
        Ok(())
    }
}
