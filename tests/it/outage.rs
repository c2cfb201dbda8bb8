//! A store that is away for longer: it is left alone, asked now and then, and used again.

use std::time::Duration;

use hallpass::AtLimit;
use hallpass::EventKind;
use hallpass::SessionError;
use hallpass::StandardPolicy;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::seconds;

const DOWN: Fault = Fault::Fail(StoreErrorKind::Unavailable);

/// How many calls in a row without an answer the default takes.
const LIMIT: usize = 5;

/// A store of which the client's requests had no answer for so long that it rests.
async fn away() -> (World, Client) {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    fail(&world, &client, LIMIT).await;
    let events = world.events.take();
    assert_eq!(events.last(), Some(&EventKind::StoreAway), "{events:?}");
    let _asked = world.operations();
    (world, client)
}

/// So many requests without an answer, four in a second.
async fn fail(world: &World, client: &Client, times: usize) {
    for number in 0..times {
        if number > 0 {
            world.clock.advance(BETWEEN);
        }
        world.faults.script(StoreOperation::Load, DOWN);
        refused(world, client).await;
    }
}

const BETWEEN: Duration = Duration::from_millis(250);

async fn refused(world: &World, client: &Client) {
    let error = client.try_open(world).await.unwrap_err();
    assert!(matches!(error, SessionError::Unavailable(_)), "{error:?}");
    assert_eq!(error.status(), 503);
    assert_eq!(error.retry_after(), Some(seconds(5)));
}

/// SES-33: an outage refuses requests, also those of which the store is not asked.
#[tokio::test]
async fn a_store_that_is_away_is_not_asked_by_every_request() {
    let (world, client) = away().await;
    for _ in 0..100 {
        refused(&world, &client).await;
    }
    assert_eq!(world.operations(), []);
    assert_eq!(world.events.take(), []);
}

#[tokio::test]
async fn one_request_sees_whether_the_store_is_back() {
    let (world, client) = away().await;
    world.clock.advance(seconds(1));
    world.faults.script(StoreOperation::Load, DOWN);
    refused(&world, &client).await;
    refused(&world, &client).await;
    assert_eq!(world.operations(), [StoreOperation::Load]);

    world.clock.advance(seconds(1));
    let session = client.open(&world).await;
    assert_eq!(id(&session).as_deref(), Some("alice"));
    assert_eq!(world.events.take().last(), Some(&EventKind::StoreBack));
    for _ in 0..10 {
        let _session = client.open(&world).await;
    }
    assert_eq!(
        world.operations().len(),
        11,
        "everybody is served once it is back"
    );
}

/// A write of which the store was not asked has not been applied: nobody is in doubt.
#[tokio::test]
async fn a_write_to_a_store_that_rests_is_not_in_doubt() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    fail(&world, &client, LIMIT).await;
    let error = session.logout().await.unwrap_err();
    assert!(matches!(error, SessionError::Unavailable(_)), "{error:?}");

    world.clock.advance(seconds(1));
    session.logout().await.unwrap();
    assert_eq!(id(&client.open(&world).await), None);
}

/// Changes that the store was not asked to keep are still there to be saved.
#[tokio::test]
async fn changes_for_a_store_that_rests_stay_pending() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    fail(&world, &client, LIMIT).await;
    session.insert("page", 7).unwrap();
    let error = session.save().await.unwrap_err();
    assert!(matches!(error, SessionError::Unavailable(_)), "{error:?}");

    world.clock.advance(seconds(1));
    session.save().await.unwrap();
    let seen = client.open(&world).await;
    assert_eq!(seen.get::<i32>("page").unwrap(), Some(7));
}

/// Race 48: one whose first call was lost stays in doubt, even where the second was not made.
#[tokio::test]
async fn a_write_that_was_lost_before_the_store_rests_is_in_doubt() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    fail(&world, &client, LIMIT - 1).await;
    world.clock.advance(BETWEEN);
    world.faults.script(StoreOperation::End, Fault::FailAfter);
    let error = session.logout().await.unwrap_err();
    assert!(matches!(error, SessionError::InDoubt(_)), "{error:?}");

    world.clock.advance(seconds(1));
    assert_eq!(id(&client.open(&world).await), None, "it was applied");
}

/// A store that refuses, or holds what nobody can read, is there.
#[tokio::test]
async fn a_store_that_refuses_is_not_away() {
    let world = World::limited(5, AtLimit::Reject);
    let client = Client::logged_in(&world, "alice").await;
    for _ in 0..10 * LIMIT {
        let fault = Fault::Fail(StoreErrorKind::Rejected);
        world.faults.script(StoreOperation::Load, fault);
        refused(&world, &client).await;
    }
    let _session = client.open(&world).await;
    assert!(!world.events.take().contains(&EventKind::StoreAway));
}

/// Each call is told with its outcome and how long it took, where that is asked for.
#[tokio::test]
async fn calls_are_told_where_somebody_measures() {
    let world = World::timed(StandardPolicy::builder());
    let client = Client::logged_in(&world, "alice").await;
    let _told = world.events.take();
    let _session = client.open(&world).await;
    world.faults.script(StoreOperation::Load, DOWN);
    refused(&world, &client).await;

    let called = |error| EventKind::StoreCalled {
        operation: StoreOperation::Load,
        error,
        took: seconds(0),
    };
    let down = StoreErrorKind::Unavailable;
    assert_eq!(
        world.events.take(),
        [
            called(None),
            called(Some(down)),
            EventKind::StoreFailed {
                operation: StoreOperation::Load,
                error: down,
            },
        ]
    );
}
