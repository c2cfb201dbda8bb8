//! The answers that take the place of the handler's.

use std::sync::Arc;

use hallpass_core::SessionError;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use http::header;

/// Why the layer answered in place of the handler: an extension of the response, for outer layers
/// that write pages or logs. The client does not see it.
#[derive(Clone, Debug)]
pub struct Refused(Arc<SessionError>);

impl Refused {
    /// Returns the reason.
    #[must_use]
    pub fn error(&self) -> &SessionError {
        &self.0
    }
}

/// Answers a request that stops at an error: 503 with `Retry-After` where it may be tried again,
/// 401 where the session ended meanwhile, which becomes a redirect where a login page is given.
/// The body is empty.
#[must_use]
pub fn refused<B: Default>(error: SessionError, login_page: Option<&HeaderValue>) -> Response<B> {
    let mut response = match (&error, login_page) {
        (SessionError::Ended, Some(page)) => see_other(page.clone()),
        _ => {
            let mut response = Response::new(B::default());
            *response.status_mut() =
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            response
        }
    };
    if let Some(delay) = error.retry_after() {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, delay.as_secs().into());
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response.extensions_mut().insert(Refused(Arc::new(error)));
    response
}

/// Returns a redirect that becomes a `GET`, whatever the request was.
#[must_use]
pub fn see_other<B: Default>(location: HeaderValue) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}
