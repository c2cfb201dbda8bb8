//! The list of a user's sessions, and the end of one of them or of all others.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::client::Browser;
use crate::client::PASSWORD;
use crate::client::is_utc_time;
use crate::client::nobody;
use crate::server::Server;

#[tokio::test]
async fn the_list_names_each_session_of_the_user_and_of_nobody_else() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    Browser::signed_in(&server, "user2").await;
    let expected = BTreeSet::from([laptop.handle().await, phone.handle().await]);
    assert_eq!(handles(&laptop.devices().await), expected);
}

#[tokio::test]
async fn a_device_has_five_members() {
    let server = Server::start();
    let mut device = Browser::signed_in(&server, "user1")
        .await
        .devices()
        .await
        .remove(0);
    let members = device.as_object_mut().unwrap();
    let checks = [
        ("handle", members["handle"].is_string()),
        ("created", is_utc_time(&members["created"])),
        ("last_seen", is_utc_time(&members["last_seen"])),
        (
            "client",
            members["client"]
                .as_str()
                .is_some_and(|name| name.contains("Firefox")),
        ),
        ("current", members["current"] == true),
    ];
    for (name, _) in checks {
        members.remove(name);
    }
    assert_eq!(
        (checks.map(|(_, good)| good), device),
        ([true; 5], json!({}))
    );
}

#[tokio::test]
async fn the_list_marks_the_session_that_asks() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    let mut marked = Vec::new();
    for browser in [&mut laptop, &mut phone] {
        let devices = browser.devices().await;
        let current: Vec<_> = devices
            .into_iter()
            .filter(|d| d["current"] == true)
            .collect();
        marked.push(handles(&current) == BTreeSet::from([browser.handle().await]));
    }
    assert_eq!(marked, [true; 2]);
}

#[tokio::test]
async fn a_session_that_ended_leaves_the_list() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    laptop.logout().await;
    assert_eq!(
        handles(&phone.devices().await),
        BTreeSet::from([phone.handle().await])
    );
}

#[tokio::test]
async fn the_list_asks_for_a_login() {
    let server = Server::start();
    let mut visitor = Browser::new(&server);
    let statuses = [
        visitor.get("/devices").await.status,
        visitor.get("/api/devices").await.status,
    ];
    assert_eq!(statuses, [StatusCode::UNAUTHORIZED; 2]);
}

#[tokio::test]
async fn a_session_of_nobody_is_no_login() {
    let server = Server::start();
    let mut visitor = Browser::new(&server);
    visitor.put_in_cart("apples").await;
    let status = visitor.get("/api/devices").await.status;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_end_of_a_device_answers_with_a_redirect() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    let answer = laptop.post(&end(&phone.handle().await)).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/devices")
    );
}

#[tokio::test]
async fn a_device_that_was_ended_is_logged_out_and_learns_why() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    laptop.post(&end(&phone.handle().await)).await;
    assert_eq!(phone.me().await, nobody(Some("revoked")));
}

/// Race 51: it may have logged in again meanwhile, and a late removal would hit the new cookie.
#[tokio::test]
async fn a_device_that_was_ended_is_not_told_to_remove_its_cookie() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    laptop.post(&end(&phone.handle().await)).await;
    assert_eq!(phone.get("/api/me").await.set_cookies, []);
}

#[tokio::test]
async fn who_ends_another_device_stays() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    laptop.post(&end(&phone.handle().await)).await;
    assert_eq!(laptop.my("subject").await, "user1");
}

#[tokio::test]
async fn the_end_of_the_own_device_is_allowed() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut second_tab = browser.straggler();
    let status = browser.post(&end(&second_tab.handle().await)).await.status;
    let subject = second_tab.my("subject").await;
    assert_eq!((status, subject), (StatusCode::SEE_OTHER, Value::Null));
}

#[tokio::test]
async fn the_handle_of_somebody_else_is_not_found() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut victim = Browser::signed_in(&server, "user2").await;
    let status = browser.post(&end(&victim.handle().await)).await.status;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_handle_of_somebody_else_is_no_lever() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut victim = Browser::signed_in(&server, "user2").await;
    browser.post(&end(&victim.handle().await)).await;
    assert_eq!(victim.my("subject").await, "user2");
}

