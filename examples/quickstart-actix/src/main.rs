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
use quickstart_logic::settings::FORM;
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
    let sessions = SessionMiddleware::with_transport(sessions, Settings::transport())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port()))?;
    let address = listener.local_addr()?;
    let csrf = Settings::csrf(address)?;
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

#[expect(clippy::print_stdout, reason = "this is what it has to say")]
fn announce(address: SocketAddr) {
    println!("listening on http://{address}");
}
