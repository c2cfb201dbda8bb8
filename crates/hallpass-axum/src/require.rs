//! A requirement of all routes of a router.

use hallpass_core::Requirement;
use hallpass_tower::RequireLayer;

use crate::session::peer;

/// Returns a layer that lets only requests through whose session meets a requirement. The others
/// get what the extractors would give them. It has to be inside of the
/// [`SessionLayer`](crate::SessionLayer).
///
/// # Example: routes for administrators
///
/// ```
/// use axum::{Router, routing::get};
/// use hallpass_axum::{SessionLayer, require};
/// use hallpass_core::{Requirement, SessionManager};
///
/// fn app(manager: SessionManager) -> Router {
///     let admin = Router::new()
///         .route("/users", get(async || "all users"))
///         .layer(require(Requirement::login().right("admin")));
///     Router::new().nest("/admin", admin).layer(SessionLayer::new(manager))
/// }
/// ```
#[must_use]
pub const fn require(requirement: Requirement) -> RequireLayer {
    RequireLayer::new(requirement).peer(peer)
}
