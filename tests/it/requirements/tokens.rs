//! Tokens are made here, by chance, and nothing else is one.

use std::collections::HashSet;

use hallpass::Authentication;
use hallpass::EventKind;
use hallpass::Load;
use hallpass::SessionError;
use hallpass::SessionStore;
use hallpass::SessionToken;
use hallpass::StoreOperation;
use hallpass_testkit::FailingRandom;

use super::manager_of;
use super::unlimited;
use super::witnessed;
use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// SES-01: whichever draw of randomness fails, nothing begins, and nothing goes to the client.
#[tokio::test]
async fn a_login_fails_at_every_draw_that_fails() {
    let mut failures = 0;
    loop {
        let world = World::new();
        let manager = manager_of(&world, FailingRandom::after(failures));
        let world = World { manager, ..world };
        let mut client = Client::new();
        let session = client.open(&world).await;
        match session.login(login("alice")).await {
            Ok(_outcome) => break,
            Err(error) => assert!(matches!(error, SessionError::Random(_)), "{error:?}"),
        }
        client.close(&session).await;
        assert!(client.session.is_none() && client.anonymous.is_none());
        assert_eq!(world.operations(), []);
        failures += 1;
    }
    assert!(failures >= 3, "a handle, a secret and a key are drawn");
}

/// SES-01: the same holds for anonymous sessions and for a raised token.
#[tokio::test]
async fn a_visit_and_a_raise_fail_at_every_draw_that_fails() {
    let mut failures = 0;
    loop {
        let world = World::new();
        let manager = manager_of(&world, FailingRandom::after(failures));
        let world = World { manager, ..world };
        let mut client = Client::new();
        let session = client.open(&world).await;
        session.insert("n", 1).unwrap();
        match client.answer(&session).await.refusal {
            None => break,
            Some(error) => assert!(matches!(error, SessionError::Random(_)), "{error:?}"),
        }
        assert!(client.anonymous.is_none());
        failures += 1;
    }
    assert!(failures >= 3, "a handle, a secret and a key are drawn");

    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let before = client.session.clone();
    let mut failures = 0;
    loop {
        let failing = World {
            manager: manager_of(&world, FailingRandom::after(failures)),
            ..world.clone()
        };
        let session = client.open(&failing).await;
        match session.raise(Authentication::password()).await {
            Ok(()) => break,
            Err(error) => assert!(matches!(error, SessionError::Random(_)), "{error:?}"),
        }
        client.close(&session).await;
        assert_eq!(client.session, before);
        failures += 1;
    }
    assert!(failures >= 2, "a secret and a key are drawn");
}

/// SES-02: no bit of a token can be turned, and the token tells nothing of validity.
#[tokio::test]
async fn a_token_with_one_bit_turned_is_nobody() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    // A renewed token has a parent, so that a turned generation may point to something.
    world.clock.advance(minutes(16));
    client.visit(&world).await;
    client.visit(&world).await;
    let token = client.session.clone().unwrap();
    let text = token.expose_secret().as_str().to_owned();
    let turned = turned(&text);
    assert_eq!(turned.len(), 384);
    for text in turned {
        let mut forged = client.clone();
        forged.session = SessionToken::parse(text.as_bytes()).ok();
        assert!(forged.session.is_some(), "well-formed");
        assert_eq!(forged.open(&world).await.subject(), None, "{text}");
    }
    assert!(client.open(&world).await.subject().is_some());
}

/// The texts that differ from this one by one bit.
fn turned(text: &str) -> Vec<String> {
    let mut turned = Vec::new();
    for (place, character) in text.bytes().enumerate() {
        let value = ALPHABET
            .iter()
            .position(|known| *known == character)
            .unwrap();
        for bit in 0..6 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[place] = ALPHABET[value ^ (1 << bit)];
            turned.push(String::from_utf8(bytes).unwrap());
        }
    }
    turned
}

/// SES-03: each session of a subject has a token and a handle of its own. Nothing of who it is
/// goes into them.
#[tokio::test]
async fn a_thousand_logins_of_one_subject_get_a_thousand_tokens() {
    let world = unlimited();
    let (mut handles, mut tokens) = (HashSet::new(), HashSet::new());
    for _ in 0..1_000 {
        let token = Client::logged_in(&world, "alice").await.session.unwrap();
        handles.insert(token.handle());
        tokens.insert(token.expose_secret().as_str()[27..].to_owned());
    }
    assert_eq!((handles.len(), tokens.len()), (1_000, 1_000));
}

/// SES-05: what nobody issued is never adopted, also by a request that begins a session, and each
/// time is told.
#[tokio::test]
async fn a_thousand_unknown_tokens_leave_no_trace_but_a_thousand_events() {
    let (world, witness) = witnessed();
    let mut presented = Vec::new();
    for number in 0..1_000_usize {
        let mut text = [b'A'; 64];
        text[19] = ALPHABET[number / 64 % 64];
        text[20] = ALPHABET[number % 64];
        let token = SessionToken::parse(&text).unwrap();
        let mut client = Client::new();
        client.session = Some(token.clone());
        let session = client.open(&world).await;
        session.insert("n", 1).unwrap();
        client.close(&session).await;
        assert_ne!(session.handle(), Some(token.handle()));
        presented.push(token.handle());
    }
    assert_eq!(presented.iter().collect::<HashSet<_>>().len(), 1_000);
    let unknown: Vec<_> = witness
        .take()
        .into_iter()
        .filter(|event| event.kind == EventKind::Unknown)
        .map(|event| event.handle.unwrap())
        .collect();
    assert_eq!(unknown, presented);
    let written = world.spy.details().into_iter().filter(|call| {
        call.operation != StoreOperation::Load
            && call
                .handle
                .is_some_and(|handle| presented.contains(&handle))
    });
    assert_eq!(written.collect::<Vec<_>>(), []);
    for handle in presented {
        let loaded = world.store.load(handle, world.manager.now()).await.unwrap();
        assert!(matches!(loaded, Load::Missing), "{handle}");
    }
}
