//! Renewal: a fresh token for the same session, the same one for all who ask with its parent.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::client::Browser;
use crate::client::SCOPE;
use crate::client::SESSION;
use crate::client::at_once;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

/// Renews after a second, and has no window that would hide the outcome of a test.
pub(crate) const RENEWS_SOON: [(&str, &str); 6] = [
    ("HALLPASS_IDLE", "300"),
    ("HALLPASS_ABSOLUTE", "600"),
    ("HALLPASS_RENEW", "1"),
    ("HALLPASS_REPAIR", "0.2"),
    ("HALLPASS_GRACE", "0.2"),
    ("HALLPASS_SKEW", "0"),
];

/// A browser whose token is confirmed and due for its renewal.
pub(crate) async fn due(server: &Server) -> Browser {
    let mut browser = Browser::signed_in(server, "user1").await;
    browser.get("/api/me").await;
    wait_for_the_servers_clock(Duration::from_millis(1_100)).await;
    browser
}

#[tokio::test]
async fn a_token_is_renewed_after_some_time_of_use() {
    let server = Server::with(&RENEWS_SOON);
    let mut browser = due(&server).await;
    let parent = browser.token();
    let answer = browser.get("/api/me").await;
    assert_ne!(answer.set_cookie(SESSION).value, parent);
}

#[tokio::test]
async fn a_renewed_cookie_has_the_scope_of_the_first() {
    let server = Server::with(&RENEWS_SOON);
    let answer = due(&server).await.get("/api/me").await;
    assert_eq!(answer.set_cookie(SESSION).scope(), SCOPE);
}

#[tokio::test]
async fn an_answer_that_renews_may_not_be_cached() {
    let server = Server::with(&RENEWS_SOON);
    let answer = due(&server).await.get("/api/me").await;
    assert!(
        answer.lists("cache-control", "no-store"),
        "{:?}",
        answer.headers
    );
}

#[tokio::test]
async fn a_renewal_keeps_the_handle() {
    let server = Server::with(&RENEWS_SOON);
    let mut browser = Browser::signed_in(&server, "user1").await;
    let first = browser.handle().await;
    wait_for_the_servers_clock(Duration::from_millis(1_100)).await;
    browser.get("/api/me").await;
    assert_eq!(browser.handle().await, first);
}

#[tokio::test]
async fn a_renewal_keeps_what_the_session_holds() {
    let server = Server::with(&RENEWS_SOON);
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.put_in_cart("apples").await;
    wait_for_the_servers_clock(Duration::from_millis(1_100)).await;
    browser.get("/api/me").await;
    assert_eq!(browser.cart().await, json!({ "items": ["apples"] }));
}

#[tokio::test]
async fn a_change_that_renews_is_applied() {
    let server = Server::with(&RENEWS_SOON);
    let mut browser = due(&server).await;
    browser.post("/api/counter").await;
    assert_eq!(
        browser.get("/api/counter").await.json(),
        json!({ "value": 1 })
    );
}

#[tokio::test]
async fn a_token_that_was_just_renewed_is_not_renewed_again() {
    let server = Server::with(&RENEWS_SOON);
    let mut browser = due(&server).await;
    browser.get("/api/me").await;
    assert_eq!(browser.get("/api/me").await.set_cookies, []);
}

#[tokio::test]
async fn requests_at_once_with_the_parent_all_get_the_same_child() {
    let server = Server::with(&RENEWS_SOON);
    let browser = due(&server).await;
    let answers = at_once(vec![browser.straggler(); 8], async |mut tab| {
        tab.get("/api/me").await
    });
    let answers = answers.await;
    let children: BTreeSet<_> = answers
        .iter()
        .map(|a| &a.set_cookie(SESSION).value)
        .collect();
    assert_eq!(children.len(), 1);
}

#[tokio::test]
async fn requests_at_once_with_the_parent_all_belong_to_the_session() {
    let server = Server::with(&RENEWS_SOON);
    let browser = due(&server).await;
    let subjects = at_once(vec![browser.straggler(); 8], async |mut tab| {
        tab.my("subject").await
    });
    assert_eq!(subjects.await, ["user1"; 8]);
}

#[tokio::test]
async fn changes_at_once_with_the_parent_all_survive_the_renewal() {
    let server = Server::with(&RENEWS_SOON);
    let mut browser = due(&server).await;
    let answers = at_once(vec![browser.straggler(); 8], async |mut tab| {
        tab.post("/api/counter").await
    });
    for answer in answers.await {
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        browser.keep(&answer);
    }
    assert_eq!(
        browser.get("/api/counter").await.json(),
        json!({ "value": 8 })
    );
}

#[tokio::test]
async fn a_client_whose_answer_was_lost_gets_the_same_child_again() {
    let server = Server::with(&RENEWS_SOON);
    let browser = due(&server).await;
    let lost = browser.straggler().get("/api/me").await;
    let repeated = browser.straggler().get("/api/me").await;
    assert_eq!(repeated.set_cookie(SESSION), lost.set_cookie(SESSION));
}

#[tokio::test]
async fn a_client_that_looks_the_same_gets_the_child_even_after_the_repair_window() {
    let server = Server::with(&RENEWS_SOON);
    let browser = due(&server).await;
    let lost = browser.straggler().get("/api/me").await;
    wait_for_the_servers_clock(Duration::from_millis(300)).await;
    let repeated = browser.straggler().get("/api/me").await;
    assert_eq!(repeated.set_cookie(SESSION), lost.set_cookie(SESSION));
}

#[tokio::test]
async fn the_parent_is_accepted_for_the_grace_after_the_child_was_used() {
    let server = Server::with(&SLOW_PROXY);
    let mut straggler = parent_of_a_used_child(&server).await;
    assert_eq!(straggler.my("subject").await, "user1");
}

#[tokio::test]
async fn the_parent_is_never_given_a_token_after_the_child_was_used() {
    let server = Server::with(&SLOW_PROXY);
    let mut straggler = parent_of_a_used_child(&server).await;
    assert_eq!(straggler.get("/api/me").await.set_cookies, []);
}

#[tokio::test]
async fn a_session_of_nobody_is_never_renewed() {
    let server = Server::with(&RENEWS_SOON);
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    browser.get("/api/me").await;
    wait_for_the_servers_clock(Duration::from_millis(1_100)).await;
    assert_eq!(browser.get("/api/me").await.set_cookies, []);
}

/// A grace that is long enough for a test on a slow machine.
const SLOW_PROXY: [(&str, &str); 6] = [
    ("HALLPASS_IDLE", "300"),
    ("HALLPASS_ABSOLUTE", "600"),
    ("HALLPASS_RENEW", "2.5"),
    ("HALLPASS_REPAIR", "0.2"),
    ("HALLPASS_GRACE", "2"),
    ("HALLPASS_SKEW", "0"),
];

/// A request that a proxy held back while the browser renewed its token and used the new one.
async fn parent_of_a_used_child(server: &Server) -> Browser {
    let mut browser = Browser::signed_in(server, "user1").await;
    browser.get("/api/me").await;
    wait_for_the_servers_clock(Duration::from_millis(2_600)).await;
    let straggler = browser.straggler();
    assert_eq!(browser.get("/api/me").await.cookies_given(), [SESSION]);
    browser.get("/api/me").await;
    straggler
}
