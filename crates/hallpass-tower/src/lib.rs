//! hallpass for every tower stack: a [`SessionLayer`] around a service.
//!
//! The layer puts a [`SessionSlot`] into the extensions of each request. A handler that wants the
//! session opens it there, which loads the record; one that does not costs no call of the store.
//! Before the head of the response leaves, the layer commits what changed, writes the cookies,
//! and keeps shared caches away from what depends on a session. Bodies pass through as they are.
//!
//! With axum use the extractors of `hallpass-axum`, which open the session for you.
//!
//! # Example: a service without a framework
//!
//! ```
//! use std::convert::Infallible;
//!
//! use hallpass_core::{SessionManager, SystemClock};
//! use hallpass_http::Refusal;
//! use hallpass_memory::MemoryStore;
//! use hallpass_tower::{SessionLayer, SessionSlot, refused};
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! async fn visit(request: Request<String>) -> Result<Response<String>, Infallible> {
//!     let (parts, _body) = request.into_parts();
//!     let answer = async {
//!         let session = SessionSlot::of(&parts)?.open(&parts).await?;
//!         session.update("visits", |visits: &mut u32| *visits += 1)?;
//!         let visits: Option<u32> = session.get("visits")?;
//!         Ok::<_, Refusal>(format!("visit {}", visits.unwrap_or_default()))
//!     };
//!     Ok(answer.await.map_or_else(refused, Response::new))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let manager = SessionManager::builder_with_clock(MemoryStore::new(), SystemClock).build()?;
//! let service = ServiceBuilder::new().layer(SessionLayer::new(manager)).service(service_fn(visit));
//! let response = service.oneshot(Request::new(String::new())).await?;
//! assert_eq!(response.body(), "visit 1");
//! assert!(response.headers().contains_key("set-cookie"));
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod csrf;
mod future;
mod layer;
mod refusal;
mod require;
mod service;

pub use hallpass_http::LayerMissing;
pub use hallpass_http::PeerAddress;
pub use hallpass_http::SessionSlot;

pub use self::csrf::CsrfFuture;
pub use self::csrf::CsrfLayer;
pub use self::csrf::CsrfRefused;
pub use self::csrf::CsrfService;
pub use self::csrf::Forms;
pub use self::csrf::HeaderOnly;
pub use self::future::ResponseFuture;
pub use self::layer::SessionLayer;
pub use self::refusal::Refused;
pub use self::refusal::refused;
pub use self::require::RequireLayer;
pub use self::require::RequireService;
pub use self::service::SessionService;
