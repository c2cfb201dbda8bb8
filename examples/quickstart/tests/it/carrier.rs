//! The header carrier: the token of the cookie in `Authorization: Bearer`.

use reqwest::Method;
use reqwest::StatusCode;
use reqwest::header;
use serde_json::Value;
use serde_json::json;

use crate::client::Browser;
use crate::client::nobody;
use crate::server::Server;

#[tokio::test]
async fn a_bearer_token_works_as_the_cookie_does() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let me = me_with(&mut Browser::new(&server), &format!("Bearer {token}")).await;
    assert_eq!(me["subject"], "user1");
}

#[tokio::test]
async fn a_bearer_token_and_the_cookie_name_the_same_session() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let token = browser.token();
    let me = me_with(&mut Browser::new(&server), &format!("Bearer {token}")).await;
    assert_eq!(me["handle"], browser.handle().await);
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let me = me_with(&mut Browser::new(&server), &format!("bEaReR {token}")).await;
    assert_eq!(me["subject"], "user1");
}

#[tokio::test]
async fn the_header_counts_more_than_the_cookie() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let token = Browser::signed_in(&server, "user2").await.token();
    let me = me_with(&mut browser, &format!("Bearer {token}")).await;
    assert_eq!(me["subject"], "user2");
}

#[tokio::test]
async fn another_scheme_leaves_the_cookie_in_charge() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let me = me_with(&mut browser, "Basic dXNlcjI6Y29ycmVjdCBob3JzZQ==").await;
    assert_eq!(me["subject"], "user1");
}

#[tokio::test]
async fn a_bearer_token_that_nobody_issued_is_nobody() {
    let server = Server::start();
    for value in [
        "Bearer",
        "Bearer x",
        &format!("Bearer {}", "A".repeat(64)),
        "Bearer a b",
    ] {
        assert_eq!(
            me_with(&mut Browser::new(&server), value).await,
            nobody(None)
        );
    }
}

#[tokio::test]
async fn a_change_by_header_is_seen_by_cookie() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut program = Browser::new(&server);
    let request = program
        .request(Method::POST, "/api/cart")
        .header(header::AUTHORIZATION, format!("Bearer {}", browser.token()))
        .json(&json!({ "item": "apples" }));
    program.send(request).await;
    assert_eq!(browser.cart().await, json!({ "items": ["apples"] }));
}

#[tokio::test]
async fn a_logout_by_header_ends_the_session() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut program = Browser::new(&server);
    let request = program
        .request(Method::POST, "/logout")
        .header(header::AUTHORIZATION, format!("Bearer {}", browser.token()));
    let status = program.send(request).await.status;
    let me = browser.me().await;
    assert_eq!(
        (status, me),
        (StatusCode::SEE_OTHER, nobody(Some("logout")))
    );
}

/// The JSON of `/api/me` with this `Authorization`.
async fn me_with(client: &mut Browser, authorization: &str) -> Value {
    let request = client.request(Method::GET, "/api/me");
    client
        .send(request.header(header::AUTHORIZATION, authorization))
        .await
        .json()
}
