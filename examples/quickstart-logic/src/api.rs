//! Who am I, for programs.

use hallpass::Session;
use http::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::answer::json;
use crate::times::rfc3339;
use crate::times::whole_seconds;

/// Whose session this is, and how long it lasts.
pub fn me(session: &Session) -> Answer {
    let expires_in = session.expires_in();
    let authenticated_at = session
        .authentication()
        .and_then(|authentication| authentication.authenticated_at());
    let me = json!({
        "handle": session.handle(),
        "subject": session.subject().map(|subject| subject.id().to_owned()),
        "idle_expires_in": expires_in.and_then(|left| left.idle).map(whole_seconds),
        "absolute_expires_in": expires_in.map(|left| whole_seconds(left.absolute)),
        "authenticated_at": authenticated_at.map(rfc3339),
        "actor": session.actor().map(|actor| actor.id().to_owned()),
        "rights": session.elevation().map(|elevated| elevated.rights().to_vec()),
        "locked": session.locked().is_some(),
        "ended": session.end_reason().map(|reason| reason.as_str()),
    });
    json(StatusCode::OK, &me)
}
