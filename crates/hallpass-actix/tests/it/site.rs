//! A site on a free port, and a client that keeps no cookies of its own.

use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::App;
use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::HttpResponse;
use actix_web::HttpServer;
use actix_web::body::MessageBody;
use actix_web::dev::ServerHandle;
use actix_web::dev::Service;
use actix_web::dev::ServiceFactory;
use actix_web::dev::ServiceRequest;
use actix_web::dev::ServiceResponse;
use actix_web::rt::System;
use actix_web::web;
use actix_web::web::ServiceConfig;
use hallpass_actix::Assured;
use hallpass_actix::Authenticated;
use hallpass_actix::InPerson;
use hallpass_actix::MaybeAuthenticated;
use hallpass_actix::RecentAuthentication;
use hallpass_actix::Require;
use hallpass_actix::Session;
use hallpass_actix::SessionMiddleware;
use hallpass_actix::SessionRejection;
use hallpass_core::AssuranceLevel;
use hallpass_core::Authentication;
use hallpass_core::DynStore;
use hallpass_core::Elevation;
use hallpass_core::Event;
use hallpass_core::EventSink;
use hallpass_core::Impersonation;
use hallpass_core::Login;
use hallpass_core::Requirement;
use hallpass_core::Revocation;
use hallpass_core::SessionManager;
use hallpass_core::StandardPolicy;
use hallpass_core::StandardPolicyBuilder;
use hallpass_core::Subject;
use hallpass_http::NoTouch;
use hallpass_http::TransportConfig;
use hallpass_memory::MemoryStore;
use hallpass_testkit::FaultyStore;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SpyLog;
use hallpass_testkit::SpyStore;
use reqwest::Response;

/// A manager on a memory store, with a clock that a test turns.
pub(crate) struct World {
    pub(crate) manager: SessionManager,
    pub(crate) clock: ManualClock,
    pub(crate) faults: FaultyStore<MemoryStore>,
    pub(crate) spy: SpyLog,
    pub(crate) events: Recorder,
}

/// Keeps the events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Recorder {
    /// The events since the last time.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl EventSink for Recorder {
    fn record(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(StandardPolicy::builder())
    }

    pub(crate) fn with(policy: StandardPolicyBuilder) -> Self {
        let faults = FaultyStore::new(MemoryStore::new());
        let spy = SpyStore::new(faults.clone());
        let log = spy.log();
        let clock = ManualClock::default();
        let events = Recorder::default();
        let store = DynStore::builder(spy).with_index().build();
        let manager = SessionManager::builder_with_clock(store, clock.clone())
            .policy(policy.build().unwrap())
            .random(SeededRandom::new(7))
            .events(events.clone())
            .build()
            .unwrap();
        Self {
            manager,
            clock,
            faults,
            spy: log,
            events,
        }
    }

    pub(crate) fn middleware(&self, transport: TransportConfig) -> SessionMiddleware {
        SessionMiddleware::with_transport(self.manager.clone(), transport).unwrap()
    }
}

/// A login page, and a page for another authentication.
pub(crate) fn pages() -> TransportConfig {
    TransportConfig::default()
        .login_page("/login")
        .step_up_page("/confirm")
}

pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// Runs a test on the runtime of actix.
pub(crate) fn run(test: impl Future<Output = ()>) {
    System::new().block_on(test);
}

/// A server of one worker.
pub(crate) struct Site {
    url: String,
    handle: ServerHandle,
    client: reqwest::Client,
}

impl Site {
    pub(crate) fn new(world: &World) -> Self {
        Self::with(world.middleware(TransportConfig::default()))
    }

    pub(crate) fn with(middleware: SessionMiddleware) -> Self {
        Self::of(move || App::new().wrap(middleware.clone()).configure(routes))
    }

    /// The site of an application.
    pub(crate) fn of<F, T, B>(app: F) -> Self
    where
        F: Fn() -> App<T> + Clone + Send + 'static,
        T: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse<B>,
                Error = Error,
                InitError = (),
            > + 'static,
        B: MessageBody + 'static,
    {
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let url = format!("http://{}", server.addrs().first().unwrap());
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            url,
            handle,
            client,
        }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send_with(method, path, fields, "").await
    }

    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        request.send().await.unwrap()
    }

    /// Logs in, and returns the cookie to send.
    pub(crate) async fn log_in(&self) -> String {
        cookie(&self.send("POST", "/login", &[]).await)
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }
}

