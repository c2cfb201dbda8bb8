//! Waiting for the end of a session, and the end of anonymous ones.

use std::pin::pin;
use std::task::Poll;

use futures_util::poll;
use hallpass::EndReason;
use hallpass::Revocation;
use hallpass::StandardPolicy;

use crate::world::Client;
use crate::world::World;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

#[tokio::test]
async fn a_stream_hears_of_a_logout_at_once() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let stream = client.open(&world).await.detach();
    let mut ended = pin!(stream.ended());
    assert!(poll!(&mut ended).is_pending());
    client.open(&world).await.logout().await.unwrap();
    assert_eq!(poll!(&mut ended), Poll::Ready(EndReason::Logout));
}

#[tokio::test]
async fn a_stream_hears_of_an_ending_on_another_node() {
    let world = World::new();
    let other = world.second_node(StandardPolicy::builder());
    let client = Client::logged_in(&world, "alice").await;
    let bystander = Client::logged_in(&world, "bob").await;
    let streams = [
        client.open(&world).await.detach(),
        bystander.open(&world).await.detach(),
    ];
    let mut ended = pin!(streams[0].ended());
    let mut untouched = pin!(streams[1].ended());
    assert!(poll!(&mut ended).is_pending() && poll!(&mut untouched).is_pending());
    let revocation = Revocation::by("support").because("stolen");
    other
        .manager
        .revoke_subject(&subject("alice"), revocation.clone())
        .await
        .unwrap();
    assert_eq!(
        poll!(&mut ended),
        Poll::Ready(EndReason::Revoked(revocation))
    );
    assert!(poll!(&mut untouched).is_pending());
}

#[tokio::test]
async fn a_stream_ends_with_everybody() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let stream = client.open(&world).await.detach();
    let mut ended = pin!(stream.ended());
    assert!(poll!(&mut ended).is_pending());
    let revocation = Revocation::by("ops");
    world
        .manager
        .revoke_all(hallpass::EpochScope::Everybody, revocation)
        .await
        .unwrap();
    assert!(poll!(&mut ended).is_ready());
}

#[tokio::test]
async fn a_stream_ends_when_its_session_expires_and_not_before() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let stream = client.open(&world).await.detach();
    let mut ended = pin!(stream.ended());
    for _ in 0..20 {
        assert!(poll!(&mut ended).is_pending());
        world.clock.advance(minutes(2));
        // Others keep the session alive; the stream does not.
        client.visit(&world).await;
    }
    for _ in 0..29 {
        assert!(poll!(&mut ended).is_pending());
        world.clock.advance(minutes(1));
    }
    assert!(poll!(&mut ended).is_pending());
    world.clock.advance(minutes(1));
    assert_eq!(poll!(&mut ended), Poll::Ready(EndReason::Idle));
}

#[tokio::test]
async fn an_anonymous_request_without_a_session_waits_for_ever() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    assert!(poll!(pin!(session.ended())).is_pending());
}

/// SES-30.
#[tokio::test]
async fn anonymous_sessions_live_shorter() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    world.clock.advance(minutes(10));
    let session = client.open(&world).await;
    assert_eq!(
        (session.handle(), session.end_reason().is_some()),
        (None, true)
    );
}

/// SES-06 and SES-07, end to end.
#[tokio::test]
async fn use_moves_the_idle_timeout_and_not_the_absolute_one() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    for _ in 0..24 {
        world.clock.advance(minutes(29));
        let session = client.visit(&world).await;
        assert_eq!(
            session.expires_in().unwrap().idle.unwrap().min(minutes(24)),
            minutes(24)
        );
    }
    let left = client.open(&world).await.expires_in().unwrap();
    assert_eq!(left.absolute, minutes(24));
    world.clock.advance(minutes(24));
    assert_eq!(
        client.open(&world).await.end_reason(),
        Some(EndReason::Absolute)
    );
}

/// A change that changes nothing is activity all the same.
#[tokio::test]
async fn an_insert_of_the_same_value_keeps_the_session_alive() {
    let world = World::new();
    let mut client = Client::new();
    for _ in 0..30 {
        let session = client.open(&world).await;
        session.insert("locale", "en").unwrap();
        client.close(&session).await;
        world.clock.advance(minutes(5));
    }
    assert!(client.open(&world).await.handle().is_some());
}

/// A handler that takes its time does not outlive a session that is in use.
#[tokio::test]
async fn a_request_that_comes_in_before_the_idle_timeout_keeps_its_changes() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(seconds(1_790));
    let slow = client.open(&world).await;
    slow.insert("n", 1).unwrap();
    world.clock.advance(seconds(15));
    client.close(&slow).await;
    assert_eq!(client.open(&world).await.get::<i32>("n").unwrap(), Some(1));
}
