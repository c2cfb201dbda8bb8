//! No secret shows anywhere but in the carrier.

use hallpass::SessionToken;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;

/// SES-24: what a store is given holds no usable token.
#[tokio::test]
async fn the_store_never_sees_a_token() {
    let world = World::new();
    let mut issued: Vec<SessionToken> = Vec::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    issued.extend(client.anonymous.clone());
    client.log_in(&world, "alice").await;
    issued.extend(client.session.clone());
    for _ in 0..3 {
        world.clock.advance(minutes(16));
        client.visit(&world).await;
        client.visit(&world).await;
        issued.extend(client.session.clone());
    }
    let session = client.open(&world).await;
    session
        .raise(hallpass::Authentication::password())
        .await
        .unwrap();
    client.close(&session).await;
    issued.extend(client.session.clone());
    let seen = world.spy.bytes();
    assert!(!seen.is_empty());
    for token in &issued {
        let text = token.expose_secret();
        let secret = &text.as_str().as_bytes()[27..];
        assert!(!contains(&seen, secret), "as text");
        assert!(!contains(&seen, &decoded(text.as_str())[20..]), "as bytes");
    }
    assert_eq!(issued.len(), 6);
}

/// Race 47.
#[tokio::test]
async fn debug_output_shows_no_token() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("private", "very private").unwrap();
    let outcome = session.login(login("alice")).await.unwrap();
    let shown = format!("{session:?} {outcome:?} {:?}", world.manager);
    let finished = client.answer(&session).await;
    let shown = format!(
        "{shown} {finished:?} {:?} {:?}",
        client.session,
        world.events.take()
    );
    let token = client.session.unwrap().expose_secret();
    assert!(!shown.contains(&token.as_str()[27..]), "{shown}");
    assert!(!shown.contains("very private"), "{shown}");
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// The bytes of base64url text.
fn decoded(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = 0_u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for character in text.bytes() {
        let place = ALPHABET
            .iter()
            .position(|known| *known == character)
            .unwrap();
        bits = (bits << 6) | u32::try_from(place).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).unwrap());
        }
    }
    bytes
}
