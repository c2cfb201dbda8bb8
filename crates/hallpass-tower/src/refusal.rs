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
/// 401 where the session ended meanwhile. The body is empty. The layer turns the 401 of a request
/// for a page into a redirect to the login page, if there is one.
#[must_use]
pub fn refused<B: Default>(error: SessionError) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
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

/// Redirects a request for a page that was refused because nobody is logged in any more, whether
/// the handler noticed it or the commit did.
pub(crate) fn redirect_to_login<B: Default>(response: &mut Response<B>, page: &HeaderValue) {
    let refused: Option<&Refused> = response.extensions().get();
    let is_about_login = refused.is_some_and(|refused| {
        matches!(
            refused.error(),
            SessionError::Ended | SessionError::NotLoggedIn
        )
    });
    if is_about_login {
        let extensions = std::mem::take(response.extensions_mut());
        *response = see_other(page.clone());
        *response.extensions_mut() = extensions;
    }
}

/// Returns a redirect that becomes a `GET`, whatever the request was.
#[must_use]
pub fn see_other<B: Default>(location: HeaderValue) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    response
}
