//! A small application behind the layer, and a browser that uses it.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::Response;
use axum::http::StatusCode;
use axum::http::header;
use axum::routing::get;
use axum::routing::post;
use hallpass::Authentication;
use hallpass::CarryOver;
use hallpass::axum::MaybeAuthenticated;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass::http::CookieConfig;
use hallpass::http::TransportConfig;
use hallpass_tests::jar::Cause;
use hallpass_tests::jar::HOME;
use hallpass_tests::jar::Jar;
use hallpass_tests::jar::Place;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::World;
use crate::world::login;

/// The routes: who is it, a change, a login, a remembered login, a step-up, a logout, a failure.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/", get(who))
        .route("/change", post(change))
        .route("/login", post(log_in))
        .route("/remember", post(remember))
        .route("/raise", post(raise))
        .route("/logout", post(log_out))
        .route("/fail", post(fail))
}

async fn who(user: MaybeAuthenticated) -> String {
    user.subject()
        .map_or_else(|| "nobody".to_owned(), |user| user.id().to_owned())
}

async fn change(session: Session) -> Result<(), SessionRejection> {
    Ok(session.update("n", |n: &mut u32| *n += 1)?)
}

async fn log_in(session: Session) -> Result<(), SessionRejection> {
    let login = login("alice").carry_over(CarryOver::DangerAll);
    let _outcome = session.login(login).await?;
    Ok(())
}

async fn remember(session: Session) -> Result<(), SessionRejection> {
    let _outcome = session.login(login("alice").remember(true)).await?;
    Ok(())
}

async fn raise(session: Session) -> Result<(), SessionRejection> {
    Ok(session.raise(Authentication::password()).await?)
}

async fn log_out(session: Session) -> Result<(), SessionRejection> {
    Ok(session.logout().await?)
}

async fn fail(session: Session) -> Result<StatusCode, SessionRejection> {
    session.insert("n", 0)?;
    Ok(StatusCode::INTERNAL_SERVER_ERROR)
}

/// One browser and the application that it talks to.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) jar: Jar,
    world: World,
    app: Router,
}

/// An answer on its way to the browser.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) cookies: Vec<String>,
    pub(super) caching: String,
    pub(super) head: String,
    pub(super) body: String,
}

impl Browser {
    pub(super) fn new(world: &World) -> Self {
        Self::with(world, CookieConfig::default())
    }

    pub(super) fn with(world: &World, cookies: CookieConfig) -> Self {
        let transport = TransportConfig::default().cookies(cookies);
        let layer = SessionLayer::with_transport(world.manager.clone(), transport).unwrap();
        Self {
            jar: Jar::default(),
            world: world.clone(),
            app: routes().layer(layer),
        }
    }

    /// A browser whose user is logged in.
    pub(super) async fn logged_in(world: &World) -> Self {
        let mut browser = Self::new(world);
        browser.visit("POST", "/login").await;
        browser
    }

    /// Makes a request with the cookies of this moment.
    pub(super) fn request(&self, method: &str, path: &str) -> Request<Body> {
        let place = Place { path, ..HOME };
        let now = self.world.manager.now();
        let field = self.jar.field(place, Cause::SameSite, now);
        let request = Request::builder().method(method).uri(path);
        let request = match field {
            Some(field) => request.header(header::COOKIE, field),
            None => request,
        };
        request.body(Body::empty()).unwrap()
    }

    /// Lets the application answer a request. The browser has not seen the answer yet.
    pub(super) async fn answer(&self, request: Request<Body>) -> Answer {
        Answer::of(self.app.clone().oneshot(request).await.unwrap()).await
    }

    /// The answer reaches the browser.
    pub(super) fn receive(&mut self, answer: &Answer) {
        for cookie in &answer.cookies {
            self.jar
                .take(cookie, HOME, self.world.manager.now())
                .unwrap();
        }
    }

    /// A whole request.
    pub(super) async fn visit(&mut self, method: &str, path: &str) -> Answer {
        let answer = self.answer(self.request(method, path)).await;
        self.receive(&answer);
        answer
    }

    /// Who the browser is, and nothing else.
    pub(super) async fn who(&mut self) -> String {
        self.visit("GET", "/").await.body
    }

    /// The client goes away while the application waits for the store.
    pub(super) fn cut_off(&self, method: &str, path: &str) {
        let mut answering = Box::pin(self.app.clone().oneshot(self.request(method, path)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(answering.as_mut().poll(&mut context).is_pending(), "{path}");
    }
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let all = |name: header::HeaderName| -> Vec<String> {
            let fields = response.headers().get_all(name).iter();
            fields
                .map(|field| field.to_str().unwrap().to_owned())
                .collect()
        };
        let cookies = all(header::SET_COOKIE);
        let caching = all(header::CACHE_CONTROL).join(", ");
        let others = response.headers().iter();
        let head = others
            .filter(|(name, _)| *name != header::SET_COOKIE)
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
            .collect();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Self {
            status,
            cookies,
            caching,
            head,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

/// The token in a `Set-Cookie` field of this name.
pub(super) fn token_in<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut values = answer.cookies.iter().filter_map(|cookie| {
        let pair = cookie.split(';').next()?;
        pair.strip_prefix(name)?.strip_prefix('=')
    });
    values.next_back()
}
