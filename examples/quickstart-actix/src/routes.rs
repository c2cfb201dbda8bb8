//! Which address leads where.

use actix_web::Error;
use actix_web::Resource;
use actix_web::error::ErrorBadRequest;
use actix_web::error::ErrorUnsupportedMediaType;
use actix_web::error::JsonPayloadError;
use actix_web::web::JsonConfig;
use actix_web::web::ServiceConfig;
use actix_web::web::get;
use actix_web::web::post;
use actix_web::web::resource;
use actix_web::web::to;
use quickstart_logic::assets::ASSETS;

use crate::answer::Sent;
use crate::api;
use crate::pages;

/// The routes. Those that ask for no session never touch the store, middleware or no middleware.
pub(crate) fn routes(app: &mut ServiceConfig) {
    app.app_data(JsonConfig::default().error_handler(|error, _request| refuse(error)))
        .service(at("/").route(get().to(pages::home)))
        .service(
            at("/login")
                .route(post().to(pages::login))
                .route(get().to(pages::login_form)),
        )
        .service(at("/logout").route(post().to(pages::logout)))
        .service(at("/devices").route(get().to(pages::devices)))
        .service(at("/devices/end-others").route(post().to(pages::end_other_devices)))
        .service(at("/devices/{handle}/end").route(post().to(pages::end_device)))
        .service(
            at("/step-up")
                .route(get().to(pages::step_up_form))
                .route(post().to(pages::step_up)),
        )
        .service(at("/account").route(get().to(pages::account)))
        .service(at("/account/delete").route(post().to(pages::delete_account)))
        .service(at("/account/password").route(post().to(pages::change_password)))
        .service(at("/admin").route(get().to(pages::admin)))
        .service(at("/admin/elevate").route(post().to(pages::elevate)))
        .service(at("/admin/end").route(post().to(pages::end_elevation)))
        .service(at("/support").route(get().to(pages::support)))
        .service(at("/support/impersonate").route(post().to(pages::impersonate)))
        .service(at("/support/end").route(post().to(pages::end_impersonation)))
        .configure(for_programs)
        .configure(assets)
        .service(at("/healthz").route(get().to(async || "ok")))
        .default_service(to(pages::not_found));
}

fn for_programs(app: &mut ServiceConfig) {
    app.service(at("/api/me").route(get().to(api::me)))
        // Asked by the minute, and no activity: see `no_touch_path` in `main`.
        .service(at("/api/poll").route(get().to(api::me)))
        .service(at("/api/devices").route(get().to(api::devices)))
        .service(at("/api/sensitive").route(post().to(api::sensitive)))
        .service(
            at("/api/cart")
                .route(get().to(api::cart))
                .route(post().to(api::add_to_cart)),
        )
        .service(
            at("/api/counter")
                .route(get().to(api::counter))
                .route(post().to(api::count)),
        )
        .service(at("/api/guess").route(post().to(api::guess)))
        .service(at("/api/get").route(get().to(api::get)))
        .service(at("/api/set").route(post().to(api::set)))
        .service(at("/api/events").route(get().to(api::events)))
        .service(at("/api/ws").route(get().to(api::socket)))
        .service(at("/api/plain").route(get().to(async || "no session asked for")));
}

fn assets(app: &mut ServiceConfig) {
    for asset in &ASSETS {
        app.service(at(asset.path()).route(get().to(async || Sent(asset.answer()))));
    }
}

/// A body that is no JSON is another mistake than JSON that does not parse, and not one that a form of
/// another site can get around.
fn refuse(error: JsonPayloadError) -> Error {
    match error {
        JsonPayloadError::ContentType => ErrorUnsupportedMediaType(error),
        _ => ErrorBadRequest(error),
    }
}

/// A path whose other methods are answered as those of every path.
fn at(path: &'static str) -> Resource {
    resource(path).default_service(to(pages::not_allowed))
}
