//! An old token of the family that comes back is a theft, and ends the session.

use std::time::Duration;

use serde_json::Value;

use crate::client::Browser;
use crate::client::nobody;
use crate::renewal::RENEWS_SOON;
use crate::renewal::due;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

const PAST_GRACE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn the_parent_after_the_grace_is_nobody() {
    let server = Server::with(&RENEWS_SOON);
    let (_holder, mut thief) = stolen_parent(&server).await;
    assert_eq!(thief.my("subject").await, Value::Null);
}

#[tokio::test]
async fn the_parent_after_the_grace_ends_the_session_of_the_holder() {
    let server = Server::with(&RENEWS_SOON);
    let (mut holder, mut thief) = stolen_parent(&server).await;
    thief.get("/api/me").await;
    assert_eq!(holder.me().await, nobody(Some("replayed")));
}

#[tokio::test]
async fn a_replay_gets_no_token() {
    let server = Server::with(&RENEWS_SOON);
    let (_holder, mut thief) = stolen_parent(&server).await;
    assert_eq!(thief.get("/api/me").await.cookies_given(), [""; 0]);
}

#[tokio::test]
async fn a_replay_leaves_the_other_devices_of_the_user_alone() {
    let server = Server::with(&RENEWS_SOON);
    let mut phone = Browser::signed_in(&server, "user1").await;
    let (_holder, mut thief) = stolen_parent(&server).await;
    thief.get("/api/me").await;
    assert_eq!(phone.my("subject").await, "user1");
}

#[tokio::test]
async fn the_grandparent_is_a_replay_even_within_the_grace() {
    let server = Server::with(&RENEWS_SOON);
    let mut holder = due(&server).await;
    let mut thief = holder.straggler();
    for _ in 0..2 {
        holder.get("/api/me").await;
        holder.get("/api/me").await;
        wait_for_the_servers_clock(Duration::from_millis(1_100)).await;
    }
    thief.get("/api/me").await;
    assert_eq!(holder.me().await, nobody(Some("replayed")));
}

#[tokio::test]
async fn another_kind_of_client_with_the_parent_after_the_repair_window_is_a_replay() {
    let server = Server::with(&RENEWS_SOON);
    let mut holder = due(&server).await;
    let mut thief = holder.straggler().calling_itself("curl/8.14.1");
    holder.get("/api/me").await;
    wait_for_the_servers_clock(PAST_GRACE).await;
    thief.get("/api/me").await;
    assert_eq!(holder.me().await, nobody(Some("replayed")));
}

#[tokio::test]
async fn garbage_with_the_handle_of_a_session_is_no_replay() {
    let server = Server::with(&RENEWS_SOON);
    let mut holder = due(&server).await;
    let parent = holder.token();
    holder.get("/api/me").await;
    holder.get("/api/me").await;
    wait_for_the_servers_clock(PAST_GRACE).await;
    let secret = parent.get(32..).unwrap();
    let garbage = parent.replace(secret, &"A".repeat(secret.len()));
    Browser::presenting(&server, &[&format!("__Host-session={garbage}")])
        .get("/api/me")
        .await;
    assert_eq!(holder.my("subject").await, "user1");
}

/// The holder of a token that was renewed and used, and a thief with its parent after the grace.
async fn stolen_parent(server: &Server) -> (Browser, Browser) {
    let mut holder = due(server).await;
    let thief = holder.straggler();
    holder.get("/api/me").await;
    holder.get("/api/me").await;
    wait_for_the_servers_clock(PAST_GRACE).await;
    (holder, thief)
}
