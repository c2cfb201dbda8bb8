//! The answers to requests that go no further.

use std::fmt;
use std::time::Duration;

use axum_core::body::Body;
use axum_core::response::IntoResponse;
use axum_core::response::Response;
use hallpass_core::SessionError;
use hallpass_http::Transport;
use hallpass_http::prefers_page;
use hallpass_tower::LayerMissing;
use hallpass_tower::SessionSlot;
use hallpass_tower::refused;
use hallpass_tower::see_other;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use http::request::Parts;

/// Why a request with a session goes no further.
///
/// Handlers return it as well: `?` turns a [`SessionError`] into one. The body tells a client
/// nothing of an error; the error is in the events, and as [`Refused`](hallpass_tower::Refused) in
/// the extensions of the response. Only a missing layer, which is the developer's mistake, is told
/// in the body.
#[derive(Debug)]
pub struct SessionRejection(Reason);

#[derive(Debug)]
enum Reason {
    Error(SessionError),
    LayerMissing(LayerMissing),
    StepUp {
        max_age: Duration,
        page: Option<HeaderValue>,
    },
    Unauthenticated {
        page: Option<HeaderValue>,
    },
}

impl SessionRejection {
    /// Returns the status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &self.0 {
            Reason::Error(error) => {
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Reason::LayerMissing(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Reason::StepUp { page: Some(_), .. } | Reason::Unauthenticated { page: Some(_) } => {
                StatusCode::SEE_OTHER
            }
            Reason::StepUp { page: None, .. } | Reason::Unauthenticated { page: None } => {
                StatusCode::UNAUTHORIZED
            }
        }
    }

    /// Nobody is logged in.
    pub(crate) fn unauthenticated(parts: &Parts) -> Self {
        Self(Reason::Unauthenticated {
            page: page(parts, Transport::login_page),
        })
    }

    /// The authentication is too long ago.
    pub(crate) fn step_up(parts: &Parts, max_age: Duration) -> Self {
        Self(Reason::StepUp {
            max_age,
            page: page(parts, Transport::step_up_page),
        })
    }
}

/// Returns where a request for a page is redirected.
fn page(parts: &Parts, of: fn(&Transport) -> Option<&HeaderValue>) -> Option<HeaderValue> {
    let slot = SessionSlot::of(parts).ok()?;
    let page = of(slot.transport())?;
    prefers_page(&parts.method, &parts.headers).then(|| page.clone())
}

impl From<SessionError> for SessionRejection {
    fn from(error: SessionError) -> Self {
        Self(Reason::Error(error))
    }
}

impl From<LayerMissing> for SessionRejection {
    fn from(missing: LayerMissing) -> Self {
        Self(Reason::LayerMissing(missing))
    }
}

impl fmt::Display for SessionRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Error(error) => error.fmt(f),
            Reason::LayerMissing(missing) => missing.fmt(f),
            Reason::StepUp { .. } => f.write_str("a more recent authentication is needed"),
            Reason::Unauthenticated { .. } => f.write_str("nobody is logged in"),
        }
    }
}

impl std::error::Error for SessionRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Reason::Error(error) => error.source(),
            Reason::LayerMissing(_) | Reason::StepUp { .. } | Reason::Unauthenticated { .. } => {
                None
            }
        }
    }
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        match self.0 {
            Reason::Error(error) => refused(error),
            // A mistake of the developer, who is the one to see it.
            Reason::LayerMissing(missing) => {
                (StatusCode::INTERNAL_SERVER_ERROR, missing.to_string()).into_response()
            }
            Reason::StepUp {
                page: Some(page), ..
            }
            | Reason::Unauthenticated { page: Some(page) } => see_other(page),
            Reason::StepUp {
                max_age,
                page: None,
            } => challenge(&format!(
                "Bearer error=\"insufficient_user_authentication\", \
                 error_description=\"A more recent authentication is required\", max_age=\"{}\"",
                max_age.as_secs()
            )),
            Reason::Unauthenticated { page: None } => challenge("Bearer"),
        }
    }
}

/// 401 with this challenge.
fn challenge(text: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    if let Ok(value) = HeaderValue::from_str(text) {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
