//! The session as an extractor.

use std::net::IpAddr;
use std::ops::Deref;

use axum_core::extract::FromRequestParts;
use hallpass_core::Requirement;
use hallpass_core::Subject;
use hallpass_core::Unmet;
use hallpass_http::NoTouch;
use hallpass_tower::PeerAddress;
use hallpass_tower::SessionSlot;
use http::request::Parts;

use crate::rejection::SessionRejection;

/// The session of the request. See [`hallpass_core::Session`] for what it does.
///
/// The first extractor of a request loads the record; further ones share it. A handler that
/// takes none costs no call of the store.
#[derive(Clone, Debug)]
pub struct Session(hallpass_core::Session);

impl Session {
    /// Returns the session for code that knows nothing of axum.
    #[must_use]
    pub fn into_inner(self) -> hallpass_core::Session {
        self.0
    }
}

impl Deref for Session {
    type Target = hallpass_core::Session;

    fn deref(&self) -> &hallpass_core::Session {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, SessionRejection> {
        let slot = SessionSlot::of(parts)?;
        if parts.extensions.get::<NoTouch>().is_some() {
            slot.mark_no_touch();
        }
        let session = slot.open_from(&parts.method, &parts.headers, peer(parts));
        match session.await {
            Ok(session) => Ok(Self(session)),
            Err(error) => Err(SessionRejection::of(slot, error)),
        }
    }
}

/// Opens the session of a request, if it meets the requirement.
pub(crate) async fn admitted(
    parts: &mut Parts,
    requirement: &Requirement,
) -> Result<(Session, Subject), SessionRejection> {
    let session = Session::from_request_parts(parts, &()).await?;
    let met = session.check(requirement);
    match (met, session.subject()) {
        (Ok(()), Some(subject)) => Ok((session, subject)),
        (met, _) => {
            let nobody = Unmet::NotLoggedIn { locked: false };
            let unmet = met.err().unwrap_or(nobody);
            Err(SessionRejection::of(SessionSlot::of(parts)?, unmet))
        }
    }
}

/// Returns the address of the connection.
pub(crate) fn peer(parts: &Parts) -> Option<IpAddr> {
    if let Some(PeerAddress(address)) = parts.extensions.get() {
        return Some(*address);
    }
    connection(parts)
}

#[cfg(feature = "connect-info")]
fn connection(parts: &Parts) -> Option<IpAddr> {
    use std::net::SocketAddr;

    let info: &axum::extract::ConnectInfo<SocketAddr> = parts.extensions.get()?;
    Some(info.0.ip())
}

#[cfg(not(feature = "connect-info"))]
const fn connection(_parts: &Parts) -> Option<IpAddr> {
    None
}
