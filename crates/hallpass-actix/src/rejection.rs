//! The answers to requests that go no further.

use std::error::Error;
use std::fmt;

use actix_web::HttpResponse;
use actix_web::ResponseError;
use actix_web::http::StatusCode;
use hallpass_core::SessionError;
use hallpass_core::Unmet;
use hallpass_http::Answer;
use hallpass_http::Instead;
use hallpass_http::LayerMissing;
use hallpass_http::Refusal;
use hallpass_http::SessionSlot;

use crate::convert;

/// Why a request with a session goes no further.
///
/// Handlers return it as well: `?` turns a [`SessionError`] or an [`Unmet`] into one, and the
/// middleware completes the answer with what it knows of the request. The body tells a client
/// nothing of an error; the error is in the events, and the error of the response
/// (`HttpResponse::error`). Only a missing middleware, which is the developer's mistake, is told
/// in the body.
///
/// # Example: an answer of one's own
///
/// An extractor around that of hallpass turns the rejection into whatever the application answers.
/// A middleware inside of the session middleware that looks at the error of a response does it for
/// all routes at once.
///
/// ```
/// use std::future::Future;
/// use std::pin::Pin;
///
/// use actix_web::dev::Payload;
/// use actix_web::error::InternalError;
/// use actix_web::{Error, FromRequest, HttpRequest};
/// use hallpass_actix::{Authenticated, SessionRejection};
/// use hallpass_core::Unmet;
/// use hallpass_http::Refusal;
///
/// struct User(Authenticated);
///
/// impl FromRequest for User {
///     type Error = Error;
///     type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;
///
///     fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
///         let user = Authenticated::from_request(request, payload);
///         Box::pin(async {
///             user.await.map(Self).map_err(|rejection| match rejection.reason() {
///                 Refusal::Unmet(Unmet::NotLoggedIn { .. }) => {
///                     InternalError::new("who are you?", rejection.status()).into()
///                 }
///                 _ => rejection.into(),
///             })
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
        convert::status_out(self.answer().status())
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

impl From<Instead> for SessionRejection {
    fn from(instead: Instead) -> Self {
        let (reason, answer) = (instead.refusal, instead.answer);
        Self(Box::new(Rejection { reason, answer }))
    }
}

impl From<LayerMissing> for SessionRejection {
    fn from(missing: LayerMissing) -> Self {
        Refusal::from(missing).into()
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

impl ResponseError for SessionRejection {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let answer = self.answer();
        let mut response = HttpResponse::new(self.status());
        convert::put(answer.headers(), response.headers_mut());
        match answer.text() {
            None => response,
            Some(text) => response.set_body(text).map_into_boxed_body(),
        }
    }
}
