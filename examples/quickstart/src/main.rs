//! A complete login with hallpass and axum: sign in, stay signed in, see your devices, end one.
//!
//! Run it with `cargo run -p quickstart`, then open <http://127.0.0.1:3000>. The accounts are
//! `user1`, `user2` and `support`, each with the password `correct horse`.
//!
//! ```text
//! $ curl -i -H 'Sec-Fetch-Site: same-origin' -d 'username=user1' --data-urlencode 'password=correct horse' http://127.0.0.1:3000/login
//! HTTP/1.1 303 See Other
//! location: /
//! set-cookie: __Host-session=...; Path=/; Secure; HttpOnly; SameSite=Lax
//! ```

mod api;
mod pages;
mod routes;

use std::error::Error;
use std::net::Ipv4Addr;
use std::net::SocketAddr;

use axum::middleware::from_fn;
use hallpass::SessionManager;
use hallpass::TracingSink;
use hallpass::axum::SessionLayer;
use hallpass::axum::csrf_layer;
use quickstart_logic::settings::FORM;
use quickstart_logic::settings::Settings;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use self::routes::routes;

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
    let layer = SessionLayer::with_transport(sessions, Settings::transport())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port())).await?;
    let address = listener.local_addr()?;
    let csrf = Settings::csrf(address)?;
    let app = routes(settings.site())
        .layer(csrf_layer(csrf).forms(FORM))
        .layer(layer)
        .layer(from_fn(pages::for_browsers));

    announce(address);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        served = axum::serve(listener, service) => served?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what it has to say")]
fn announce(address: SocketAddr) {
    println!("listening on http://{address}");
}
