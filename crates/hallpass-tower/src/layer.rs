//! The layer.

use std::fmt;
use std::sync::Arc;

use hallpass_core::SessionManager;
use hallpass_http::Transport;
use hallpass_http::TransportConfig;
use hallpass_http::TransportError;
use tower_layer::Layer;

use crate::service::SessionService;

/// Puts sessions around a service.
///
/// # Example: cookies, and a header for mobile clients
///
/// ```
/// use hallpass_core::SessionManager;
/// use hallpass_http::{TransportConfig, TransportError};
/// use hallpass_tower::SessionLayer;
///
/// fn layer(manager: SessionManager) -> Result<SessionLayer, TransportError> {
///     SessionLayer::with_transport(manager, TransportConfig::default().bearer(true))
/// }
/// ```
#[derive(Clone)]
pub struct SessionLayer {
    shared: Arc<Shared>,
}

/// What all requests of a layer share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) manager: SessionManager,
    pub(crate) transport: Transport,
    pub(crate) keep_changes_on_failure: bool,
}

impl SessionLayer {
    /// A layer with the default transport: the cookies `__Host-session` and `__Host-anon`.
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        Self::from_shared(manager, Transport::default())
    }

    /// A layer with a transport of one's own.
    ///
    /// # Errors
    ///
    /// [`TransportError`] where the settings do not go together.
    pub fn with_transport(
        manager: SessionManager,
        transport: TransportConfig,
    ) -> Result<Self, TransportError> {
        Ok(Self::from_shared(manager, transport.build()?))
    }

    /// Whether changes of data are committed although the handler answered 5xx. Default: no, they
    /// are dropped, because a handler that failed half-way has written half of what it meant.
    /// What was awaited in the handler (`login`, `update_now`, ...) is done in any case, and its
    /// cookies go out.
    #[must_use]
    pub fn keep_changes_on_failure(mut self, keep: bool) -> Self {
        Arc::make_mut(&mut self.shared).keep_changes_on_failure = keep;
        self
    }

    fn from_shared(manager: SessionManager, transport: Transport) -> Self {
        Self {
            shared: Arc::new(Shared {
                manager,
                transport,
                keep_changes_on_failure: false,
            }),
        }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService::new(inner, Arc::clone(&self.shared))
    }
}

impl fmt::Debug for SessionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer")
            .field("manager", &self.shared.manager)
            .field("transport", &self.shared.transport)
            .field(
                "keep_changes_on_failure",
                &self.shared.keep_changes_on_failure,
            )
            .finish()
    }
}
