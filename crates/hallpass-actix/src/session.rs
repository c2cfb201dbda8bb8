//! The session as an extractor.

use std::future::Future;
use std::net::IpAddr;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::FromRequest;
use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use hallpass_core::Requirement;
use hallpass_core::Subject;
use hallpass_core::Unmet;
use hallpass_http::LayerMissing;
use hallpass_http::NoTouch;
use hallpass_http::PeerAddress;
use hallpass_http::SessionSlot;

use crate::convert;
use crate::rejection::SessionRejection;

/// The session of the request. See [`hallpass_core::Session`] for what it does.
///
/// The first extractor of a request loads the record; further ones share it. A handler that
/// takes none costs no call of the store.
#[derive(Clone, Debug)]
pub struct Session(hallpass_core::Session);

impl Session {
    /// Returns the session for code that knows nothing of actix.
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

impl FromRequest for Session {
    type Error = SessionRejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let opening = open(request);
        Box::pin(async { Ok(opening.await?.1) })
    }
}

/// A future that an extractor of this crate returns. It stays on its thread.
/// Returns the address of the connection.
pub(crate) fn peer(request: &HttpRequest) -> Option<IpAddr> {
    let named = request
        .extensions()
        .get()
        .map(|PeerAddress(address)| *address);
    named.or_else(|| request.peer_addr().map(|peer| peer.ip()))
}

pub(crate) type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, SessionRejection>>>>;

/// Opens the session of a request, which the future does not need any more.
fn open(
    request: &HttpRequest,
) -> impl Future<Output = Result<(SessionSlot, Session), SessionRejection>> + use<> {
    let slot: Option<SessionSlot> = request.extensions().get().cloned();
    if let Some(slot) = &slot
        && request.extensions().get::<NoTouch>().is_some()
    {
        slot.mark_no_touch();
    }
    let is_open = slot.as_ref().is_some_and(|slot| slot.opened().is_some());
    let head = (!is_open && slot.is_some()).then(|| convert::head(request));
    let peer = peer(request);
    async move {
        let slot = slot.ok_or_else(LayerMissing::default)?;
        if let Some(session) = slot.opened() {
            let session = Session(session.clone());
            return Ok((slot, session));
        }
        let (method, headers) = head.unwrap_or_default();
        match slot.open_from(&method, &headers, peer).await {
            Ok(session) => Ok((slot, Session(session))),
            Err(error) => Err(SessionRejection::of(&slot, error)),
        }
    }
}

/// Opens the session of a request, if it meets the requirement.
pub(crate) fn admitted(
    request: &HttpRequest,
    requirement: Requirement,
) -> impl Future<Output = Result<(Session, Subject), SessionRejection>> + use<> {
    let opening = open(request);
    async move {
        let (slot, session) = opening.await?;
        match (session.check(&requirement), session.subject()) {
            (Ok(()), Some(subject)) => Ok((session, subject)),
            (met, _) => {
                let nobody = Unmet::NotLoggedIn { locked: false };
                let unmet = met.err().unwrap_or(nobody);
                Err(SessionRejection::of(&slot, unmet))
            }
        }
    }
}
