//! tower without a framework: a service function behind the layer, on the server of hyper.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use hallpass::BoxFuture;
use hallpass::Requirement;
use hallpass::http::Refusal;
use hallpass::tower::PeerAddress;
use hallpass::tower::SessionLayer;
use hallpass::tower::SessionSlot;
use hallpass::tower::refused;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use http::request::Parts;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tower::Service;
use tower::ServiceBuilder;
use tower::service_fn;

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

/// Plain tower on hyper.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to it")]
pub struct Tower;

type Body = UnsyncBoxBody<Bytes, Infallible>;

impl Adapter for Tower {
    fn name(&self) -> &'static str {
        "tower"
    }

    fn serve(&self, app: App, sessions: Option<Sessions>) -> BoxFuture<'static, Server> {
        Box::pin(async move {
            let layer = sessions.map(|sessions| {
                SessionLayer::with_transport(sessions.manager, sessions.transport)
                    .unwrap()
                    .keep_changes_on_failure(sessions.keep_changes_on_failure)
            });
            let (listener, address) = listener().await;
            let accepting = tokio::spawn(async move {
                loop {
                    let (stream, peer) = listener.accept().await.unwrap();
                    let app = app.clone();
                    let inner = service_fn(move |request| handle(app.clone(), request));
                    match layer.clone() {
                        Some(layer) => {
                            connect(
                                stream,
                                peer,
                                ServiceBuilder::new().layer(layer).service(inner),
                            );
                        }
                        None => connect(stream, peer, inner),
                    }
                }
            });
            Server::new(address, accepting)
        })
    }
}

fn connect<S>(stream: TcpStream, peer: SocketAddr, service: S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    let service = ServiceBuilder::new()
        .map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            request
        })
        .service(service);
    tokio::spawn(async move {
        let service = TowerToHyperService::new(service);
        // A client that goes away is no fault of the server.
        let _gone = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    });
}

async fn handle(app: App, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (parts, body) = request.into_parts();
    let route = ROUTES
        .iter()
        .find(|route| parts.method == route.method && parts.uri.path() == route.path);
    let Some(route) = route else {
        return Ok(text(StatusCode::NOT_FOUND, ""));
    };
    let answered = match route.asks {
        Asks::Nothing(run) => Ok(run()),
        Asks::Authenticated(run) => {
            run_with(run, Some(&Requirement::login()), &app, &parts, body).await
        }
        Asks::Maybe(run) | Asks::Session(run) => run_with(run, None, &app, &parts, body).await,
        Asks::Recent(run) => {
            let requirement = Requirement::login().max_age(Duration::from_secs(60));
            run_with(run, Some(&requirement), &app, &parts, body).await
        }
    };
    Ok(match answered {
        Ok(reply) => answer(reply),
        Err(refusal) => refused::<Full<Bytes>>(refusal).map(BodyExt::boxed_unsync),
    })
}

/// Does what the extractors of a framework would do, and then what the handler does.
async fn run_with(
    run: Handler,
    requirement: Option<&Requirement>,
    app: &App,
    parts: &Parts,
    body: Incoming,
) -> Result<Reply, Refusal> {
    let session = SessionSlot::of(parts)?.open(parts).await?;
    if let Some(requirement) = requirement {
        session.check(requirement)?;
    }
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_gone) => Bytes::new(),
    };
    let field = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let content_type = field(header::CONTENT_TYPE.as_str());
    let call = Call::new(app, field(Call::PAUSE), content_type, &body);
    run(call, session).await
}

fn answer(reply: Reply) -> Response<Body> {
    let status = StatusCode::from_u16(reply.status).unwrap();
    let mut response = match reply.body {
        app::Body::Text(body) => text(status, &body),
        app::Body::Stream(stream) => {
            let frames = stream.map(|piece| Ok(Frame::data(piece)));
            let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
            *response.status_mut() = status;
            response
        }
    };
    for (name, value) in reply.headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn text(status: StatusCode, body: &str) -> Response<Body> {
    let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}
