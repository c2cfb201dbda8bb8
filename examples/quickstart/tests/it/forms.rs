//! Requests that another site makes a browser send, and the token in each form.

use reqwest::Method;
use reqwest::StatusCode;
use reqwest::header;
use serde_json::json;

use crate::client::Browser;
use crate::client::PASSWORD;
use crate::server::Server;

/// The token in the forms of a page, which is the same in each of them.
pub(crate) fn forms_token(page: &str) -> String {
    let Some((_, after)) = page.split_once("name=\"csrf_token\" value=\"") else {
        panic!("no form with a token in\n{page}");
    };
    after.split('"').next().unwrap().to_owned()
}

/// CSRF-01 and CSRF-11: login and logout are protected like everything else.
#[tokio::test]
async fn a_form_on_a_page_of_another_site_is_refused() {
    let server = Server::start();
    let browser = Browser::signed_in(&server, "user1").await;
    let mut other_site = browser.clone().at_another_site();
    let mut found = Vec::new();
    for path in [
        "/login",
        "/logout",
        "/devices/end-others",
        "/account/delete",
        "/admin/elevate",
    ] {
        let form = [("username", "user2"), ("password", PASSWORD)];
        found.push(other_site.post_form(path, &form).await.status);
    }
    let subject = browser.clone().my("subject").await;
    assert_eq!(
        (found, subject),
        (vec![StatusCode::FORBIDDEN; 5], json!("user1"))
    );
}

#[tokio::test]
async fn who_is_refused_gets_a_page() {
    let server = Server::start();
    let mut other_site = Browser::new(&server).at_another_site();
    let request = other_site
        .request(Method::POST, "/logout")
        .header(header::ACCEPT, "text/html,*/*;q=0.8");
    let answer = other_site.send(request).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::FORBIDDEN, "text/html; charset=utf-8")
    );
    assert!(answer.body.contains("<main id=\"main\""), "{}", answer.body);
}

/// CSRF-01: what the script calls, under the check of the headers alone.
#[tokio::test]
async fn a_call_of_a_script_of_another_site_is_refused() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let body = json!({ "item": "apples" });
    let refused = browser
        .clone()
        .at_another_site()
        .post_json("/api/cart", &body)
        .await;
    assert_eq!(
        (refused.status, browser.cart().await),
        (StatusCode::FORBIDDEN, json!({ "items": [] }))
    );
}

/// CSRF-01: no browser adds a bearer token by itself.
#[tokio::test]
async fn a_program_with_a_bearer_token_is_never_asked_where_it_comes_from() {
    let server = Server::start();
    let browser = Browser::signed_in(&server, "user1").await;
    let mut program = Browser::new(&server).of_old();
    let request = program
        .request(Method::POST, "/api/counter")
        .bearer_auth(browser.token());
    assert_eq!(program.send(request).await.status, StatusCode::NO_CONTENT);
}

/// CSRF-11: a visitor has a session as soon as there is a form to protect.
#[tokio::test]
async fn the_login_form_of_an_old_browser_is_known_by_its_token() {
    let server = Server::start();
    let mut browser = Browser::new(&server).of_old();
    let token = forms_token(&browser.get("/").await.body);
    let form = [
        ("username", "user1"),
        ("password", PASSWORD),
        ("csrf_token", &token),
    ];
    assert_eq!(
        browser.post_form("/login", &form).await.status,
        StatusCode::SEE_OTHER
    );
}

/// CSRF-11
#[tokio::test]
async fn a_login_form_that_nobody_vouches_for_is_refused() {
    let server = Server::start();
    let mut browser = Browser::at_the_login_form(&server).await.of_old();
    assert_eq!(browser.login("user1").await.status, StatusCode::FORBIDDEN);
}

/// CSRF-01: an attacker has tokens of sessions of the attacker's own.
#[tokio::test]
async fn the_token_of_one_session_is_refused_in_another() {
    let server = Server::start();
    let mut attacker = Browser::signed_in(&server, "user2").await;
    let token = forms_token(&attacker.get("/").await.body);
    let mut victim = Browser::signed_in(&server, "user1").await.of_old();
    let refused = victim.post_form("/logout", &[("csrf_token", &token)]).await;
    assert_eq!(
        (refused.status, victim.my("subject").await),
        (StatusCode::FORBIDDEN, json!("user1"))
    );
}

/// CSRF-11: whoever planted a session before the login knows nothing of the one after it.
#[tokio::test]
async fn a_token_from_before_the_login_is_refused_after_it() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    let token = forms_token(&browser.get("/").await.body);
    browser.login("user1").await;
    let mut browser = browser.of_old();
    let status = browser
        .post_form("/logout", &[("csrf_token", &token)])
        .await
        .status;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn each_form_of_each_page_has_a_token() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "support").await;
    for path in [
        "/", "/devices", "/account", "/admin", "/support", "/step-up",
    ] {
        let page = browser.get(path).await.body;
        let forms = page.matches("method=\"post\"").count();
        let tokens = page.matches("name=\"csrf_token\" value=\"").count();
        assert!(forms > 0 && forms == tokens, "{path}: {page}");
    }
}

#[tokio::test]
async fn each_answer_has_a_token_of_its_own() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let first = forms_token(&browser.get("/").await.body);
    let second = forms_token(&browser.get("/").await.body);
    assert_ne!(first, second);
}
