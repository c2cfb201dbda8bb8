//! The middleware.

use std::fmt;
use std::future::Ready;
use std::future::ready;
use std::task::Context;
use std::task::Poll;

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::EitherBody;
use actix_web::body::MessageBody;
use actix_web::dev::Service;
use actix_web::dev::ServiceRequest;
use actix_web::dev::ServiceResponse;
use actix_web::dev::Transform;
use hallpass_core::SessionManager;
use hallpass_http::Sessions;
use hallpass_http::TransportConfig;
use hallpass_http::TransportError;

use crate::convert;
use crate::future::ResponseFuture;

/// Puts sessions around an application or a scope.
///
/// A request that asks for no session costs no call of the store. Before the head of the response
/// leaves, the middleware commits what changed, writes the cookies, and keeps shared caches away
/// from what depends on a session. Bodies pass through as they are. Errors of services inside
/// carry their cookies, too.
///
/// # Example: cookies, and a header for mobile clients
///
/// ```
/// use hallpass_actix::SessionMiddleware;
/// use hallpass_core::SessionManager;
/// use hallpass_http::{TransportConfig, TransportError};
///
/// fn middleware(manager: SessionManager) -> Result<SessionMiddleware, TransportError> {
///     SessionMiddleware::with_transport(manager, TransportConfig::default().bearer(true))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SessionMiddleware(Sessions);

impl SessionMiddleware {
    /// A middleware with the default transport: the cookies `__Host-session` and `__Host-anon`.
    #[must_use]
    pub fn new(manager: SessionManager) -> Self {
        Self(Sessions::new(manager))
    }

    /// A middleware with a transport of one's own.
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

impl<S, B> Transform<S, ServiceRequest> for SessionMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = SessionService<S>;
    type InitError = ();
    type Future = Ready<Result<SessionService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let sessions = self.0.clone();
        ready(Ok(SessionService { inner, sessions }))
    }
}

/// A service with sessions around it. [`SessionMiddleware`] makes it.
pub struct SessionService<S> {
    inner: S,
    sessions: Sessions,
}

impl<S, B> Service<ServiceRequest> for SessionService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let slot = self.sessions.slot(|| convert::uri(request.uri()));
        request.extensions_mut().insert(slot.clone());
        ResponseFuture::new(self.inner.call(request), slot)
    }
}

impl<S> fmt::Debug for SessionService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").finish_non_exhaustive()
    }
}
