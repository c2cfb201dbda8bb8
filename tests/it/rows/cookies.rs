//! CK rows: every cookie that leaves, in the jar of a strict browser.

use axum::http::header;
use hallpass::EventKind;
use hallpass::RefusedToken;
use hallpass::Timestamp;
use hallpass::http::CookieConfig;
use hallpass::http::CookieTemplate;
use hallpass::http::MAX_COOKIE_BYTES;
use hallpass::http::SameSite;
use hallpass_tests::jar::Cause;
use hallpass_tests::jar::HOME;
use hallpass_tests::jar::Jar;
use hallpass_tests::jar::Place;

use super::app::Browser;
use super::app::token_in;
use crate::world::World;
use crate::world::minutes;
use crate::world::seconds;

/// Every combination of settings that `build` accepts.
fn every_config() -> Vec<CookieConfig> {
    let names = [
        "__Host-s",
        "__Host-Http-s",
        "__Secure-s",
        "__Http-s",
        "s",
        "__host-s",
        "",
    ];
    let mut configs = Vec::new();
    for name in names {
        for same_site in [SameSite::Lax, SameSite::None, SameSite::Strict] {
            for bits in 0_u8..16 {
                let [insecure, partitioned, deep, wide] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
                let mut config = CookieConfig::default()
                    .session_name(name)
                    .anonymous_name(format!("{name}-anon"))
                    .same_site(same_site)
                    .partitioned(partitioned)
                    .path(if deep { "/app" } else { "/" });
                if wide {
                    config = config.domain("example.org");
                }
                if insecure {
                    config = config.danger().allow_insecure_http();
                }
                configs.push(config);
            }
        }
    }
    configs.retain(|config| config.clone().build().is_ok());
    configs
}

fn written(cookie: &CookieTemplate) -> String {
    let now = Timestamp::from_millis(4_102_444_800_000);
    let field = cookie.set("v", Some(seconds(60)), now.into()).unwrap();
    field.to_str().unwrap().to_owned()
}

/// CK-01, CK-02, CK-03: what `build` accepts, a browser takes, whatever the name promises.
#[test]
fn a_browser_takes_every_cookie_that_build_accepts() {
    let configs = every_config();
    // The secure ones: 2 `__Host-` names with 6 settings each, 2 others with 24. And `s`, plain.
    assert_eq!(configs.len(), 2 * 6 + 2 * 24 + 8);
    for config in configs {
        let cookies = config.clone().build().unwrap();
        let mut jar = Jar::default();
        for cookie in [cookies.session(), cookies.anonymous()] {
            let taken = jar.take(&written(cookie), HOME, Timestamp::default());
            assert_eq!(taken, Ok(()), "{config:?}");
        }
        assert_eq!(jar.cookies().len(), 2, "{config:?}");
    }
}

/// CK-01, CK-05, CK-06, CK-07: no cookie leaves without them, nor does a removal.
#[test]
fn no_cookie_leaves_without_its_flags() {
    for config in every_config() {
        let cookies = config.clone().build().unwrap();
        for cookie in [cookies.session(), cookies.anonymous()] {
            let removal = cookie.remove();
            for field in [written(cookie).as_str(), removal.to_str().unwrap()] {
                let is_plain = cookie.name().starts_with('s');
                assert_eq!(field.contains("; Secure"), !is_plain, "{field}");
                assert!(field.contains("; HttpOnly"), "{field}");
                assert_eq!(field.matches("; SameSite=").count(), 1, "{field}");
            }
        }
    }
}

/// CK-17, CK-18: whatever the settings, the removal reaches the cookie that was set.
#[test]
fn a_removal_reaches_the_cookie_in_the_jar() {
    for config in every_config() {
        let cookies = config.clone().build().unwrap();
        for cookie in [cookies.session(), cookies.anonymous()] {
            let mut jar = Jar::default();
            let now = Timestamp::from_millis(1);
            jar.take(&written(cookie), HOME, now).unwrap();
            let removal = cookie.remove();
            jar.take(removal.to_str().unwrap(), HOME, now).unwrap();
            assert_eq!(jar.cookies().len(), 0, "{config:?}");
        }
    }
}

