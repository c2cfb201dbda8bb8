//! Renewal of tokens: convergent, repaired, and theft found.

use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Instruction;
use hallpass::Renewal;
use hallpass::StandardPolicy;

use crate::world::Client;
use crate::world::World;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

/// A client whose token is due for renewal.
async fn due(world: &World) -> Client {
    let client = Client::logged_in(world, "alice").await;
    world.clock.advance(minutes(16));
    client
}

#[tokio::test]
async fn a_token_is_renewed_and_the_handle_stays() {
    let world = World::new();
    let mut client = due(&world).await;
    let before = client.clone();
    let handle = client.visit(&world).await.handle();
    assert_ne!(client.session, before.session);
    assert_eq!(client.visit(&world).await.handle(), handle);
    assert!(world.events.take().contains(&EventKind::Renewed));
}

#[tokio::test]
async fn a_session_is_renewed_again_and_again_until_its_absolute_end() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    for _ in 0..28 {
        world.clock.advance(minutes(25));
        assert!(client.visit(&world).await.subject().is_some());
    }
    world.clock.advance(minutes(20));
    assert_eq!(
        client.open(&world).await.end_reason(),
        Some(EndReason::Absolute)
    );
    assert!(!world.events.take().contains(&EventKind::Replayed));
}

/// Race 28: parallel requests get the same child.
#[tokio::test]
async fn parallel_requests_with_the_parent_get_one_and_the_same_child() {
    let world = World::new();
    let client = due(&world).await;
    let mut sessions = Vec::new();
    for _ in 0..100 {
        sessions.push(client.open(&world).await);
    }
    let mut children = Vec::new();
    for session in &sessions {
        let finished = session.finish(false).await;
        let Instruction::Set { token, .. } = finished.delivery.session else {
            panic!("no child")
        };
        children.push(token);
    }
    assert!(children.windows(2).all(|pair| pair[0] == pair[1]));
    let renewals = world.events.take();
    let renewed = renewals
        .iter()
        .filter(|kind| **kind == EventKind::Renewed)
        .count();
    assert_eq!(renewed, 1);
}

/// Race 29: whoever lost the answer presents the parent again and gets the same child.
#[tokio::test]
async fn a_lost_answer_is_repaired_by_trying_again() {
    let world = World::new();
    let mut client = due(&world).await;
    let mut lost = client.clone();
    client.visit(&world).await;
    world.clock.advance(minutes(2));
    lost.visit(&world).await;
    assert_eq!(lost.session, client.session);
    assert!(
        world
            .events
            .take()
            .contains(&EventKind::Repaired { late: false })
    );
}

/// Race 29: later than the window only a client that looks the same.
#[tokio::test]
async fn a_late_repair_needs_a_client_that_looks_the_same() {
    let world = World::new();
    let mut client = due(&world).await;
    let mut lost = client.clone();
    let thief = client.thief();
    client.visit(&world).await;
    world.clock.advance(minutes(10));
    lost.visit(&world).await;
    assert_eq!(lost.session, client.session);
    assert!(
        world
            .events
            .take()
            .contains(&EventKind::Repaired { late: true })
    );
    let session = thief.open(&world).await;
    assert_eq!(session.end_reason(), Some(EndReason::Replayed));
}

/// Race 50: a request with the parent that was held back is accepted and gets no token.
#[tokio::test]
async fn a_request_that_was_in_flight_during_the_renewal_is_accepted_without_a_token() {
    let world = World::new();
    let mut client = due(&world).await;
    let mut held_back = client.clone();
    client.visit(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(5) + seconds(5));
    let session = held_back.open(&world).await;
    session.insert("n", 1).unwrap();
    let finished = held_back.answer(&session).await;
    assert!(session.subject().is_some() && finished.refusal.is_none());
    assert_eq!(finished.delivery.session, Instruction::Keep);
    assert_eq!(client.open(&world).await.get::<i32>("n").unwrap(), Some(1));
}

/// Race 30: after the grace the parent is a replay, and the session ends for both.
#[tokio::test]
async fn the_parent_after_the_grace_ends_the_session() {
    let world = World::new();
    let mut client = due(&world).await;
    let thief = client.thief();
    client.visit(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(5) + seconds(6));
    world.events.take();
    let session = thief.open(&world).await;
    assert_eq!(session.subject(), None);
    assert_eq!(
        world.events.take(),
        [EventKind::Replayed, EventKind::Ended(EndReason::Replayed)]
    );
    assert_eq!(
        client.open(&world).await.end_reason(),
        Some(EndReason::Replayed)
    );
}

