//! SES-09: a session that nobody uses locks, and the password alone opens it.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::client::Browser;
use crate::client::PASSWORD;
use crate::events::Events;
use crate::forms::forms_token;
use crate::pages::opening_tag;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

/// Locks after a second without activity.
pub(crate) const LOCKS_SOON: [(&str, &str); 2] = [("HALLPASS_LOCK", "1"), ("HALLPASS_IDLE", "1.2")];

#[tokio::test]
async fn a_locked_session_is_nobodys() {
    let server = Server::with(&LOCKS_SOON);
    let me = locked(&server).await.me().await;
    assert_eq!(
        (&me["subject"], &me["locked"]),
        (&json!(null), &json!(true))
    );
}

#[tokio::test]
async fn the_page_of_a_locked_session_asks_for_the_password_only() {
    let server = Server::with(&LOCKS_SOON);
    let page = locked(&server).await.get("/").await.body;
    opening_tag(&page, "step-up");
    let found = [
        page.contains("Your session is locked"),
        page.contains("<strong id=\"step-up-who\">user1</strong>"),
        page.contains("id=\"username\""),
    ];
    assert_eq!(found, [true, true, false], "{page}");
}

#[tokio::test]
async fn the_password_opens_the_session_where_it_was_left() {
    let server = Server::with(&LOCKS_SOON);
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.put_in_cart("apples").await;
    let handle = browser.handle().await;
    wait_until_locked().await;
    let answer = browser
        .post_form("/step-up", &[("password", PASSWORD)])
        .await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/")
    );
    assert_eq!(
        (browser.handle().await, browser.cart().await),
        (handle, json!({ "items": ["apples"] }))
    );
}

#[tokio::test]
async fn a_wrong_password_leaves_the_session_locked() {
    let server = Server::with(&LOCKS_SOON);
    let mut browser = locked(&server).await;
    let answer = browser
        .post_form("/step-up", &[("password", "wrong horse")])
        .await;
    opening_tag(&answer.body, "step-up-error");
    assert_eq!(
        (answer.status, browser.my("locked").await),
        (StatusCode::UNAUTHORIZED, json!(true))
    );
}

/// CSRF-01: the form that unlocks has a token that counts, too.
#[tokio::test]
async fn an_old_browser_opens_its_locked_session() {
    let server = Server::with(&LOCKS_SOON);
    let mut browser = locked(&server).await.of_old();
    let token = forms_token(&browser.get("/").await.body);
    let form = [("password", PASSWORD), ("csrf_token", &token)];
    let answer = browser.post_form("/step-up", &form).await;
    assert_eq!(
        (answer.status, browser.my("subject").await),
        (StatusCode::SEE_OTHER, json!("user1"))
    );
}

#[tokio::test]
async fn a_locked_session_signs_out() {
    let server = Server::with(&LOCKS_SOON);
    let mut browser = locked(&server).await;
    let mut straggler = browser.straggler();
    browser.logout().await;
    let me = straggler.me().await;
    assert_eq!(
        (&me["locked"], &me["ended"]),
        (&json!(false), &json!("logout"))
    );
}

#[tokio::test]
async fn the_stream_says_when_the_session_locks() {
    let server = Server::with(&LOCKS_SOON);
    let browser = Browser::signed_in(&server, "user1").await;
    let names = Events::open(&browser).await.rest().await;
    assert_eq!(names.last().map(String::as_str), Some("ended"));
}

/// A browser whose session has locked.
pub(crate) async fn locked(server: &Server) -> Browser {
    let browser = Browser::signed_in(server, "user1").await;
    wait_until_locked().await;
    browser
}

pub(crate) async fn wait_until_locked() {
    wait_for_the_servers_clock(Duration::from_millis(1_300)).await;
}
