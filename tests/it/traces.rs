//! What the exploration of the ratchet found, step by step.

use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::Delivery;
use hallpass::EventKind;
use hallpass::SessionError;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::level;
use crate::world::minutes;
use crate::world::otp;

/// Race 38: a request with the parent loads while nobody has used the child, and answers long
/// after somebody has. If it sent the child, its answer could overwrite the child's own child.
#[tokio::test]
async fn a_slow_repaired_request_sends_no_child_that_is_in_use() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let held_back = client.clone();
    client.visit(&world).await;
    let slow = held_back.open(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(3));
    let finished = slow.finish(false).await;
    assert!(finished.refusal.is_none());
    assert_eq!(finished.delivery, Delivery::default());
}

/// The same where nobody has used the child: then the answer that carried it was lost.
#[tokio::test]
async fn a_slow_repaired_request_sends_a_child_that_nobody_uses() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let mut retry = client.clone();
    client.visit(&world).await;
    let slow = retry.open(&world).await;
    world.clock.advance(minutes(3));
    retry.close(&slow).await;
    assert!(retry.session.is_some());
    assert_eq!(retry.session, client.session);
}

/// Race 38: a slow request with the child confirms it when it ends, not when it came in. Counted
/// from when it came in, the next renewal could come so soon that the answer to a repaired
/// request is still under way.
#[tokio::test]
async fn a_token_counts_as_used_from_when_that_is_known() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    client.visit(&world).await;
    let slow = client.open(&world).await;
    world.clock.advance(minutes(16));
    client.close(&slow).await;
    let child = client.session.clone();
    world.clock.advance(minutes(1));
    client.visit(&world).await;
    assert_eq!(client.session, child, "its parent may still come in");
    world.clock.advance(minutes(5));
    client.visit(&world).await;
    assert_ne!(client.session, child);
}

/// Race 13: the answer with the raised token is slow, and so is a request with the old one.
#[tokio::test]
async fn the_grace_of_the_old_token_begins_with_the_first_use_of_the_raised_one() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let held_back = client.clone();
    client.step_up(&world).await;
    world.clock.advance(minutes(4));
    client.visit(&world).await;
    world.clock.advance(minutes(4));
    let session = held_back.open(&world).await;
    assert_eq!(id(&session).as_deref(), Some("alice"));
}

/// Race 13: the answer with the raised token is lost. The client goes on with the old assurance,
/// and the user tries again.
#[tokio::test]
async fn a_raise_whose_answer_was_lost_is_made_once_more() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let lost = client.open(&world).await;
    lost.raise(otp()).await.unwrap();
    drop(lost.finish(false).await);
    world.clock.advance(minutes(20));
    let session = client.open(&world).await;
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
    assert!(world.events.take().contains(&EventKind::OutrankedLate));
    let mut thief = client.thief();
    assert_eq!(thief.visit(&world).await.handle(), None, "of another kind");
    session.raise(otp()).await.unwrap();
    let straggler = client.clone();
    assert_eq!(id(&straggler.open(&world).await).as_deref(), Some("alice"));
    client.close(&session).await;
    let session = client.visit(&world).await;
    assert_eq!(level(&session), Some(AssuranceLevel::Aal2));
    assert_eq!(
        id(&straggler.open(&world).await).as_deref(),
        Some("alice"),
        "the token from before both keeps its grace"
    );
}

/// Two raises at once, both with the old token: the second one is told, and wins nothing.
#[tokio::test]
async fn a_raise_is_not_made_once_more_where_the_first_one_arrived() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let old = client.clone();
    client.step_up(&world).await;
    let again = old.open(&world).await;
    client.visit(&world).await;
    let error = again.raise(otp()).await.unwrap_err();
    assert!(matches!(error, SessionError::Stale), "{error:?}");
}

