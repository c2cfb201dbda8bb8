//! Idle and absolute timeout. A wait that must end before a limit leaves it most of a second, so
//! that a slow machine does not change the outcome.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::client::Browser;
use crate::client::nobody;
use crate::events::Events;
use crate::pages::opening_tag;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

const PAST_IDLE: Duration = Duration::from_millis(1_300);

#[tokio::test]
async fn by_default_a_session_lasts_half_an_hour_without_activity() {
    let server = Server::start();
    let seconds = Browser::signed_in(&server, "user1")
        .await
        .my("idle_expires_in")
        .await;
    assert!(
        (1_770..=1_800).contains(&seconds.as_u64().unwrap()),
        "{seconds}"
    );
}

#[tokio::test]
async fn by_default_a_session_lasts_twelve_hours_at_most() {
    let server = Server::start();
    let seconds = Browser::signed_in(&server, "user1")
        .await
        .my("absolute_expires_in")
        .await;
    assert!(
        (43_170..=43_200).contains(&seconds.as_u64().unwrap()),
        "{seconds}"
    );
}

#[tokio::test]
async fn by_default_a_session_of_nobody_lasts_ten_minutes_without_activity() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let seconds = browser.my("idle_expires_in").await;
    assert!(
        (570..=600).contains(&seconds.as_u64().unwrap()),
        "{seconds}"
    );
}

#[tokio::test]
async fn what_is_left_of_a_session_is_rounded_up() {
    let server = Server::with(&[("HALLPASS_IDLE", "20.9"), ("HALLPASS_ABSOLUTE", "40.9")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    let me = browser.me().await;
    let page = browser.get("/").await.body;
    let found = (
        [
            me["idle_expires_in"].clone(),
            me["absolute_expires_in"].clone(),
        ],
        page.contains("data-idle=\"21\""),
        page.contains("data-absolute=\"41\""),
    );
    assert_eq!(found, ([json!(21), json!(41)], true, true), "{page}");
}

#[tokio::test]
async fn a_session_ends_when_nothing_happens_for_the_idle_timeout() {
    let server = Server::with(&[("HALLPASS_IDLE", "1.2")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    wait_for_the_servers_clock(PAST_IDLE).await;
    assert_eq!(browser.me().await, nobody(Some("idle")));
}

#[tokio::test]
async fn a_session_of_nobody_has_an_idle_timeout_of_its_own() {
    let server = Server::with(&[("HALLPASS_ANONYMOUS_IDLE", "1.2")]);
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    wait_for_the_servers_clock(PAST_IDLE).await;
    assert_eq!(browser.my("ended").await, "idle");
}

#[tokio::test]
async fn what_a_session_held_is_gone_after_the_idle_timeout() {
    let server = Server::with(&[("HALLPASS_ANONYMOUS_IDLE", "1.2")]);
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    wait_for_the_servers_clock(PAST_IDLE).await;
    assert_eq!(browser.cart().await, json!({ "items": [] }));
}

#[tokio::test]
async fn a_read_slides_the_idle_timeout() {
    let server = Server::with(&[("HALLPASS_IDLE", "3"), ("HALLPASS_TOUCH", "0.1")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    for _ in 0..2 {
        wait_for_the_servers_clock(Duration::from_secs(2)).await;
        browser.get("/api/me").await;
    }
    assert_eq!(browser.my("subject").await, "user1");
}

#[tokio::test]
async fn the_answer_that_slides_the_idle_timeout_counts_from_now() {
    let server = Server::with(&[("HALLPASS_IDLE", "60"), ("HALLPASS_TOUCH", "0.1")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    wait_for_the_servers_clock(Duration::from_millis(2_500)).await;
    let seconds = browser.my("idle_expires_in").await;
    assert!((59..=60).contains(&seconds.as_u64().unwrap()), "{seconds}");
}

#[tokio::test]
async fn a_request_that_asks_for_no_session_slides_nothing() {
    let server = Server::with(&[("HALLPASS_IDLE", "3"), ("HALLPASS_TOUCH", "0.1")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    for _ in 0..2 {
        wait_for_the_servers_clock(Duration::from_secs(2)).await;
        browser.get("/api/plain").await;
    }
    assert_eq!(browser.me().await, nobody(Some("idle")));
}

#[tokio::test]
async fn an_open_event_stream_does_not_keep_its_session_alive() {
    let server = Server::with(&[("HALLPASS_IDLE", "1.2"), ("HALLPASS_TOUCH", "0.1")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    let stream = Events::open(&browser).await;
    wait_for_the_servers_clock(Duration::from_millis(2_500)).await;
    let me = browser.me().await;
    drop(stream);
    assert_eq!(me, nobody(Some("idle")));
}

#[tokio::test]
async fn an_event_stream_ends_with_the_idle_timeout_of_its_session() {
    let server = Server::with(&[("HALLPASS_IDLE", "1.2")]);
    let browser = Browser::signed_in(&server, "user1").await;
    let events = Events::open(&browser).await.rest().await;
    assert_eq!(events.last().map(String::as_str), Some("ended"));
}

#[tokio::test]
async fn nothing_extends_the_absolute_timeout() {
    let server = Server::with(&[
        ("HALLPASS_IDLE", "3"),
        ("HALLPASS_ABSOLUTE", "4"),
        ("HALLPASS_TOUCH", "0.1"),
    ]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    for _ in 0..2 {
        wait_for_the_servers_clock(Duration::from_millis(2_200)).await;
        browser.get("/api/cart").await;
    }
    assert_eq!(browser.straggler().my("subject").await, Value::Null);
}

#[tokio::test]
async fn a_session_that_reached_the_absolute_timeout_says_so() {
    let server = Server::with(&[
        ("HALLPASS_IDLE", "3"),
        ("HALLPASS_ABSOLUTE", "4"),
        ("HALLPASS_TOUCH", "0.1"),
    ]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    wait_for_the_servers_clock(Duration::from_millis(2_200)).await;
    browser.get("/api/cart").await;
    wait_for_the_servers_clock(Duration::from_millis(2_200)).await;
    assert_eq!(browser.me().await, nobody(Some("absolute")));
}

#[tokio::test]
async fn the_idle_timeout_never_reaches_past_the_absolute_one() {
    let server = Server::with(&[("HALLPASS_IDLE", "60"), ("HALLPASS_ABSOLUTE", "60")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    wait_for_the_servers_clock(Duration::from_millis(2_500)).await;
    browser.get("/api/cart").await;
    let me = browser.me().await;
    assert_eq!(me["idle_expires_in"], me["absolute_expires_in"]);
}

#[tokio::test]
async fn a_write_after_the_idle_timeout_does_not_revive_the_session() {
    let server = Server::with(&[("HALLPASS_IDLE", "1.2")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut straggler = browser.straggler();
    wait_for_the_servers_clock(PAST_IDLE).await;
    browser.post("/api/counter").await;
    assert_eq!(straggler.me().await, nobody(Some("idle")));
}

#[tokio::test]
async fn the_home_page_says_that_the_session_timed_out() {
    let server = Server::with(&[("HALLPASS_IDLE", "1.2")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    wait_for_the_servers_clock(PAST_IDLE).await;
    let answer = browser.get("/").await;
    let notice = opening_tag(&answer.body, "ended");
    assert_eq!(
        (answer.status, notice.contains("hidden")),
        (StatusCode::OK, false)
    );
}
