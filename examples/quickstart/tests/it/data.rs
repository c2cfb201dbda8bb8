//! The cart, the counter, the guesses and the plain values, one after another and all at once.

use reqwest::Method;
use reqwest::StatusCode;
use reqwest::header;
use serde_json::Value;
use serde_json::json;

use crate::answer::Answer;
use crate::client::Browser;
use crate::client::at_once;
use crate::server::Server;

#[tokio::test]
async fn a_cart_is_empty_at_first() {
    let server = Server::start();
    assert_eq!(Browser::new(&server).cart().await, json!({ "items": [] }));
}

#[tokio::test]
async fn a_cart_keeps_the_order_of_its_items() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    for item in ["apples", "pears", "apples"] {
        browser.put_in_cart(item).await;
    }
    assert_eq!(
        browser.cart().await,
        json!({ "items": ["apples", "pears", "apples"] })
    );
}

#[tokio::test]
async fn items_that_are_added_at_once_are_all_in_the_cart() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let items: Vec<_> = (10..30).map(|n| format!("item {n}")).collect();
    let tabs = items.iter().map(|item| {
        let mut tab = browser.straggler();
        async move { tab.put_in_cart(item).await }
    });
    futures_util::future::join_all(tabs).await;
    let mut found: Vec<String> =
        serde_json::from_value(browser.cart().await["items"].clone()).unwrap();
    found.sort_unstable();
    assert_eq!(found, items);
}

#[tokio::test]
async fn a_counter_is_zero_at_first() {
    let server = Server::start();
    let answer = Browser::new(&server).get("/api/counter").await;
    assert_eq!(answer.json(), json!({ "value": 0 }));
}

#[tokio::test]
async fn an_increment_answers_without_content() {
    let server = Server::start();
    let answer = Browser::signed_in(&server, "user1")
        .await
        .post("/api/counter")
        .await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
}

#[tokio::test]
async fn a_counter_adds_one_unless_it_is_told_otherwise() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser.post("/api/counter").await;
    browser.post("/api/counter?by=41").await;
    assert_eq!(
        browser.get("/api/counter").await.json(),
        json!({ "value": 42 })
    );
}

#[tokio::test]
async fn fifty_increments_at_once_add_up_to_fifty() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let statuses = at_once(tabs(&browser, 50), async |mut tab| {
        tab.post("/api/counter?by=1&delay_ms=50").await.status
    });
    assert_eq!(statuses.await, [StatusCode::NO_CONTENT; 50]);
    assert_eq!(
        browser.get("/api/counter").await.json(),
        json!({ "value": 50 })
    );
}

#[tokio::test]
async fn an_increment_by_something_that_is_no_number_is_the_clients_mistake() {
    let server = Server::start();
    let status = Browser::new(&server)
        .post("/api/counter?by=many")
        .await
        .status;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn five_guesses_are_allowed_and_the_sixth_is_not() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(browser.post("/api/guess").await.status.as_u16());
    }
    assert_eq!(statuses, [204, 204, 204, 204, 204, 429]);
}

#[tokio::test]
async fn a_refused_guess_tells_how_many_there_were() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    for _ in 0..6 {
        browser.post("/api/guess").await;
    }
    assert_eq!(
        browser.post("/api/guess").await.json(),
        json!({ "count": 5 })
    );
}

