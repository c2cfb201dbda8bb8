//! What operators, jobs and account pages do to sessions from elsewhere.

use std::time::Duration;

use super::SessionManager;
use crate::authentication::Authentication;
use crate::capacity::Impersonated;
use crate::client::ClientFacts;
use crate::end::EndReason;
use crate::end::Revocation;
use crate::error::SessionError;
use crate::event::Event;
use crate::event::EventKind;
use crate::policy::PolicyFacts;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::store::End;
use crate::store::EndOutcome;
use crate::store::Ending;
use crate::store::EpochScope;
use crate::store::Load;
use crate::store::StoreError;
use crate::store::Swept;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// What a list of devices shows of a session (ASVS 5.0 7.5.2). Holds no secret.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// The public name, by which the session can be ended.
    pub handle: SessionHandle,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, exact to one touch step.
    pub last_seen: Timestamp,
    /// When it ends if nobody uses it any more.
    pub expires_at: Timestamp,
    /// What is known of the client that logged in.
    pub client: ClientFacts,
    /// How the subject authenticated.
    pub authentication: Option<Authentication>,
    /// Whether the user asked to be remembered.
    pub remembered: bool,
    /// For whom the subject acts, until when; it may be over.
    pub impersonating: Option<Impersonated>,
}

impl From<&SessionRecord> for SessionInfo {
    fn from(record: &SessionRecord) -> Self {
        Self {
            handle: record.handle(),
            created_at: record.created_at(),
            last_seen: record.last_seen(),
            expires_at: record.expires_at(),
            client: record.client().clone(),
            authentication: record.authentication().cloned(),
            remembered: record.is_remembered(),
            impersonating: record.impersonation.as_deref().cloned(),
        }
    }
}

/// What became of a revocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "it lived, it had ended, or nobody knows it"
)]
pub enum Revoked {
    /// The session had ended before.
    AlreadyEnded,
    /// The session lived and has ended.
    Ended,
    /// Nothing is known of such a session, or it belongs to another subject.
    Missing,
}

