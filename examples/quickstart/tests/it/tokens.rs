//! Cookies that nobody issued: never adopted, never answered, never a reason to end a session.

use reqwest::StatusCode;
use serde_json::json;

use crate::client::ANONYMOUS;
use crate::client::Browser;
use crate::client::SESSION;
use crate::client::nobody;
use crate::server::Server;

#[tokio::test]
async fn a_token_that_nobody_issued_is_nobody() {
    let server = Server::start();
    let mut holder = Browser::signed_in(&server, "user1").await;
    let mut accepted = Vec::new();
    for token in forgeries(&mut holder).await {
        for name in [SESSION, ANONYMOUS] {
            let field = format!("{name}={token}");
            if Browser::presenting(&server, &[&field]).me().await != nobody(None) {
                accepted.push(field);
            }
        }
    }
    assert_eq!(accepted, [""; 0]);
}

#[tokio::test]
async fn a_token_that_nobody_issued_gets_no_cookie_and_no_removal() {
    let server = Server::start();
    let mut holder = Browser::signed_in(&server, "user1").await;
    let mut cookies = Vec::new();
    for token in forgeries(&mut holder).await {
        for name in [SESSION, ANONYMOUS] {
            let mut client = Browser::presenting(&server, &[&format!("{name}={token}")]);
            cookies.extend(client.get("/api/me").await.set_cookies);
        }
    }
    assert_eq!(cookies, []);
}

#[tokio::test]
async fn a_token_that_nobody_issued_never_ends_a_session() {
    let server = Server::start();
    let mut holder = Browser::signed_in(&server, "user1").await;
    for token in forgeries(&mut holder).await {
        let mut client = Browser::presenting(&server, &[&format!("{SESSION}={token}")]);
        client.get("/api/me").await;
        client.logout().await;
    }
    assert_eq!(holder.my("subject").await, "user1");
}

#[tokio::test]
async fn a_token_that_nobody_issued_is_not_adopted_by_a_write() {
    let server = Server::start();
    let token = "A".repeat(64);
    for name in [SESSION, ANONYMOUS] {
        let mut client = Browser::presenting(&server, &[&format!("{name}={token}")]);
        let answer = client
            .post_json("/api/cart", &json!({ "item": "apples" }))
            .await;
        assert_ne!(answer.set_cookie(ANONYMOUS).value, token);
    }
}

#[tokio::test]
async fn a_token_that_nobody_issued_stays_worthless_after_a_write() {
    let server = Server::start();
    let field = format!(
        "{SESSION}={token}; {ANONYMOUS}={token}",
        token = "A".repeat(64)
    );
    let mut client = Browser::presenting(&server, &[&field]);
    client
        .post_json("/api/cart", &json!({ "item": "apples" }))
        .await;
    assert_eq!(client.me().await, nobody(None));
}

#[tokio::test]
async fn the_name_of_the_cookie_is_taken_literally() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let mut accepted = Vec::new();
    for name in [
        "__host-session",
        "__HOST-SESSION",
        "Host-session",
        "session",
        "x__Host-session",
    ] {
        let mut client = Browser::presenting(&server, &[&format!("{name}={token}")]);
        if client.me().await != nobody(None) {
            accepted.push(name);
        }
    }
    assert_eq!(accepted, [""; 0]);
}

#[tokio::test]
async fn two_cookies_of_the_name_are_refused_in_either_order() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let planted = Browser::signed_in(&server, "user2").await.token();
    let fields = [
        format!("{SESSION}={token}; {SESSION}={planted}"),
        format!("{SESSION}={planted}; {SESSION}={token}"),
        format!("{SESSION}={token}; {SESSION}="),
        format!("{SESSION}=garbage; {SESSION}={token}"),
    ];
    for field in fields {
        assert_eq!(
            Browser::presenting(&server, &[&field]).me().await,
            nobody(None)
        );
    }
}

#[tokio::test]
async fn two_cookies_of_the_name_are_refused_in_two_header_fields_too() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let planted = Browser::signed_in(&server, "user2").await.token();
    let fields = [format!("{SESSION}={token}"), format!("{SESSION}={planted}")];
    let mut client = Browser::presenting(&server, &fields.each_ref().map(String::as_str));
    assert_eq!(client.me().await, nobody(None));
}

