//! A complete login with hallpass and axum: sign in, stay signed in, see your devices, end one.
//!
//! Run it with `cargo run -p quickstart`, then open <http://127.0.0.1:3000>. The accounts are
//! `user1`, `user2` and `support`, each with the password `correct horse`.
//!
//! ```text
//! $ curl -i -d 'username=user1' --data-urlencode 'password=correct horse' http://127.0.0.1:3000/login
//! HTTP/1.1 303 See Other
//! location: /
//! set-cookie: __Host-session=...; Path=/; Secure; HttpOnly; SameSite=Lax
//! ```

mod accounts;
mod api;
mod assets;
mod data;
mod devices;
mod events;
mod home;
mod pages;
mod settings;
mod times;

use std::error::Error;
use std::net::Ipv4Addr;
use std::net::SocketAddr;

use axum::Router;
use axum::middleware::map_response;
use axum::routing::get;
use axum::routing::post;
use hallpass::SessionManager;
use hallpass::TracingSink;
use hallpass::axum::SessionLayer;
use hallpass::http::TransportConfig;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use self::settings::Settings;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("info"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let settings = Settings::from_env()?;
    let sessions = SessionManager::builder(settings.store().await?)
        .policy(settings.policy()?)
        .events(TracingSink)
        .build()?;
    let layer = SessionLayer::with_transport(sessions, TransportConfig::default().bearer(true))?;
    let app = routes(settings.warn_before())
        .layer(layer)
        .layer(map_response(pages::secured));

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port())).await?;
    announce(listener.local_addr()?);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = axum::serve(listener, service) => served?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

/// The routes. Those that ask for no session never touch the store, layer or no layer.
fn routes(warn_before: u64) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/login", post(home::login).get(home::form))
        .route("/logout", post(home::logout))
        .route("/devices", get(devices::show))
        .with_state(warn_before)
        .route("/devices/{handle}/end", post(devices::end))
        .route("/devices/end-others", post(devices::end_others))
        .route("/api/me", get(api::me))
        .route("/api/devices", get(devices::list))
        .route("/api/sensitive", post(api::sensitive))
        .route("/api/cart", get(data::cart).post(data::add_to_cart))
        .route("/api/counter", get(data::counter).post(data::count))
        .route("/api/guess", post(data::guess))
        .route("/api/get", get(data::get))
        .route("/api/set", post(data::set))
        .route("/api/events", get(events::events))
        .route("/api/plain", get(async || "no session asked for"))
        .route("/healthz", get(async || "ok"))
        .merge(assets::routes())
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::not_allowed)
}

#[expect(clippy::print_stdout, reason = "this is what it has to say")]
fn announce(address: SocketAddr) {
    println!("listening on http://{address}");
}
