//! The account `support` acts for a user.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::client::Browser;
use crate::client::PASSWORD;
use crate::pages::opening_tag;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

#[tokio::test]
async fn support_acts_for_a_user() {
    let server = Server::start();
    let mut support = acting(&server).await;
    let me = support.me().await;
    assert_eq!(
        (&me["subject"], &me["actor"]),
        (&json!("user1"), &json!("support"))
    );
}

#[tokio::test]
async fn nobody_else_acts_for_a_user() {
    let server = Server::start();
    let mut user = Browser::signed_in(&server, "user2").await;
    let found = [
        user.get("/support").await.status,
        user.post_form("/support/impersonate", &CASE).await.status,
    ];
    assert_eq!(
        (found, user.my("subject").await),
        ([StatusCode::FORBIDDEN; 2], json!("user2"))
    );
}

#[tokio::test]
async fn a_visitor_acts_for_nobody() {
    let server = Server::start();
    let answer = Browser::new(&server)
        .post_form("/support/impersonate", &CASE)
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_support_is_shown_the_way() {
    let server = Server::start();
    let mut found = Vec::new();
    for user in ["user1", "support"] {
        let page = Browser::signed_in(&server, user).await.get("/").await.body;
        found.push(page.contains("<a href=\"/support\""));
    }
    assert_eq!(found, [false, true]);
}

#[tokio::test]
async fn each_page_says_who_acts_for_whom_and_why() {
    let server = Server::start();
    let mut support = acting(&server).await;
    for path in ["/", "/devices", "/account"] {
        let page = support.get(path).await.body;
        opening_tag(&page, "acting");
        opening_tag(&page, "end-acting");
        let says = [
            page.contains("<strong>support</strong> acts as <strong>user1</strong>"),
            page.contains("Reason: ticket &#60;4711&#62;"),
        ];
        assert_eq!(says, [true; 2], "{path}: {page}");
    }
}

#[tokio::test]
async fn who_acts_for_nobody_sees_no_banner() {
    let server = Server::start();
    let page = Browser::signed_in(&server, "support")
        .await
        .get("/")
        .await
        .body;
    assert!(!page.contains("id=\"acting\""), "{page}");
}

#[tokio::test]
async fn support_is_itself_again_with_its_own_data() {
    let server = Server::start();
    let mut support = Browser::signed_in(&server, "support").await;
    support.put_in_cart("coffee").await;
    let handle = support.handle().await;
    begin(&mut support).await;
    let meanwhile = support.cart().await;
    let answer = support.post("/support/end").await;
    let me = support.me().await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/support")
    );
    assert_eq!(
        (meanwhile, support.cart().await),
        (json!({ "items": [] }), json!({ "items": ["coffee"] }))
    );
    assert_eq!(
        (&me["subject"], &me["actor"], &me["handle"]),
        (&json!("support"), &json!(null), &json!(handle))
    );
}

#[tokio::test]
async fn support_is_itself_again_when_the_time_is_over() {
    let server = Server::with(&[("HALLPASS_IMPERSONATION", "1.2")]);
    let mut support = acting(&server).await;
    wait_for_the_servers_clock(Duration::from_millis(1_300)).await;
    let me = support.me().await;
    assert_eq!(
        (&me["subject"], &me["actor"]),
        (&json!("support"), &json!(null))
    );
}

