//! `POST /login`, and what it does to the session that was there before.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::client::ANONYMOUS;
use crate::client::Browser;
use crate::client::PASSWORD;
use crate::client::SCOPE;
use crate::client::SESSION;
use crate::client::is_utc_time;
use crate::client::nobody;
use crate::forms::forms_token;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

const REMEMBERED: [(&str, &str); 3] = [
    ("username", "user1"),
    ("password", PASSWORD),
    ("remember", "on"),
];

#[tokio::test]
async fn each_demo_account_can_sign_in() {
    let server = Server::start();
    let mut subjects = Vec::new();
    for user in ["user1", "user2", "support"] {
        subjects.push(Browser::signed_in(&server, user).await.my("subject").await);
    }
    assert_eq!(subjects, ["user1", "user2", "support"]);
}

#[tokio::test]
async fn a_login_answers_with_a_redirect_to_the_home_page() {
    let server = Server::start();
    let answer = Browser::new(&server).login("user1").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/")
    );
}

#[tokio::test]
async fn a_login_gives_a_host_cookie_that_lasts_until_the_browser_closes() {
    let server = Server::start();
    let answer = Browser::new(&server).login("user1").await;
    let cookie = answer.set_cookie(SESSION);
    assert_eq!(cookie.scope(), SCOPE);
    assert_eq!(
        (cookie.attribute("Max-Age"), cookie.attribute("Expires")),
        (None, None)
    );
}

#[tokio::test]
async fn a_token_is_64_base64url_characters() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let strange = token.replace(
        |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_',
        "",
    );
    assert_eq!((token.len(), strange.as_str()), (64, ""));
}

#[tokio::test]
async fn a_login_may_not_be_cached() {
    let server = Server::start();
    let answer = Browser::new(&server).login("user1").await;
    assert!(
        answer.lists("cache-control", "no-store"),
        "{:?}",
        answer.headers
    );
}

#[tokio::test]
async fn a_login_removes_the_anonymous_cookie_that_was_presented() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let answer = browser.login("user1").await;
    let removal = answer.set_cookie(ANONYMOUS);
    assert_eq!((removal.removes(), removal.scope()), (true, SCOPE.to_vec()));
}

#[tokio::test]
async fn a_login_without_an_anonymous_cookie_removes_nothing() {
    let server = Server::start();
    let answer = Browser::new(&server).login("user1").await;
    assert_eq!(
        (answer.cookies_given(), answer.cookies_removed()),
        (vec![SESSION], vec![])
    );
}

#[tokio::test]
async fn a_remembered_login_lasts_for_400_days_at_most() {
    let server = Server::start();
    let answer = Browser::new(&server).post_form("/login", &REMEMBERED).await;
    let seconds = answer.set_cookie(SESSION).max_age().unwrap();
    assert!((1..=34_560_000).contains(&seconds), "{seconds} seconds");
}

#[tokio::test]
async fn a_remembered_login_tells_old_browsers_too_how_long_it_lasts() {
    let server = Server::start();
    let answer = Browser::new(&server).post_form("/login", &REMEMBERED).await;
    let expires = answer.set_cookie(SESSION).attribute("Expires").unwrap();
    assert!(expires.ends_with(" GMT"), "{expires}");
}

#[tokio::test]
async fn a_remembered_login_has_the_same_scope_as_any_other() {
    let server = Server::start();
    let answer = Browser::new(&server).post_form("/login", &REMEMBERED).await;
    assert_eq!(answer.set_cookie(SESSION).scope(), SCOPE);
}

#[tokio::test]
async fn a_remembered_login_outlives_the_idle_timeout_of_the_others() {
    let server = Server::with(&[("HALLPASS_IDLE", "1.2")]);
    let mut browser = Browser::new(&server);
    browser.post_form("/login", &REMEMBERED).await;
    wait_for_the_servers_clock(Duration::from_millis(1_300)).await;
    assert_eq!(browser.my("subject").await, "user1");
}

#[tokio::test]
async fn a_login_knows_when_it_took_place() {
    let server = Server::start();
    let time = Browser::signed_in(&server, "user1")
        .await
        .my("authenticated_at")
        .await;
    assert!(is_utc_time(&time), "{time}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_sets_no_cookie() {
    let server = Server::start();
    let form = [("username", "user1"), ("password", "wrong horse")];
    let mut browser = Browser::at_the_login_form(&server).await;
    let answer = browser.post_form("/login", &form).await;
    assert_eq!(
        (answer.status, answer.set_cookies),
        (StatusCode::UNAUTHORIZED, vec![])
    );
}

#[tokio::test]
async fn an_unknown_user_gets_the_same_answer_as_a_wrong_password() {
    let server = Server::start();
    let mut answers = Vec::new();
    for user in ["user1", "nobody-of-this-name"] {
        let form = [("username", user), ("password", "wrong horse")];
        let mut browser = Browser::at_the_login_form(&server).await;
        let answer = browser.post_form("/login", &form).await;
        // The form keeps what was typed, and has a token of its own each time.
        let body = answer.body.replace(&format!("value=\"{user}\""), "");
        let body = body.replace(&forms_token(&body), "");
        answers.push((answer.status, answer.set_cookies, body));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_wrong_password_leaves_the_cart_alone() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    browser
        .post_form(
            "/login",
            &[("username", "user1"), ("password", "wrong horse")],
        )
        .await;
    assert_eq!(browser.cart().await, json!({ "items": ["apples"] }));
}

#[tokio::test]
async fn a_wrong_password_leaves_the_login_of_this_browser_alone() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser
        .post_form(
            "/login",
            &[("username", "user2"), ("password", "wrong horse")],
        )
        .await;
    assert_eq!(browser.my("subject").await, "user1");
}

#[tokio::test]
async fn a_form_without_a_password_is_the_clients_mistake() {
    let server = Server::start();
    let answer = Browser::new(&server)
        .post_form("/login", &[("username", "user1")])
        .await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert_eq!(answer.set_cookies, []);
}

#[tokio::test]
async fn the_cart_comes_along_at_the_login() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    browser.put_in_cart("pears").await;
    browser.login("user1").await;
    assert_eq!(
        browser.cart().await,
        json!({ "items": ["apples", "pears"] })
    );
}

