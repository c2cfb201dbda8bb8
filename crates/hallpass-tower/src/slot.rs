//! Where a request finds its session.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::OnceLock;

use hallpass_core::BoxFuture;
use hallpass_core::Delivery;
use hallpass_core::Finished;
use hallpass_core::Session;
use hallpass_core::SessionError;
use hallpass_http::Carrier;
use hallpass_http::Transport;
use hallpass_http::prefers_page;
use http::Response;
use http::request::Parts;

use crate::layer::Shared;
use crate::refusal::redirect_to_login;
use crate::refusal::refused;

/// The place of the session in a request: an extension that the layer puts there.
///
/// Nothing is read and nothing is loaded until somebody opens it. Clones are the same place.
#[derive(Clone)]
pub struct SessionSlot(Arc<Slot>);

struct Slot {
    shared: Arc<Shared>,
    opened: OnceLock<Opened>,
}

struct Opened {
    session: Session,
    carrier: Carrier,
    /// Whether the request is one for a page, and there is a login page to redirect it to.
    is_redirected: bool,
}

/// What is left to do for a response.
pub(crate) enum Finish {
    /// There is something to write first.
    Later(BoxFuture<'static, Finished>),
    /// There is nothing to write.
    Now(Finished),
    /// Nobody asked for the session.
    Untouched,
}

/// The address of the connection, as an extension of the request, where the server does not put
/// one there that the adapter knows. It ends up in lists of devices and decides whether
/// forwarding headers are believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an address under a name of its own"
)]
pub struct PeerAddress(pub IpAddr);

/// The request did not pass a [`SessionLayer`](crate::SessionLayer).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LayerMissing;

impl fmt::Display for LayerMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the session layer is missing: add `.layer(SessionLayer::new(manager))` to the router, \
             after (below) the routes that use sessions",
        )
    }
}

impl std::error::Error for LayerMissing {}

impl SessionSlot {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(Slot {
            shared,
            opened: OnceLock::new(),
        }))
    }

    /// Returns the place of the session in this request.
    ///
    /// # Errors
    ///
    /// [`LayerMissing`], which says what to add where.
    pub fn of(parts: &Parts) -> Result<&Self, LayerMissing> {
        parts.extensions.get().ok_or(LayerMissing)
    }

    /// Opens the session of the request, or returns it if it is open. The address of the
    /// connection is that of [`PeerAddress`].
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] where the store does not answer.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn open(&self, parts: &Parts) -> Result<Session, SessionError> {
        let peer = parts.extensions.get().map(|PeerAddress(address)| *address);
        self.open_from(parts, peer).await
    }

    /// Opens the session of the request, which comes from this address. For adapters.
    ///
    /// # Errors
    ///
    /// As [`SessionSlot::open`].
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn open_from(
        &self,
        parts: &Parts,
        peer: Option<IpAddr>,
    ) -> Result<Session, SessionError> {
        if let Some(opened) = self.0.opened.get() {
            return Ok(opened.session.clone());
        }
        let Shared {
            manager, transport, ..
        } = &*self.0.shared;
        let (carrier, opening) = {
            let incoming = transport.read(peer, &parts.headers);
            let opening = manager.open(incoming.presented, incoming.client);
            (incoming.carrier, opening)
        };
        let opened = Opened {
            session: opening.await?,
            carrier,
            is_redirected: transport.login_page().is_some()
                && prefers_page(&parts.method, &parts.headers),
        };
        // Of two that open at once, both get what the first found.
        Ok(self.0.opened.get_or_init(|| opened).session.clone())
    }

    /// Returns how tokens travel here, for adapters that redirect.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.0.shared.transport
    }

    /// Begins to commit, if somebody opened the session.
    pub(crate) fn finish<B>(&self, response: &Response<B>) -> Finish {
        let Some(opened) = self.0.opened.get() else {
            return Finish::Untouched;
        };
        let failed = response.status().is_server_error() && !self.0.shared.keep_changes_on_failure;
        if let Some(finished) = opened.session.try_finish(failed) {
            return Finish::Now(finished);
        }
        let session = opened.session.clone();
        Finish::Later(Box::pin(async move { session.finish(failed).await }))
    }

    /// Writes into the answer what the session adds to it.
    pub(crate) fn answer<B: Default>(
        &self,
        response: Response<B>,
        finished: Finished,
    ) -> Response<B> {
        let Some(opened) = self.0.opened.get() else {
            return response;
        };
        let Shared {
            manager, transport, ..
        } = &*self.0.shared;
        let mut response = match finished.refusal {
            None => response,
            Some(error) => refused(error),
        };
        if opened.is_redirected
            && let Some(page) = transport.login_page()
        {
            redirect_to_login(&mut response, page);
        }
        let headers = response.headers_mut();
        transport.mark_read(headers);
        if finished.delivery == Delivery::default() {
            return response;
        }
        match transport.deliver(opened.carrier, &finished.delivery, manager.now(), headers) {
            Ok(()) => response,
            Err(error) => {
                let mut response = Response::new(B::default());
                *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                response.extensions_mut().insert(error);
                response
            }
        }
    }
}

impl fmt::Debug for SessionSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSlot")
            .field(
                "session",
                &self.0.opened.get().map(|opened| &opened.session),
            )
            .finish_non_exhaustive()
    }
}
