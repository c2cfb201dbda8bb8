//! The quickstart with actix: the same pages and routes as those of the one with axum.
//!
//! Run it with `cargo run -p quickstart-actix`, then open <http://127.0.0.1:3000>. The accounts are
//! `user1`, `user2` and `support`, each with the password `correct horse`.

mod answer;
mod api;
mod pages;
mod routes;

use std::error::Error;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;

use actix_web::App;
use actix_web::HttpServer;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use hallpass::SessionManager;
use hallpass::TracingSink;
use hallpass::actix::CsrfMiddleware;
use hallpass::actix::SessionMiddleware;
use hallpass::http::CsrfConfig;
use hallpass::http::TransportConfig;
use quickstart_logic::settings::Settings;
use tracing_subscriber::EnvFilter;

use self::routes::routes;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new("info"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let settings = Settings::from_env()?;
    let site = settings.site();
    let sessions = SessionManager::builder(settings.store().await?)
        .policy(settings.policy()?)
        .events(TracingSink)
        .build()?;
    let transport = TransportConfig::default()
        .bearer(true)
        .login_page("/")
        .step_up_page("/step-up")
        .no_touch_path("/api/poll");
    let sessions = SessionMiddleware::with_transport(sessions, transport)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port()))?;
    let address = listener.local_addr()?;
    // Only over plain http, as on this machine, does a site have to say what it is called.
    let csrf = CsrfConfig::default()
        .own_origin(&format!("http://{address}"))
        .own_origin(&format!("http://localhost:{}", address.port()))
        .build()?;
    let csrf = CsrfMiddleware::new(csrf).forms(FORM);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(site))
            .configure(routes)
            .wrap(csrf.clone())
            .wrap(sessions.clone())
            .wrap(from_fn(pages::for_browsers))
    });
    // A stream whose client has gone away goes, too.
    let server = server.h1_allow_half_closed(false).listen(listener)?;
    announce(address);
    Ok(server.run().await?)
}

/// How long a form may be whose token is looked for, in bytes.
const FORM: usize = 64 * 1024;

#[expect(clippy::print_stdout, reason = "this is what it has to say")]
fn announce(address: SocketAddr) {
    println!("listening on http://{address}");
}
