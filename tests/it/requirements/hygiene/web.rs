//! Scenarios of requests and answers.

use std::time::Duration;

use axum::http::StatusCode;
use hallpass::AtLimit;
use hallpass::OnOutage;
use hallpass::StandardPolicy;
use hallpass::http::TransportConfig;

use super::Run;
use super::browser::Browser;
use crate::world::minutes;

const SESSION: &str = "__Host-session";
const ANONYMOUS: &str = "__Host-anon";

async fn do_all(browser: &mut Browser<'_>, acts: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for act in acts {
        statuses.push(browser.post(act).await.as_u16());
    }
    statuses
}

/// SES-23 and race 47: a whole life, from the first visit to the logout.
#[tokio::test]
async fn a_life_from_visit_to_logout_leaks_no_token() {
    let run = Run::new();
    let mut browser = Browser::new(&run);
    let visit = ["read", "change", "flash", "maybe", "user", "recent"];
    let visited = do_all(&mut browser, &visit).await;
    assert_eq!(visited, [200, 200, 200, 200, 401, 401]);
    let stay = [
        "login",
        "read",
        "change",
        "change-now",
        "take-flashes",
        "list",
        "user",
        "recent",
        "login-remembered",
        "logout",
        "read",
    ];
    assert_eq!(do_all(&mut browser, &stay).await, [200; 11]);
    assert_eq!(browser.cookies.len(), 0);
    assert_eq!(run.assert_clean().await, 3);
}

/// SES-23 and race 47: renewal, in parallel, with a lost answer, in the grace, and as a replay.
#[tokio::test]
async fn a_renewal_leaks_no_token() {
    let run = Run::new();
    let mut browser = Browser::new(&run);
    browser.post("login").await;
    run.world.clock.advance(minutes(16));
    let mut parent = browser.clone();
    browser.post_at_once("change", 4).await;
    assert_eq!(do_all(&mut browser, &["user", "renew"]).await, [200, 200]);
    assert_eq!(parent.post("user").await, StatusCode::OK, "in the grace");
    run.world.clock.advance(minutes(16));
    browser.lose("read").await;
    assert_eq!(browser.post("read").await, StatusCode::OK, "repaired");
    run.world.clock.advance(minutes(16));
    browser.post("read").await;
    run.world.clock.advance(minutes(16));
    browser.lose("read").await;
    run.world.clock.advance(minutes(4));
    assert_eq!(browser.post("user").await, StatusCode::OK, "repaired late");
    assert_eq!(parent.post("user").await, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.post("user").await, StatusCode::UNAUTHORIZED);
    assert_eq!(run.assert_clean().await, 4);
}

/// SES-23 and race 47: the assurance goes up and down.
#[tokio::test]
async fn a_step_up_leaks_no_token() {
    let run = Run::new();
    let mut browser = Browser::new(&run);
    browser.post("login").await;
    run.world.clock.advance(minutes(2));
    let mut before = browser.clone();
    let acts = ["recent", "raise", "recent", "lower", "read"];
    assert_eq!(do_all(&mut browser, &acts).await, [401, 200, 200, 200, 200]);
    let outranked = do_all(&mut before, &["user", "raise", "change"]).await;
    assert_eq!(outranked, [200, 409, 200]);
    run.world.clock.advance(minutes(10));
    assert_eq!(before.post("user").await, StatusCode::UNAUTHORIZED);
    assert_eq!(run.assert_clean().await, 2);
}

/// SES-23 and race 47: a session is locked, reopened, locked again, and replaced.
#[tokio::test]
async fn a_locked_session_leaks_no_token() {
    let run = Run::with(&StandardPolicy::aal2(), OnOutage::Refuse);
    let mut browser = Browser::new(&run);
    browser.post("login").await;
    run.world.clock.advance(minutes(61));
    let acts = ["user", "read", "change", "reopen", "user"];
    assert_eq!(do_all(&mut browser, &acts).await, [401, 200, 200, 200, 200]);
    run.world.clock.advance(minutes(61));
    assert_eq!(do_all(&mut browser, &["read", "login"]).await, [200; 2]);
    assert_eq!(run.assert_clean().await, 4);
}

