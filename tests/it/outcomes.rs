//! The layer and the extractors: what goes to the client for each outcome.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::Response;
use axum::http::StatusCode;
use axum::http::header;
use axum::routing::get;
use axum::routing::post;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass::axum::Authenticated;
use hallpass::axum::MaybeAuthenticated;
use hallpass::axum::RecentAuthentication;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::axum::SessionRejection;
use hallpass::http::TransportConfig;
use hallpass_testkit::Fault;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::Client;
use crate::world::World;
use crate::world::minutes;

fn router() -> Router {
    Router::new()
        .route("/plain", get(async || "plain"))
        .route(
            "/read",
            get(async |session: Session| session.handle().is_some().to_string()),
        )
        .route("/change", post(change))
        .route("/fail", post(fail))
        .route(
            "/public",
            get(async |_session: Session| ([("cache-control", "public, max-age=60")], "")),
        )
        .route(
            "/secret",
            get(async |_session: Session| ([("cache-control", "no-store")], "")),
        )
        .route(
            "/user",
            get(async |user: Authenticated| user.subject().id().to_owned()),
        )
        .route(
            "/maybe",
            get(async |user: MaybeAuthenticated| user.subject().is_some().to_string()),
        )
        .route(
            "/recent",
            post(async |_user: RecentAuthentication<60>| StatusCode::NO_CONTENT),
        )
        .route("/logout", post(logout))
        .route("/vanish", post(vanish))
        .route("/vanish-now", post(vanish_now))
        .route("/login", post(log_in))
}

async fn change(session: Session) -> Result<(), SessionRejection> {
    Ok(session.update("n", |n: &mut u32| *n += 1)?)
}

async fn fail(session: Session) -> Result<StatusCode, SessionRejection> {
    session.insert("failed", true)?;
    Ok(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn logout(session: Session) -> Result<(), SessionRejection> {
    Ok(session.logout().await?)
}

/// Changes a session that somebody else ends before the answer goes out.
async fn vanish(session: Session) -> Result<&'static str, SessionRejection> {
    session.insert("n", 1)?;
    let handle = session.handle().unwrap();
    let _revoked = session
        .manager()
        .revoke(handle, hallpass::Revocation::by("test"))
        .await?;
    Ok("the handler's answer")
}

/// The same, and the handler notices it.
async fn vanish_now(session: Session) -> Result<(), SessionRejection> {
    let handle = session.handle().unwrap();
    let _revoked = session
        .manager()
        .revoke(handle, hallpass::Revocation::by("test"))
        .await?;
    Ok(session.update_now("n", |n: &mut u32| *n += 1).await?)
}

async fn log_in(session: Session) -> Result<(), SessionRejection> {
    let _outcome = session.login(crate::world::login("alice")).await?;
    Ok(())
}

fn app(world: &World) -> Router {
    router().layer(SessionLayer::new(world.manager.clone()))
}

fn app_with_pages(world: &World) -> Router {
    let transport = TransportConfig::default()
        .login_page("/login")
        .step_up_page("/confirm");
    router().layer(SessionLayer::with_transport(world.manager.clone(), transport).unwrap())
}

fn request(method: &str, path: &str, client: &Client) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = &client.session {
        let text = format!("__Host-session={}", token.expose_secret().as_str());
        request = request.header(header::COOKIE, text);
    }
    request.body(Body::empty()).unwrap()
}

fn page_request(method: &str, path: &str, client: &Client) -> Request<Body> {
    let mut request = request(method, path, client);
    request
        .headers_mut()
        .insert(header::ACCEPT, "text/html,*/*;q=0.8".parse().unwrap());
    request
}

async fn send(app: Router, request: Request<Body>) -> Response<Body> {
    app.oneshot(request).await.unwrap()
}

fn field<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

async fn body(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_handler_that_asks_for_no_session_costs_nothing_and_is_left_alone() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    world.operations();
    let response = send(app(&world), request("GET", "/plain", &client)).await;
    assert_eq!(world.operations(), []);
    for name in ["set-cookie", "vary", "cache-control"] {
        assert_eq!(field(&response, name), None);
    }
}

/// Race 36.
#[tokio::test]
async fn a_read_sets_no_cookie_and_keeps_shared_caches_away() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let response = send(app(&world), request("GET", "/read", &client)).await;
    assert_eq!(field(&response, "set-cookie"), None);
    assert_eq!(field(&response, "vary"), Some("cookie"));
    assert_eq!(field(&response, "cache-control"), Some("private"));
    assert_eq!(body(response).await, "true");
}

