//! A counter whose sessions outlive the server: start it again, and it goes on.
//!
//! ```text
//! $ cargo run -p custom-store -- /tmp/sessions.txt
//! $ curl -b jar -c jar http://localhost:3000/
//! visit 1
//! ```

use custom_store::FileStore;
use hallpass::DynStore;
use hallpass::SessionManager;
use hallpass::StandardPolicy;
use hallpass::axum::Session;
use hallpass::axum::SessionRejection;

async fn visit(session: Session) -> Result<String, SessionRejection> {
    session.update("visits", |visits: &mut u32| *visits += 1)?;
    let visits = session.get::<u32>("visits")?.unwrap_or_default();
    Ok(format!("visit {visits}\n"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a file")?;
    let store = DynStore::builder(FileStore::open(path.as_ref())?).build();
    // The store has no index by subject, so nobody can count the sessions of one.
    let policy = StandardPolicy::builder().no_concurrency_limit().build()?;
    let sessions = SessionManager::builder(store).policy(policy).build()?;
    let app = axum::Router::new().route("/", axum::routing::get(visit));
    let app = app.layer(hallpass::axum::SessionLayer::new(sessions));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
