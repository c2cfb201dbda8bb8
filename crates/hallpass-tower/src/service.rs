//! The service.

use std::fmt;
use std::task::Context;
use std::task::Poll;

use hallpass_http::Sessions;
use http::Request;
use http::Response;
use tower_service::Service;

use crate::future::ResponseFuture;

/// A service with sessions around it. [`SessionLayer`](crate::SessionLayer) makes it.
///
/// An error of the inner service passes through, and what its request changed is dropped: there
/// is no answer that could carry the cookies.
#[derive(Clone)]
pub struct SessionService<S> {
    inner: S,
    sessions: Sessions,
}

impl<S> SessionService<S> {
    pub(crate) const fn new(inner: S, sessions: Sessions) -> Self {
        Self { inner, sessions }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let slot = self.sessions.slot(|| Some(request.uri().clone()));
        request.extensions_mut().insert(slot.clone());
        ResponseFuture::new(self.inner.call(request), slot)
    }
}

impl<S: fmt::Debug> fmt::Debug for SessionService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
