//! How often the store is asked (design aims: none, one, two, and one after the load).

use std::time::Duration;

use hallpass::SessionError;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;

#[tokio::test]
async fn a_visitor_without_a_token_costs_no_operation() {
    let world = World::new();
    Client::new().visit(&world).await;
    assert_eq!(world.operations(), []);
}

#[tokio::test]
async fn a_read_is_one_operation() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.operations();
    client.visit(&world).await;
    assert_eq!(world.operations(), [StoreOperation::Load]);
}

#[tokio::test]
async fn a_read_that_slides_the_idle_timeout_adds_one_touch_per_step() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.operations();
    world.clock.advance(minutes(2));
    client.visit(&world).await;
    client.visit(&world).await;
    assert_eq!(
        world.operations(),
        [
            StoreOperation::Load,
            StoreOperation::Touch,
            StoreOperation::Load
        ]
    );
}

#[tokio::test]
async fn a_change_is_two_operations() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.operations();
    let session = client.open(&world).await;
    session.insert("colour", "green").unwrap();
    session.insert("size", 4).unwrap();
    client.close(&session).await;
    assert_eq!(
        world.operations(),
        [StoreOperation::Load, StoreOperation::Update]
    );
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_not_written() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.insert("colour", "green").unwrap();
    client.close(&session).await;
    world.operations();
    let session = client.open(&world).await;
    session.insert("colour", "green").unwrap();
    session.remove("size").unwrap();
    client.close(&session).await;
    assert_eq!(world.operations(), [StoreOperation::Load]);
}

#[tokio::test]
async fn a_login_is_one_operation_after_the_load() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("colour", "green").unwrap();
    client.close(&session).await;
    world.operations();
    let session = client.open(&world).await;
    let _outcome = session.login(login("alice")).await.unwrap();
    client.close(&session).await;
    let operations: Vec<_> = world
        .operations()
        .into_iter()
        .filter(|operation| *operation != StoreOperation::Publish)
        .collect();
    assert_eq!(operations, [StoreOperation::Load, StoreOperation::Bind]);
}

#[tokio::test]
async fn a_renewal_and_a_change_are_one_write() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    world.operations();
    let before = client.session.clone();
    let session = client.open(&world).await;
    session.insert("colour", "green").unwrap();
    client.close(&session).await;
    assert_eq!(
        world.operations(),
        [StoreOperation::Load, StoreOperation::Update]
    );
    assert_ne!(client.session, before);
}

#[tokio::test]
async fn the_first_use_of_a_renewed_token_is_one_touch() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    client.visit(&world).await;
    world.operations();
    client.visit(&world).await;
    client.visit(&world).await;
    assert_eq!(
        world.operations(),
        [
            StoreOperation::Load,
            StoreOperation::Touch,
            StoreOperation::Load
        ]
    );
}

/// Past the repair window the request looks again before it sends the child.
#[tokio::test]
async fn a_late_repair_takes_one_load_more() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let mut lost = client.clone();
    client.visit(&world).await;
    world.operations();
    let repaired = lost.clone().visit(&world).await;
    assert!(repaired.handle().is_some());
    let usual = [StoreOperation::Load, StoreOperation::Touch];
    assert_eq!(world.operations(), usual);
    world.clock.advance(minutes(2));
    lost.clone().visit(&world).await;
    assert_eq!(world.operations(), usual, "the window ends here");
    world.clock.advance(Duration::from_millis(1));
    lost.visit(&world).await;
    let late = [usual.as_slice(), &[StoreOperation::Load]].concat();
    assert_eq!(world.operations(), late);
    assert_eq!(lost.session, client.session);
}

/// What a request has saved is its activity: the end of the request adds no touch.
#[tokio::test]
async fn a_save_is_the_activity_of_its_request() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(5));
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    session.save().await.unwrap();
    client.close(&session).await;
    let operations = world.operations();
    let [.., before, last] = operations.as_slice() else {
        panic!("{operations:?}");
    };
    assert_eq!(
        (before, last),
        (&StoreOperation::Load, &StoreOperation::Update)
    );
}

/// A save in the handler does not use up the renewal that is due at the end.
#[tokio::test]
async fn a_renewal_comes_after_a_save() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let before = client.session.clone();
    world.clock.advance(minutes(16));
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    session.save().await.unwrap();
    client.close(&session).await;
    assert_ne!(client.session, before);
}

/// A login that got no answer, not on asking again either, ends what it may have begun.
#[tokio::test]
async fn a_login_in_doubt_takes_one_end_more() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    for _ in 0..2 {
        world.faults.script(StoreOperation::Bind, Fault::FailAfter);
    }
    let error = session.login(login("alice")).await.unwrap_err();
    assert!(matches!(error, SessionError::InDoubt(_)), "{error:?}");
    let mut operations = world.operations();
    operations.retain(|operation| *operation != StoreOperation::Publish);
    let twice = StoreOperation::Bind;
    assert_eq!(operations, [twice, twice, StoreOperation::End]);
}

#[tokio::test]
async fn malformed_tokens_never_reach_the_store() {
    let world = World::new();
    let mut presented = hallpass::Presented::default();
    presented.refused.push(hallpass::RefusedToken::Malformed);
    let session = world
        .manager
        .open(presented, hallpass::ClientFacts::default())
        .await
        .unwrap();
    assert_eq!(session.handle(), None);
    assert_eq!(world.operations(), []);
    assert_eq!(
        world.events.take(),
        [hallpass::EventKind::Refused(
            hallpass::RefusedToken::Malformed
        )]
    );
}
