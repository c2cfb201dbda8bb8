//! Which address leads where.

use axum::Router;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;
use quickstart_logic::Site;
use quickstart_logic::assets::ASSETS;

use crate::api;
use crate::pages;

/// The routes. Those that ask for no session never touch the store, layer or no layer.
pub(crate) fn routes(site: Site) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/login", post(pages::login).get(pages::login_form))
        .route("/logout", post(pages::logout))
        .route("/devices", get(pages::devices))
        .route("/devices/{handle}/end", post(pages::end_device))
        .route("/devices/end-others", post(pages::end_other_devices))
        .route("/step-up", get(pages::step_up_form).post(pages::step_up))
        .route("/account", get(pages::account))
        .route("/account/delete", post(pages::delete_account))
        .route("/account/password", post(pages::change_password))
        .route("/admin", get(pages::admin))
        .route("/admin/elevate", post(pages::elevate))
        .route("/admin/end", post(pages::end_elevation))
        .route("/support", get(pages::support))
        .route("/support/impersonate", post(pages::impersonate))
        .route("/support/end", post(pages::end_impersonation))
        .with_state(site)
        .nest("/api", api())
        .route("/healthz", get(async || "ok"))
        .merge(assets())
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::not_allowed)
}

fn api() -> Router {
    Router::new()
        .route("/me", get(api::me))
        // Asked by the minute, and no activity: see `no_touch_path` in `main`.
        .route("/poll", get(api::me))
        .route("/devices", get(api::devices))
        .route("/sensitive", post(api::sensitive))
        .route("/cart", get(api::cart).post(api::add_to_cart))
        .route("/counter", get(api::counter).post(api::count))
        .route("/guess", post(api::guess))
        .route("/get", get(api::get))
        .route("/set", post(api::set))
        .route("/events", get(api::events))
        .route("/ws", any(api::socket))
        .route("/plain", get(async || "no session asked for"))
}

fn assets() -> Router {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path(), get(async || asset.answer()))
    })
}
