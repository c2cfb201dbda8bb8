//! The middleware that refuses what pages of other sites cause.

mod service;

use std::future::Ready;
use std::future::ready;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::body::MessageBody;
use actix_web::dev::Service;
use actix_web::dev::ServiceRequest;
use actix_web::dev::ServiceResponse;
use actix_web::dev::Transform;
use hallpass_http::Csrf;
use hallpass_http::CsrfRule;

pub use self::service::CsrfService;

/// Refuses requests that pages of other sites cause, before a handler sees them.
///
/// It belongs inside of the [`SessionMiddleware`](crate::SessionMiddleware): of two calls of
/// `wrap`, the later one is outside. Login and logout are protected as everything else. A session is
/// opened only where a token decides; see [`Csrf::judge`] for the rules. A refused request is
/// answered with 403 and a short text, and [`CsrfRefused`] among the extensions of the response, by
/// which an outer middleware may write a page of its own.
///
/// # Example: forms whose tokens are in a hidden field
///
/// ```
/// use actix_web::web::{self, Data, Html, ServiceConfig};
/// use hallpass_actix::{CsrfMiddleware, Session, SessionMiddleware, SessionRejection};
/// use hallpass_core::SessionManager;
/// use hallpass_http::{Csrf, csrf_token};
///
/// async fn form(csrf: Data<Csrf>, session: Session) -> Result<Html, SessionRejection> {
///     let hidden = csrf.hidden_field(&csrf_token(&session).await?);
///     Ok(Html::new(format!(r#"<form method="post">{hidden}<button>Delete</button></form>"#)))
/// }
///
/// async fn delete() -> &'static str {
///     "deleted, and only from a page of this site"
/// }
///
/// fn routes(config: &mut ServiceConfig, manager: SessionManager) {
///     let csrf = Csrf::default();
///     let account = web::scope("/account")
///         .app_data(Data::new(csrf.clone()))
///         .route("", web::get().to(form))
///         .route("", web::post().to(delete))
///         .wrap(CsrfMiddleware::new(csrf).forms(64 * 1024))
///         .wrap(SessionMiddleware::new(manager));
///     config.service(account);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CsrfMiddleware {
    checks: Checks,
}

/// Why the middleware refused a request: an extension of the response. The client does not see it.
///
/// # Example: a page of the application
///
/// ```
/// use actix_web::dev::ServiceResponse;
/// use actix_web::http::StatusCode;
/// use actix_web::middleware::{ErrorHandlerResponse, ErrorHandlers};
/// use actix_web::{App, HttpResponse, Result};
/// use hallpass_actix::{CsrfMiddleware, CsrfRefused, SessionMiddleware};
/// # use hallpass_core::SessionManager;
/// # use hallpass_http::Csrf;
///
/// fn page<B>(response: ServiceResponse<B>) -> Result<ErrorHandlerResponse<B>> {
///     if response.response().extensions().get::<CsrfRefused>().is_none() {
///         return Ok(ErrorHandlerResponse::Response(response.map_into_left_body()));
///     }
///     let page = HttpResponse::Forbidden().body("Please load the form again.");
///     let page = response.into_response(page.map_into_right_body());
///     Ok(ErrorHandlerResponse::Response(page))
/// }
///
/// # fn app(csrf: Csrf, manager: SessionManager) {
/// let app = App::new()
///     .wrap(CsrfMiddleware::new(csrf))
///     .wrap(ErrorHandlers::new().handler(StatusCode::FORBIDDEN, page))
///     .wrap(SessionMiddleware::new(manager));
/// # drop(app);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CsrfRefused {
    /// What decided.
    pub rule: CsrfRule,
}

/// What all requests of a middleware share.
#[derive(Clone, Debug)]
struct Checks {
    csrf: Csrf,
    /// How long a form may be that is read for its token. `None`: no body is touched.
    forms: Option<usize>,
}

impl CsrfMiddleware {
    /// A middleware with these settings, which reads tokens from the header.
    #[must_use]
    pub const fn new(csrf: Csrf) -> Self {
        let checks = Checks { csrf, forms: None };
        Self { checks }
    }

    /// Reads tokens from forms as well (`application/x-www-form-urlencoded`).
    ///
    /// Only where a token decides and the header has none, such a body is read into memory and
    /// handed on, if it has at most `limit` bytes. A longer one is answered with 413, also where
    /// refusals are only reported. All others, `multipart/form-data` too, are passed through as they
    /// are. The limits of actix-web for the extractors of the handler hold beside this one.
    #[must_use]
    pub fn forms(mut self, limit: usize) -> Self {
        self.checks.forms = Some(limit);
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for CsrfMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CsrfService<S>;
    type InitError = ();
    type Future = Ready<Result<CsrfService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(CsrfService::new(inner, self.checks.clone())))
    }
}
