//! What a route asks of its session: extractors, and layers around routes.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::Response;
use axum::http::StatusCode;
use axum::routing::get;
use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::Elevation;
use hallpass::Impersonation;
use hallpass::Network;
use hallpass::Requirement;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass::Subject;
use hallpass::axum::Assured;
use hallpass::axum::InPerson;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::require;
use hallpass::http::TransportConfig;
use hallpass::tower::RequireLayer;
use hallpass_testkit::Fault;
use http_body_util::BodyExt;
use tower::Layer;
use tower::ServiceExt;
use tower::service_fn;

use crate::world::Client;
use crate::world::World;
use crate::world::minutes;

fn routes() -> Router {
    let admin = Router::new()
        .route("/users", get(async || "all users"))
        .layer(require(Requirement::login().right("admin")));
    Router::new()
        .route("/assured", get(async |_user: Assured<2>| ()))
        .route("/in-person", get(async |_user: InPerson| ()))
        .nest("/admin", admin)
}

fn app(world: &World, transport: TransportConfig) -> Router {
    routes().layer(SessionLayer::with_transport(world.manager.clone(), transport).unwrap())
}

fn request(path: &str, client: &Client, accept: &str) -> Request<Body> {
    let mut request = Request::get(path).header("accept", accept);
    if let Some(token) = &client.session {
        let text = format!("__Host-session={}", token.expose_secret().as_str());
        request = request.header("cookie", text);
    }
    request.body(Body::empty()).unwrap()
}

async fn statuses(world: &World, client: &Client) -> [StatusCode; 3] {
    let mut statuses = [StatusCode::OK; 3];
    for (status, path) in statuses
        .iter_mut()
        .zip(["/assured", "/in-person", "/admin/users"])
    {
        let app = app(world, TransportConfig::default());
        let response = app.oneshot(request(path, client, "*/*")).await.unwrap();
        *status = response.status();
    }
    statuses
}

#[tokio::test]
async fn each_guard_lets_through_who_meets_it() {
    const OK: StatusCode = StatusCode::OK;
    let world = World::new();
    assert_eq!(
        statuses(&world, &Client::new()).await,
        [StatusCode::UNAUTHORIZED; 3]
    );
    let mut client = Client::logged_in(&world, "alice").await;
    assert_eq!(
        statuses(&world, &client).await,
        [StatusCode::UNAUTHORIZED, OK, StatusCode::FORBIDDEN]
    );
    let session = client.open(&world).await;
    let step = Authentication::new(AssuranceLevel::Aal2).with_method("otp");
    let elevation = Elevation::new(step.clone()).right("admin");
    session.raise(step).await.unwrap();
    client.close(&session).await;
    assert_eq!(
        statuses(&world, &client).await,
        [OK, OK, StatusCode::FORBIDDEN]
    );
    let session = client.open(&world).await;
    session
        .elevate(elevation.lasting(minutes(5)))
        .await
        .unwrap();
    client.close(&session).await;
    assert_eq!(statuses(&world, &client).await, [OK; 3]);
    world.clock.advance(minutes(6));
    assert_eq!(
        statuses(&world, &client).await,
        [OK, OK, StatusCode::FORBIDDEN]
    );
    let session = client.open(&world).await;
    let subject = Subject::new("bob").unwrap();
    let impersonation = Impersonation::of(subject, "ticket 7");
    session.impersonate(impersonation).await.unwrap();
    client.close(&session).await;
    assert_eq!(statuses(&world, &client).await, [StatusCode::FORBIDDEN; 3]);
}

fn field<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_behind_a_layer_is_redirected() {
    let world = World::new();
    let transport = TransportConfig::default()
        .login_page("/login")
        .step_up_page("/confirm");
    let app = app(&world, transport);
    let alice = Client::logged_in(&world, "alice").await;
    for (client, location) in [
        (
            Client::new(),
            "/login?return_to=/admin/users%3Fa&reason=login",
        ),
        (alice, "/confirm?return_to=/admin/users%3Fa&reason=elevate"),
    ] {
        let page = request("/admin/users?a", &client, "text/html");
        let response = app.clone().oneshot(page).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(field(&response, "location"), Some(location));
    }
}

#[tokio::test]
async fn a_layer_that_cannot_look_answers_503() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let down = Fault::Fail(StoreErrorKind::Unavailable);
    world.faults.script(StoreOperation::Load, down);
    let request = request("/admin/users", &client, "*/*");
    let app = app(&world, TransportConfig::default());
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(field(&response, "retry-after"), Some("5"));
}

#[tokio::test]
async fn a_guard_without_the_session_layer_says_what_to_add_where() {
    for path in ["/assured", "/in-person", "/admin/users"] {
        let request = request(path, &Client::new(), "*/*");
        let response = routes().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let remedy = ".layer(SessionLayer::new(manager))";
        assert!(text.contains(remedy), "{path}: {text}");
    }
}

/// The layer opens the session before the handler does, so it has to know the address.
#[tokio::test]
async fn a_guard_knows_the_address_of_the_connection() {
    let world = World::new();
    let open = Router::new()
        .route(
            "/login",
            get(async |session: Session| {
                let login = crate::world::login("alice");
                let _outcome = session.login(login).await.unwrap();
            }),
        )
        .layer(require(Requirement::login()))
        .layer(SessionLayer::new(world.manager.clone()));
    let client = Client::logged_in(&world, "bob").await;
    let mut request = request("/login", &client, "*/*");
    let address: SocketAddr = "198.51.100.7:40000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    let response = open.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let subject = Subject::new("alice").unwrap();
    let sessions = world.manager.list(&subject).await.unwrap();
    let networks: Vec<_> = sessions
        .iter()
        .map(|session| session.client.network())
        .collect();
    assert_eq!(networks, [Some(Network::of(address.ip()))]);
}

/// Without a framework.
#[tokio::test]
async fn a_plain_service_is_guarded_by_the_layer() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let service = service_fn(async |_request: Request<Body>| {
        Ok::<_, std::convert::Infallible>(Response::new("hello".to_owned()))
    });
    let guarded = RequireLayer::new(Requirement::login()).layer(service);
    let service = SessionLayer::new(world.manager.clone()).layer(guarded);
    for (client, status, text) in [
        (Client::new(), StatusCode::UNAUTHORIZED, ""),
        (client, StatusCode::OK, "hello"),
    ] {
        let request = request("/", &client, "*/*");
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!((response.status(), &**response.body()), (status, text));
    }
}
