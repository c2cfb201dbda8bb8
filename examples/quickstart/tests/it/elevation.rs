//! Rights of an administrator for a while, after another password.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::client::Browser;
use crate::client::PASSWORD;
use crate::pages::opening_tag;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

#[tokio::test]
async fn the_admin_page_asks_for_the_password_first() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1")
        .await
        .get("/admin")
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    opening_tag(&answer.body, "elevate");
}

#[tokio::test]
async fn the_password_gives_the_right() {
    let server = Server::start();
    let mut admin = elevated(&server).await;
    let answer = admin.get("/admin").await;
    assert_eq!(
        (answer.status, admin.my("rights").await),
        (StatusCode::OK, json!(["admin"]))
    );
}

#[tokio::test]
async fn a_wrong_password_gives_no_right() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let form = [("password", "wrong horse")];
    let answer = browser.post_form("/admin/elevate", &form).await;
    opening_tag(&answer.body, "elevate-error");
    assert_eq!(
        (answer.status, browser.my("rights").await),
        (StatusCode::UNAUTHORIZED, json!(null))
    );
}

#[tokio::test]
async fn a_visitor_becomes_no_admin() {
    let server = Server::start();
    let form = [("password", PASSWORD)];
    let answer = Browser::new(&server)
        .post_form("/admin/elevate", &form)
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_page_of_an_admin_counts_down() {
    let server = Server::start();
    let mut admin = elevated(&server).await;
    for path in ["/", "/devices", "/account", "/admin"] {
        let page = admin.get(path).await.body;
        let clock = opening_tag(&page, "elevated-clock");
        let seconds = clock.split("data-seconds=\"").nth(1).unwrap();
        let seconds: u64 = seconds.split('"').next().unwrap().parse().unwrap();
        assert!((290..=300).contains(&seconds), "{path}: {clock}");
    }
}

/// SU-07: the session falls back by itself, and goes on with the token that it has.
#[tokio::test]
async fn the_right_is_over_by_itself_and_the_session_goes_on() {
    let server = Server::with(&[("HALLPASS_ELEVATION", "1.2")]);
    let mut admin = elevated(&server).await;
    let (token, handle) = (admin.token(), admin.handle().await);
    let before = admin.get("/admin").await.status;
    wait_for_the_servers_clock(Duration::from_millis(1_300)).await;
    let after = admin.get("/admin").await.status;
    assert_eq!(
        (before, after, admin.token(), admin.handle().await),
        (StatusCode::OK, StatusCode::FORBIDDEN, token, handle)
    );
}

#[tokio::test]
async fn an_admin_gives_the_right_back() {
    let server = Server::start();
    let mut admin = elevated(&server).await;
    let token = admin.token();
    let ended = admin.post("/admin/end").await.status;
    let after = admin.get("/admin").await.status;
    assert_eq!(
        (ended, after, admin.token()),
        (StatusCode::SEE_OTHER, StatusCode::FORBIDDEN, token)
    );
}

/// SU-07, race 13: the right comes with another token of the same session.
#[tokio::test]
async fn the_right_comes_with_a_fresh_token() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let (token, handle) = (browser.token(), browser.handle().await);
    become_admin(&mut browser).await;
    assert_ne!(browser.token(), token);
    assert_eq!(browser.handle().await, handle);
}

/// Race 13: a request with the token from before is not logged out, and is no admin.
#[tokio::test]
async fn a_straggler_stays_signed_in_and_has_no_right() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut straggler = browser.straggler();
    become_admin(&mut browser).await;
    let admin = browser.get("/admin").await.status;
    let me = straggler.me().await;
    assert_eq!(
        (admin, straggler.get("/admin").await.status),
        (StatusCode::OK, StatusCode::FORBIDDEN)
    );
    assert_eq!(
        (&me["subject"], &me["rights"]),
        (&json!("user1"), &json!(null))
    );
}

#[tokio::test]
async fn the_right_of_one_device_is_not_that_of_another() {
    let server = Server::start();
    let mut other = Browser::signed_in(&server, "user1").await;
    elevated(&server).await;
    assert_eq!(other.get("/admin").await.status, StatusCode::FORBIDDEN);
}

async fn elevated(server: &Server) -> Browser {
    let mut browser = Browser::signed_in(server, "user1").await;
    become_admin(&mut browser).await;
    browser
}

async fn become_admin(browser: &mut Browser) {
    let form = [("password", PASSWORD)];
    let answer = browser.post_form("/admin/elevate", &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/admin")
    );
}
