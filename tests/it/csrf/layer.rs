//! The layer by itself: bodies that it leaves alone, and what it answers when it cannot decide.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::middleware::map_response;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use futures_util::StreamExt;
use futures_util::stream;
use hallpass::ClientFacts;
use hallpass::EventKind;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass::axum::SessionLayer;
use hallpass::axum::csrf_layer;
use hallpass::http::Csrf;
use hallpass::http::CsrfRule;
use hallpass::http::TransportConfig;
use hallpass::http::csrf_token;
use hallpass::tower::CsrfLayer;
use hallpass::tower::CsrfRefused;
use hallpass::tower::PeerAddress;
use hallpass_testkit::Fault;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::Client;
use crate::world::World;

/// Answers with the first piece of the body, and leaves the rest where it is.
async fn first(request: Request) -> Bytes {
    let mut pieces = request.into_body().into_data_stream();
    pieces.next().await.unwrap().unwrap()
}

fn app(world: &World) -> Router {
    Router::new()
        .route("/", post(first))
        .layer(CsrfLayer::new(Csrf::default()).forms(64))
        .layer(SessionLayer::new(world.manager.clone()))
}

/// A request whose body begins with `head` and never ends.
fn endless(head: &'static str, fields: &[(&str, &str)]) -> Request {
    let pieces = stream::iter([Ok::<_, std::io::Error>(head)]).chain(stream::pending());
    let mut request = Request::post("/").header("host", "example.org");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Body::from_stream(pieces)).unwrap()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Race 37: a body is not held back, unless it is a form whose token decides.
#[tokio::test]
async fn a_body_that_never_ends_reaches_the_handler() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let world = World::new();
    let own = endless("a=b", &[form, ("sec-fetch-site", "same-origin")]);
    let response = app(&world).oneshot(own).await.unwrap();
    assert_eq!(text(response).await, "a=b");

    let token = {
        let mut client = Client::new();
        let session = client.open(&world).await;
        let token = csrf_token(&session).await.unwrap();
        client.close(&session).await;
        let cookie = client.anonymous.unwrap().expose_secret();
        let cookie = format!("__Host-anon={}", cookie.as_str());
        (token, cookie)
    };
    let fields = [
        ("content-type", "multipart/form-data; boundary=x"),
        ("x-csrf-token", token.0.as_str()),
        ("cookie", &token.1),
    ];
    let upload = endless("--x", &fields);
    let response = app(&world).oneshot(upload).await.unwrap();
    assert_eq!(text(response).await, "--x");
}

/// A form without a length is cut off at the limit, not read to an end that may never come.
#[tokio::test]
async fn a_form_without_an_end_is_too_long_at_the_limit() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = "a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    assert!(body.len() > 64);
    let world = World::new();
    let response = app(&world).oneshot(endless(body, &[form])).await.unwrap();
    assert_eq!(response.status(), 413);
}

/// An outage does not let a request in whose token nobody can check.
#[tokio::test]
async fn an_outage_is_no_proof() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let cookie = client.session.take().unwrap().expose_secret();
    let cookie = format!("__Host-session={}", cookie.as_str());
    world.faults.script(
        StoreOperation::Load,
        Fault::Fail(StoreErrorKind::Unavailable),
    );
    let request = Request::post("/")
        .header("host", "example.org")
        .header("cookie", cookie)
        .header("x-csrf-token", "a")
        .body(Body::empty());
    let response = app(&world).oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
}

/// Race 36.
#[tokio::test]
async fn without_the_session_layer_the_answer_says_what_to_add() {
    let app = Router::new()
        .route("/", post(first))
        .layer(CsrfLayer::new(Csrf::default()));
    let request = Request::post("/").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 500);
    let text = text(response).await;
    assert!(text.contains("SessionLayer::new(manager)"), "{text}");
}

#[tokio::test]
async fn the_application_puts_its_own_page_in_place_of_the_refusal() {
    let page = async |response: Response| -> Response {
        match response.extensions().get::<CsrfRefused>() {
            Some(CsrfRefused {
                rule: CsrfRule::CrossSite,
                ..
            }) => (http::StatusCode::FORBIDDEN, "not from there").into_response(),
            _ => response,
        }
    };
    let app = app(&World::new()).layer(map_response(page));
    let request = Request::post("/")
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty());
    let response = app.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 403);
    assert_eq!(text(response).await, "not from there");
}

/// Events tell the network of the client, which axum's server knows and plain tower is told.
#[tokio::test]
async fn a_refusal_is_told_with_the_address_of_the_client() {
    let world = World::new();
    let address: SocketAddr = "203.0.113.7:4711".parse().unwrap();
    let app = Router::new()
        .route("/", post(first))
        .layer(csrf_layer(Csrf::default()))
        .layer(SessionLayer::new(world.manager.clone()));
    let peer = PeerAddress(address.ip());
    for (connected, stated) in [(Some(ConnectInfo(address)), None), (None, Some(peer))] {
        let mut request = Request::post("/").body(Body::empty()).unwrap();
        if let Some(info) = connected {
            request.extensions_mut().insert(info);
        }
        if let Some(peer) = stated {
            request.extensions_mut().insert(peer);
        }
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 403);
        let events = world.events.take_all();
        let told: Vec<_> = events
            .into_iter()
            .map(|event| (event.kind, event.client))
            .collect();
        let kind = EventKind::CrossSite {
            rule: "token_missing",
            refused: true,
        };
        let client = ClientFacts::new(Some(address.ip()), None);
        assert_eq!(told, [(kind, Some(client))]);
    }
}

/// The scheme is part of our origin, and only a trusted proxy knows it.
#[tokio::test]
async fn the_scheme_that_a_trusted_proxy_names_is_ours() {
    let world = World::new();
    let transport = TransportConfig::default().trusted_proxies("10.0.0.1".parse().unwrap());
    let app = Router::new()
        .route("/", post(async || "paid"))
        .layer(csrf_layer(Csrf::default()))
        .layer(SessionLayer::with_transport(world.manager.clone(), transport).unwrap());
    let table = [
        ("10.0.0.1", "http", "http://example.org", 200),
        ("10.0.0.1", "http", "https://example.org", 403),
        ("10.0.0.1", "https", "https://example.org", 200),
        ("10.0.0.2", "http", "https://example.org", 200),
        ("10.0.0.2", "http", "http://example.org", 403),
    ];
    for (peer, scheme, origin, status) in table {
        let request = Request::post("/")
            .header("host", "example.org")
            .header("origin", origin)
            .header("x-forwarded-proto", scheme)
            .extension(PeerAddress(peer.parse().unwrap()))
            .body(Body::empty());
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{peer} {scheme} {origin}");
    }
}
