//! Races 34 to 37: what an answer carries, and what it must not.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::Response;
use axum::http::StatusCode;
use axum::http::header;
use axum::routing::get;
use hallpass::EventKind;
use hallpass::RefusedToken;
use hallpass::StandardPolicy;
use hallpass::axum::Session;
use hallpass::axum::SessionLayer;
use hallpass::http::CookieConfig;
use hallpass::http::SameSite;
use tower::ServiceExt;

use super::app::Browser;
use super::app::token_in;
use crate::world::World;
use crate::world::minutes;

/// Race 34: over the whole way, for cookies with every attribute there is.
#[tokio::test]
async fn a_logout_empties_the_jar_whatever_the_attributes_are() {
    let world = World::new();
    let every_attribute = CookieConfig::default()
        .session_name("__Secure-s")
        .anonymous_name("__Secure-a")
        .domain("example.org")
        .path("/")
        .same_site(SameSite::None)
        .partitioned(true);
    for config in [CookieConfig::default(), every_attribute] {
        let mut browser = Browser::with(&world, config);
        browser.visit("POST", "/login").await;
        assert_eq!(browser.jar.cookies().len(), 1);
        browser.visit("POST", "/logout").await;
        assert_eq!(browser.jar.cookies().len(), 0);
    }
}

/// Race 35: two cookies of the name are nobody's, in any order, in one field or two, and also if
/// they are the same; nothing is loaded, and no cookie is set or removed.
#[tokio::test]
async fn two_cookies_of_the_name_are_never_resolved_by_order() {
    let world = World::new();
    let mine = Browser::logged_in(&world).await;
    let planted = Browser::logged_in(&world).await;
    let [mine, planted] =
        [mine, planted].map(|browser| browser.jar.value("__Host-session").unwrap());
    let browser = Browser::new(&world);
    for [first, second] in [
        [&mine, &planted],
        [&planted, &mine],
        [&mine, &mine],
        [&mine, &"garbage".to_owned()],
        [&String::new(), &mine],
    ] {
        for in_one_field in [true, false] {
            let pairs = [first, second].map(|token| format!("__Host-session={token}"));
            let fields = if in_one_field {
                vec![pairs.join("; ")]
            } else {
                pairs.to_vec()
            };
            let mut request = browser.request("GET", "/");
            for field in fields {
                let field = field.parse().unwrap();
                request.headers_mut().append(header::COOKIE, field);
            }
            world.operations();
            world.events.take();
            let answer = browser.answer(request).await;
            assert_eq!(answer.body, "nobody");
            assert_eq!(answer.cookies, Vec::<String>::new());
            assert_eq!(world.operations(), []);
            let refused = EventKind::Refused(RefusedToken::Ambiguous);
            assert_eq!(world.events.take(), [refused]);
        }
    }
}

/// Whatever is wrong with a token, the answer is that to a visitor: nobody can tell malformed,
/// forged, planted and expired tokens apart.
#[tokio::test]
async fn every_token_that_does_not_count_gets_the_answer_of_a_visitor() {
    let world = World::new();
    let token = |browser: Browser| browser.jar.value("__Host-session").unwrap();
    let expired = token(Browser::logged_in(&world).await);
    world.clock.advance(minutes(31));
    let live = token(Browser::logged_in(&world).await);
    let visitor = Browser::new(&world);
    let expected = visitor.answer(visitor.request("GET", "/")).await;
    for cookie in [
        "__Host-session=".to_owned(),
        "__Host-session=garbage".to_owned(),
        format!("__Host-session={}", "A".repeat(64)),
        format!("__Host-session={}{}", &live[..22], "A".repeat(42)),
        format!("__Host-session={live}; __Host-session={live}"),
        format!("__Host-session={expired}"),
        format!("__Host-anon={live}"),
        format!("__host-session={live}"),
        format!("__Host-session={live}; x={}", "y".repeat(16 * 1024)),
    ] {
        let mut request = visitor.request("GET", "/");
        let field = cookie.parse().unwrap();
        request.headers_mut().insert(header::COOKIE, field);
        assert_eq!(visitor.answer(request).await, expected, "{cookie}");
    }
}