/// Race 38: a renewal and a raise at once, and the answer to the renewal comes last. The browser
/// holds a token from before the raise: it goes on with the old assurance, and nobody is called a
/// thief.
#[tokio::test]
async fn an_answer_with_a_renewed_token_that_overtakes_a_raise_ends_nothing() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let raising = client.open(&world).await;
    let renewing = client.open(&world).await;
    let late = renewing.finish(false).await;
    raising.raise(otp()).await.unwrap();
    client.close(&raising).await;
    client.visit(&world).await;
    client.take(&late);
    world.clock.advance(minutes(20));
    let session = client.open(&world).await;
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
    let events = world.events.take();
    assert!(!events.contains(&EventKind::Replayed), "{events:?}");
}

/// The same token in other hands is a replay all the same.
#[tokio::test]
async fn a_token_from_before_a_raise_is_a_replay_in_other_hands() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    client.visit(&world).await;
    let thief = client.thief();
    client.step_up(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(6));
    assert_eq!(thief.open(&world).await.handle(), None);
    assert!(world.events.take().contains(&EventKind::Replayed));
}

/// Race 51, as far as it is out of reach: a login over a live session is answered before a
/// request of that session whose answer carries a renewed token. The browser holds a token of a
/// session that has ended. That is no alarm, the new session is not touched, and the user signs in
/// again.
#[tokio::test]
async fn an_answer_that_overtakes_a_login_over_a_login_costs_that_login_and_nothing_else() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let renewing = client.open(&world).await;
    let late = renewing.finish(false).await;
    client.log_in(&world, "bob").await;
    let overtaken = client.clone();
    client.take(&late);
    assert_eq!(client.visit(&world).await.handle(), None);
    assert!(!world.events.take().contains(&EventKind::Replayed));
    assert_eq!(id(&overtaken.open(&world).await).as_deref(), Some("bob"));
    client.log_in(&world, "bob").await;
    assert_eq!(id(&client.open(&world).await).as_deref(), Some("bob"));
}

/// A raise that is made once more stands for its own factors, not for those of the one before it
/// whose token nobody has used.
#[tokio::test]
async fn a_raise_that_is_made_once_more_keeps_nothing_of_the_lost_one() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let lost = client.open(&world).await;
    lost.raise(otp()).await.unwrap();
    drop(lost.finish(false).await);
    world.clock.advance(minutes(20));
    let session = client.open(&world).await;
    session.raise(Authentication::password()).await.unwrap();
    client.close(&session).await;
    let session = client.visit(&world).await;
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
}

/// The exception for an answer that overtakes a raise is for the token of that answer only.
#[tokio::test]
async fn the_parent_of_a_token_from_before_a_raise_is_a_replay_after_the_grace() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let parent = client.clone();
    client.visit(&world).await;
    client.step_up(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(4));
    assert_eq!(id(&parent.open(&world).await).as_deref(), Some("alice"));
    world.clock.advance(minutes(2));
    assert_eq!(parent.open(&world).await.handle(), None);
    assert!(world.events.take().contains(&EventKind::Replayed));
}

/// The first request with a child raises the assurance. The child was in use then, so its parent,
/// held back on the way, has the grace, from whatever network it comes.
#[tokio::test]
async fn a_child_whose_first_use_is_a_raise_was_in_use() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let held_back = client.thief();
    client.visit(&world).await;
    world.clock.advance(minutes(3));
    client.step_up(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(1));
    assert_eq!(id(&held_back.open(&world).await).as_deref(), Some("alice"));
}

/// A late repair that raises the assurance is no use of the child: the parent stays a replay for
/// whoever looks different.
#[tokio::test]
async fn a_late_repair_that_raises_is_no_use_of_the_child() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let mut retry = client.clone();
    client.visit(&world).await;
    world.clock.advance(minutes(3));
    let thief = retry.thief();
    retry.step_up(&world).await;
    assert_eq!(thief.open(&world).await.handle(), None);
    assert!(world.events.take().contains(&EventKind::Replayed));
}