/// CK-02: a sibling host plants nothing under the default names.
#[tokio::test]
async fn a_sibling_host_can_not_plant_a_cookie_of_the_default_name() {
    let world = World::new();
    let mut victim = Browser::logged_in(&world).await;
    let attacker = Browser::logged_in(&world).await;
    let token = attacker.jar.value("__Host-session").unwrap();
    let sibling = Place {
        host: "evil.example.org",
        ..HOME
    };
    for attributes in [
        "; Secure; Path=/; Domain=example.org",
        "; Secure; Path=/",
        "; Secure; Path=/x; Domain=example.org",
    ] {
        let field = format!("__Host-session={token}{attributes}");
        let _ignored_or_its_own = victim.jar.take(&field, sibling, Timestamp::default());
    }
    let request = victim.request("GET", "/");
    let sent = request.headers()[header::COOKIE].to_str().unwrap();
    assert_eq!(sent.matches("__Host-session=").count(), 1);
    assert!(!sent.contains(&token));
    assert_eq!(victim.who().await, "alice");
}

/// CK-14: under a name that a sibling can plant, both cookies are refused, and nobody is logged
/// in as somebody else.
#[tokio::test]
async fn a_planted_second_cookie_makes_nobody_of_the_request() {
    let world = World::new();
    let shared = || {
        CookieConfig::default()
            .session_name("__Secure-s")
            .anonymous_name("__Secure-a")
            .domain("example.org")
    };
    let mut attacker = Browser::with(&world, shared());
    attacker.visit("POST", "/login").await;
    let token = attacker.jar.value("__Secure-s").unwrap();
    let sibling = Place {
        host: "evil.example.org",
        ..HOME
    };
    let mut victim = Browser::with(&world, shared());
    victim.visit("POST", "/login").await;
    let planted = format!("__Secure-s={token}; Secure; Domain=example.org; Path=/change");
    victim
        .jar
        .take(&planted, sibling, Timestamp::default())
        .unwrap();
    world.operations();
    world.events.take();
    let answer = victim.answer(victim.request("POST", "/change")).await;
    assert_eq!(
        token_in(&answer, "__Secure-s"),
        None,
        "and none is taken away"
    );
    let refused = EventKind::Refused(RefusedToken::Ambiguous);
    assert_eq!(world.events.take(), [refused, EventKind::Created]);
    assert_eq!(world.operations(), [hallpass::StoreOperation::Create]);
    assert_eq!(victim.who().await, "alice");
}

/// CK-05: the token is in the cookie and nowhere else.
#[tokio::test]
async fn the_token_is_in_no_other_header_and_in_no_body() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    let mut tokens = Vec::new();
    for (method, path) in [
        ("POST", "/change"),
        ("POST", "/login"),
        ("GET", "/"),
        ("POST", "/raise"),
        ("POST", "/fail"),
        ("POST", "/logout"),
    ] {
        // Long enough for a renewal, which a visitor would not outlive.
        let passed = if path == "/login" { 1 } else { 16 };
        world.clock.advance(minutes(passed));
        let answer = browser.visit(method, path).await;
        for name in ["__Host-session", "__Host-anon"] {
            tokens.extend(token_in(&answer, name).map(str::to_owned));
        }
        let secrets = tokens.iter().filter_map(|token| token.get(27..));
        for secret in secrets {
            assert!(!answer.head.contains(secret), "{path}: {}", answer.head);
            assert!(!answer.body.contains(secret), "{path}: {}", answer.body);
        }
    }
    let issued = tokens.iter().filter(|token| !token.is_empty());
    assert_eq!(issued.count(), 4, "a visitor, a login, a renewal, a raise");
}

/// CK-06, CK-07: a forged post of another site carries no session, whatever the age of the cookie.
#[tokio::test]
async fn a_cross_site_post_carries_no_session_cookie() {
    let world = World::new();
    let browser = Browser::logged_in(&world).await;
    let now = world.manager.now();
    let sent = |cause| browser.jar.field(HOME, cause, now);
    assert!(sent(Cause::SameSite).is_some());
    assert!(sent(Cause::CrossSiteLink).is_some());
    assert_eq!(sent(Cause::CrossSitePost), None);
}