#[tokio::test]
async fn counters_and_plain_values_stay_behind_at_the_login() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.post("/api/counter?by=7").await;
    browser
        .post_json("/api/set", &json!({ "key": "color", "value": "red" }))
        .await;
    browser.login("user1").await;
    let counter = browser.get("/api/counter").await.json();
    let color = browser.get("/api/get?key=color").await.json();
    assert_eq!(
        [counter, color],
        [json!({ "value": 0 }), json!({ "value": null })]
    );
}

#[tokio::test]
async fn the_token_from_before_the_login_is_dead_for_the_very_next_request() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let mut straggler = browser.straggler();
    browser.login("user1").await;
    assert_eq!(straggler.me().await, nobody(Some("superseded")));
}

#[tokio::test]
async fn a_straggler_with_the_token_from_before_the_login_is_told_to_remove_nothing() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let mut straggler = browser.straggler();
    browser.login("user1").await;
    assert_eq!(straggler.get("/api/cart").await.set_cookies, []);
}

#[tokio::test]
async fn a_straggler_that_writes_never_reaches_the_session_of_the_login() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let mut straggler = browser.straggler();
    browser.login("user1").await;
    straggler
        .post_json("/api/cart", &json!({ "item": "poison" }))
        .await;
    assert_eq!(browser.cart().await, json!({ "items": ["apples"] }));
}

#[tokio::test]
async fn a_request_that_started_before_the_login_is_refused_and_writes_nothing() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let mut tab = browser.straggler();
    let slow = tokio::spawn(async move { tab.post("/api/counter?delay_ms=1200").await });
    wait_for_the_servers_clock(Duration::from_millis(400)).await;
    browser.login("user1").await;
    let status = slow.await.unwrap().status;
    let counter = browser.get("/api/counter").await.json();
    assert_eq!(
        (status, counter),
        (StatusCode::UNAUTHORIZED, json!({ "value": 0 }))
    );
}

#[tokio::test]
async fn a_late_answer_to_an_anonymous_request_does_not_sign_the_browser_out() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    browser.put_in_cart("apples").await;
    let mut tab = browser.straggler();
    let slow = tokio::spawn(async move { tab.post("/api/counter?delay_ms=1200").await });
    wait_for_the_servers_clock(Duration::from_millis(400)).await;
    browser.login("user1").await;
    browser.keep(&slow.await.unwrap());
    assert_eq!(browser.my("subject").await, "user1");
}

#[tokio::test]
async fn a_login_with_a_planted_token_gets_a_token_of_its_own() {
    let server = Server::start();
    let mut attacker = Browser::new(&server);
    attacker.put_in_cart("bait").await;
    let planted = attacker.cookie(ANONYMOUS).unwrap().to_owned();
    let field = format!("{ANONYMOUS}={planted}; {SESSION}={planted}");
    let answer = Browser::presenting(&server, &[&field]).login("user1").await;
    assert_ne!(answer.set_cookie(SESSION).value, planted);
}

#[tokio::test]
async fn whoever_planted_a_token_does_not_share_the_login() {
    let server = Server::start();
    let mut attacker = Browser::new(&server);
    attacker.put_in_cart("bait").await;
    attacker.straggler().login("user1").await;
    assert_eq!(attacker.my("subject").await, Value::Null);
}

#[tokio::test]
async fn a_login_as_another_user_inherits_not_even_the_cart() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.put_in_cart("a present for user2").await;
    browser.login("user2").await;
    assert_eq!(browser.cart().await, json!({ "items": [] }));
}

#[tokio::test]
async fn a_login_as_another_user_ends_the_session_that_was_there() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut straggler = browser.straggler();
    browser.login("user2").await;
    assert_eq!(straggler.me().await, nobody(Some("superseded")));
}

#[tokio::test]
async fn a_login_as_another_user_sends_one_cookie_for_both_changes() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let answer = browser.login("user2").await;
    assert_eq!(
        (answer.cookies_given(), answer.cookies_removed()),
        (vec![SESSION], vec![])
    );
}

#[tokio::test]
async fn a_second_login_of_the_same_user_gives_a_new_handle() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let first = browser.handle().await;
    browser.login("user1").await;
    assert_ne!(browser.handle().await, first);
}

#[tokio::test]
async fn a_second_login_of_the_same_user_keeps_the_cart() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.put_in_cart("apples").await;
    browser.login("user1").await;
    assert_eq!(browser.cart().await, json!({ "items": ["apples"] }));
}

#[tokio::test]
async fn a_second_login_in_the_same_browser_is_not_a_second_device() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.login("user1").await;
    assert_eq!(browser.devices().await.len(), 1);
}