#[tokio::test]
async fn the_handle_of_a_session_of_nobody_is_not_found() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut visitor = Browser::new(&server);
    visitor.put_in_cart("apples").await;
    let status = browser.post(&end(&visitor.handle().await)).await.status;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn garbage_instead_of_a_handle_is_not_found() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut statuses = Vec::new();
    for garbage in [
        "x",
        "%00",
        "%2e%2e%2f",
        "%F0%9F%92%A9",
        &"A".repeat(22),
        &"0".repeat(5_000),
    ] {
        statuses.push(browser.post(&end(garbage)).await.status);
    }
    assert_eq!(statuses, [StatusCode::NOT_FOUND; 6]);
}

#[tokio::test]
async fn the_end_of_a_device_asks_for_a_login() {
    let server = Server::start();
    let handle = Browser::signed_in(&server, "user1").await.handle().await;
    let mut visitor = Browser::new(&server);
    let statuses = [
        visitor.post(&end(&handle)).await.status,
        visitor.post(&end("x")).await.status,
    ];
    assert_eq!(statuses, [StatusCode::UNAUTHORIZED; 2]);
}

#[tokio::test]
async fn a_visitor_who_knows_a_handle_ends_nothing() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    Browser::new(&server)
        .post(&end(&browser.handle().await))
        .await;
    assert_eq!(browser.my("subject").await, "user1");
}

#[tokio::test]
async fn the_end_of_all_others_answers_with_a_redirect() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1")
        .await
        .post("/devices/end-others")
        .await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/devices")
    );
}

#[tokio::test]
async fn the_end_of_all_others_leaves_exactly_the_one_that_asked() {
    let server = Server::start();
    let (mut laptop, _phone) = two_devices(&server).await;
    Browser::signed_in(&server, "user1").await;
    laptop.post("/devices/end-others").await;
    assert_eq!(
        handles(&laptop.devices().await),
        BTreeSet::from([laptop.handle().await])
    );
}

#[tokio::test]
async fn the_end_of_all_others_tells_the_others_why() {
    let server = Server::start();
    let (mut laptop, mut phone) = two_devices(&server).await;
    laptop.post("/devices/end-others").await;
    assert_eq!(phone.me().await, nobody(Some("revoked")));
}

#[tokio::test]
async fn the_end_of_all_others_leaves_other_users_alone() {
    let server = Server::start();
    let mut other = Browser::signed_in(&server, "user2").await;
    Browser::signed_in(&server, "user1")
        .await
        .post("/devices/end-others")
        .await;
    assert_eq!(other.my("subject").await, "user2");
}

#[tokio::test]
async fn the_end_of_all_others_asks_for_a_login() {
    let server = Server::start();
    let status = Browser::new(&server)
        .post("/devices/end-others")
        .await
        .status;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_page_has_one_entry_with_a_button_for_each_session() {
    let server = Server::start();
    let (mut laptop, _phone) = two_devices(&server).await;
    let page = laptop.get("/devices").await.body;
    let counts =
        ["<li class=\"device ", "<button class=\"end "].map(|tag| page.matches(tag).count());
    assert_eq!(counts, [2, 2]);
}

#[tokio::test]
async fn the_page_ends_sessions_by_their_handles() {
    let server = Server::start();
    let (mut laptop, _phone) = two_devices(&server).await;
    let page = laptop.get("/devices").await.body;
    let missing: Vec<_> = handles(&laptop.devices().await)
        .into_iter()
        .filter(|handle| !page.contains(&format!("action=\"{}\"", end(handle))))
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[tokio::test]
async fn the_page_escapes_what_a_client_calls_itself() {
    let server = Server::start();
    let mut attacker = Browser::new(&server).calling_itself("<img src=x> \"Firefox/140.0\"");
    attacker.login("user1").await;
    let page = Browser::signed_in(&server, "user1")
        .await
        .get("/devices")
        .await
        .body;
    assert!(!page.contains("<img"), "{page}");
}

/// Two browsers of one user.
async fn two_devices(server: &Server) -> (Browser, Browser) {
    (
        Browser::signed_in(server, "user1").await,
        Browser::signed_in(server, "user1").await,
    )
}

/// The path that ends a session.
fn end(handle: &str) -> String {
    format!("/devices/{handle}/end")
}

fn handles(devices: &[Value]) -> BTreeSet<String> {
    devices
        .iter()
        .map(|device| device["handle"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_device_that_is_remembered_says_so() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let forgotten = browser.get("/devices").await.body;
    let form = [
        ("username", "user1"),
        ("password", PASSWORD),
        ("remember", "on"),
    ];
    browser.post_form("/login", &form).await;
    let remembered = browser.get("/devices").await.body;
    let said = [forgotten, remembered].map(|page| page.contains(">Remembered</span>"));
    assert_eq!(said, [false, true]);
}