impl SessionManager {
    /// Returns the live sessions of a subject, the most recently used first.
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`], also where the store is no
    /// [`SubjectIndex`](crate::SubjectIndex).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn list(&self, subject: &Subject) -> Result<Vec<SessionInfo>, SessionError> {
        let records = self.store_list(subject).await?;
        let mut sessions: Vec<SessionInfo> = records
            .iter()
            .map(|record| SessionInfo::from(&**record))
            .collect();
        sessions.sort_by_key(|session| (std::cmp::Reverse(session.last_seen), session.handle));
        Ok(sessions)
    }

    /// Ends a session, whosever it is. For operators.
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] where the session lives on; [`SessionError::InDoubt`] where it
    /// may have ended.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may have ended.
    ///
    /// # Security
    ///
    /// Whoever may call this may end every session. For an account page use
    /// [`Session::revoke`](crate::Session::revoke), which ends the subject's own only.
    pub async fn revoke(
        &self,
        handle: SessionHandle,
        revocation: Revocation,
    ) -> Result<Revoked, SessionError> {
        let outcome = self.end(handle, EndReason::Revoked(revocation)).await;
        Ok(match outcome.map_err(SessionError::of_write)? {
            EndOutcome::Already(_) => Revoked::AlreadyEnded,
            EndOutcome::Ended(_) => Revoked::Ended,
            EndOutcome::Missing => Revoked::Missing,
        })
    }

    /// Ends a session if it belongs to this subject.
    ///
    /// # Errors
    ///
    /// As [`SessionManager::revoke`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may have ended.
    pub async fn revoke_of(
        &self,
        subject: &Subject,
        handle: SessionHandle,
        revocation: Revocation,
    ) -> Result<Revoked, SessionError> {
        match self.store_load(handle).await? {
            Load::Live(record) if record.subject() == Some(subject) => {
                self.revoke(handle, revocation).await
            }
            Load::Ended(tombstone) if tombstone.subject() == Some(subject) => {
                Ok(Revoked::AlreadyEnded)
            }
            Load::Ended(_) | Load::Live(_) | Load::Missing => Ok(Revoked::Missing),
        }
    }

    /// Ends all sessions of a subject, and returns how many lived. For disabled accounts
    /// (ASVS 5.0 7.4.2) and for operators (7.4.5).
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] where the sessions live on, also where the store is no
    /// [`SubjectIndex`](crate::SubjectIndex); [`SessionError::InDoubt`] where they may have ended.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some sessions may have ended.
    pub async fn revoke_subject(
        &self,
        subject: &Subject,
        revocation: Revocation,
    ) -> Result<usize, SessionError> {
        self.end_subject(subject, None, &EndReason::Revoked(revocation))
            .await
            .map_err(SessionError::of_write)
    }

    /// Ends all sessions of a subject but one, and returns how many lived. To offer after a
    /// password or another factor was changed (ASVS 5.0 7.4.3).
    ///
    /// # Errors
    ///
    /// As [`SessionManager::revoke_subject`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some sessions may have ended.
    pub async fn revoke_others(
        &self,
        subject: &Subject,
        keep: SessionHandle,
        revocation: Revocation,
    ) -> Result<usize, SessionError> {
        self.end_subject(subject, Some(keep), &EndReason::Revoked(revocation))
            .await
            .map_err(SessionError::of_write)
    }

    /// Ends all sessions that began before now: everybody's, a tenant's, or a subject's. What it
    /// costs does not depend on how many there are (SES-17).
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] where the sessions live on, also where the store has no
    /// [`Epochs`](crate::Epochs); [`SessionError::InDoubt`] where they may have ended.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the sessions may have ended.
    pub async fn revoke_all(
        &self,
        scope: EpochScope,
        revocation: Revocation,
    ) -> Result<(), SessionError> {
        let reason = EndReason::Revoked(revocation);
        let advanced = self.store_advance(&scope, &reason).await;
        advanced.map_err(SessionError::of_write)?;
        let (tenant, subject) = match &scope {
            EpochScope::Everybody => (None, None),
            EpochScope::Subject(subject) => (None, Some(subject)),
            EpochScope::Tenant(tenant) => (Some(tenant.clone()), None),
        };
        let kind = EventKind::EndedAll { tenant, reason };
        self.emit(&Event::new(self.now(), kind).whose(subject));
        let ending = Ending::Scope(scope);
        self.watchers().wake(&ending);
        self.publish(&ending).await;
        Ok(())
    }

    /// Removes what is past its time from a store that has to be swept, at most about `max`
    /// records.
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`], also where the store has no [`Sweep`](crate::Sweep).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn sweep(&self, max: usize) -> Result<Swept, SessionError> {
        Ok(self.store_sweep(max).await?)
    }

    /// Sweeps for ever, about every `period`, in batches of `max` records. Spawn it on your
    /// runtime. A sweep that fails is told in the events, and the next one goes on (race 40).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn sweep_every(&self, period: Duration, max: usize) {
        loop {
            // Nodes that started together do not sweep together.
            let jitter = period / 2_550 * u32::from(self.jitter());
            self.clock().sleep(period.saturating_add(jitter)).await;
            // One batch after the other, with a breath for everybody else in between.
            while let Ok(Swept { more: true, .. }) = self.sweep(max).await {
                self.clock().sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// Ends one session, tells it to the events, and to who waits for it on every node.
    pub(crate) async fn end(
        &self,
        handle: SessionHandle,
        reason: EndReason,
    ) -> Result<EndOutcome, StoreError> {
        let at = self.now();
        let nobody = ClientFacts::default();
        let facts = PolicyFacts {
            subject: None,
            authentication: None,
            remembered: false,
            client: &nobody,
        };
        let keep_until = at.saturating_add(self.limits(&facts).absolute());
        let outcome = self
            .store_end(&End {
                handle,
                reason,
                at,
                keep_until,
            })
            .await?;
        if let EndOutcome::Ended(tombstone) = &outcome {
            self.tell(tombstone);
            self.publish(&Ending::Session(handle)).await;
        }
        Ok(outcome)
    }

    pub(super) async fn end_subject(
        &self,
        subject: &Subject,
        except: Option<SessionHandle>,
        reason: &EndReason,
    ) -> Result<usize, StoreError> {
        let tombstones = self.store_end_subject(subject, except, reason).await?;
        for tombstone in &tombstones {
            self.tell(tombstone);
        }
        if !tombstones.is_empty() {
            self.publish(&Ending::Scope(EpochScope::Subject(subject.clone())))
                .await;
        }
        Ok(tombstones.len())
    }

    /// Tells the events, and who waits on this node, that a session has ended.
    pub(crate) fn tell(&self, tombstone: &Tombstone) {
        self.emit(
            &Event::new(self.now(), EventKind::Ended(tombstone.reason().clone()))
                .of(tombstone.handle())
                .whose(tombstone.subject()),
        );
        self.watchers().wake(&Ending::Session(tombstone.handle()));
    }
}
