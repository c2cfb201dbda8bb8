//! actix-web: an `App`, the extractors, and actix's own server.

use std::convert::Infallible;
use std::future::pending;
use std::future::ready;
use std::net::TcpListener;
use std::thread;

use actix_web::FromRequest;
use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::HttpServer;
use actix_web::Route;
use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::rt::System;
use actix_web::web;
use actix_web::web::Bytes;
use actix_web::web::Data;
use actix_web::web::ServiceConfig;
use futures_util::StreamExt;
use hallpass::BoxFuture;
use hallpass::actix::Authenticated;
use hallpass::actix::MaybeAuthenticated;
use hallpass::actix::RecentAuthentication;
use hallpass::actix::Session;
use hallpass::actix::SessionMiddleware;
use hallpass::actix::SessionRejection;

use super::Adapter;
use super::Server;
use super::Sessions;
use crate::app;
use crate::app::App;
use crate::app::Asks;
use crate::app::Call;
use crate::app::Handler;
use crate::app::ROUTES;
use crate::app::Reply;

/// actix-web, with the middleware and the extractors of `hallpass-actix`.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to it")]
pub struct Actix;

impl Adapter for Actix {
    fn name(&self) -> &'static str {
        "actix"
    }

    fn serve(&self, app: App, sessions: Option<Sessions>) -> BoxFuture<'static, Server> {
        Box::pin(async move {
            let middleware = sessions.map(|sessions| {
                SessionMiddleware::with_transport(sessions.manager, sessions.transport)
                    .unwrap()
                    .keep_changes_on_failure(sessions.keep_changes_on_failure)
            });
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let routes = move |config: &mut ServiceConfig| routes(config, &app);
            // With a middleware an application has another type.
            let server = match middleware {
                Some(middleware) => HttpServer::new(move || {
                    let app = actix_web::App::new().wrap(middleware.clone());
                    app.configure(routes.clone())
                })
                .workers(1)
                .disable_signals()
                .h1_allow_half_closed(HALF_CLOSED)
                .listen(listener)
                .unwrap()
                .run(),
                None => HttpServer::new(move || actix_web::App::new().configure(routes.clone()))
                    .workers(1)
                    .disable_signals()
                    .h1_allow_half_closed(HALF_CLOSED)
                    .listen(listener)
                    .unwrap()
                    .run(),
            };
            let running = Running(server.handle());
            thread::spawn(move || System::new().block_on(server));
            let accepting = tokio::spawn(async move {
                let _running = running;
                pending().await
            });
            Server::new(address, accepting)
        })
    }
}

/// A server on a thread of its own, which ends when this is dropped.
struct Running(ServerHandle);

impl Drop for Running {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait until the server has ended.
        drop(self.0.stop(false));
    }
}

fn routes(config: &mut ServiceConfig, app: &App) {
    config.app_data(Data::new(app.clone()));
    for route in ROUTES {
        let method = match route.method {
            "GET" => Method::GET,
            _ => Method::POST,
        };
        config.route(route.path, asking(web::method(method), route.asks));
    }
}

/// The extractor that the route asks for.
fn asking(route: Route, asks: Asks) -> Route {
    match asks {
        Asks::Nothing(run) => route.to(move || ready(answer(run()))),
        Asks::Session(run) => with(route, run, |session: &Session| session),
        Asks::Authenticated(run) => with(route, run, Authenticated::session),
        Asks::Maybe(run) => with(route, run, MaybeAuthenticated::session),
        Asks::Recent(run) => with(route, run, RecentAuthentication::<60>::session),
    }
}

fn with<E>(route: Route, run: Handler, session: fn(&E) -> &Session) -> Route
where
    E: FromRequest + 'static,
{
    route.to(
        move |app: Data<App>, asked: E, request: HttpRequest, body: Bytes| async move {
            handle(run, &app, session(&asked).clone(), &request, &body).await
        },
    )
}

async fn handle(
    run: Handler,
    app: &App,
    session: Session,
    request: &HttpRequest,
    body: &[u8],
) -> Result<HttpResponse, SessionRejection> {
    let field = |name: &str| {
        let value = request.headers().get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let content_type = field(header::CONTENT_TYPE.as_str());
    let call = Call::new(app, field(Call::PAUSE), content_type, body);
    Ok(answer(run(call, session.into_inner()).await?))
}

fn answer(reply: Reply) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(reply.status).unwrap());
    for field in reply.headers {
        response.append_header(field);
    }
    match reply.body {
        app::Body::Text(text) => response.body(text),
        app::Body::Stream(stream) => response.streaming(stream.map(Ok::<_, Infallible>)),
    }
}

/// The scenarios of a client that is cut off need a server that drops its handler. actix does that only
/// if no client may close its half of the connection and wait for the answer.
const HALF_CLOSED: bool = false;
