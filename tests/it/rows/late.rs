//! Races 38, 50 and 51: answers and requests that are slower than others, in one browser.

use hallpass::AtLimit;
use hallpass::EpochScope;
use hallpass::EventKind;
use hallpass::Revocation;

use super::app::Browser;
use super::app::token_in;
use crate::world::Client;
use crate::world::World;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

const SESSION: &str = "__Host-session";

/// Race 38: parallel answers carry one and the same token, so their order does not matter.
#[tokio::test]
async fn the_answers_of_parallel_renewals_may_come_in_any_order() {
    let world = World::new();
    let mut browser = Browser::logged_in(&world).await;
    world.clock.advance(minutes(16));
    let requests: Vec<_> = (0..3).map(|_| browser.request("GET", "/")).collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(browser.answer(request).await);
    }
    let [first, second, third] = &answers[..] else {
        panic!("three answers")
    };
    assert!(token_in(first, SESSION).is_some());
    assert_eq!(first.cookies, second.cookies);
    assert_eq!(first.cookies, third.cookies);
    browser.receive(third);
    assert_eq!(browser.who().await, "alice");
    for late in [first, second] {
        browser.receive(late);
        assert_eq!(browser.who().await, "alice");
    }
    world.clock.advance(minutes(20));
    assert_eq!(browser.who().await, "alice");
    assert!(!world.events.take().contains(&EventKind::Replayed));
}

/// Race 38: a handler that is slower than the next renewal sends no token of the one before.
#[tokio::test]
async fn a_slow_handler_sends_no_older_generation() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let slow = client.open(&world).await;
    client.visit(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(16));
    client.visit(&world).await;
    let before = client.session.clone();
    let finished = client.answer(&slow).await;
    assert_eq!(finished.delivery, hallpass::Delivery::default());
    assert_eq!(client.session, before);
    assert!(client.open(&world).await.subject().is_some());
}

/// Race 38: the answer of the generation before, held back until the next renewal is under way,
/// puts the parent into the jar. That is repaired, and nobody is logged out.
#[tokio::test]
async fn an_older_generation_that_arrives_during_a_renewal_is_repaired() {
    let world = World::new();
    let mut browser = Browser::logged_in(&world).await;
    world.clock.advance(minutes(16));
    let held_back = browser.answer(browser.request("GET", "/")).await;
    browser.visit("GET", "/").await;
    browser.who().await;
    world.clock.advance(minutes(16));
    browser.visit("GET", "/").await;
    let current = browser.jar.value(SESSION);
    browser.receive(&held_back);
    assert_ne!(browser.jar.value(SESSION), current);
    assert_eq!(browser.who().await, "alice");
    assert_eq!(browser.jar.value(SESSION), current);
}

/// Race 50: a proxy holds a request back until its token was renewed and the new one used: it is
/// answered as usual, changes no cookie and raises no alarm, to the last moment of the grace.
#[tokio::test]
async fn a_request_that_a_proxy_held_back_is_answered_and_sets_no_cookie() {
    for held in [seconds(0), seconds(1), minutes(5) + seconds(5)] {
        let world = World::new();
        let mut browser = Browser::logged_in(&world).await;
        world.clock.advance(minutes(16));
        let held_back = browser.request("POST", "/change");
        browser.visit("GET", "/").await;
        browser.visit("GET", "/").await;
        world.clock.advance(held);
        world.events.take();
        let answer = browser.answer(held_back).await;
        assert_eq!(answer.status, 200, "{held:?}");
        assert_eq!(answer.cookies, Vec::<String>::new());
        assert_eq!(world.events.take(), []);
        assert_eq!(browser.who().await, "alice");
    }
}

/// Race 50: held back while nobody has used the new token, it gets that same token.
#[tokio::test]
async fn a_request_held_back_before_the_first_use_gets_the_same_token() {
    let world = World::new();
    let mut browser = Browser::logged_in(&world).await;
    world.clock.advance(minutes(16));
    let held_back = browser.request("POST", "/change");
    browser.visit("GET", "/").await;
    world.clock.advance(minutes(1));
    let answer = browser.answer(held_back).await;
    let current = browser.jar.value(SESSION);
    assert_eq!(token_in(&answer, SESSION), current.as_deref());
    browser.receive(&answer);
    assert_eq!(browser.who().await, "alice");
}

/// Race 51: a slow anonymous answer arrives after the login.
#[tokio::test]
async fn a_late_answer_to_a_visitor_leaves_the_login_alone() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    let late = browser.answer(browser.request("POST", "/change")).await;
    assert!(token_in(&late, "__Host-anon").is_some());
    browser.visit("POST", "/login").await;
    browser.receive(&late);
    assert_eq!(browser.who().await, "alice");
}

/// Race 51: whatever ended the session before, requests that were sent with its token are
/// answered without any cookie, so that they may arrive after the next login.
#[tokio::test]
async fn a_late_answer_to_an_ended_session_leaves_the_next_login_alone() {
    for way in [
        "idle",
        "absolute",
        "evicted",
        "logout",
        "replaced",
        "revoked",
        "everybody",
    ] {
        let world = World::limited(1, AtLimit::EvictOldest);
        let mut browser = Browser::logged_in(&world).await;
        let requests: Vec<_> = ["GET", "POST"]
            .map(|method| {
                let path = if method == "GET" { "/" } else { "/change" };
                browser.request(method, path)
            })
            .into();
        end(&world, &mut browser, way).await;
        let mut late = Vec::new();
        for request in requests {
            late.push(browser.answer(request).await);
        }
        browser.visit("POST", "/login").await;
        for answer in &late {
            assert_eq!(token_in(answer, SESSION), None, "{way}");
            browser.receive(answer);
        }
        assert_eq!(browser.who().await, "alice", "{way}");
    }
}

/// Race 51: nor for a token that merely does not match, which anybody can send.
#[tokio::test]
async fn a_token_that_does_not_match_is_not_removed() {
    let world = World::new();
    let mut browser = Browser::logged_in(&world).await;
    let token = browser.jar.value(SESSION).unwrap();
    let other = if token.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{other}", &token[..63]);
    for value in [forged.as_str(), "garbage", "", &"A".repeat(64)] {
        let planted = format!("{SESSION}={value}; Path=/; Secure");
        let mut other = Browser::new(&world);
        other
            .jar
            .take(&planted, hallpass_tests::jar::HOME, world.manager.now())
            .unwrap();
        let answer = other.visit("GET", "/").await;
        assert_eq!((answer.body.as_str(), answer.cookies.len()), ("nobody", 0));
    }
    assert_eq!(browser.who().await, "alice");
}

async fn end(world: &World, browser: &mut Browser, way: &str) {
    let by = || Revocation::by("test");
    match way {
        "idle" => world.clock.advance(minutes(30)),
        "absolute" => world.clock.advance(minutes(720)),
        "evicted" => {
            Browser::logged_in(world).await;
        }
        "logout" => {
            browser.visit("POST", "/logout").await;
        }
        "replaced" => {
            browser.visit("POST", "/login").await;
        }
        "revoked" => {
            let ended = world.manager.revoke_subject(&subject("alice"), by()).await;
            assert_eq!(ended.unwrap(), 1);
        }
        _ => {
            let everybody = EpochScope::Everybody;
            world.manager.revoke_all(everybody, by()).await.unwrap();
        }
    }
}
