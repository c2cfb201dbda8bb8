//! What a route answers, whatever framework carries it.

use askama::Template;
use http::HeaderName;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use http::header;
use serde::Serialize;

/// Status, headers and a body of text.
pub type Answer = Response<String>;

/// Headers that every answer has, for the browser.
pub const FOR_BROWSERS: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
             img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
];

/// Answers with a status alone.
pub fn bare(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// Answers with a text of this media type.
pub fn text(status: StatusCode, kind: &'static str, body: impl Into<String>) -> Answer {
    let mut answer = Answer::new(body.into());
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// Renders a page.
pub fn page(status: StatusCode, template: &impl Template) -> Answer {
    match template.render() {
        Ok(html) => text(status, "text/html; charset=utf-8", html),
        Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Answers with JSON.
pub fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_string(value) {
        Ok(body) => text(status, "application/json", body),
        Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Sends the browser to this path after a form.
pub fn see_other(path: &str) -> Answer {
    let Ok(path) = HeaderValue::from_str(path) else {
        return bare(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut answer = bare(StatusCode::SEE_OTHER);
    answer.headers_mut().insert(header::LOCATION, path);
    answer
}
