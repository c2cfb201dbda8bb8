//! The answers to requests that go no further: complete for extractors and handlers alike, and
//! the application's to replace.

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::Request;
use axum::http::Response;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::map_response;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::routing::post;
use hallpass::AcrMap;
use hallpass::AssuranceLevel;
use hallpass::Impersonation;
use hallpass::Requirement;
use hallpass::SessionError;
use hallpass::StandardPolicy;
use hallpass::Subject;
use hallpass::Unmet;
use hallpass::axum::Authenticated;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass::http::Refusal;
use hallpass::http::TransportConfig;
use hallpass::tower::Refused;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::Client;
use crate::world::World;
use crate::world::minutes;

fn routes() -> Router {
    Router::new()
        .route("/user", get(async |_user: Authenticated| ()))
        .route("/recent", post(async |_user: RecentAuthentication<60>| ()))
        .route("/pay", get(pay).post(pay))
        .route("/own", get(async |_user: User| ()))
        .nest("/deep", Router::new().route("/user", get(pay)))
}

/// Checks in the handler.
async fn pay(session: Session) -> Result<(), SessionRejection> {
    session.check(&Requirement::login().level(AssuranceLevel::Aal2))?;
    Ok(())
}

/// An extractor of the application, with an answer of its own.
struct User;

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = (StatusCode, String);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let user = Authenticated::from_request_parts(parts, state).await;
        user.map(|_user| Self).map_err(|rejection| {
            let status = rejection.answer().status();
            (StatusCode::IM_A_TEAPOT, format!("{status}: {rejection}"))
        })
    }
}

fn transport() -> TransportConfig {
    TransportConfig::default()
        .realm("bank")
        .acr(AcrMap::new([("gold", AssuranceLevel::Aal2)]))
}

fn pages() -> TransportConfig {
    transport().login_page("/login").step_up_page("/confirm")
}

fn layer(world: &World, transport: TransportConfig) -> SessionLayer {
    SessionLayer::with_transport(world.manager.clone(), transport).unwrap()
}

