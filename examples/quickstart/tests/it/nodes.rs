//! Two processes: on a store that both reach they are one application, on the memory of each they
//! are two.

use serde_json::json;

use crate::client::Browser;
use crate::client::nobody;
use crate::server::IS_SHARED;
use crate::server::Server;

#[tokio::test]
async fn a_login_at_one_process_counts_at_the_other_where_they_share_a_store() {
    let (one, other) = two_processes();
    let mut browser = Browser::signed_in(&one, "user1").await;
    let handle = browser.handle().await;
    let mut moved = browser.clone().at(&other);
    let expected = if IS_SHARED {
        json!(handle)
    } else {
        json!(null)
    };
    assert_eq!(moved.my("handle").await, expected);
}

/// Races 1 and 2: whichever process ends a session, it has ended at every other one.
#[tokio::test]
async fn a_logout_at_one_process_ends_the_session_at_the_other() {
    let (one, other) = two_processes();
    let mut browser = Browser::signed_in(&one, "user1").await;
    let mut held_back = browser.straggler().at(&other);
    let was_known = held_back.my("handle").await != json!(null);
    browser.logout().await;
    let ended = IS_SHARED.then_some("logout");
    assert_eq!(
        (was_known, held_back.me().await),
        (IS_SHARED, nobody(ended))
    );
}

/// Race 14: what two processes count in one session adds up.
#[tokio::test]
async fn counts_of_two_processes_add_up() {
    let (one, other) = two_processes();
    let mut browser = Browser::signed_in(&one, "user1").await;
    let mut there = browser.straggler().at(&other);
    for _ in 0..5 {
        browser.post("/api/counter").await;
        there.post("/api/counter").await;
    }
    let expected = if IS_SHARED { 10 } else { 5 };
    assert_eq!(
        browser.get("/api/counter").await.json(),
        json!({ "value": expected })
    );
}

fn two_processes() -> (Server, Server) {
    let one = Server::start();
    let other = one.another_process();
    (one, other)
}
