//! What a request that changes nothing answers, and what it leaves alone.

use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::answer::Answer;
use crate::client::ANONYMOUS;
use crate::client::Browser;
use crate::client::SCOPE;
use crate::client::nobody;
use crate::server::Server;

const READS: [&str; 7] = [
    "/",
    "/devices",
    "/api/me",
    "/api/devices",
    "/api/cart",
    "/api/counter",
    "/api/get?key=color",
];

#[tokio::test]
async fn a_client_without_a_session_is_nobody() {
    let server = Server::start();
    assert_eq!(Browser::new(&server).me().await, nobody(None));
}

#[tokio::test]
async fn who_is_signed_in_has_a_handle_and_a_subject_and_times() {
    let server = Server::start();
    let mut me = Browser::signed_in(&server, "user1").await.me().await;
    let members = me.as_object_mut().unwrap();
    let checks = [
        ("handle", members["handle"].is_string()),
        ("subject", members["subject"] == "user1"),
        ("idle_expires_in", members["idle_expires_in"].is_u64()),
        (
            "absolute_expires_in",
            members["absolute_expires_in"].is_u64(),
        ),
        ("authenticated_at", members["authenticated_at"].is_string()),
        ("actor", members["actor"].is_null()),
        ("rights", members["rights"].is_null()),
        ("locked", members["locked"] == false),
        ("ended", members["ended"].is_null()),
    ];
    for (name, _) in checks {
        members.remove(name);
    }
    assert_eq!((checks.map(|(_, good)| good), me), ([true; 9], json!({})));
}

#[tokio::test]
async fn a_session_of_nobody_has_a_handle_and_no_subject() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let me = browser.me().await;
    assert_eq!(
        (me["handle"].is_string(), &me["subject"]),
        (true, &Value::Null)
    );
}

#[tokio::test]
async fn the_handle_is_no_part_of_the_token() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    // The first 16 bytes of a token are the handle; the secret is what follows.
    let secret = browser.token().split_off(28);
    assert!(!browser.get("/api/me").await.body.contains(&secret));
}

#[tokio::test]
async fn reads_answer_with_ok() {
    let statuses = each_read(|answer| answer.status).await;
    assert_eq!(statuses, READS.map(|path| (path, StatusCode::OK)));
}

#[tokio::test]
async fn reads_set_no_cookie() {
    let cookies = each_read(|answer| answer.set_cookies.len()).await;
    assert_eq!(cookies, READS.map(|path| (path, 0)));
}

#[tokio::test]
async fn reads_vary_by_cookie() {
    let vary = each_read(|answer| answer.lists("vary", "cookie")).await;
    assert_eq!(vary, READS.map(|path| (path, true)));
}

#[tokio::test]
async fn reads_are_not_for_shared_caches() {
    let private = each_read(|answer| {
        answer.lists("cache-control", "private") || answer.lists("cache-control", "no-store")
    });
    assert_eq!(private.await, READS.map(|path| (path, true)));
}

#[tokio::test]
async fn a_read_of_json_carries_exactly_the_caching_headers_of_a_read() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1")
        .await
        .get("/api/me")
        .await;
    assert_eq!(answer.header("cache-control"), "private");
}

#[tokio::test]
async fn a_visitor_who_only_reads_gets_no_session() {
    let server = Server::start();
    let mut visitor = Browser::new(&server);
    let mut cookies = Vec::new();
    for path in ["/api/me", "/api/cart", "/api/counter", "/api/get?key=color"] {
        cookies.extend(visitor.get(path).await.set_cookies);
    }
    assert_eq!(cookies, []);
}

#[tokio::test]
async fn an_answer_to_a_visitor_varies_by_cookie_too() {
    let server = Server::start();
    let answer = Browser::new(&server).get("/").await;
    assert!(answer.lists("vary", "cookie"), "{:?}", answer.headers);
}

#[tokio::test]
async fn a_route_that_asks_for_no_session_says_nothing_about_one() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1")
        .await
        .get("/api/plain")
        .await;
    let headers = ["set-cookie", "vary", "cache-control"].map(|name| answer.header(name));
    assert_eq!((answer.status, headers), (StatusCode::OK, [""; 3]));
}

#[tokio::test]
async fn the_health_check_asks_for_no_session() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1")
        .await
        .get("/healthz")
        .await;
    let headers = ["set-cookie", "vary", "cache-control"].map(|name| answer.header(name));
    assert_eq!((answer.status, headers), (StatusCode::OK, [""; 3]));
}

#[tokio::test]
async fn the_first_change_of_a_visitor_gives_an_anonymous_cookie() {
    let server = Server::start();
    let answer = Browser::new(&server)
        .post_json("/api/cart", &json!({ "item": "apples" }))
        .await;
    let cookie = answer.set_cookie(ANONYMOUS);
    assert_eq!(
        (cookie.scope(), answer.cookies_given()),
        (SCOPE.to_vec(), vec![ANONYMOUS])
    );
}

#[tokio::test]
async fn an_answer_that_sets_a_cookie_may_not_be_cached() {
    let server = Server::start();
    let answer = Browser::new(&server)
        .post_json("/api/cart", &json!({ "item": "apples" }))
        .await;
    assert!(
        answer.lists("cache-control", "no-store"),
        "{:?}",
        answer.headers
    );
}

#[tokio::test]
async fn a_change_in_a_session_that_exists_sets_no_cookie() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let answer = browser
        .post_json("/api/cart", &json!({ "item": "apples" }))
        .await;
    assert_eq!(answer.set_cookies, []);
}

#[tokio::test]
async fn a_path_that_nobody_serves_is_not_found() {
    let server = Server::start();
    let status = Browser::new(&server).get("/no/such/page").await.status;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// Asks each read as somebody who is signed in.
async fn each_read<T>(check: impl Fn(Answer) -> T) -> Vec<(&'static str, T)> {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut found = Vec::new();
    for path in READS {
        found.push((path, check(browser.get(path).await)));
    }
    found
}