#[tokio::test]
async fn a_hundred_guesses_at_once_never_pass_five() {
    let server = Server::start();
    let browser = Browser::signed_in(&server, "user1").await;
    let answers = at_once(tabs(&browser, 100), async |mut tab| {
        tab.post("/api/guess?delay_ms=50").await
    });
    let mut statuses: Vec<_> = answers
        .await
        .iter()
        .map(|answer: &Answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    let expected: Vec<_> = [204; 5].into_iter().chain([429; 95]).collect();
    assert_eq!(statuses, expected);
}

#[tokio::test]
async fn a_value_that_was_never_set_is_null() {
    let server = Server::start();
    let answer = Browser::new(&server).get("/api/get?key=color").await;
    assert_eq!(answer.json(), json!({ "value": null }));
}

#[tokio::test]
async fn a_value_answers_without_content_when_it_is_set() {
    let server = Server::start();
    let body = json!({ "key": "color", "value": "red" });
    let answer = Browser::new(&server).post_json("/api/set", &body).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
}

#[tokio::test]
async fn a_value_comes_back_as_it_was_set() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let value = json!({ "nested": [1, 2.5, null, "\u{0}\r\nSet-Cookie: a=b", "gr\u{fc}n"] });
    browser
        .post_json("/api/set", &json!({ "key": "odd", "value": value }))
        .await;
    let answer = browser.get("/api/get?key=odd").await;
    assert_eq!(answer.json(), json!({ "value": value }));
}

#[tokio::test]
async fn a_later_value_replaces_an_earlier_one() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    for value in ["red", "green"] {
        browser
            .post_json("/api/set", &json!({ "key": "color", "value": value }))
            .await;
    }
    assert_eq!(
        browser.get("/api/get?key=color").await.json(),
        json!({ "value": "green" })
    );
}

#[tokio::test]
async fn values_of_different_keys_that_are_set_at_once_all_survive() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let writes = (0..20).map(|n| {
        let mut tab = browser.straggler();
        let body = json!({ "key": format!("key{n}"), "value": n, "delay_ms": 100 });
        async move { tab.post_json("/api/set", &body).await }
    });
    futures_util::future::join_all(writes).await;
    let mut found = Vec::new();
    for n in 0..20 {
        found.push(browser.get(&format!("/api/get?key=key{n}")).await.json()["value"].clone());
    }
    assert_eq!(found, (0..20).map(Value::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_browsers_do_not_see_each_others_values() {
    let server = Server::start();
    let mut laptop = Browser::signed_in(&server, "user1").await;
    let mut phone = Browser::signed_in(&server, "user1").await;
    laptop
        .post_json("/api/set", &json!({ "key": "color", "value": "red" }))
        .await;
    assert_eq!(
        phone.get("/api/get?key=color").await.json(),
        json!({ "value": null })
    );
}

#[tokio::test]
async fn a_value_that_is_too_large_is_the_clients_mistake() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let body = json!({ "key": "large", "value": "x".repeat(100 * 1024) });
    let status = browser.post_json("/api/set", &body).await.status;
    assert!(status.is_client_error(), "{status}");
}

#[tokio::test]
async fn a_value_that_is_too_large_costs_nothing_that_was_there() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    browser
        .post_json("/api/set", &json!({ "key": "color", "value": "red" }))
        .await;
    let body = json!({ "key": "color", "value": "x".repeat(100 * 1024) });
    browser.post_json("/api/set", &body).await;
    assert_eq!(
        browser.get("/api/get?key=color").await.json(),
        json!({ "value": "red" })
    );
}

#[tokio::test]
async fn a_key_of_control_characters_does_not_break_the_server() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let body = json!({ "key": "\u{0}\r\n\u{1b}[31m", "value": 1 });
    let status = browser.post_json("/api/set", &body).await.status;
    assert!(!status.is_server_error(), "{status}");
}

#[tokio::test]
async fn json_that_does_not_parse_is_the_clients_mistake() {
    let server = Server::start();
    let mut browser = Browser::new(&server);
    let request = browser
        .request(Method::POST, "/api/cart")
        .header(header::CONTENT_TYPE, "application/json")
        .body("{\"item\":");
    let answer = browser.send(request).await;
    assert_eq!(
        (answer.status, answer.set_cookies),
        (StatusCode::BAD_REQUEST, vec![])
    );
}

#[tokio::test]
async fn a_cross_site_form_cannot_add_to_the_cart() {
    let server = Server::start();
    let mut browser = Browser::signed_in(&server, "user1").await;
    let answer = browser.post_form("/api/cart", &[("item", "poison")]).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// So many tabs of one browser, with its cookies of now.
fn tabs(browser: &Browser, count: usize) -> Vec<Browser> {
    vec![browser.straggler(); count]
}
