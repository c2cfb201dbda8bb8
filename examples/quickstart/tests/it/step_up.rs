//! A dangerous action asks for the password again, and leads back to where it was asked for.
//!
//! That an authentication of more than a minute is too old is shown with a clock that can be
//! moved, in the tests of the adapters. Here the session is locked, which asks for the same.

use reqwest::Method;
use reqwest::StatusCode;
use reqwest::header;

use crate::answer::Answer;
use crate::client::Browser;
use crate::client::PASSWORD;
use crate::locked::LOCKS_SOON;
use crate::locked::locked;
use crate::server::Server;

#[tokio::test]
async fn a_dangerous_action_is_done_right_after_the_login() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let answer = browser.post("/account/delete").await;
    let page = browser.get("/account").await.body;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/account")
    );
    assert!(page.contains("Your account would be deleted now"), "{page}");
}

/// SU-06: what was to be done is not done on the way, and is done when it is asked for again.
#[tokio::test]
async fn a_dangerous_action_leads_to_the_password_and_back() {
    let server = Server::with(&LOCKS_SOON);
    let mut browser = locked(&server).await;
    let sent = delete_account(&mut browser).await;
    let address = sent.header("location").to_owned();
    assert_eq!(
        (sent.status, address.split('&').next().unwrap()),
        (StatusCode::SEE_OTHER, "/step-up?return_to=/account")
    );
    let page = browser.get(&address).await.body;
    assert!(
        page.contains("name=\"return_to\" value=\"/account\""),
        "{page}"
    );
    let form = [("password", PASSWORD), ("return_to", "/account")];
    let confirmed = browser.post_form("/step-up", &form).await;
    assert_eq!(
        (confirmed.status, confirmed.header("location")),
        (StatusCode::SEE_OTHER, "/account")
    );
    let before = browser.get("/account").await.body;
    delete_account(&mut browser).await;
    let after = browser.get("/account").await.body;
    let done = [before, after].map(|page| page.contains("Your account would be deleted now"));
    assert_eq!(done, [false, true]);
}

/// SES-19: a program learns that a factor is missing, and not who it is (RFC 9470).
#[tokio::test]
async fn a_program_is_told_that_another_authentication_helps() {
    let server = Server::with(&LOCKS_SOON);
    let answer = locked(&server).await.post("/api/sensitive").await;
    let challenge = answer.header("www-authenticate");
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(
        challenge.contains("error=\"insufficient_user_authentication\""),
        "{challenge}"
    );
}

/// Race 13: the password comes with a fresh token.
#[tokio::test]
async fn the_password_comes_with_a_fresh_token() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let (token, handle) = (browser.token(), browser.handle().await);
    browser
        .post_form("/step-up", &[("password", PASSWORD)])
        .await;
    assert_ne!(browser.token(), token);
    assert_eq!(browser.handle().await, handle);
}

#[tokio::test]
async fn the_password_leads_nowhere_else() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut found = Vec::new();
    for target in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "",
    ] {
        let form = [("password", PASSWORD), ("return_to", target)];
        let answer = browser.post_form("/step-up", &form).await;
        found.push(answer.header("location").to_owned());
    }
    assert_eq!(found, ["/"; 4]);
}

#[tokio::test]
async fn a_login_leads_back_to_where_it_was_asked_for() {
    let server = Server::start();
    let mut visitor = Browser::new(&server);
    let sent = delete_account(&mut visitor).await;
    let address = sent.header("location").to_owned();
    assert_eq!(
        (sent.status, address.split('&').next().unwrap()),
        (StatusCode::SEE_OTHER, "/?return_to=/account")
    );
    let page = visitor.get(&address).await.body;
    assert!(
        page.contains("name=\"return_to\" value=\"/account\""),
        "{page}"
    );
    let form = [
        ("username", "user1"),
        ("password", PASSWORD),
        ("return_to", "/account"),
    ];
    let answer = visitor.post_form("/login", &form).await;
    assert_eq!(answer.header("location"), "/account");
}

/// Presses the button on the page of the account.
async fn delete_account(browser: &mut Browser) -> Answer {
    let request = browser
        .request(Method::POST, "/account/delete")
        .header(header::ACCEPT, "text/html,*/*;q=0.8")
        .header(header::REFERER, format!("{}/account", browser.origin()));
    browser.send(request).await
}
