//! hallpass for axum: extractors for the session and for who is logged in.
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
//! [`require`] asks the same of all routes of a router. Handlers can also write
//! `session.check(&requirement)?`. [`SessionRejection`] shows how an
//! application puts answers of its own in the place of ours.
//!
//! There is no `Option<Session>`: it would turn an outage into an anonymous user.
//!
//! # Example: count the visits
//!
//! ```
//! use axum::{Router, routing::get};
//! use hallpass_axum::{Session, SessionLayer, SessionRejection};
//! use hallpass_core::SessionManager;
//!
//! async fn visit(session: Session) -> Result<String, SessionRejection> {
//!     session.update("visits", |visits: &mut u32| *visits += 1)?;
//!     let visits: Option<u32> = session.get("visits")?;
//!     Ok(format!("visit {}", visits.unwrap_or_default()))
//! }
//!
//! fn app(manager: SessionManager) -> Router {
//!     Router::new().route("/", get(visit)).layer(SessionLayer::new(manager))
//! }
//! ```
//!
//! The complete program with a login is the first page of the facade crate `hallpass`.
//!
//! # What the defaults do
//!
//! See the facade crate `hallpass`.
//!
//! # Deployment
//!
//! Serve with `into_make_service_with_connect_info::<SocketAddr>()`, so that lists of devices know
//! the client's network and forwarding headers can be judged. Behind a proxy name it in
//! [`TransportConfig::trusted_proxies`](hallpass_http::TransportConfig::trusted_proxies); the
//! address and the scheme of a client come from there and from nowhere else. Put the layer around
//! the whole router: inside of `nest` it would see the rest of a path, and so would a login page
//! that leads back there.
//!
//! # Features
//!
//! | Feature | Gives |
//! | --- | --- |
//! | `connect-info` | the client's address from the `ConnectInfo` of axum's server |

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod assured;
mod authenticated;
mod csrf;
mod recent;
mod rejection;
mod require;
mod session;

pub use hallpass_tower::CsrfLayer;
pub use hallpass_tower::SessionLayer;

pub use self::assured::Assured;
pub use self::assured::InPerson;
pub use self::authenticated::Authenticated;
pub use self::authenticated::MaybeAuthenticated;
pub use self::csrf::csrf_layer;
pub use self::recent::RecentAuthentication;
pub use self::rejection::SessionRejection;
pub use self::require::require;
pub use self::session::Session;