/// Race 13: the beginning and the end of it come with fresh tokens.
#[tokio::test]
async fn acting_and_its_end_come_with_fresh_tokens() {
    let server = Server::start();
    let mut support = Browser::signed_in(&server, "support").await;
    let mut tokens = vec![support.token()];
    begin(&mut support).await;
    tokens.push(support.token());
    support.post("/support/end").await;
    tokens.push(support.token());
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

/// Race 13: a request with the token from before stands for support.
#[tokio::test]
async fn a_straggler_of_support_does_not_act_for_the_user() {
    let server = Server::start();
    let mut support = Browser::signed_in(&server, "support").await;
    let mut straggler = support.straggler();
    begin(&mut support).await;
    assert_eq!(straggler.my("subject").await, "support");
}

#[tokio::test]
async fn support_acts_for_one_user_at_a_time() {
    let server = Server::start();
    let mut support = acting(&server).await;
    let case = [("username", "user2"), ("reason", "another")];
    let answer = support.post_form("/support/impersonate", &case).await;
    assert_eq!(
        (answer.status, support.my("subject").await),
        (StatusCode::FORBIDDEN, json!("user1"))
    );
}

#[tokio::test]
async fn a_case_needs_a_user_and_a_reason() {
    let server = Server::start();
    let mut support = Browser::signed_in(&server, "support").await;
    let mut found = Vec::new();
    for (user, reason) in [("user1", "  "), ("nobody", "ticket"), ("support", "ticket")] {
        let case = [("username", user), ("reason", reason)];
        let answer = support.post_form("/support/impersonate", &case).await;
        opening_tag(&answer.body, "case-error");
        found.push((answer.status, support.my("actor").await));
    }
    let expected = (StatusCode::UNPROCESSABLE_ENTITY, json!(null));
    assert_eq!(found, vec![expected; 3]);
}

#[tokio::test]
async fn support_does_not_change_the_password_of_the_user() {
    let server = Server::start();
    let form = [("password", "a staple for the battery")];
    let mut found = Vec::new();
    for mut browser in [
        Browser::signed_in(&server, "user1").await,
        acting(&server).await,
    ] {
        found.push(browser.post_form("/account/password", &form).await.status);
    }
    assert_eq!(found, [StatusCode::SEE_OTHER, StatusCode::FORBIDDEN]);
}

/// SES-19: the support that has just signed in is no authentication of the user.
#[tokio::test]
async fn support_does_not_delete_the_account_of_the_user() {
    let server = Server::start();
    let mut support = acting(&server).await;
    let found = [
        support.post("/account/delete").await.status,
        support.post("/api/sensitive").await.status,
    ];
    assert_eq!(found, [StatusCode::FORBIDDEN; 2]);
}

#[tokio::test]
async fn support_does_not_become_an_admin_for_the_user() {
    let server = Server::start();
    let mut support = acting(&server).await;
    let form = [("password", PASSWORD)];
    let found = [
        support.get("/admin").await.status,
        support.post_form("/admin/elevate", &form).await.status,
        support.post_form("/step-up", &form).await.status,
    ];
    assert_eq!(found, [StatusCode::FORBIDDEN; 3]);
}

#[tokio::test]
async fn the_user_does_not_find_support_among_the_devices() {
    let server = Server::start();
    let mut user = Browser::signed_in(&server, "user1").await;
    acting(&server).await;
    assert_eq!(user.devices().await.len(), 1);
}

#[tokio::test]
async fn a_logout_while_acting_ends_the_session_of_support() {
    let server = Server::start();
    let mut support = acting(&server).await;
    let mut straggler = support.straggler();
    support.logout().await;
    assert_eq!(straggler.my("ended").await, "logout");
}

/// Whether what is done for others is in the log, with who does it and why.
#[tokio::test]
async fn acting_for_a_user_is_logged_with_its_reason() {
    let server = Server::start();
    let mut support = acting(&server).await;
    support.post("/support/end").await;
    let logs = server.stop();
    let said = ["ticket <4711>", "support"].map(|text| logs.contains(text));
    assert_eq!(said, [true; 2], "{logs}");
}

const CASE: [(&str, &str); 2] = [("username", "user1"), ("reason", "ticket <4711>")];

async fn acting(server: &Server) -> Browser {
    let mut support = Browser::signed_in(server, "support").await;
    begin(&mut support).await;
    support
}

async fn begin(support: &mut Browser) {
    let answer = support.post_form("/support/impersonate", &CASE).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/")
    );
}