/// CK-09: more than the limit of 16 KiB is refused before anybody asks the store, and said.
#[tokio::test]
async fn a_request_with_too_many_cookies_is_nobodys() {
    let world = World::new();
    let browser = Browser::logged_in(&world).await;
    for (padding, body) in [(0, "alice"), (1, "nobody")] {
        let mut request = browser.request("GET", "/");
        let cookie = request.headers()[header::COOKIE].clone();
        let rest = MAX_COOKIE_BYTES - cookie.len() + padding;
        let filler = "x".repeat(rest).parse().unwrap();
        request.headers_mut().append(header::COOKIE, filler);
        world.operations();
        world.events.take();
        assert_eq!(browser.answer(request).await.body, body);
        let (operations, events) = (world.operations(), world.events.take());
        if padding > 0 {
            assert_eq!(operations, []);
            assert_eq!(events, [EventKind::Refused(RefusedToken::Oversized)]);
        }
    }
}

/// CK-13: one field or three, the request is the same.
#[tokio::test]
async fn cookies_in_several_fields_are_one_request() {
    let world = World::new();
    let browser = Browser::logged_in(&world).await;
    let cookie = format!(
        "__Host-session={}",
        browser.jar.value("__Host-session").unwrap()
    );
    for fields in [
        vec![format!("a=1; {cookie}; b=2")],
        vec!["a=1".to_owned(), cookie.clone(), "b=2".to_owned()],
    ] {
        let mut request = Browser::new(&world).request("GET", "/");
        for field in fields {
            let field = field.parse().unwrap();
            request.headers_mut().append(header::COOKIE, field);
        }
        assert_eq!(browser.answer(request).await.body, "alice");
    }
}

/// CK-15: the token of one cookie is worthless under the name of the other.
#[tokio::test]
async fn a_token_under_the_name_of_the_other_cookie_is_worthless() {
    let world = World::new();
    let mut visitor = Browser::new(&world);
    visitor.visit("POST", "/change").await;
    let user = Browser::logged_in(&world).await;
    for (browser, from, to) in [
        (&user, "__Host-session", "__Host-anon"),
        (&visitor, "__Host-anon", "__Host-session"),
    ] {
        let token = browser.jar.value(from).unwrap();
        let mut request = Browser::new(&world).request("POST", "/change");
        let swapped = format!("{to}={token}").parse().unwrap();
        request.headers_mut().insert(header::COOKIE, swapped);
        world.events.take();
        let answer = browser.answer(request).await;
        let given = token_in(&answer, "__Host-anon").unwrap();
        assert_ne!(given[..21], token[..21], "a session of its own");
        let expected = [EventKind::Unknown, EventKind::Created];
        assert_eq!(world.events.take(), expected);
    }
}

/// CK-16: no session is made of two cookies, so there is nothing to swap: the anonymous cookie of
/// somebody else adds nothing to a session, and a login takes nothing of it along.
#[tokio::test]
async fn the_anonymous_cookie_of_another_adds_nothing_to_a_session() {
    let world = World::new();
    let mut stranger = Browser::new(&world);
    stranger.visit("POST", "/change").await;
    let theirs = stranger.jar.value("__Host-anon").unwrap();
    let mut browser = Browser::logged_in(&world).await;
    let planted = format!("__Host-anon={theirs}; Path=/; Secure");
    browser
        .jar
        .take(&planted, HOME, world.manager.now())
        .unwrap();
    assert_eq!(browser.who().await, "alice");
    browser.visit("POST", "/login").await;
    let listed = world.manager.list(&crate::world::subject("alice")).await;
    let handle = listed.unwrap()[0].handle;
    let now = world.manager.now();
    let loaded = hallpass::SessionStore::load(&world.store, handle, now).await;
    let hallpass::Load::Live(record) = loaded.unwrap() else {
        panic!("the login is gone")
    };
    assert_eq!(record.data().size(), 0);
}

/// CK-10, and SES-13: a remembered login is kept for its time, the others until the browser closes.
#[tokio::test]
async fn only_a_remembered_login_outlives_the_browser() {
    let world = World::new();
    let mut browser = Browser::logged_in(&world).await;
    browser.jar.close();
    assert_eq!(browser.who().await, "nobody");
    browser.visit("POST", "/remember").await;
    let thirty_days = world.manager.now().saturating_add(minutes(30 * 1_440));
    assert_eq!(browser.jar.cookies()[0].expires, Some(thirty_days));
    browser.jar.close();
    assert_eq!(browser.who().await, "alice");
}
