//! The answers to requests that go no further.

use std::error::Error;
use std::fmt;

use axum_core::body::Body;
use axum_core::response::IntoResponse;
use axum_core::response::Response;
use hallpass_core::SessionError;
use hallpass_core::Unmet;
use hallpass_http::Answer;
use hallpass_http::LayerMissing;
use hallpass_http::Refusal;
use hallpass_tower::Refused;
use hallpass_tower::SessionSlot;
use http::StatusCode;

/// Why a request with a session goes no further.
///
/// Handlers return it as well: `?` turns a [`SessionError`] or an [`Unmet`] into one, and the layer
/// completes the answer with what it knows of the request. The body tells a client nothing of an
/// error; the error is in the events, and as [`Refused`] in the extensions of the response. Only a
/// missing layer, which is the developer's mistake, is told in the body.
///
/// # Example: an answer of one's own
///
/// An extractor around that of hallpass turns the rejection into whatever the application answers.
/// A layer inside of the session layer that looks for [`Refused`] does it for all routes at once.
///
/// ```
/// use axum::extract::FromRequestParts;
/// use axum::http::StatusCode;
/// use axum::http::request::Parts;
/// use hallpass_axum::{Authenticated, SessionRejection};
/// use hallpass_core::Unmet;
/// use hallpass_http::Refusal;
///
/// struct User(Authenticated);
///
/// impl<S: Sync> FromRequestParts<S> for User {
///     type Rejection = (StatusCode, &'static str);
///
///     async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
///         let user = Authenticated::from_request_parts(parts, state).await;
///         user.map(Self).map_err(|rejection| match rejection.reason() {
///             Refusal::Unmet(Unmet::NotLoggedIn { .. }) => (rejection.status(), "who are you?"),
///             _ => (rejection.status(), "not now"),
///         })
///     }
/// }
/// ```
#[derive(Debug)]
pub struct SessionRejection(Box<Rejection>);

#[derive(Debug)]
struct Rejection {
    reason: Refusal,
    answer: Answer,
}

impl SessionRejection {
    /// Returns the status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer().status()
    }

    /// Returns the reason.
    #[must_use]
    pub fn reason(&self) -> &Refusal {
        &self.0.reason
    }

    /// Returns the answer. That of an extractor is complete: for a page it is the redirect.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.0.answer
    }

    /// Refuses a request whose session is in this place.
    pub(crate) fn of(slot: &SessionSlot, reason: impl Into<Refusal>) -> Self {
        let reason = reason.into();
        let answer = slot.refuse(&reason);
        Self(Box::new(Rejection { reason, answer }))
    }
}

impl From<Refusal> for SessionRejection {
    fn from(reason: Refusal) -> Self {
        let answer = reason.answer();
        Self(Box::new(Rejection { reason, answer }))
    }
}

impl From<SessionError> for SessionRejection {
    fn from(error: SessionError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<LayerMissing> for SessionRejection {
    fn from(missing: LayerMissing) -> Self {
        Refusal::from(missing).into()
    }
}

impl From<Unmet> for SessionRejection {
    fn from(unmet: Unmet) -> Self {
        Refusal::from(unmet).into()
    }
}

impl fmt::Display for SessionRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl Error for SessionRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason().source()
    }
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        let Rejection { reason, answer } = *self.0;
        let mut response: Response<Body> = answer.into_response();
        response.extensions_mut().insert(Refused::from(reason));
        response
    }
}
