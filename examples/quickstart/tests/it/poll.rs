//! `GET /api/poll`: asked by the minute, and no activity.

use std::time::Duration;

use serde_json::json;

use crate::client::Browser;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

/// Race 22: a page that is left alone polls on, and its session ends all the same.
#[tokio::test]
async fn a_poll_does_not_keep_the_session_alive() {
    let server = Server::with(&[("HALLPASS_IDLE", "2"), ("HALLPASS_TOUCH", "0.1")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut subjects = Vec::new();
    for _ in 0..3 {
        wait_for_the_servers_clock(Duration::from_millis(800)).await;
        let me = browser.get("/api/poll").await.json();
        subjects.push(me["subject"].clone());
    }
    assert_eq!(subjects, [json!("user1"), json!("user1"), json!(null)]);
}

/// SES-21: what a poll says of the time that is left is the truth.
#[tokio::test]
async fn a_poll_counts_down() {
    let server = Server::with(&[("HALLPASS_IDLE", "20"), ("HALLPASS_TOUCH", "0.1")]);
    let mut browser = Browser::signed_in(&server, "user1").await;
    wait_for_the_servers_clock(Duration::from_millis(2_100)).await;
    let left = browser.get("/api/poll").await.json()["idle_expires_in"]
        .as_u64()
        .unwrap();
    assert!((15..=18).contains(&left), "{left}");
}
