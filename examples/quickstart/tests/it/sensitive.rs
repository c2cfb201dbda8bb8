//! `POST /api/sensitive`: an authentication of at most a minute ago.

use reqwest::StatusCode;

use crate::client::Browser;
use crate::server::Server;

#[tokio::test]
async fn a_sensitive_action_asks_for_a_login() {
    let server = Server::start();
    let status = Browser::new(&server).post("/api/sensitive").await.status;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_sensitive_action_does_not_accept_a_session_of_nobody() {
    let server = Server::start();
    let mut visitor = Browser::new(&server);
    visitor.put_in_cart("apples").await;
    let status = visitor.post("/api/sensitive").await.status;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_sensitive_action_is_allowed_right_after_the_login() {
    let server = Server::start();
    let status = Browser::signed_in(&server, "user1")
        .await
        .post("/api/sensitive")
        .await
        .status;
    assert_eq!(status, StatusCode::NO_CONTENT);
}
