//! A small site behind the layers, on a port of its own, and browsers that use it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use hallpass::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass::http::Csrf;
use hallpass::http::CsrfConfig;
use hallpass::http::TransportConfig;
use hallpass::http::csrf_token;
use hallpass::tower::CsrfLayer;
use hallpass::tower::SessionSlot;
use http_body_util::BodyExt;
use reqwest::Client;
use reqwest::Method;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::ServiceBuilder;
use tower::make::Shared;
use tower::service_fn;

use crate::world::World;
use crate::world::login;

/// How long a form may be.
pub(super) const LIMIT: usize = 256;

/// What puts the layers around the handlers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Through {
    Axum,
    Tower,
}

pub(super) const ALL: [Through; 2] = [Through::Axum, Through::Tower];

/// A site that runs until this is dropped.
pub(super) struct Site {
    pub(super) world: World,
    address: SocketAddr,
    _server: JoinSet<()>,
}

/// A browser: it keeps cookies, and sends what its user or a page tells it to.
#[derive(Clone)]
pub(super) struct Browser {
    address: SocketAddr,
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) vary: String,
    pub(super) text: String,
}

impl Site {
    pub(super) async fn of(through: Through, config: CsrfConfig) -> Self {
        Self::with(through, config, World::new()).await
    }

    pub(super) async fn with(through: Through, config: CsrfConfig, world: World) -> Self {
        let csrf = config.build().unwrap();
        let transport = TransportConfig::default().bearer(true);
        let session = SessionLayer::with_transport(world.manager.clone(), transport).unwrap();
        let checks = CsrfLayer::new(csrf.clone()).forms(LIMIT);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        match through {
            Through::Axum => {
                let app = routes(csrf).layer(checks).layer(session);
                server.spawn(async { axum::serve(listener, app).await.unwrap() });
            }
            Through::Tower => {
                let handler = service_fn(move |request| handled(csrf.clone(), request));
                let layers = ServiceBuilder::new().layer(session).layer(checks);
                let service = Shared::new(layers.service(handler));
                server.spawn(async { axum::serve(listener, service).await.unwrap() });
            }
        }
        Self {
            world,
            address,
            _server: server,
        }
    }

    pub(super) fn browser(&self) -> Browser {
        Browser {
            address: self.address,
            client: Client::new(),
            cookies: BTreeMap::new(),
        }
    }
}

fn routes(csrf: Csrf) -> Router {
    let answered = async |State(csrf), request| answer(csrf, request).await;
    Router::new()
        .route("/form", get(answered))
        .route("/who", get(answered))
        .route("/login", post(answered))
        .route("/logout", post(answered).get(answered))
        .route("/pay", post(answered).delete(answered))
        .route("/hooks/payment", post(answered))
        .with_state(csrf)
}

async fn handled(csrf: Csrf, request: Request) -> Result<Response, Infallible> {
    Ok(match answer(csrf, request).await {
        Ok(text) => Response::new(Body::from(text)),
        Err(rejection) => axum::response::IntoResponse::into_response(rejection),
    })
}

/// The handler of all routes. That of a payment opens no session, and answers what it got.
async fn answer(csrf: Csrf, request: Request) -> Result<String, SessionRejection> {
    let (head, body) = request.into_parts();
    let open = async || -> Result<Session, SessionRejection> {
        Ok(SessionSlot::of(&head)?.open(&head).await?)
    };
    match head.uri.path() {
        "/form" => Ok(csrf.hidden_field(&csrf_token(&open().await?).await?)),
        "/who" => {
            let subject = open().await?.subject();
            Ok(subject.map_or_else(|| "nobody".to_owned(), |subject| subject.id().to_owned()))
        }
        "/login" => {
            let _outcome = open().await?.login(login("alice")).await?;
            Ok("logged in".to_owned())
        }
        "/logout" => {
            open().await?.logout().await?;
            Ok("logged out".to_owned())
        }
        path => {
            let body = body.collect().await.unwrap().to_bytes();
            Ok(format!("{path}: {}", String::from_utf8_lossy(&body)))
        }
    }
}

impl Browser {
    /// Logs in as a page of this site does.
    pub(super) async fn logged_in(site: &Site) -> Self {
        let mut browser = site.browser();
        let answer = browser.post("/login", &OWN_PAGE, "").await;
        assert_eq!(answer.text, "logged in");
        browser
    }

    pub(super) async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, "").await
    }

    /// Sends a form.
    pub(super) async fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [headers, &[form]].concat();
        self.send(Method::POST, path, &headers, body).await
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.client.request(method, url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self.cookies.iter();
        let cookies: Vec<String> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            self.take(cookie.to_str().unwrap());
        }
        let vary = response.headers().get_all("vary").iter();
        let vary: Vec<&str> = vary.map(|value| value.to_str().unwrap()).collect();
        Answer {
            status: response.status().as_u16(),
            vary: vary.join("; "),
            text: response.text().await.unwrap(),
        }
    }

    /// The token of a fresh form.
    pub(super) async fn form_token(&mut self) -> String {
        let form = self.get("/form", &[]).await.text;
        let rest = form.split_once(r#"<input type="hidden" name="csrf_token" value=""#);
        let token = rest.unwrap().1.strip_suffix(r#"">"#);
        token.unwrap().to_owned()
    }

    pub(super) async fn who(&mut self) -> String {
        self.get("/who", &[]).await.text
    }

    pub(super) fn has_cookie(&self, name: &str) -> bool {
        self.cookies.contains_key(name)
    }

    fn take(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

pub(super) const OWN_PAGE: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];
pub(super) const OTHER_SITE: [(&str, &str); 2] = [
    ("sec-fetch-site", "cross-site"),
    ("origin", "https://attacker.test"),
];
