//! The answers to requests that go no further, the same in every framework.

mod challenge;
mod config;
mod page;
mod step_up;

use hallpass_core::SessionError;
use hallpass_core::Unmet;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header;

use crate::cookie::CookieError;
use crate::slot::Asker;
use crate::slot::LayerMissing;

pub(crate) use self::config::Answers;
pub(crate) use self::config::AnswersConfig;
pub use self::step_up::StepUp;
pub use self::step_up::StepUpChallenge;
pub use self::step_up::StepUpGuard;

/// Why a request goes no further.
///
/// The client does not learn an error; only a missing layer, which is the developer's mistake, is
/// told in the body. Adapters hand this to code that writes pages or logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Something asked of the session was not done.
    #[error(transparent)]
    Error(#[from] SessionError),
    /// The request passed no layer.
    #[error(transparent)]
    LayerMissing(#[from] LayerMissing),
    /// A token does not fit into a cookie. Never for a configuration that was built and a token
    /// of the engine.
    #[error(transparent)]
    Undeliverable(#[from] CookieError),
    /// The session lacks what the route asks for.
    #[error(transparent)]
    Unmet(#[from] Unmet),
}

/// An answer that is ready for any framework: status, headers, and a text or no body.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: Option<&'static str>,
}

impl Refusal {
    /// Returns the status for a client that is no browser. A page may be redirected instead.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer().status
    }

    /// Returns the answer where nothing is known of the request and its configuration. With them,
    /// [`SessionSlot::refuse`](crate::SessionSlot::refuse) does.
    #[must_use]
    pub fn answer(&self) -> Answer {
        Answer::to(self, &Answers::default(), &Asker::default())
    }

    /// Returns what the session lacks, also where an error says so.
    fn unmet(&self) -> Option<Unmet> {
        match self {
            Self::Error(SessionError::Ended | SessionError::NotLoggedIn) => {
                Some(Unmet::NotLoggedIn { locked: false })
            }
            Self::Unmet(unmet) => Some(unmet.clone()),
            Self::Error(_) | Self::LayerMissing(_) | Self::Undeliverable(_) => None,
        }
    }
}

impl Answer {
    pub(crate) fn to(refusal: &Refusal, answers: &Answers, asker: &Asker) -> Self {
        if let Some(unmet) = refusal.unmet() {
            return Self::lacking(&unmet, answers, asker);
        }
        let mut answer = Self::empty(StatusCode::INTERNAL_SERVER_ERROR);
        match refusal {
            Refusal::Error(error) => {
                answer.status = StatusCode::from_u16(error.status()).unwrap_or(answer.status);
                if let Some(delay) = error.retry_after() {
                    answer
                        .headers
                        .insert(header::RETRY_AFTER, delay.as_secs().into());
                }
            }
            // A mistake of the developer, who is the one to see it.
            Refusal::LayerMissing(_) => {
                answer.headers.insert(header::CONTENT_TYPE, PLAIN);
                answer.text = Some(LayerMissing::TEXT);
            }
            Refusal::Undeliverable(_) | Refusal::Unmet(_) => {}
        }
        answer
    }

    /// Redirects a page to where its user can do something about it, and challenges others.
    fn lacking(unmet: &Unmet, answers: &Answers, asker: &Asker) -> Self {
        let page = asker.page.as_ref();
        if let Some(location) = page.and_then(|from| page::location(answers, unmet, from)) {
            let mut answer = Self::empty(StatusCode::SEE_OTHER);
            answer.headers.insert(header::LOCATION, location);
            return answer;
        }
        let (status, challenge) = challenge::challenge(answers, unmet);
        let mut answer = Self::empty(status);
        if let Some(challenge) = challenge {
            let headers = &mut answer.headers;
            headers.insert(header::WWW_AUTHENTICATE, challenge);
            // Scripts of other origins read the challenge only where it is exposed (Fetch).
            if asker.has_origin {
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
        }
        answer
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            text: None,
        }
    }

    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the headers, for a framework that has no body for the text.
    #[must_use]
    pub fn into_headers(self) -> HeaderMap {
        self.headers
    }

    pub(crate) const fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// Returns the body, if there is one.
    #[must_use]
    pub const fn text(&self) -> Option<&'static str> {
        self.text
    }

    /// Returns it as a response.
    #[must_use]
    pub fn into_response<B: Default + From<&'static str>>(self) -> http::Response<B> {
        let body = self.text.map(B::from).unwrap_or_default();
        let mut response = http::Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

const EXPOSED: HeaderValue = HeaderValue::from_static("WWW-Authenticate");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

#[cfg(test)]
mod tests;
