//! The pages, and what goes with them.

use askama::Template;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use hallpass::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Default, Template)]
#[template(path = "home.html")]
pub(crate) struct Home {
    pub(crate) user: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) ended: Option<String>,
    pub(crate) idle_expires_in: Option<u64>,
    pub(crate) absolute_expires_in: Option<u64>,
    pub(crate) warn_before: u64,
    pub(crate) authenticated_at: Option<String>,
    pub(crate) cart: Vec<String>,
    pub(crate) flashes: Vec<String>,
    pub(crate) handle: Option<String>,
}

#[derive(Template)]
#[template(path = "devices.html")]
pub(crate) struct Devices {
    pub(crate) user: String,
    pub(crate) devices: Vec<DeviceRow>,
}

pub(crate) struct DeviceRow {
    pub(crate) handle: String,
    pub(crate) created: String,
    pub(crate) last_seen: String,
    pub(crate) client: String,
    pub(crate) current: bool,
}

#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) link: Option<(&'static str, &'static str)>,
}

/// Renders a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The page for who has to sign in first.
pub(crate) fn sign_in_first() -> Response {
    let message = Message {
        title: "Please sign in",
        text: "This page is for people who are signed in.",
        link: Some(("/", "Sign in")),
    };
    page(StatusCode::UNAUTHORIZED, &message)
}

/// Gives every answer the headers that a browser should see.
pub(crate) async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    response
}

pub(crate) async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../assets/style.css"),
    )
}

pub(crate) async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("../assets/session.js"))
}

/// An instant for programs, as RFC 3339 has it.
pub(crate) fn rfc3339(instant: Timestamp) -> String {
    let seconds = i64::try_from(instant.as_millis() / 1_000).unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// An instant for people, in UTC.
pub(crate) fn for_people(instant: Timestamp) -> String {
    rfc3339(instant).replace('T', " ").replace('Z', " UTC")
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
