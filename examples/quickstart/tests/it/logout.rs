//! `POST /logout`, and the requests that it overtakes.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::client::Browser;
use crate::client::SCOPE;
use crate::client::SESSION;
use crate::client::nobody;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

#[tokio::test]
async fn a_logout_answers_with_a_redirect_to_the_home_page() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1").await.logout().await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/")
    );
}

#[tokio::test]
async fn a_logout_removes_the_cookie_with_every_attribute_that_it_was_set_with() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1").await.logout().await;
    let removal = answer.set_cookie(SESSION);
    assert_eq!((removal.removes(), removal.scope()), (true, SCOPE.to_vec()));
}

#[tokio::test]
async fn a_logout_may_not_be_cached() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1").await.logout().await;
    assert!(
        answer.lists("cache-control", "no-store"),
        "{:?}",
        answer.headers
    );
}

#[tokio::test]
async fn a_logout_ends_the_session_at_the_server() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut second_tab = browser.straggler();
    browser.logout().await;
    assert_eq!(second_tab.me().await, nobody(Some("logout")));
}

#[tokio::test]
async fn a_logout_leaves_the_other_devices_alone() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    let mut phone = Browser::signed_in(&server, "user1").await;
    laptop.logout().await;
    assert_eq!(phone.my("subject").await, "user1");
}

#[tokio::test]
async fn the_cart_does_not_stay_behind_after_a_logout() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.put_in_cart("apples").await;
    browser.logout().await;
    assert_eq!(browser.cart().await, json!({ "items": [] }));
}

#[tokio::test]
async fn a_logout_without_a_login_redirects_and_sets_no_cookie() {
    let server = Server::start();
    let answer = Browser::new(&server).logout().await;
    assert_eq!(
        (answer.status, answer.set_cookies),
        (StatusCode::SEE_OTHER, vec![])
    );
}

#[tokio::test]
async fn a_logout_needs_more_than_a_link() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let status = browser.get("/logout").await.status;
    let subject = browser.my("subject").await;
    assert_eq!(
        (status, subject),
        (StatusCode::METHOD_NOT_ALLOWED, json!("user1"))
    );
}

#[tokio::test]
async fn a_login_after_a_logout_is_a_new_session() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let first = browser.handle().await;
    browser.logout().await;
    browser.login("user1").await;
    assert_ne!(browser.handle().await, first);
}

#[tokio::test]
async fn a_deferred_change_that_straddles_a_logout_is_refused() {
    assert_eq!(
        straddle("/api/counter?delay_ms=1200").await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_change_at_once_that_straddles_a_logout_is_refused() {
    assert_eq!(
        straddle("/api/guess?delay_ms=1200").await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_plain_value_that_straddles_a_logout_is_refused() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut tab = browser.straggler();
    let slow = tokio::spawn(async move {
        let body = json!({ "key": "color", "value": "red", "delay_ms": 1200 });
        tab.post_json("/api/set", &body).await
    });
    wait_for_the_servers_clock(Duration::from_millis(400)).await;
    browser.logout().await;
    assert_eq!(slow.await.unwrap().status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_change_that_straddles_a_logout_does_not_start_a_new_session() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut tab = browser.straggler();
    let slow = tokio::spawn(async move { tab.post("/api/counter?delay_ms=1200").await });
    wait_for_the_servers_clock(Duration::from_millis(400)).await;
    browser.logout().await;
    assert_eq!(slow.await.unwrap().cookies_given(), [""; 0]);
}

#[tokio::test]
async fn a_change_that_straddles_a_logout_does_not_revive_the_session() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut tab = browser.straggler();
    let slow = tokio::spawn(async move { tab.post("/api/counter?delay_ms=1200").await });
    wait_for_the_servers_clock(Duration::from_millis(400)).await;
    let mut second_tab = browser.straggler();
    browser.logout().await;
    slow.await.unwrap();
    assert_eq!(second_tab.me().await, nobody(Some("logout")));
}

#[tokio::test]
async fn a_change_that_straddles_a_revocation_from_another_device_is_refused() {
    let server = Server::start();
    let laptop = Browser::signed_in(&server, "user1").await;
    let mut phone = Browser::signed_in(&server, "user1").await;
    let mut tab = laptop.straggler();
    let slow = tokio::spawn(async move { tab.post("/api/counter?delay_ms=1200").await });
    wait_for_the_servers_clock(Duration::from_millis(400)).await;
    phone.post("/devices/end-others").await;
    assert_eq!(slow.await.unwrap().status, StatusCode::UNAUTHORIZED);
}

/// Signs out while a request to this path is on its way; the status that the request gets.
async fn straddle(path: &'static str) -> StatusCode {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut tab = browser.straggler();
    let slow = tokio::spawn(async move { tab.post(path).await });
    wait_for_the_servers_clock(Duration::from_millis(400)).await;
    browser.logout().await;
    slow.await.unwrap().status
}
