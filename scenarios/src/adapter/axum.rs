//! axum: a router, the extractors, and `axum::serve`.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::MethodFilter;
use axum::routing::MethodRouter;
use axum::routing::on;
use bytes::Bytes;
use futures_util::StreamExt;
use hallpass::BoxFuture;
use hallpass::axum::Authenticated;
use hallpass::axum::MaybeAuthenticated;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;

use super::Adapter;
use super::Server;
use super::Sessions;
use super::listener;
use crate::app;
use crate::app::App;
use crate::app::Asks;
use crate::app::Call;
use crate::app::Handler;
use crate::app::ROUTES;
use crate::app::Reply;

/// axum, with the extractors of `hallpass-axum`.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to it")]
pub struct Axum;

impl Adapter for Axum {
    fn name(&self) -> &'static str {
        "axum"
    }

    fn serve(&self, app: App, sessions: Option<Sessions>) -> BoxFuture<'static, Server> {
        Box::pin(async move {
            let mut router = Router::new();
            for route in ROUTES {
                let filter = match route.method {
                    "GET" => MethodFilter::GET,
                    _ => MethodFilter::POST,
                };
                router = router.route(route.path, asking(filter, route.asks));
            }
            if let Some(sessions) = sessions {
                let layer = SessionLayer::with_transport(sessions.manager, sessions.transport)
                    .unwrap()
                    .keep_changes_on_failure(sessions.keep_changes_on_failure);
                router = router.layer(layer);
            }
            let service = router
                .with_state(app)
                .into_make_service_with_connect_info::<SocketAddr>();
            let (listener, address) = listener().await;
            let accepting = tokio::spawn(async move {
                axum::serve(listener, service).await.unwrap();
            });
            Server::new(address, accepting)
        })
    }
}

/// The extractor that the route asks for.
fn asking(filter: MethodFilter, asks: Asks) -> MethodRouter<App> {
    match asks {
        Asks::Nothing(run) => on(filter, async move || answer(run())),
        Asks::Session(run) => on(
            filter,
            async move |State(app): State<App>,
                        session: Session,
                        headers: HeaderMap,
                        body: Bytes| {
                handle(run, &app, session, &headers, &body).await
            },
        ),
        Asks::Authenticated(run) => on(
            filter,
            async move |State(app): State<App>,
                        user: Authenticated,
                        headers: HeaderMap,
                        body: Bytes| {
                handle(run, &app, user.session().clone(), &headers, &body).await
            },
        ),
        Asks::Maybe(run) => on(
            filter,
            async move |State(app): State<App>,
                        user: MaybeAuthenticated,
                        headers: HeaderMap,
                        body: Bytes| {
                handle(run, &app, user.session().clone(), &headers, &body).await
            },
        ),
        Asks::Recent(run) => on(
            filter,
            async move |State(app): State<App>,
                        user: RecentAuthentication<60>,
                        headers: HeaderMap,
                        body: Bytes| {
                handle(run, &app, user.session().clone(), &headers, &body).await
            },
        ),
    }
}

async fn handle(
    run: Handler,
    app: &App,
    session: Session,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, SessionRejection> {
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = field(header::CONTENT_TYPE.as_str());
    let call = Call::new(app, field(Call::PAUSE), content_type, body);
    Ok(answer(run(call, session.into_inner()).await?))
}

fn answer(reply: Reply) -> Response {
    let body = match reply.body {
        app::Body::Text(text) => Body::from(text),
        app::Body::Stream(stream) => {
            Body::from_stream(stream.map(Ok::<_, std::convert::Infallible>))
        }
    };
    let status = StatusCode::from_u16(reply.status).unwrap();
    let mut response = (status, body).into_response();
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
