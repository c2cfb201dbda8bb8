//! An application that is called in process, without a runtime.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use futures_util::FutureExt;
use hallpass::MemoryStore;
use hallpass::SessionManager;
use hallpass::StandardPolicyBuilder;
use hallpass::Subject;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use http::Request;
use http::header;
use tower::Service;
use tower::util::MapRequestLayer;

/// How much data the session of the client holds.
pub const DATA_BYTES: usize = 200;

/// The name of the data.
const DATA: &str = "data";

/// What a request does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the routes of the application")]
pub enum Work {
    /// Answers with one letter. Uses no session.
    Plain,
    /// Answers with a text as long as the data of the session. Uses no session.
    Text,
    /// Answers with the data of the session.
    Read,
    /// Counts up a number in the session, and answers with one letter.
    Change,
    /// Logs in, and answers with one letter.
    Login,
    /// Logs out, and answers with one letter.
    Logout,
}

impl Work {
    const fn path(self) -> &'static str {
        match self {
            Self::Plain => "/plain",
            Self::Text => "/text",
            Self::Read => "/read",
            Self::Change => "/change",
            Self::Login => "/login",
            Self::Logout => "/logout",
        }
    }
}

/// The application and one client, which sends a cookie.
///
/// The memory store answers at once, so every request is ready when it is polled first.
#[derive(Debug)]
pub struct App {
    router: Router,
    cookie: String,
}

impl App {
    /// The application without the session layer. The client sends a cookie of the same length.
    #[must_use]
    pub fn bare() -> Self {
        Self {
            router: routes(),
            cookie: format!("__Host-session={}", "A".repeat(64)),
        }
    }

    /// The application with a layer that does nothing.
    #[must_use]
    pub fn with_empty_layer() -> Self {
        Self {
            router: routes().layer(MapRequestLayer::new(|request: Request<Body>| request)),
            ..Self::bare()
        }
    }

    /// The application with a layer that gives each request an extension and does nothing else,
    /// which is the least that a layer with extractors has to do.
    #[must_use]
    pub fn with_extension() -> Self {
        let extend = |mut request: Request<Body>| {
            request.extensions_mut().insert(Extension::default());
            request
        };
        Self {
            router: routes().layer(MapRequestLayer::new(extend)),
            ..Self::bare()
        }
    }

    /// The application with the session layer and a memory store. The client is logged in, and its
    /// session holds [`DATA_BYTES`] of data.
    ///
    /// # Panics
    ///
    /// Where the policy makes no sense.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a bench that cannot begin is to stop")]
    pub fn with_sessions(policy: StandardPolicyBuilder) -> Self {
        let policy = policy.build().expect("a policy");
        let manager = SessionManager::builder(MemoryStore::new())
            .policy(policy)
            .build()
            .expect("a manager");
        let mut app = Self {
            router: routes().layer(SessionLayer::new(manager)),
            cookie: String::new(),
        };
        app.log_in();
        app
    }

    /// Returns a request of the client.
    ///
    /// # Panics
    ///
    /// Never: path and cookie are well-formed.
    #[must_use]
    #[expect(clippy::expect_used, reason = "path and cookie are well-formed")]
    pub fn request(&self, work: Work) -> Request<Body> {
        Request::builder()
            .uri(work.path())
            .header(header::COOKIE, &self.cookie)
            .body(Body::empty())
            .expect("a request")
    }

    /// Answers a request.
    ///
    /// # Panics
    ///
    /// Where the request waits for something, or is refused.
    #[expect(clippy::expect_used, reason = "a bench of failures measures nothing")]
    pub fn answer(&mut self, request: Request<Body>) -> Response {
        let answer = self.router.call(request).now_or_never();
        let Ok(response) = answer.expect("nothing waits");
        assert!(response.status().is_success(), "{}", response.status());
        response
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Panics
    ///
    /// As [`App::answer`].
    pub fn send(&mut self, work: Work) -> Response {
        self.answer(self.request(work))
    }

    /// Logs in; from then on the client sends the cookie that it got.
    ///
    /// # Panics
    ///
    /// As [`App::answer`], and where the answer carries no cookie.
    #[expect(clippy::expect_used, reason = "a bench of failures measures nothing")]
    pub fn log_in(&mut self) {
        self.cookie.clear();
        let response = self.send(Work::Login);
        let set = &response.headers()[header::SET_COOKIE];
        let text = set.to_str().expect("a cookie is ASCII");
        let (pair, _attributes) = text.split_once(';').expect("a cookie has attributes");
        pair.clone_into(&mut self.cookie);
    }
}

/// Shared with the response, as a session is.
#[derive(Clone, Debug, Default)]
struct Extension {
    _shared: Arc<()>,
}

fn routes() -> Router {
    Router::new()
        .route(Work::Plain.path(), get(async || "x"))
        .route(Work::Text.path(), get(async || "y".repeat(DATA_BYTES)))
        .route(Work::Read.path(), get(read))
        .route(Work::Change.path(), get(change))
        .route(Work::Login.path(), get(log_in))
        .route(Work::Logout.path(), get(log_out))
}

async fn read(session: Session) -> Result<String, SessionRejection> {
    Ok(session.get(DATA)?.unwrap_or_default())
}

async fn change(session: Session) -> Result<&'static str, SessionRejection> {
    session.update("count", |count: &mut u64| *count += 1)?;
    Ok("x")
}

#[expect(clippy::expect_used, reason = "the name is a valid one")]
async fn log_in(session: Session) -> Result<&'static str, SessionRejection> {
    let alice = Subject::new("alice").expect("a subject");
    let _outcome = session.login(alice).await?;
    session.insert(DATA, "y".repeat(DATA_BYTES))?;
    Ok("x")
}

async fn log_out(session: Session) -> Result<&'static str, SessionRejection> {
    session.logout().await?;
    Ok("x")
}
