//! Requests that no form can send.

use http::HeaderMap;
use http::HeaderName;
use http::header;

use crate::field;

use super::CsrfRule;
use super::form;
use super::only;

/// Checks that a browser had to ask first (CORS preflight) before it sent this from a page of
/// another site: by the custom header, and by a content type that no form has.
pub(super) fn check(name: &HeaderName, headers: &HeaderMap) -> Result<(), CsrfRule> {
    if !headers.contains_key(name) {
        return Err(CsrfRule::CustomHeader);
    }
    match only(headers, &header::CONTENT_TYPE) {
        Some(kind) if is_asked_for(kind) => Ok(()),
        Some(_) | None => Err(CsrfRule::ContentType),
    }
}

/// Returns whether a browser asks before it sends a body of this type. One that cannot be read
/// does not count: browsers and servers would have to agree on what it is.
fn is_asked_for(content_type: &[u8]) -> bool {
    let essence = form::essence(content_type);
    let is_type = field::split_once(essence, b'/')
        .is_some_and(|(kind, part)| field::is_token(kind) && field::is_token(part));
    is_type
        && !SIMPLE
            .iter()
            .any(|simple| essence.eq_ignore_ascii_case(simple))
}

/// Returns whether a header proves nothing: a browser adds it by itself, or lets pages of other
/// sites set it without asking.
pub(super) fn is_unfit(name: &HeaderName) -> bool {
    let name = name.as_str();
    ["sec-", "proxy-", "access-control-", "if-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || UNFIT.contains(&name)
}

/// The types that a form, or a script without asking, can send (Fetch, "CORS-safelisted
/// request-header").
const SIMPLE: [&[u8]; 3] = [form::URLENCODED, b"multipart/form-data", b"text/plain"];

const UNFIT: [&str; 41] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "cookie",
    "cookie2",
    "date",
    "device-memory",
    "dnt",
    "downlink",
    "dpr",
    "ect",
    "expect",
    "host",
    "keep-alive",
    "last-event-id",
    "origin",
    "pragma",
    "priority",
    "purpose",
    "range",
    "referer",
    "rtt",
    "save-data",
    "service-worker",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "viewport-width",
    "width",
];