#[tokio::test]
async fn a_stricter_header_of_the_handler_stays_and_a_laxer_one_does_not() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let response = send(app(&world), request("GET", "/secret", &client)).await;
    assert_eq!(field(&response, "cache-control"), Some("no-store"));
    let response = send(app(&world), request("GET", "/public", &client)).await;
    let control = field(&response, "cache-control").unwrap();
    assert!(
        control.contains("private") && !control.contains("public"),
        "{control}"
    );
}

/// Race 36.
#[tokio::test]
async fn whatever_sets_a_cookie_is_not_stored() {
    let world = World::new();
    let response = send(app(&world), request("POST", "/change", &Client::new())).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = field(&response, "set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-anon="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert_eq!(field(&response, "cache-control"), Some("no-store"));
}

/// Race 34.
#[tokio::test]
async fn a_logout_removes_the_cookie_that_was_sent() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let response = send(app(&world), request("POST", "/logout", &client)).await;
    assert_eq!(
        field(&response, "set-cookie"),
        Some(
            "__Host-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
             HttpOnly; SameSite=Lax"
        )
    );
}

/// SES-33 and race 39.
#[tokio::test]
async fn a_request_that_needs_the_session_gets_503_while_the_store_is_down() {
    for path in ["/read", "/user", "/maybe"] {
        let world = World::new();
        let client = Client::logged_in(&world, "alice").await;
        let down = Fault::Fail(StoreErrorKind::Unavailable);
        world.faults.script(StoreOperation::Load, down);
        let response = send(app(&world), request("GET", path, &client)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(field(&response, "retry-after"), Some("5"));
        assert_eq!(field(&response, "set-cookie"), None);
        assert_eq!(body(response).await, "");
    }
}

#[tokio::test]
async fn a_commit_that_fails_is_answered_503_in_place_of_the_handler() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let down = Fault::Fail(StoreErrorKind::Unavailable);
    world.faults.script(StoreOperation::Update, down);
    world.faults.script(StoreOperation::Update, down);
    let response = send(app(&world), request("POST", "/change", &client)).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(field(&response, "retry-after"), Some("5"));
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), None);
}

#[tokio::test]
async fn changes_of_a_session_that_ended_meanwhile_are_answered_401() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let response = send(app(&world), request("POST", "/vanish", &client)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(field(&response, "www-authenticate"), Some("Bearer"));
    assert_eq!(body(response).await, "");
}

#[tokio::test]
async fn for_a_page_that_is_a_redirect_to_the_login_page() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let response = send(
        app_with_pages(&world),
        page_request("POST", "/vanish", &client),
    )
    .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(field(&response, "location"), Some("/login?reason=login"));
}

/// Race 17.
#[tokio::test]
async fn changes_of_a_failed_handler_are_dropped_unless_they_are_wanted() {
    for keep in [false, true] {
        let world = World::new();
        let client = Client::logged_in(&world, "alice").await;
        let layer = SessionLayer::new(world.manager.clone()).keep_changes_on_failure(keep);
        let response = send(router().layer(layer), request("POST", "/fail", &client)).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let kept = client.open(&world).await.get::<bool>("failed").unwrap();
        assert_eq!(kept, keep.then_some(true));
    }
}

/// A renewed token goes out whatever the handler answers.
#[tokio::test]
async fn a_failed_handler_still_delivers_the_renewed_token() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let response = send(app(&world), request("POST", "/fail", &client)).await;
    assert!(
        field(&response, "set-cookie")
            .unwrap()
            .starts_with("__Host-session=")
    );
}