/// Race 36: a cookie is set where a token changed and nowhere else, and what sets one is never
/// stored by a cache.
#[tokio::test]
async fn a_cookie_is_set_exactly_where_a_token_changed() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    let steps = [
        ("GET", "/", 0, 0),
        ("POST", "/logout", 0, 0),
        ("POST", "/change", 0, 1),
        ("POST", "/change", 0, 0),
        ("GET", "/", 5, 0),
        ("POST", "/login", 0, 2),
        ("GET", "/", 0, 0),
        ("POST", "/change", 2, 0),
        ("GET", "/", 2, 0),
        ("POST", "/fail", 2, 0),
        ("GET", "/", 16, 1),
        ("GET", "/", 0, 0),
        ("POST", "/change", 0, 0),
        ("POST", "/raise", 0, 1),
        ("GET", "/", 1, 0),
        ("GET", "/missing", 20, 0),
        ("POST", "/logout", 0, 1),
        ("GET", "/", 0, 0),
    ];
    for (step, (method, path, passed, cookies)) in steps.into_iter().enumerate() {
        world.clock.advance(minutes(passed));
        let answer = browser.visit(method, path).await;
        assert_eq!(
            answer.cookies.len(),
            cookies,
            "step {step}: {method} {path}"
        );
        let caching = match (cookies, path) {
            (_, "/missing") => "",
            (0, _) => "private",
            _ => "no-store",
        };
        assert_eq!(answer.caching, caching, "step {step}: {method} {path}");
    }
}

/// Race 36: no lifetime of a session makes a cookie that lives longer than 400 days, or for ever,
/// or not at all.
#[tokio::test]
async fn a_remembered_cookie_lives_a_second_at_least_and_400_days_at_most() {
    use std::time::Duration;

    let day = Duration::from_secs(86_400);
    for (lifetime, seconds) in [
        (Duration::from_nanos(1), 1),
        (Duration::from_millis(999), 1),
        (Duration::from_secs(60), 60),
        (400 * day, 34_560_000),
        (500 * day, 34_560_000),
        (Duration::MAX, 34_560_000),
    ] {
        let policy = StandardPolicy::builder().remember(lifetime, lifetime);
        let world = World::with(policy);
        let answer = Browser::new(&world).visit("POST", "/remember").await;
        let expected = format!("; Max-Age={seconds}; Expires=");
        assert!(
            answer.cookies[0].contains(&expected),
            "{:?}",
            answer.cookies
        );
    }
}

/// Race 37: an upgrade passes through in both directions, with whatever the server put into it.
#[tokio::test]
async fn an_upgrade_passes_through() {
    #[derive(Clone, Debug, Eq, PartialEq)]
    struct Connection(u8);

    async fn upgrade(_session: Session, request: Request<Body>) -> Response<Body> {
        let connection = request.extensions().get::<Connection>().cloned();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let websocket = "websocket".parse().unwrap();
        response.headers_mut().insert(header::UPGRADE, websocket);
        response.extensions_mut().insert(connection.unwrap());
        response
    }

    let world = World::new();
    let app = Router::new()
        .route("/socket", get(upgrade))
        .layer(SessionLayer::new(world.manager.clone()));
    let browser = Browser::logged_in(&world).await;
    let mut request = browser.request("GET", "/socket");
    request.extensions_mut().insert(Connection(7));
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()[header::UPGRADE], "websocket");
    assert_eq!(response.extensions().get(), Some(&Connection(7)));
}

/// Race 36: also where the handler fails, a renewed token goes out and is not stored.
#[tokio::test]
async fn a_failure_with_a_renewed_token_is_not_stored() {
    let world = World::new();
    let mut browser = Browser::logged_in(&world).await;
    world.clock.advance(minutes(16));
    let answer = browser.visit("POST", "/fail").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(token_in(&answer, "__Host-session").is_some());
    assert_eq!(answer.caching, "no-store");
}
