//! The layer.

use hallpass_core::SessionManager;
use hallpass_http::Sessions;
use hallpass_http::TransportConfig;
use hallpass_http::TransportError;
use tower_layer::Layer;

use crate::service::SessionService;

/// Puts sessions around a service. Where pages are redirected to a login page and come back, it
/// has to be outside of what shortens the paths of requests, such as nested routers.
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
#[derive(Clone, Debug)]
pub struct SessionLayer(Sessions);

impl SessionLayer {
    /// A layer with the default transport: the cookies `__Host-session` and `__Host-anon`.
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        Self(Sessions::new(manager))
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
        Sessions::with_transport(manager, transport).map(Self)
    }

    /// Whether changes of data are committed although the handler answered 5xx. Default: no, they
    /// are dropped, because a handler that failed half-way has written half of what it meant.
    /// What was awaited in the handler (`login`, `update_now`, ...) is done in any case, and its
    /// cookies go out.
    #[must_use]
    pub fn keep_changes_on_failure(self, keep: bool) -> Self {
        Self(self.0.keep_changes_on_failure(keep))
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> SessionService<S> {
        SessionService::new(inner, self.0.clone())
    }
}
