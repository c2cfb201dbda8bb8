//! Who has authenticated a moment ago.

use std::ops::Deref;
use std::time::Duration;

use axum_core::extract::FromRequestParts;
use hallpass_core::Requirement;
use hallpass_core::Subject;
use http::request::Parts;

use crate::authenticated::Authenticated;
use crate::rejection::SessionRejection;
use crate::session::Session;

/// The session of a request whose subject authenticated at most `SECONDS` ago, for dangerous
/// actions (ASVS 5.0 7.5.1, 7.5.3).
///
/// Who is logged in and authenticated longer ago gets the challenge of RFC 9470, section 3: 401
/// with `error="insufficient_user_authentication"` and `max_age`. Where the transport names a
/// step-up page, a request for a page is redirected there. Who is not logged in gets what
/// [`Authenticated`] gives, and who impersonates the subject gets 403.
///
/// # Example: delete the account
///
/// ```
/// use hallpass_axum::RecentAuthentication;
///
/// async fn delete_account(user: RecentAuthentication<300>) -> String {
///     format!("{} has signed in within five minutes", user.subject())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RecentAuthentication<const SECONDS: u64>(Authenticated);

impl<const SECONDS: u64> RecentAuthentication<SECONDS> {
    /// Returns whose session it was when the handler began.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        self.0.subject()
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        self.0.session()
    }
}

impl<const SECONDS: u64> Deref for RecentAuthentication<SECONDS> {
    type Target = hallpass_core::Session;

    fn deref(&self) -> &hallpass_core::Session {
        &self.0
    }
}

impl<S: Sync, const SECONDS: u64> FromRequestParts<S> for RecentAuthentication<SECONDS> {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, SessionRejection> {
        let requirement = Requirement::login().max_age(Duration::from_secs(SECONDS));
        Ok(Self(Authenticated::admit(parts, &requirement).await?))
    }
}
