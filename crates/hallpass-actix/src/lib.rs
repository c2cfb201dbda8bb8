//! hallpass for actix-web: a middleware, and extractors for the session and for who is logged in.
//!
//! | Extractor | Gives | Refuses |
//! | --- | --- | --- |
//! | [`Session`] | the session, anonymous or not | 503 while the store does not answer |
//! | [`Authenticated`] | session and subject | also 401, or a redirect of pages to the login page |
//! | [`MaybeAuthenticated`] | session, and the subject if there is one | 503 as above |
//! | [`RecentAuthentication`] | session and subject, authenticated a moment ago | also the challenge of RFC 9470, or a redirect of pages to the step-up page |
//! | [`Assured`] | session and subject of at least this assurance | as above |
//! | [`InPerson`] | session and subject, impersonated by nobody | also 403 |
//!
//! | Middleware | Does |
//! | --- | --- |
//! | [`SessionMiddleware`] | puts sessions around an application or a scope |
//! | [`CsrfMiddleware`] | refuses what pages of other sites cause, inside of the first |
//! | [`Require`] | lets only requests through whose session meets a requirement |
//!
//! [`Require`] asks the same of all routes of a scope. Handlers can also write
//! `session.check(&requirement)?`. [`SessionRejection`] shows how an application puts answers of
//! its own in the place of ours.
//!
//! # Security
//!
//! Do not extract `Option<Session>`, or an `Option` of another extractor of this crate. actix-web
//! turns any error of an extractor into `None` there, an outage of the store included, and so a
//! user into a stranger; no extractor can forbid it. [`MaybeAuthenticated`] says what is meant, and
//! answers 503 during an outage.
//!
//! # Example: count the visits
//!
//! ```
//! use actix_web::dev::{ServiceFactory, ServiceRequest};
//! use actix_web::{App, Error, web};
//! use hallpass_actix::{Session, SessionMiddleware, SessionRejection};
//! use hallpass_core::SessionManager;
//!
//! async fn visit(session: Session) -> Result<String, SessionRejection> {
//!     session.update("visits", |visits: &mut u32| *visits += 1)?;
//!     let visits: Option<u32> = session.get("visits")?;
//!     Ok(format!("visit {}", visits.unwrap_or_default()))
//! }
//!
//! // In the closure of `HttpServer::new`, for each worker. Clones of a manager are one manager.
//! # fn app(manager: &SessionManager) -> App<impl ServiceFactory<ServiceRequest, Config = (),
//! #     Response = actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>,
//! #     Error = Error, InitError = ()>> {
//! App::new()
//!     .wrap(SessionMiddleware::new(manager.clone()))
//!     .route("/", web::get().to(visit))
//! # }
//! ```
//!
//! # What the defaults do
//!
//! See the facade crate `hallpass`.
//!
//! # Deployment
//!
//! The client's address is that of the connection. Behind a proxy name it in
//! [`TransportConfig::trusted_proxies`](hallpass_http::TransportConfig::trusted_proxies); the
//! address and the scheme of a client come from there and from nowhere else, not from actix's
//! `ConnectionInfo`, which believes everybody.
//!
//! By default actix-web does not notice that a client has gone away before it writes to it. A stream
//! that waits for [`Session::ended`](hallpass_core::Session::ended) and writes nothing stays until
//! its session ends. `HttpServer::h1_allow_half_closed(false)` drops it, and handlers, at once.
//!
//! The services of actix-web stay on their thread and need not be `Send`. The store is shared by
//! all of them, and is.

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod assured;
mod authenticated;
mod convert;
mod csrf;
mod future;
mod middleware;
mod recent;
mod rejection;
mod require;
mod session;

pub use self::assured::Assured;
pub use self::assured::InPerson;
pub use self::authenticated::Authenticated;
pub use self::authenticated::MaybeAuthenticated;
pub use self::csrf::CsrfMiddleware;
pub use self::csrf::CsrfRefused;
pub use self::csrf::CsrfService;
pub use self::future::ResponseFuture;
pub use self::middleware::SessionMiddleware;
pub use self::middleware::SessionService;
pub use self::recent::RecentAuthentication;
pub use self::rejection::SessionRejection;
pub use self::require::Require;
pub use self::require::RequireService;
pub use self::session::Session;
