//! A requirement of all routes of a service.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use hallpass_core::Requirement;
use hallpass_http::Answer;
use hallpass_http::NoTouch;
use hallpass_http::PeerAddress;
use hallpass_http::Refusal;
use hallpass_http::SessionSlot;
use http::Request;
use http::Response;
use http::request::Parts;
use tower_layer::Layer;
use tower_service::Service;

use crate::refusal::Refused;

/// Lets only requests through whose session meets a requirement. It has to be inside of the
/// [`SessionLayer`](crate::SessionLayer).
///
/// The others get 401 or 403 with a challenge; where the transport names a login page or a step-up
/// page, a request for a page is redirected there. A service whose bodies are not made of texts
/// checks in its handlers instead.
///
/// # Example: users with two factors
///
/// ```
/// use hallpass_core::{AssuranceLevel, Requirement, SessionManager};
/// use hallpass_tower::{RequireLayer, SessionLayer};
/// use tower::ServiceBuilder;
///
/// fn layers(manager: SessionManager) {
///     let two_factors = Requirement::login().level(AssuranceLevel::Aal2);
///     let builder = ServiceBuilder::new()
///         .layer(SessionLayer::new(manager))
///         .layer(RequireLayer::new(two_factors));
///     # drop(builder);
/// }
/// ```
#[derive(Clone)]
pub struct RequireLayer {
    requirement: Requirement,
    peer: fn(&Parts) -> Option<IpAddr>,
}

impl RequireLayer {
    /// Asks this of each request. The address of the connection is that of [`PeerAddress`].
    #[must_use]
    pub const fn new(requirement: Requirement) -> Self {
        Self {
            requirement,
            peer: |parts| parts.extensions.get().map(|PeerAddress(address)| *address),
        }
    }

    /// Says where the address of the connection is found. For adapters.
    #[must_use]
    pub const fn peer(mut self, peer: fn(&Parts) -> Option<IpAddr>) -> Self {
        self.peer = peer;
        self
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = RequireService<S>;

    fn layer(&self, inner: S) -> RequireService<S> {
        RequireService {
            inner,
            layer: self.clone(),
        }
    }
}

impl fmt::Debug for RequireLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLayer")
            .field("requirement", &self.requirement)
            .finish_non_exhaustive()
    }
}

/// A service behind a requirement. [`RequireLayer`] makes it.
#[derive(Clone)]
pub struct RequireService<S> {
    inner: S,
    layer: RequireLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for RequireService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Send + 'static,
    ResBody: Default + From<&'static str>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResBody>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The one that is ready goes along; its clone gets ready for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match layer.admit(&parts).await {
                Ok(()) => inner.call(Request::from_parts(parts, body)).await,
                Err((reason, answer)) => {
                    let mut response: Response<ResBody> = answer.into_response();
                    response.extensions_mut().insert(Refused::from(reason));
                    Ok(response)
                }
            }
        })
    }
}

impl RequireLayer {
    async fn admit(&self, parts: &Parts) -> Result<(), (Refusal, Answer)> {
        let alone = |reason: Refusal| {
            let answer = reason.answer();
            (reason, answer)
        };
        let slot = SessionSlot::of(parts).map_err(|missing| alone(missing.into()))?;
        let refuse = |reason: Refusal| {
            let answer = slot.refuse(&reason);
            (reason, answer)
        };
        if parts.extensions.get::<NoTouch>().is_some() {
            slot.mark_no_touch();
        }
        let peer = (self.peer)(parts);
        let opening = slot.open_from(&parts.method, &parts.headers, peer);
        let session = opening.await.map_err(|error| refuse(error.into()))?;
        let met = session.check(&self.requirement);
        met.map_err(|unmet| refuse(unmet.into()))
    }
}

impl<S: fmt::Debug> fmt::Debug for RequireService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
