//! The layer that refuses what pages of other sites cause.

mod body;
mod future;
mod service;

use std::fmt;
use std::net::IpAddr;

use hallpass_http::Csrf;
use hallpass_http::CsrfRule;
use hallpass_http::PeerAddress;
use http::Extensions;
use tower_layer::Layer;

pub use self::future::CsrfFuture;
pub use self::service::CsrfService;

/// Refuses requests that pages of other sites cause, before a handler sees them.
///
/// It belongs inside of the [`SessionLayer`](crate::SessionLayer), and outside of what shortens the
/// paths of requests, such as nested routers. Login and logout are protected as everything else. A
/// session is opened only where a token decides; see [`Csrf::judge`] for the rules. A refused
/// request is answered with 403 and a short text, and [`CsrfRefused`] among the extensions of the
/// response, by which an outer layer may write a page of its own.
///
/// # Example: forms whose tokens are in a hidden field
///
/// ```
/// use hallpass_core::SessionManager;
/// use hallpass_http::{Csrf, CsrfConfig, CsrfConfigError};
/// use hallpass_tower::{CsrfLayer, SessionLayer};
/// use tower::ServiceBuilder;
///
/// fn layers(manager: SessionManager) -> Result<(), CsrfConfigError> {
///     let csrf = CsrfConfig::default().exempt("/webhooks/").build()?;
///     let layers = ServiceBuilder::new()
///         .layer(SessionLayer::new(manager))
///         .layer(CsrfLayer::new(csrf.clone()).forms(64 * 1024));
/// #   drop(layers);
///     Ok(())
/// }
/// ```
///
/// A handler writes the field with [`csrf_token`](hallpass_http::csrf_token) and
/// [`Csrf::hidden_field`].
#[derive(Clone)]
pub struct CsrfLayer<F = HeaderOnly> {
    checks: Checks<F>,
}

/// Tokens are read from the header only, and no body is touched.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HeaderOnly;

/// Tokens are read from the header, and from forms up to a length.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    limit: usize,
}

/// Why the layer refused a request: an extension of the response. The client does not see it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CsrfRefused {
    /// What decided.
    pub rule: CsrfRule,
}

/// What all requests of a layer share.
#[derive(Clone)]
struct Checks<F> {
    csrf: Csrf,
    peer: fn(&Extensions) -> Option<IpAddr>,
    forms: F,
}

impl CsrfLayer {
    /// A layer with these settings, which reads tokens from the header.
    #[must_use]
    pub fn new(csrf: Csrf) -> Self {
        let checks = Checks {
            csrf,
            peer: |extensions| extensions.get().map(|PeerAddress(address)| *address),
            forms: HeaderOnly,
        };
        Self { checks }
    }
}

impl<F> CsrfLayer<F> {
    /// Reads tokens from forms as well (`application/x-www-form-urlencoded`).
    ///
    /// Only where a token decides and the header has none, such a body is read into memory and
    /// handed on, if it has at most `limit` bytes. A longer one is answered with 413, also where
    /// refusals are only reported. All others, `multipart/form-data` too, are passed through as they
    /// are.
    #[must_use]
    pub fn forms(self, limit: usize) -> CsrfLayer<Forms> {
        let Checks { csrf, peer, .. } = self.checks;
        let forms = Forms { limit };
        CsrfLayer {
            checks: Checks { csrf, peer, forms },
        }
    }

    /// Says where the address of the connection is found among the extensions of a request, for
    /// servers that do not put a [`PeerAddress`] there. For adapters.
    #[must_use]
    pub fn peer_address(mut self, find: fn(&Extensions) -> Option<IpAddr>) -> Self {
        self.checks.peer = find;
        self
    }
}

impl<S, F: Clone> Layer<S> for CsrfLayer<F> {
    type Service = CsrfService<S, F>;

    fn layer(&self, inner: S) -> CsrfService<S, F> {
        CsrfService::new(inner, self.checks.clone())
    }
}

impl<F: fmt::Debug> fmt::Debug for CsrfLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checks.fmt(f)
    }
}

impl<F: fmt::Debug> fmt::Debug for Checks<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfLayer")
            .field("csrf", &self.csrf)
            .field("forms", &self.forms)
            .finish_non_exhaustive()
    }
}