#[tokio::test]
async fn who_is_not_logged_in_gets_401_or_the_login_page() {
    let world = World::new();
    let nobody = Client::new();
    let response = send(app(&world), request("GET", "/user", &nobody)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(field(&response, "www-authenticate"), Some("Bearer"));
    let response = send(app(&world), page_request("GET", "/user", &nobody)).await;
    assert_eq!(
        response.status(),
        StatusCode::UNAUTHORIZED,
        "no page is configured"
    );
    let response = send(
        app_with_pages(&world),
        page_request("GET", "/user", &nobody),
    )
    .await;
    let login = "/login?return_to=/user&reason=login";
    assert_eq!(field(&response, "location"), Some(login));
    let response = send(app_with_pages(&world), request("GET", "/user", &nobody)).await;
    assert_eq!(
        response.status(),
        StatusCode::UNAUTHORIZED,
        "an API is not redirected"
    );
    let response = send(app(&world), request("GET", "/maybe", &nobody)).await;
    assert_eq!(body(response).await, "false");
}

/// SU-01.
#[tokio::test]
async fn an_old_authentication_gets_the_challenge_or_the_step_up_page() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let response = send(app(&world), request("POST", "/recent", &client)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    world.clock.advance(minutes(2));
    let response = send(app(&world), request("POST", "/recent", &client)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        field(&response, "www-authenticate"),
        Some(
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A more recent \
             authentication is required\", max_age=\"60\""
        )
    );
    let response = send(
        app_with_pages(&world),
        page_request("POST", "/recent", &client),
    )
    .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let confirm = "/confirm?reason=step_up&max_age=60";
    assert_eq!(field(&response, "location"), Some(confirm));
}

#[tokio::test]
async fn without_the_layer_the_answer_says_what_to_add_where() {
    let response = send(router(), request("GET", "/read", &Client::new())).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = body(response).await;
    assert!(
        text.contains(".layer(SessionLayer::new(manager))"),
        "{text}"
    );
}

/// Race 37: the body goes out while the stream is still being written.
#[tokio::test]
async fn bodies_pass_through_unbuffered() {
    use futures_util::StreamExt;
    use futures_util::stream;

    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let endless = async |_session: Session| {
        let ticks = stream::repeat_with(|| Ok::<_, std::convert::Infallible>("tick"));
        Body::from_stream(ticks)
    };
    let app = Router::new()
        .route("/stream", get(endless))
        .layer(SessionLayer::new(world.manager.clone()));
    let response = send(app, request("GET", "/stream", &client)).await;
    let first = response
        .into_body()
        .into_data_stream()
        .next()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first, "tick");
}

/// Nothing of an error reaches the client; it is in the extensions for layers outside.
#[tokio::test]
async fn errors_are_opaque() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let down = Fault::Fail(StoreErrorKind::Unavailable);
    world.faults.script(StoreOperation::Load, down);
    let response = send(app(&world), request("GET", "/read", &client)).await;
    let cause = response
        .extensions()
        .get::<hallpass::tower::Refused>()
        .unwrap()
        .error()
        .status();
    assert_eq!(cause, 503);
    let head = format!("{:?}", response.headers());
    let answer = format!("{head}{}", body(response).await);
    assert!(
        !answer.contains("store") && !answer.contains("fault"),
        "{answer}"
    );
}

/// The same race is answered alike, whether the handler notices it or the commit does.
#[tokio::test]
async fn a_page_whose_session_ended_in_the_handler_is_redirected_too() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let app = app_with_pages(&world);
    let response = send(app.clone(), page_request("POST", "/vanish-now", &client)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(field(&response, "location"), Some("/login?reason=login"));
    let client = Client::logged_in(&world, "alice").await;
    let response = send(app, request("POST", "/vanish-now", &client)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_client_without_cookies_logs_in_and_comes_back() {
    let world = World::new();
    let transport = TransportConfig::default().bearer(true);
    let layer = SessionLayer::with_transport(world.manager.clone(), transport).unwrap();
    let app = router().layer(layer);
    let mut asks = request("POST", "/login", &Client::new());
    asks.headers_mut()
        .insert("session-token", "?".parse().unwrap());
    let response = send(app.clone(), asks).await;
    assert_eq!(field(&response, "set-cookie"), None);
    assert_eq!(field(&response, "cache-control"), Some("no-store"));
    let token = field(&response, "session-token").unwrap().to_owned();
    let mut comes_back = request("GET", "/user", &Client::new());
    let bearer = format!("Bearer {token}").parse().unwrap();
    comes_back
        .headers_mut()
        .insert(header::AUTHORIZATION, bearer);
    let response = send(app, comes_back).await;
    let vary: Vec<_> = response.headers().get_all("vary").iter().collect();
    assert_eq!(vary, ["cookie", "authorization"]);
    assert_eq!(body(response).await, "alice");
}

/// Whatever holds the place, a logout removes it.
#[tokio::test]
async fn a_logout_removes_a_cookie_that_was_refused() {
    let world = World::new();
    let mut doubled = request("POST", "/logout", &Client::new());
    let cookies = "__Host-session=a; __Host-session=b".parse().unwrap();
    doubled.headers_mut().insert(header::COOKIE, cookies);
    let response = send(app(&world), doubled).await;
    assert!(
        field(&response, "set-cookie")
            .unwrap()
            .starts_with("__Host-session=; Path=/; Max-Age=0")
    );
}