/// Returns the cookie of a response, as a browser sends it.
pub(crate) fn cookie(response: &Response) -> String {
    let set = field(response, "set-cookie").unwrap();
    set.split(';').next().unwrap().to_owned()
}

pub(crate) fn field<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap())
}

/// The routes of all tests.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let admin = Requirement::login().right("admin");
    config
        .route("/plain", web::get().to(async || "plain"))
        .route("/who", web::get().to(who))
        .route("/change", web::post().to(change))
        .route("/fail", web::post().to(fail))
        .route("/json", web::post().to(json))
        .route("/public", web::get().to(public))
        .route("/user", web::get().to(async |_user: Authenticated| ""))
        .route("/maybe", web::get().to(maybe))
        .route(
            "/recent",
            web::post().to(async |_user: RecentAuthentication<60>| ""),
        )
        .route("/assured", web::get().to(async |_user: Assured<2>| ""))
        .route("/in-person", web::get().to(async |_user: InPerson| ""))
        .route("/checked", web::get().to(checked))
        .route("/login", web::post().to(log_in))
        .route("/logout", web::post().to(log_out))
        .route("/raise", web::post().to(raise))
        .route("/elevate", web::post().to(elevate))
        .route("/impersonate", web::post().to(impersonate))
        .route("/vanish", web::post().to(vanish))
        .service(
            web::scope("/polls")
                .wrap_fn(|request, service| {
                    request.extensions_mut().insert(NoTouch);
                    service.call(request)
                })
                .route("/who", web::get().to(who)),
        )
        .service(
            web::scope("/admin")
                .wrap(Require::new(admin))
                .route("/users", web::get().to(async || "all users")),
        );
}

async fn who(session: Session) -> String {
    let subject = session.subject();
    subject.map_or_else(|| "nobody".to_owned(), |subject| subject.id().to_owned())
}

async fn change(session: Session) -> Result<&'static str, SessionRejection> {
    session.update("n", |n: &mut u32| *n += 1)?;
    Ok("changed")
}

async fn fail(session: Session) -> Result<HttpResponse, SessionRejection> {
    session.insert("failed", true)?;
    Ok(HttpResponse::InternalServerError().finish())
}

/// The second extractor refuses what is no JSON.
async fn json(_session: Session, _body: web::Json<u32>) -> &'static str {
    ""
}

async fn public(_session: Session) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=60"))
        .insert_header(("cdn-cache-control", "max-age=600"))
        .finish()
}

async fn maybe(user: MaybeAuthenticated) -> String {
    user.subject().is_some().to_string()
}

async fn checked(session: Session) -> Result<&'static str, SessionRejection> {
    session.check(&Requirement::login().level(AssuranceLevel::Aal2))?;
    Ok("")
}

async fn log_in(session: Session) -> Result<&'static str, SessionRejection> {
    let subject = Subject::new("alice").unwrap();
    let login = Login::new(subject);
    let _outcome = session.login(login).await?;
    Ok("")
}

async fn log_out(session: Session) -> Result<&'static str, SessionRejection> {
    session.logout().await?;
    Ok("")
}

async fn raise(session: Session) -> Result<&'static str, SessionRejection> {
    let step = Authentication::new(AssuranceLevel::Aal2).with_method("otp");
    session.raise(step).await?;
    Ok("")
}

async fn elevate(session: Session) -> Result<&'static str, SessionRejection> {
    let elevation = Elevation::new(Authentication::password());
    session.elevate(elevation.right("admin")).await?;
    Ok("")
}

async fn impersonate(session: Session) -> Result<&'static str, SessionRejection> {
    let subject = Subject::new("bob").unwrap();
    session
        .impersonate(Impersonation::of(subject, "ticket 7"))
        .await?;
    Ok("")
}

/// Changes a session that somebody else ends before the answer goes out.
async fn vanish(session: Session) -> Result<&'static str, SessionRejection> {
    session.insert("n", 1)?;
    let handle = session.handle().unwrap();
    let by = Revocation::by("test");
    let _revoked = session.manager().revoke(handle, by).await?;
    Ok("the handler's answer")
}
