//! The application behind every adapter: its routes, and what each does with its session.
//!
//! An adapter brings the session as its extractor gives it, and turns a [`Reply`] or the error into
//! an answer of its framework. Everything in between is here, once.

mod call;
mod capacity;
mod data;
mod identity;
mod stream;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use hallpass::BoxFuture;
use hallpass::Session;
use hallpass::http::Refusal;
use tokio::sync::broadcast;

use self::call::Gates;

pub use self::call::Call;

/// What all requests share beside their sessions. Clones are the same.
#[derive(Clone, Debug)]
pub struct App(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    gates: Gates,
    /// Lines for every open stream.
    lines: broadcast::Sender<String>,
}

/// A route: method, path, and who may come with what.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "every adapter serves all of it")]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, which has no parameters.
    pub path: &'static str,
    /// What the handler asks for, and what it does.
    pub asks: Asks,
}

/// What a handler does with its session.
pub type Handler = fn(Call, Session) -> BoxFuture<'static, Result<Reply, Refusal>>;

/// What a handler asks for: the extractor that the adapter has to use.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "every adapter serves all of it")]
pub enum Asks {
    /// A session that is logged in.
    Authenticated(Handler),
    /// A session, and who is logged in, if somebody is.
    Maybe(Handler),
    /// No session.
    Nothing(fn() -> Reply),
    /// A session that is logged in by an authentication of the last 60 seconds.
    Recent(Handler),
    /// A session.
    Session(Handler),
}

/// What a handler answers.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: Body,
}

/// The body of a reply.
#[expect(clippy::exhaustive_enums, reason = "every adapter serves all of it")]
pub enum Body {
    /// Pieces that are made when they are asked for, after the head has left.
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
    /// All of it at once.
    Text(String),
}

impl App {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            gates: Gates::default(),
            lines: broadcast::Sender::new(16),
        }))
    }

    /// Writes a line to every open stream.
    pub(crate) fn say(&self, line: &str) -> Result<(), String> {
        match self.0.lines.send(line.to_owned()) {
            Ok(_listeners) => Ok(()),
            Err(_unheard) => Err("no stream is open".to_owned()),
        }
    }

    /// Waits until the request with this pause is there.
    pub(crate) async fn reached(&self, pause: &str) {
        self.0.gates.get(pause).reached().await;
    }

    /// Lets the request with this pause go on.
    pub(crate) fn resume(&self, pause: &str) {
        self.0.gates.get(pause).resume();
    }
}

impl Reply {
    fn text(body: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Body::Text(body.into()),
        }
    }

    fn stream(body: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self {
            body: Body::Stream(Box::pin(body)),
            ..Self::text("")
        }
    }

    const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl fmt::Debug for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authenticated(_) => "Authenticated",
            Self::Maybe(_) => "Maybe",
            Self::Nothing(_) => "Nothing",
            Self::Recent(_) => "Recent",
            Self::Session(_) => "Session",
        })
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(_) => f.write_str("Stream"),
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
        }
    }
}

