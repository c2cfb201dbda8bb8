//! A requirement of all routes of a scope.

use std::fmt;
use std::future::Future;
use std::future::Ready;
use std::future::ready;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Context;
use std::task::Poll;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::body::MessageBody;
use actix_web::dev::Service;
use actix_web::dev::ServiceRequest;
use actix_web::dev::ServiceResponse;
use actix_web::dev::Transform;
use hallpass_core::Requirement;

use crate::session::admitted;

/// Lets only requests through whose session meets a requirement. The others get what the
/// extractors would give them.
///
/// # Example: a scope for administrators
///
/// ```
/// use actix_web::web;
/// use hallpass_actix::Require;
/// use hallpass_core::Requirement;
///
/// let admin = web::scope("/admin").wrap(Require::new(Requirement::login().right("admin")));
/// # let _scope = admin;
/// ```
#[derive(Clone, Debug)]
pub struct Require(Requirement);

impl Require {
    /// Asks this of each request. It has to be inside of the
    /// [`SessionMiddleware`](crate::SessionMiddleware).
    #[must_use]
    pub const fn new(requirement: Requirement) -> Self {
        Self(requirement)
    }
}

impl<S, B> Transform<S, ServiceRequest> for Require
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequireService<S>;
    type InitError = ();
    type Future = Ready<Result<RequireService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(RequireService {
            inner: Rc::new(inner),
            requirement: self.0.clone(),
        }))
    }
}

/// A service behind a requirement. [`Require`] makes it.
pub struct RequireService<S> {
    inner: Rc<S>,
    requirement: Requirement,
}

impl<S, B> Service<ServiceRequest> for RequireService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let admitted = admitted(request.request(), self.requirement.clone());
        let inner = Rc::clone(&self.inner);
        Box::pin(async move {
            match admitted.await {
                Ok(_session) => Ok(inner.call(request).await?.map_into_left_body()),
                Err(rejection) => Ok(request.error_response(rejection).map_into_right_body()),
            }
        })
    }
}

impl<S> fmt::Debug for RequireService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireService")
            .field("requirement", &self.requirement)
            .finish_non_exhaustive()
    }
}
