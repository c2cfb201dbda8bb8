//! A small site behind the layer, for what only shows in requests and answers.

use axum::Router;
use axum::body::Body;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Request;
use axum::http::Response;
use axum::routing::get;
use axum::routing::post;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass::http::TransportConfig;
use hallpass::tower::PeerAddress;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::World;
use crate::world::login;

/// The address that requests come from: that of a proxy, where one is trusted.
pub(super) const PEER: &str = "203.0.113.7";

pub(super) fn site(world: &World, transport: TransportConfig) -> Router {
    let layer = SessionLayer::with_transport(world.manager.clone(), transport).unwrap();
    Router::new()
        .route("/who", get(who).post(who))
        .route("/change", post(change))
        .route("/login", post(async |session| log_in(session, false).await))
        .route(
            "/login/remembered",
            post(async |session| log_in(session, true).await),
        )
        .route("/delete", post(delete))
        .layer(layer)
}

async fn who(session: Session) -> String {
    match (session.subject(), session.handle()) {
        (Some(subject), _) => subject.id().to_owned(),
        (None, Some(_)) => "a visitor".to_owned(),
        (None, None) => "nobody".to_owned(),
    }
}

async fn change(session: Session) -> Result<(), SessionRejection> {
    Ok(session.update("n", |n: &mut u32| *n += 1)?)
}

async fn log_in(session: Session, remember: bool) -> Result<(), SessionRejection> {
    let _outcome = session.login(login("alice").remember(remember)).await?;
    Ok(())
}

/// Dangerous, so that it must not run by accident: it notes that it did.
async fn delete(
    user: RecentAuthentication<5>,
    body: String,
) -> Result<&'static str, SessionRejection> {
    user.insert("deleted", body)?;
    Ok("deleted")
}

pub(super) async fn send(
    site: &Router,
    method: &str,
    path: &str,
    fields: &[(&str, &[u8])],
    body: &str,
) -> Response<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .extension(PeerAddress(PEER.parse().unwrap()))
        .body(Body::from(body.to_owned()))
        .unwrap();
    for (name, value) in fields {
        let name = HeaderName::try_from(*name).unwrap();
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append(name, value);
    }
    site.clone().oneshot(request).await.unwrap()
}

pub(super) fn field<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

pub(super) async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}
