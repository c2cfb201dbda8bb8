//! A browser whose answers are all heard, and the site that it visits.

use std::collections::BTreeMap;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::Request;
use axum::http::Response;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::Revocation;
use hallpass::SessionError;
use hallpass::axum::Authenticated;
use hallpass::axum::MaybeAuthenticated;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass::http::Transport;
use hallpass::http::TransportConfig;
use hallpass::tower::PeerAddress;
use hallpass::tower::Refused;
use hallpass::tower::SessionSlot;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::Run;
use super::heard::Heard;
use crate::world::login;

/// A client of the site. Clones hold what it held when it was cloned.
#[derive(Clone)]
pub(super) struct Browser<'a> {
    run: &'a Run,
    site: Router,
    transport: Transport,
    pub(super) cookies: BTreeMap<String, String>,
    /// The token of a client that keeps no cookies.
    pub(super) token: Option<String>,
    /// What is sent with the next requests on top.
    pub(super) extra: Vec<(&'static str, String)>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        Self::with(run, TransportConfig::default())
    }

    pub(super) fn with(run: &'a Run, transport: TransportConfig) -> Self {
        run.heard.debug(&transport);
        let built = transport.clone().build().unwrap();
        run.heard.debug(&built);
        let layer = SessionLayer::with_transport(run.world.manager.clone(), transport).unwrap();
        run.heard.debug(&layer);
        Self {
            run,
            site: site(layer, &run.heard),
            transport: built,
            cookies: BTreeMap::new(),
            token: None,
            extra: Vec::new(),
        }
    }

    /// Sends a request, hears all of the answer, and keeps the tokens that it brings.
    pub(super) async fn post(&mut self, act: &str) -> StatusCode {
        let response = self.site.clone().oneshot(self.request(act)).await.unwrap();
        self.take(response).await
    }

    /// Sends so many requests at once, and takes the answers one by one.
    pub(super) async fn post_at_once(&mut self, act: &str, count: usize) {
        let sent = (0..count).map(|_| self.site.clone().oneshot(self.request(act)));
        for response in futures_util::future::join_all(sent).await {
            self.take(response.unwrap()).await;
        }
    }

    /// Sends a request whose answer gets lost on the way: it brings nothing.
    pub(super) async fn lose(&self, act: &str) {
        self.clone().post(act).await;
    }

    fn request(&self, act: &str) -> Request<Body> {
        let mut request = Request::post(format!("/{act}")).header("user-agent", "curl/8");
        for (name, value) in &self.cookies {
            request = request.header("cookie", format!("{name}={value}"));
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.extra {
            request = request.header(*name, value);
        }
        let peer = "192.0.2.1".parse().unwrap();
        let request = request.extension(PeerAddress(peer)).body(Body::empty());
        let request = request.unwrap();
        let incoming = self.transport.read(
            Some(peer),
            request.method(),
            request.uri().path(),
            request.headers(),
        );
        self.run.heard.debug(&incoming);
        request
    }

    async fn take(&mut self, response: Response<Body>) -> StatusCode {
        let heard = &self.run.heard;
        // The header map marks what is sensitive, so it may be logged as a whole.
        heard.debug(&response);
        for (name, value) in response.headers() {
            let text = value.to_str().unwrap();
            match name.as_str() {
                "set-cookie" => self.keep(text),
                "session-token" => {
                    self.run.issue(text);
                    self.token = Some(text.to_owned());
                }
                name => heard.note(format!("{name}: {text}").as_bytes()),
            }
        }
        if let Some(refused) = response.extensions().get::<Refused>() {
            heard.debug(refused);
            heard.error(refused.error());
        }
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        heard.note(&body);
        status
    }

    fn keep(&mut self, cookie: &str) {
        let (name, rest) = cookie.split_once('=').unwrap();
        let (value, _attributes) = rest.split_once(';').unwrap();
        if value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.run.issue(value);
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn site(layer: SessionLayer, heard: &Heard) -> Router {
    Router::new()
        .route("/maybe", get(maybe).post(maybe))
        .route("/user", get(user).post(user))
        .route("/recent", get(recent).post(recent))
        .route("/{act}", get(act).post(act))
        .layer(layer)
        .layer(Extension(heard.clone()))
}

type Extracted<T> = Result<T, SessionRejection>;

async fn maybe(
    Extension(heard): Extension<Heard>,
    user: Extracted<MaybeAuthenticated>,
) -> Extracted<()> {
    heard.debug(&user);
    user.map(drop)
}

async fn user(Extension(heard): Extension<Heard>, user: Extracted<Authenticated>) -> Extracted<()> {
    heard.debug(&user);
    user.map(drop)
}

async fn recent(
    Extension(heard): Extension<Heard>,
    user: Extracted<RecentAuthentication<60>>,
) -> Extracted<()> {
    heard.debug(&user);
    user.map(drop)
}

async fn act(
    Path(act): Path<String>,
    Extension(heard): Extension<Heard>,
    Extension(slot): Extension<SessionSlot>,
    headers: HeaderMap,
    session: Extracted<Session>,
) -> axum::response::Response {
    let session = match session {
        Ok(session) => session,
        Err(rejection) => {
            heard.error(&rejection);
            return rejection.into_response();
        }
    };
    heard.debug(&session);
    // What the client sent, for handlers that leak on purpose.
    let sent = headers.get("cookie").map(|value| value.to_str().unwrap());
    let done = match (act.as_str(), sent) {
        ("leak-body", Some(sent)) => return sent.to_owned().into_response(),
        ("leak-header", Some(sent)) => return [("x-leak", sent)].into_response(),
        ("leak-log", Some(sent)) => {
            tracing::trace!(target: "somewhere::else", cookie = sent, "a request");
            Ok(())
        }
        ("leak-debug", Some(sent)) => {
            heard.debug(&Some(sent.as_bytes()));
            Ok(())
        }
        (act, _) => perform(act, &session, &heard).await,
    };
    heard.debug(&session);
    heard.debug(&slot);
    match done {
        Ok(()) => act.into_response(),
        Err(error) => {
            heard.error(&error);
            let rejection = SessionRejection::from(error);
            heard.error(&rejection);
            rejection.into_response()
        }
    }
}

async fn perform(act: &str, session: &Session, heard: &Heard) -> Result<(), SessionError> {
    match act {
        "change" => session.update("n", |n: &mut u32| *n += 1)?,
        "change-now" => session.update_now("n", |n: &mut u32| *n += 1).await?,
        "flash" => session.flash("info", "hello")?,
        "huge" => session.insert("huge", "x".repeat(70_000))?,
        "list" => heard.debug(&session.sessions().await?),
        "login" => heard.debug(&session.login(login("alice")).await?),
        "login-remembered" => {
            let login = login("alice").remember(true).label("laptop");
            heard.debug(&login);
            heard.debug(&session.login(login).await?);
        }
        "logout" => session.logout().await?,
        "lower" => session.lower(AssuranceLevel::Aal1).await?,
        "raise" => {
            let step = Authentication::new(AssuranceLevel::Aal2).with_method("otp");
            session.raise(step).await?;
            heard.debug(&session.authentication());
        }
        "reopen" => session.raise(Authentication::password()).await?,
        "renew" => heard.debug(&session.renew()?),
        "revoke-others" => heard.debug(&session.revoke_others().await?),
        "take-flashes" => heard.debug(&session.take_flashes().await?),
        "vanish" => {
            session.insert("n", 1)?;
            if let Some(handle) = session.handle() {
                let by = Revocation::by("test");
                heard.debug(&session.manager().revoke(handle, by).await?);
            }
        }
        "wrong-type" => {
            session.insert("n", "text")?;
            heard.debug(&session.get::<u32>("n")?);
        }
        _read => heard.debug(&(session.expires_in(), session.end_reason(), session.locked())),
    }
    Ok(())
}
