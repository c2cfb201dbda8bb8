//! What is secret stays out of everything that the server prints and out of every page.

use std::time::Duration;

use reqwest::Method;
use reqwest::header;

use crate::client::ANONYMOUS;
use crate::client::Browser;
use crate::client::SESSION;
use crate::renewal::RENEWS_SOON;
use crate::server::Server;
use crate::server::wait_for_the_servers_clock;

/// Characters of a token that belong to the public handle and to the generation.
const PUBLIC: usize = 28;

#[tokio::test]
async fn no_part_of_a_secret_is_printed_or_shown() {
    let settings: Vec<_> = RENEWS_SOON
        .into_iter()
        .chain([("RUST_LOG", "trace")])
        .collect();
    let server = Server::with(&settings);
    let Traces { secrets, bodies } = a_busy_life(&server).await;
    let logs = server.stop();
    let leaks = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
    assert_eq!(
        (secrets.len(), leaks(&logs), bodies.iter().any(|b| leaks(b))),
        (4, false, false)
    );
}

#[tokio::test]
async fn no_password_is_printed() {
    let server = Server::with(&[("RUST_LOG", "trace")]);
    let mut browser = Browser::new(&server);
    browser.login("user1").await;
    browser
        .post_form(
            "/login",
            &[("username", "user1"), ("password", "battery staple")],
        )
        .await;
    let logs = server.stop();
    let printed = [
        "correct horse",
        "correct+horse",
        "battery staple",
        "battery+staple",
    ]
    .map(|password| logs.contains(password));
    assert_eq!(printed, [false; 4]);
}

/// The secret parts of the tokens of a life, and the bodies that were received in it.
struct Traces {
    secrets: Vec<String>,
    bodies: Vec<String>,
}

/// An anonymous visit, a login, reads, changes, a renewal, a replay, garbage, a logout.
async fn a_busy_life(server: &Server) -> Traces {
    let mut tokens = Vec::new();
    let mut bodies = Vec::new();
    let mut browser = Browser::new(server);
    browser.put_in_cart("apples").await;
    tokens.push(browser.cookie(ANONYMOUS).unwrap().to_owned());
    bodies.push(browser.login("user1").await.body);
    tokens.push(browser.token());
    for path in [
        "/",
        "/devices",
        "/api/me",
        "/api/devices",
        "/api/cart",
        "/no/such/page",
    ] {
        bodies.push(browser.get(path).await.body);
    }
    bodies.push(browser.post("/api/counter").await.body);
    let mut thief = browser.straggler();
    wait_for_the_servers_clock(Duration::from_millis(1_100)).await;
    bodies.push(browser.get("/api/me").await.body);
    tokens.push(browser.token());
    bodies.push(browser.get("/").await.body);
    let request = browser
        .request(Method::GET, "/api/me")
        .header(header::AUTHORIZATION, format!("Bearer {}", browser.token()));
    bodies.push(browser.send(request).await.body);
    let almost = browser.token().replace(|c: char| c.is_ascii_digit(), "_");
    let field = format!("{SESSION}={almost}");
    bodies.push(
        Browser::presenting(server, &[&field])
            .get("/api/me")
            .await
            .body,
    );
    tokens.push(almost);
    wait_for_the_servers_clock(Duration::from_millis(300)).await;
    bodies.push(thief.get("/api/me").await.body);
    bodies.push(browser.get("/").await.body);
    bodies.push(browser.logout().await.body);
    let secrets = tokens
        .into_iter()
        .map(|mut token| token.split_off(PUBLIC))
        .collect();
    Traces { secrets, bodies }
}
