//! Who is logged in.

use std::ops::Deref;

use actix_web::FromRequest;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use hallpass_core::Requirement;
use hallpass_core::Subject;

use crate::rejection::SessionRejection;
use crate::session::Extracting;
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
/// use hallpass_actix::Authenticated;
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

    /// Begins to open the session of a request that has to meet a requirement.
    pub(crate) fn admit(
        request: &HttpRequest,
        requirement: Requirement,
    ) -> impl Future<Output = Result<Self, SessionRejection>> + use<> {
        let admitted = admitted(request, requirement);
        async {
            let (session, subject) = admitted.await?;
            Ok(Self { session, subject })
        }
    }
}

impl Deref for Authenticated {
    type Target = hallpass_core::Session;

    fn deref(&self) -> &hallpass_core::Session {
        &self.session
    }
}

impl FromRequest for Authenticated {
    type Error = SessionRejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        Box::pin(Self::admit(request, Requirement::login()))
    }
}

/// The session, and who is logged in, if somebody is.
///
/// While the store does not answer, the request gets 503, not an anonymous user. That is what
/// `Option<Authenticated>` would make of it, because actix-web turns every error of an extractor
/// into `None`.
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

impl FromRequest for MaybeAuthenticated {
    type Error = SessionRejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let session = Session::from_request(request, payload);
        Box::pin(async {
            let session = session.await?;
            let subject = session.subject();
            Ok(Self { session, subject })
        })
    }
}
