//! poem: its middleware is not made of tower's requests, so a tower service with sessions is mounted.

use hallpass::SessionManager;
use hallpass::tower::SessionLayer;
use poem::IntoEndpoint;
use poem::Route;
use poem::endpoint::TowerCompatExt;
use tower::ServiceBuilder;
use tower::service_fn;

use crate::visit::visit;

/// Routes of poem, one of which has sessions.
#[must_use]
pub fn app(sessions: SessionManager) -> Route {
    let visits = ServiceBuilder::new()
        .layer(SessionLayer::new(sessions))
        .service(service_fn(visit));
    Route::new().at("/", visits.compat()).at(
        "/healthz",
        poem::endpoint::make_sync(|_request| "ok").into_endpoint(),
    )
}
