//! Who is logged in.

use std::ops::Deref;

use axum_core::extract::FromRequestParts;
use hallpass_core::Requirement;
use hallpass_core::Subject;
use http::request::Parts;

use crate::rejection::SessionRejection;
use crate::session::Session;
use crate::session::admitted;

/// The session of a request that is logged in.
///
/// Everybody else gets 401; where the transport names a login page, a request for a page is
/// redirected there. A session that is locked gets the challenge of RFC 9470, or is sent to the
/// step-up page: one factor reopens it.
///
/// # Example: a page for users only
///
/// ```
/// use hallpass_axum::Authenticated;
///
/// async fn account(user: Authenticated) -> String {
///     format!("signed in as {}", user.subject())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Authenticated {
    session: Session,
    subject: Subject,
}

impl Authenticated {
    /// Returns whose session it was when the handler began.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Opens the session of a request that has to meet a requirement.
    pub(crate) async fn admit(
        parts: &mut Parts,
        requirement: &Requirement,
    ) -> Result<Self, SessionRejection> {
        let (session, subject) = admitted(parts, requirement).await?;
        Ok(Self { session, subject })
    }
}

impl Deref for Authenticated {
    type Target = hallpass_core::Session;

    fn deref(&self) -> &hallpass_core::Session {
        &self.session
    }
}

impl<S: Sync> FromRequestParts<S> for Authenticated {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, SessionRejection> {
        Self::admit(parts, &Requirement::login()).await
    }
}

/// The session, and who is logged in, if somebody is.
///
/// While the store does not answer, the request gets 503, not an anonymous user.
#[derive(Clone, Debug)]
pub struct MaybeAuthenticated {
    session: Session,
    subject: Option<Subject>,
}

impl MaybeAuthenticated {
    /// Returns whose session it was when the handler began.
    #[must_use]
    pub const fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }
}

impl Deref for MaybeAuthenticated {
    type Target = hallpass_core::Session;

    fn deref(&self) -> &hallpass_core::Session {
        &self.session
    }
}

impl<S: Sync> FromRequestParts<S> for MaybeAuthenticated {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SessionRejection> {
        let session = Session::from_request_parts(parts, state).await?;
        let subject = session.subject();
        Ok(Self { session, subject })
    }
}
