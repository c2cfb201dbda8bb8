//! Who am I, and a dangerous action.

use axum::http::StatusCode;
use axum::response::Json;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use serde_json::Value;
use serde_json::json;

use crate::times::rfc3339;
use crate::times::whole_seconds;

pub(crate) async fn me(session: Session) -> Json<Value> {
    let expires_in = session.expires_in();
    let authenticated_at = session
        .authentication()
        .and_then(|authentication| authentication.authenticated_at());
    Json(json!({
        "handle": session.handle(),
        "subject": session.subject().map(|subject| subject.id().to_owned()),
        "idle_expires_in": expires_in.and_then(|left| left.idle).map(whole_seconds),
        "absolute_expires_in": expires_in.map(|left| whole_seconds(left.absolute)),
        "authenticated_at": authenticated_at.map(rfc3339),
        "ended": session.end_reason().map(|reason| reason.as_str()),
    }))
}

/// Needs an authentication that is at most a minute old.
pub(crate) async fn sensitive(_user: RecentAuthentication<60>) -> StatusCode {
    StatusCode::NO_CONTENT
}