#[tokio::test]
async fn a_replay_may_be_reported_only_or_end_all_sessions() {
    use hallpass::OnReplay;

    for (on_replay, alive) in [
        (OnReplay::Report, [true, true]),
        (OnReplay::EndSession, [false, true]),
        (OnReplay::EndSubject, [false, false]),
    ] {
        let world = World::with(StandardPolicy::builder().on_replay(on_replay));
        let mut client = due(&world).await;
        let other = Client::logged_in(&world, "alice").await;
        let thief = client.thief();
        client.visit(&world).await;
        client.visit(&world).await;
        world.clock.advance(minutes(6));
        assert_eq!(thief.open(&world).await.subject(), None);
        let found = [
            client.open(&world).await.subject().is_some(),
            other.open(&world).await.subject().is_some(),
        ];
        assert_eq!(found, alive, "{on_replay:?}");
    }
}

/// Race 49: garbage that names a session neither ends it nor keeps it alive.
#[tokio::test]
async fn knowing_a_handle_neither_ends_nor_feeds_a_session() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let handle = client.open(&world).await.handle().unwrap();
    let text = format!("{handle}{}", "A".repeat(42));
    let mut guesser = Client::new();
    for generation in ["A", "Q", "g", "w"] {
        let mut text = text.clone().into_bytes();
        text[21] = generation.as_bytes()[0];
        guesser.session = hallpass::SessionToken::parse(&text).ok();
        guesser.visit(&world).await;
    }
    world.clock.advance(minutes(28));
    guesser.visit(&world).await;
    assert!(client.open(&world).await.subject().is_some());
    world.clock.advance(minutes(2));
    assert_eq!(
        client.open(&world).await.end_reason(),
        Some(EndReason::Idle)
    );
}

/// A child that is first used late is not renewed at once: its parent may be in flight.
#[tokio::test]
async fn a_late_first_use_does_not_make_the_parent_a_replay() {
    let world = World::new();
    let mut client = due(&world).await;
    let mut tab = client.clone();
    client.visit(&world).await;
    world.clock.advance(minutes(20));
    client.visit(&world).await;
    let session = tab.visit(&world).await;
    assert!(session.subject().is_some());
    assert!(!world.events.take().contains(&EventKind::Replayed));
}

#[tokio::test]
async fn an_application_asks_for_a_fresh_token_when_the_windows_are_over() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let before = client.session.clone();
    let session = client.open(&world).await;
    assert_eq!(session.renew().unwrap(), Renewal::TooSoon);
    client.close(&session).await;
    assert_eq!(client.session, before);
    world.clock.advance(minutes(8));
    let session = client.open(&world).await;
    assert_eq!(session.renew().unwrap(), Renewal::Scheduled);
    client.close(&session).await;
    assert_ne!(client.session, before);
    assert_eq!(
        Client::new().open(&world).await.renew().unwrap(),
        Renewal::TooSoon
    );
}

/// Race 2: a request that loaded before a renewal still commits, and one that loaded before an
/// end does not.
#[tokio::test]
async fn a_slow_request_survives_a_renewal_and_not_a_revocation() {
    let world = World::new();
    let mut client = due(&world).await;
    let slow = client.open(&world).await;
    client.visit(&world).await;
    slow.insert("n", 1).unwrap();
    assert!(slow.finish(false).await.refusal.is_none());
    let slow = client.open(&world).await;
    slow.insert("n", 2).unwrap();
    let revocation = hallpass::Revocation::by("support");
    world
        .manager
        .revoke_subject(&subject("alice"), revocation)
        .await
        .unwrap();
    assert!(slow.finish(false).await.refusal.is_some());
    assert_eq!(client.open(&world).await.handle(), None);
}

/// Races 38 and 51: the slow answer to a repaired request does not bring back what ended.
#[tokio::test]
async fn a_repair_that_comes_after_the_logout_sends_no_token() {
    let world = World::new();
    let mut client = due(&world).await;
    let lost = client.clone();
    client.visit(&world).await;
    let slow = lost.open(&world).await;
    client.open(&world).await.logout().await.unwrap();
    assert_eq!(
        slow.finish(false).await.delivery,
        hallpass::Delivery::default()
    );
}

#[tokio::test]
async fn a_replay_that_is_only_reported_ends_nothing_and_says_nothing() {
    use hallpass::OnReplay;

    let world = World::with(StandardPolicy::builder().on_replay(OnReplay::Report));
    let mut client = due(&world).await;
    let thief = client.thief();
    client.visit(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(6));
    assert_eq!(thief.open(&world).await.end_reason(), None);
}

/// A commit of another node renews the token in between: the child is not confirmed by somebody
/// who never had it.
#[tokio::test]
async fn a_token_is_confirmed_only_by_whoever_presents_it() {
    let world = World::new();
    let mut client = due(&world).await;
    let first = client.open(&world).await;
    let second = client.open(&world).await;
    first.insert("a", 1).unwrap();
    assert!(first.finish(false).await.refusal.is_none());
    second.update_now("b", |n: &mut u32| *n += 1).await.unwrap();
    second.insert("c", 1).unwrap();
    client.close(&second).await;
    world.clock.advance(minutes(1));
    world.events.take();
    client.visit(&world).await;
    assert_eq!(
        world.events.take(),
        [],
        "it has the child and no repair was needed"
    );
}