#[tokio::test]
async fn two_cookies_of_the_name_get_no_cookie_and_no_removal() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let field = format!("{SESSION}={token}; {SESSION}=planted");
    let answer = Browser::presenting(&server, &[&field]).get("/api/me").await;
    assert_eq!(answer.set_cookies, []);
}

#[tokio::test]
async fn a_cookie_is_found_among_others_and_in_a_later_field() {
    let server = Server::start();
    let token = Browser::signed_in(&server, "user1").await.token();
    let later = format!("b=2; {SESSION}={token}; =; c; {SESSION}x=3");
    let mut client = Browser::presenting(&server, &["a=1", &later]);
    assert_eq!(client.my("subject").await, "user1");
}

#[tokio::test]
async fn a_login_counts_more_than_an_anonymous_cookie_next_to_it() {
    let server = Server::start();
    let mut visitor = Browser::new(&server);
    visitor.put_in_cart("apples").await;
    let anonymous = visitor.cookie(ANONYMOUS).unwrap();
    let token = Browser::signed_in(&server, "user1").await.token();
    let field = format!("{ANONYMOUS}={anonymous}; {SESSION}={token}");
    assert_eq!(
        Browser::presenting(&server, &[&field]).my("subject").await,
        "user1"
    );
}

#[tokio::test]
async fn a_huge_cookie_is_refused_or_ignored() {
    let server = Server::start();
    let field = format!("{SESSION}={}", "A".repeat(64 * 1024));
    assert!(survives(&server, &[&field]).await);
}

#[tokio::test]
async fn thousands_of_cookies_are_refused_or_ignored() {
    let server = Server::start();
    let field = (0..4_096)
        .map(|n| format!("c{n:05}=12345678"))
        .collect::<Vec<_>>()
        .join("; ");
    assert!(field.len() >= 64 * 1024, "{}", field.len());
    assert!(survives(&server, &[&field]).await);
}

#[tokio::test]
async fn many_cookie_fields_are_refused_or_ignored() {
    let server = Server::start();
    let field = format!("a={}", "A".repeat(1_000));
    assert!(survives(&server, &[field.as_str(); 64]).await);
}

/// Whether the server refuses these fields or takes no notice, and answers the next request.
async fn survives(server: &Server, fields: &[&str]) -> bool {
    let answer = Browser::presenting(server, fields).get("/api/me").await;
    let unharmed = match answer.status {
        StatusCode::OK => answer.json() == nobody(None) && answer.set_cookies.is_empty(),
        status => {
            status == StatusCode::BAD_REQUEST
                || status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        }
    };
    let next = Browser::new(server).get("/healthz").await;
    unharmed && next.status == StatusCode::OK
}

/// What an attacker might present who knows this session's handle and how tokens look.
async fn forgeries(holder: &mut Browser) -> Vec<String> {
    let token = holder.token();
    let handle = holder.handle().await;
    let mut forgeries = vec![
        String::new(),
        "x".to_owned(),
        "A".repeat(64),
        "_".repeat(64),
        "!".repeat(64),
        "+/".repeat(32),
        "%41".repeat(64),
        "\u{e9}".repeat(32),
        "A".repeat(4_096),
        format!("{token}A"),
        format!("{token}="),
        format!("{token}{token}"),
        format!("\"{token}\""),
        format!(
            "{handle}{}",
            "A".repeat(64_usize.saturating_sub(handle.len()))
        ),
        handle,
    ];
    forgeries.extend([1, 32, 60, 63].map(|length| token.get(..length).unwrap().to_owned()));
    // One character in the handle, in the generation and in the secret, and the very last one.
    forgeries.extend([0, 24, 40, 63].map(|index| with_another_character(&token, index)));
    forgeries
}

/// The token with one character changed.
fn with_another_character(token: &str, index: usize) -> String {
    let change = |(at, c)| match (at == index, c) {
        (true, 'A') => 'B',
        (true, _) => 'A',
        (false, c) => c,
    };
    token.chars().enumerate().map(change).collect()
}
