//! The sessions of the same subject elsewhere.

use super::Session;
use crate::end::Revocation;
use crate::error::SessionError;
use crate::manager::Revoked;
use crate::manager::SessionInfo;
use crate::subject::Subject;
use crate::token::SessionHandle;

impl Session {
    /// Returns the live sessions of the subject of this session, the most recently used first;
    /// none for an anonymous session.
    ///
    /// # Errors
    ///
    /// As [`SessionManager::list`](crate::SessionManager::list).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, SessionError> {
        match self.subject() {
            Some(subject) => self.0.manager.list(&subject).await,
            None => Ok(Vec::new()),
        }
    }

    /// Ends another session of the same subject, as a list of devices offers it. For this session
    /// itself use [`Session::logout`], which also removes its token from the client.
    ///
    /// # Errors
    ///
    /// [`SessionError::NotLoggedIn`] for an anonymous session; otherwise as
    /// [`SessionManager::revoke`](crate::SessionManager::revoke).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the session may have ended.
    pub async fn revoke(&self, handle: SessionHandle) -> Result<Revoked, SessionError> {
        let subject = self.subject().ok_or(SessionError::NotLoggedIn)?;
        self.0
            .manager
            .revoke_of(
                &subject,
                handle,
                by_subject(&subject, self.actor().as_ref()),
            )
            .await
    }

    /// Ends all other sessions of the same subject, and returns how many lived.
    ///
    /// # Errors
    ///
    /// [`SessionError::NotLoggedIn`] for an anonymous session; otherwise as
    /// [`SessionManager::revoke_subject`](crate::SessionManager::revoke_subject).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some sessions may have ended.
    pub async fn revoke_others(&self) -> Result<usize, SessionError> {
        let (Some(subject), Some(handle)) = (self.subject(), self.handle()) else {
            return Err(SessionError::NotLoggedIn);
        };
        self.0
            .manager
            .revoke_others(
                &subject,
                handle,
                by_subject(&subject, self.actor().as_ref()),
            )
            .await
    }
}

fn by_subject(subject: &Subject, actor: Option<&Subject>) -> Revocation {
    match actor {
        Some(actor) => Revocation::by(&format!("subject:{actor} as subject:{subject}")),
        None => Revocation::by(&format!("subject:{subject}")),
    }
}
