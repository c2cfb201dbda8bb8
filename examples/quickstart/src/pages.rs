//! The pages, and what goes with them.

use askama::Template;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use hallpass::EndReason;
use hallpass::Flash;
use hallpass::http::prefers_page;

use crate::times::Countdown;

#[derive(Default, Template)]
#[template(path = "home.html")]
pub(crate) struct Home {
    pub(crate) user: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) ended: Option<String>,
    pub(crate) username: String,
    pub(crate) remember: bool,
    pub(crate) countdown: Countdown,
    pub(crate) authenticated_at: Option<String>,
    pub(crate) cart: Vec<String>,
    pub(crate) flashes: Vec<Flash>,
    pub(crate) handle: Option<String>,
}

#[derive(Template)]
#[template(path = "devices.html")]
pub(crate) struct Devices {
    pub(crate) user: String,
    pub(crate) handle: Option<String>,
    pub(crate) countdown: Countdown,
    pub(crate) flashes: Vec<Flash>,
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

/// The page for who has to sign in first, and why: the session may have ended.
pub(crate) fn sign_in_first(ended: Option<&EndReason>) -> Response {
    let message = Message {
        title: "Please sign in",
        text: ended.map_or("This page is for people who are signed in.", sentence),
        link: Some(("/", "Sign in")),
    };
    // RFC 9110, 15.5.2: an answer of 401 has a challenge. Browsers do not act on this one.
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (challenge, page(StatusCode::UNAUTHORIZED, &message)).into_response()
}

/// The answer to a path that nobody serves.
pub(crate) async fn not_found(method: Method, headers: HeaderMap) -> Response {
    let message = Message {
        title: "No such page",
        text: "There is nothing at this address.",
        link: Some(("/", "To the start page")),
    };
    page_or_status(StatusCode::NOT_FOUND, &message, &method, &headers)
}

/// The answer to a method that a path does not take, as where a form's address is typed in.
pub(crate) async fn not_allowed(method: Method, headers: HeaderMap) -> Response {
    let message = Message {
        title: "Not this way",
        text: "This address works from a form only.",
        link: Some(("/", "To the start page")),
    };
    page_or_status(StatusCode::METHOD_NOT_ALLOWED, &message, &method, &headers)
}

/// People get the page, programs the status alone.
fn page_or_status(
    status: StatusCode,
    message: &Message,
    method: &Method,
    headers: &HeaderMap,
) -> Response {
    if prefers_page(method, headers) {
        page(status, message)
    } else {
        status.into_response()
    }
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

/// Says to people why their session is gone.
pub(crate) const fn sentence(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::Absolute => "Your session reached its longest duration.",
        EndReason::Evicted => "Your session ended because you signed in on too many devices.",
        EndReason::Idle => "Your session ended because nothing happened for a while.",
        EndReason::Logout => "You signed out.",
        EndReason::Replayed => "Your session ended because an old copy of its cookie was used.",
        EndReason::Revoked(_) => "Your session was ended from another device.",
        EndReason::Superseded => "Your session was replaced by a newer sign-in.",
        _ => "Your session has ended.",
    }
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