/// SES-23 and race 47: sessions are evicted, denied, revoked from another device and while a
/// request runs.
#[tokio::test]
async fn limits_and_revocations_leak_no_token() {
    for (at_limit, tokens) in [
        (AtLimit::EvictLeastRecentlyUsed, 4),
        (AtLimit::EvictOldest, 4),
        (AtLimit::Reject, 3),
    ] {
        let policy = StandardPolicy::builder().concurrency(2.try_into().unwrap(), at_limit);
        let run = Run::with(&policy, OnOutage::Refuse);
        let mut browsers = [(); 3].map(|()| Browser::new(&run));
        for browser in &mut browsers {
            browser.post("login").await;
            browser.post("list").await;
        }
        for browser in &mut browsers {
            browser.post("read").await;
        }
        let [first, second, _third] = &mut browsers;
        for browser in [second, first] {
            do_all(browser, &["revoke-others", "vanish", "read", "user"]).await;
        }
        assert_eq!(run.assert_clean().await, tokens, "{at_limit:?}");
    }
}

/// SES-23 and race 47: the timeouts, of logged-in and of anonymous sessions.
#[tokio::test]
async fn an_expiry_leaks_no_token() {
    let run = Run::new();
    let mut browser = Browser::new(&run);
    browser.post("change").await;
    run.world.clock.advance(minutes(10));
    browser.post("read").await;
    browser.post("login").await;
    run.world.clock.advance(minutes(30));
    assert_eq!(browser.post("user").await, StatusCode::UNAUTHORIZED);
    browser.post("login").await;
    for _ in 0..12 * 60 / 20 {
        run.world.clock.advance(minutes(20));
        browser.post("read").await;
    }
    assert_eq!(browser.post("user").await, StatusCode::UNAUTHORIZED);
    assert!(run.assert_clean().await > 20);
}

/// SES-23 and race 47: what is sent in a token's place is not told either, however near it comes.
#[tokio::test]
async fn hostile_values_leak_no_token() {
    let run = Run::new();
    let transport = TransportConfig::default()
        .bearer(true)
        .trusted_proxies("192.0.2.1".parse().unwrap());
    let mut browser = Browser::with(&run, transport);
    browser.post("login").await;
    let token = browser.cookies[SESSION].clone();
    let with = |name: &str, value: &str| {
        let mut browser = browser.clone();
        browser.cookies.clear();
        browser.cookies.insert(name.to_owned(), value.to_owned());
        browser
    };
    let last = if token.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{last}", &token[..63]);
    let named = format!("A{}", &token[1..]);
    for value in [
        "",
        "garbage",
        &"A".repeat(64),
        &forged,
        &named,
        &token[..63],
        &format!("{token}="),
        &format!("\"{token}\""),
        &"y".repeat(70_000),
    ] {
        for name in [SESSION, ANONYMOUS] {
            with(name, value).post("read").await;
            with(name, value).post("logout").await;
        }
        let mut bearer = with("x", "y");
        bearer.token = Some(value.to_owned());
        bearer.post("read").await;
    }
    with(ANONYMOUS, &token).post("read").await;
    let mut tossed = browser.clone();
    tossed.extra = vec![("cookie", format!("{SESSION}={forged}"))];
    assert_eq!(tossed.post("user").await, StatusCode::UNAUTHORIZED);
    let mut doubled = with("x", "y");
    doubled.extra = vec![("authorization", format!("Bearer {token}")); 2];
    assert_eq!(doubled.post("user").await, StatusCode::UNAUTHORIZED);
    let mut plain = browser.clone();
    plain.extra = vec![("x-forwarded-proto", "http".to_owned())];
    assert_eq!(plain.post("user").await, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.post("user").await, StatusCode::OK);
    assert_eq!(run.assert_clean().await, 1);
}

/// SES-23 and race 47: a client that keeps no cookies.
#[tokio::test]
async fn a_bearer_token_leaks_nowhere() {
    let run = Run::new();
    let transport = TransportConfig::default().bearer(true);
    let mut client = Browser::with(&run, transport);
    client.extra = vec![("session-token", "?".to_owned())];
    assert_eq!(do_all(&mut client, &["change", "login"]).await, [200; 2]);
    client.extra.clear();
    run.world.clock.advance(minutes(16));
    let acts = ["user", "user", "change", "raise", "list", "logout", "read"];
    assert_eq!(do_all(&mut client, &acts).await, [200; 7]);
    assert_eq!(client.cookies.len(), 0);
    assert_eq!(run.assert_clean().await, 4);
}

/// SES-23 and race 47: values that do not go in or do not come out.
#[tokio::test]
async fn errors_of_data_leak_no_token() {
    let run = Run::new();
    let mut browser = Browser::new(&run);
    browser.post("login").await;
    run.world.clock.advance(Duration::from_secs(1));
    let acts = ["huge", "wrong-type", "renew"];
    assert_eq!(do_all(&mut browser, &acts).await, [413, 500, 200]);
    assert_eq!(run.assert_clean().await, 1);
}