async fn send(app: Router, method: &str, path: &str, fields: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    app.oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

fn cookie(client: &Client) -> String {
    let token = client.session.as_ref().unwrap().expose_secret();
    format!("__Host-session={}", token.as_str())
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

const PAGE: (&str, &str) = ("accept", "text/html");

/// SES-09: one factor is asked for, not a login.
#[tokio::test]
async fn a_locked_session_is_sent_to_one_factor() {
    let world = World::with(StandardPolicy::aal2());
    let client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(61));
    let cookie = cookie(&client);
    let fields = [("cookie", &*cookie), PAGE];
    let app = routes().layer(layer(&world, pages()));
    for path in ["/user", "/pay"] {
        let response = send(app.clone(), "GET", path, &fields).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let location = format!("/confirm?return_to={path}&reason=locked");
        assert_eq!(field(response.headers(), "location"), Some(&*location));
        let response = send(app.clone(), "GET", path, &fields[..1]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let challenge = "Bearer realm=\"bank\", error=\"insufficient_user_authentication\", \
            error_description=\"The session is locked, and one factor reopens it\"";
        let told = field(response.headers(), "www-authenticate");
        assert_eq!(told, Some(challenge));
    }
}

/// A handler knows nothing of pages and realms; the layer does.
#[tokio::test]
async fn a_refusal_of_a_handler_is_completed_by_the_layer() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let cookie = cookie(&client);
    let fields = [
        ("cookie", &*cookie),
        ("origin", "https://app.example"),
        PAGE,
    ];
    let app = routes().layer(layer(&world, pages()));
    for path in ["/pay?n=1", "/deep/user"] {
        let response = send(app.clone(), "GET", path, &fields).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let back = path.replace('?', "%3F").replace('=', "%3D");
        let location = format!("/confirm?return_to={back}&reason=step_up&acr_values=gold");
        assert_eq!(field(response.headers(), "location"), Some(&*location));
        assert_eq!(field(response.headers(), "www-authenticate"), None);
    }
    let response = send(app, "GET", "/pay", &fields[..2]).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = "Bearer realm=\"bank\", error=\"insufficient_user_authentication\", \
        error_description=\"A stronger authentication is required\", acr_values=\"gold\"";
    let headers = response.headers();
    assert_eq!(field(headers, "www-authenticate"), Some(challenge));
    let exposed = field(headers, "access-control-expose-headers");
    assert_eq!(exposed, Some("WWW-Authenticate"));
}

/// What an inner layer adds to a refusal stays.
#[tokio::test]
async fn completing_a_refusal_keeps_the_headers_that_others_added() {
    let world = World::new();
    let added = map_response(async |response: Response<Body>| ([("x-id", "7")], response));
    let app = routes().layer(added).layer(layer(&world, pages()));
    let response = send(app, "GET", "/pay", &[PAGE]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(field(response.headers(), "x-id"), Some("7"));
}

#[tokio::test]
async fn who_impersonates_the_subject_is_refused_without_a_challenge() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    let subject = Subject::new("alice").unwrap();
    let impersonation = Impersonation::of(subject, "ticket 7");
    session.impersonate(impersonation).await.unwrap();
    client.close(&session).await;
    let cookie = cookie(&client);
    let app = routes().layer(layer(&world, pages()));
    let fields = [("cookie", &*cookie), PAGE];
    let response = send(app.clone(), "GET", "/user", &fields).await;
    assert_eq!(response.status(), StatusCode::OK);
    let response = send(app, "POST", "/recent", &fields).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(field(response.headers(), "www-authenticate"), None);
    let refused: &Refused = response.extensions().get().unwrap();
    assert!(matches!(
        refused.error(),
        Refusal::Unmet(Unmet::Impersonated)
    ));
}

#[tokio::test]
async fn an_application_answers_in_an_extractor_of_its_own() {
    let world = World::new();
    for (fields, text) in [
        (&[][..], "401 Unauthorized: nobody is logged in"),
        (&[PAGE][..], "303 See Other: nobody is logged in"),
    ] {
        let app = routes().layer(layer(&world, pages()));
        let response = send(app, "GET", "/own", fields).await;
        assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
        assert_eq!(field(response.headers(), "location"), None);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, text);
    }
}

/// Of a layer inside of the session layer the answer is the last word; outside it, too.
#[tokio::test]
async fn an_application_answers_in_a_layer_for_all_routes() {
    async fn teapot(response: Response<Body>) -> Response<Body> {
        let refused = response.extensions().get::<Refused>();
        let is_login = refused.is_some_and(|refused| {
            matches!(
                refused.error(),
                Refusal::Unmet(Unmet::NotLoggedIn { .. }) | Refusal::Error(SessionError::Ended)
            )
        });
        if is_login {
            StatusCode::IM_A_TEAPOT.into_response()
        } else {
            response
        }
    }
    let world = World::new();
    let inside = routes()
        .layer(map_response(teapot))
        .layer(layer(&world, pages()));
    let outside = routes()
        .layer(layer(&world, pages()))
        .layer(map_response(teapot));
    for app in [inside, outside] {
        for path in ["/user", "/pay"] {
            let response = send(app.clone(), "GET", path, &[PAGE]).await;
            assert_eq!(response.status(), StatusCode::IM_A_TEAPOT, "{path}");
            assert_eq!(field(response.headers(), "location"), None);
        }
    }
}

/// Also where the reason is still among the extensions.
#[tokio::test]
async fn another_status_of_the_application_is_left_alone() {
    let world = World::new();
    let hidden = map_response(async |mut response: Response<Body>| {
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    });
    let app = routes().layer(hidden).layer(layer(&world, pages()));
    let response = send(app, "GET", "/pay", &[PAGE]).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(field(response.headers(), "location"), None);
}
