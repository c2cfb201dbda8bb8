//! An axum router that is called in process, with sessions and without.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use hallpass::DynStore;
use hallpass::Load;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionStore;
use hallpass::SessionToken;
use hallpass::Subject;
use hallpass::Timestamp;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass_benches::DATA_BYTES;
use http::Request;
use http::header;
use tower::ServiceExt;

use crate::Result;

/// The application and one client, which sends a cookie.
pub(crate) struct Application {
    router: Router,
    cookie: String,
}

impl Application {
    /// An application without sessions. The client sends a cookie of the same length.
    pub(crate) fn bare(router: Router) -> Self {
        Self {
            router,
            cookie: format!("__Host-session={}", "A".repeat(64)),
        }
    }

    /// An application whose sessions expire when they sit unused. The client is logged in, its
    /// token is confirmed, and its session holds [`DATA_BYTES`] of data.
    pub(crate) async fn log_in(store: DynStore) -> Result<Self> {
        let manager = SessionManager::builder(store).build()?;
        let router = Router::new()
            .route("/login", get(log_in))
            .route("/read", get(read))
            .route("/change", get(change))
            .layer(SessionLayer::new(manager));
        let mut application = Self {
            router,
            cookie: String::new(),
        };
        let response = application.get("/login").await?;
        let set = response.headers().get(header::SET_COOKIE);
        let text = set.ok_or("the login answered no cookie")?.to_str()?;
        let (pair, _attributes) = text.split_once(';').ok_or("a cookie has attributes")?;
        pair.clone_into(&mut application.cookie);
        let _confirmed = application.get("/read").await?;
        Ok(application)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Response> {
        let request = Request::builder()
            .uri(path)
            .header(header::COOKIE, &self.cookie)
            .body(Body::empty())?;
        let response = self.router.clone().oneshot(request).await?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(format!("{path} answered {}", response.status()).into())
        }
    }

    pub(crate) fn handle(&self) -> Result<SessionHandle> {
        let (_name, token) = self.cookie.split_once('=').ok_or("a cookie has a value")?;
        Ok(SessionToken::parse(token.as_bytes())?.handle())
    }

    /// The bytes of the client's session.
    pub(crate) async fn record(&self, store: &DynStore, now: Timestamp) -> Result<Vec<u8>> {
        match store.load(self.handle()?, now).await? {
            Load::Live(record) => Ok(record.encode()),
            other => Err(format!("the session of the client is gone: {other:?}").into()),
        }
    }
}

async fn read(session: Session) -> std::result::Result<String, SessionRejection> {
    Ok(session.get("data")?.unwrap_or_default())
}

async fn change(session: Session) -> std::result::Result<&'static str, SessionRejection> {
    session.update("count", |count: &mut u64| *count += 1)?;
    Ok("x")
}

async fn log_in(session: Session) -> std::result::Result<&'static str, SessionRejection> {
    if let Ok(alice) = Subject::new("alice") {
        let _outcome = session.login(alice).await?;
        session.insert("data", "y".repeat(DATA_BYTES))?;
    }
    Ok("x")
}