/// All routes.
pub const ROUTES: &[Route] = &[
    get("/ignore", Asks::Nothing(|| Reply::text("ignored"))),
    get(
        "/read",
        Asks::Session(|call, session| Box::pin(data::read(call, session))),
    ),
    get(
        "/public",
        Asks::Session(|call, session| Box::pin(data::public(call, session))),
    ),
    get(
        "/secret",
        Asks::Session(|call, session| Box::pin(data::secret(call, session))),
    ),
    get(
        "/why",
        Asks::Session(|call, session| Box::pin(identity::why(call, session))),
    ),
    get(
        "/auth",
        Asks::Authenticated(|call, session| Box::pin(data::read(call, session))),
    ),
    get(
        "/maybe",
        Asks::Maybe(|call, session| Box::pin(data::read(call, session))),
    ),
    get(
        "/recent",
        Asks::Recent(|call, session| Box::pin(data::read(call, session))),
    ),
    post(
        "/recent",
        Asks::Recent(|call, session| Box::pin(data::write(call, session))),
    ),
    get(
        "/visit",
        Asks::Session(|call, session| Box::pin(data::write(call, session))),
    ),
    post(
        "/write",
        Asks::Session(|call, session| Box::pin(data::write(call, session))),
    ),
    post(
        "/remove",
        Asks::Session(|call, session| Box::pin(data::remove(call, session))),
    ),
    post(
        "/clear",
        Asks::Session(|call, session| Box::pin(data::clear(call, session))),
    ),
    post(
        "/cart",
        Asks::Session(|call, session| Box::pin(data::cart(call, session))),
    ),
    post(
        "/big",
        Asks::Session(|call, session| Box::pin(data::big(call, session))),
    ),
    post(
        "/count",
        Asks::Session(|call, session| Box::pin(data::count(call, session))),
    ),
    post(
        "/take",
        Asks::Session(|call, session| Box::pin(data::take(call, session))),
    ),
    post(
        "/fail",
        Asks::Session(|call, session| Box::pin(data::fail(call, session))),
    ),
    post(
        "/fail-now",
        Asks::Session(|call, session| Box::pin(data::fail_now(call, session))),
    ),
    post(
        "/panic",
        Asks::Session(|call, session| Box::pin(data::panic(call, session))),
    ),
    post(
        "/login",
        Asks::Session(|call, session| Box::pin(identity::log_in(call, session))),
    ),
    post(
        "/login-and-fail",
        Asks::Session(|call, session| Box::pin(identity::log_in_and_fail(call, session))),
    ),
    post(
        "/write-and-login",
        Asks::Session(|call, session| Box::pin(identity::write_and_log_in(call, session))),
    ),
    post(
        "/logout",
        Asks::Session(|call, session| Box::pin(identity::log_out(call, session))),
    ),
    post(
        "/logout-and-write",
        Asks::Session(|call, session| Box::pin(identity::log_out_and_write(call, session))),
    ),
    post(
        "/raise",
        Asks::Session(|call, session| Box::pin(identity::raise(call, session))),
    ),
    post(
        "/lower",
        Asks::Session(|call, session| Box::pin(identity::lower(call, session))),
    ),
    post(
        "/renew",
        Asks::Session(|call, session| Box::pin(identity::renew(call, session))),
    ),
    post(
        "/end-others",
        Asks::Session(|call, session| Box::pin(identity::end_others(call, session))),
    ),
    post(
        "/elevate",
        Asks::Session(|call, session| Box::pin(capacity::elevate(call, session))),
    ),
    post(
        "/end-elevation",
        Asks::Session(|call, session| Box::pin(capacity::end_elevation(call, session))),
    ),
    post(
        "/impersonate",
        Asks::Session(|call, session| Box::pin(capacity::impersonate(call, session))),
    ),
    post(
        "/end-impersonation",
        Asks::Session(|call, session| Box::pin(capacity::end_impersonation(call, session))),
    ),
    get(
        "/admin",
        Asks::Session(|call, session| Box::pin(capacity::admin(call, session))),
    ),
    get(
        "/in-person",
        Asks::Session(|call, session| Box::pin(capacity::in_person(call, session))),
    ),
    post(
        "/pay",
        Asks::Session(|call, session| Box::pin(capacity::pay(call, session))),
    ),
    get(
        "/pay",
        Asks::Session(|call, session| Box::pin(capacity::pay(call, session))),
    ),
    get(
        "/stream",
        Asks::Session(|call, session| Box::pin(stream::stream(call, session))),
    ),
    get(
        "/closed",
        Asks::Session(|call, session| Box::pin(stream::closed(call, session))),
    ),
];

const fn get(path: &'static str, asks: Asks) -> Route {
    Route {
        method: "GET",
        path,
        asks,
    }
}

const fn post(path: &'static str, asks: Asks) -> Route {
    Route {
        method: "POST",
        path,
        asks,
    }
}
