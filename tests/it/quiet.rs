//! Requests that are no activity, and pages that nobody has asked for yet.

use hallpass::ClientFacts;
use hallpass::EventKind;
use hallpass::ExpiresIn;
use hallpass::Load;
use hallpass::Presented;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StoreOperation;
use hallpass::Timestamp;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::login;
use crate::world::minutes;
use crate::world::otp;
use crate::world::seconds;

fn facts() -> ClientFacts {
    ClientFacts::new("192.0.2.1".parse().ok(), Some("curl/8"))
}

fn presented(client: &Client) -> Presented {
    Presented {
        session: client.session.clone(),
        anonymous: client.anonymous.clone(),
        ..Presented::default()
    }
}

async fn poll(world: &World, client: &Client) -> Session {
    let presented = Presented {
        no_touch: true,
        ..presented(client)
    };
    world.manager.open(presented, facts()).await.unwrap()
}

async fn prefetch(world: &World, client: &Client) -> Session {
    let presented = Presented {
        prefetch: true,
        ..presented(client)
    };
    world.manager.open(presented, facts()).await.unwrap()
}

async fn stored(world: &World, session: &Session) -> std::sync::Arc<SessionRecord> {
    let handle = session.handle().unwrap();
    match world.store.load(handle, world.manager.now()).await.unwrap() {
        Load::Live(record) => record,
        other => panic!("{other:?}"),
    }
}

async fn last_seen(world: &World, session: &Session) -> Timestamp {
    stored(world, session).await.last_seen()
}

/// Race 22.
#[tokio::test]
async fn a_poll_every_minute_keeps_no_session_alive() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.operations();
    for _ in 1..30 {
        world.clock.advance(minutes(1));
        let session = poll(&world, &client).await;
        assert_eq!(id(&session).as_deref(), Some("alice"));
        client.close(&session).await;
        assert_eq!(world.operations(), [StoreOperation::Load]);
    }
    world.clock.advance(minutes(1));
    assert_eq!(id(&poll(&world, &client).await), None);
}

/// Race 22: the last touch step before the end is noted at once for activity, and for nothing else.
#[tokio::test]
async fn a_poll_just_before_the_end_notes_nothing() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.clock.advance(minutes(29) + seconds(30));
    world.operations();
    let session = poll(&world, &client).await;
    assert_eq!(world.operations(), [StoreOperation::Load]);
    let idle = session.expires_in().and_then(|left| left.idle);
    assert_eq!(idle, Some(seconds(30)));
}

/// Race 22: what a poll writes is written, and the time of the last activity stays.
#[tokio::test]
async fn what_a_poll_writes_is_no_activity() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let before = last_seen(&world, &client.visit(&world).await).await;
    world.clock.advance(minutes(10));
    let session = poll(&world, &client).await;
    session.insert("n", 1).unwrap();
    assert_eq!(
        session.expires_in(),
        Some(ExpiresIn {
            idle: Some(minutes(20)),
            absolute: minutes(12 * 60 - 10),
        })
    );
    client.close(&session).await;
    assert_eq!(last_seen(&world, &session).await, before);
    let stream = poll(&world, &client).await.detach();
    stream.insert("n", 2).unwrap();
    stream.save().await.unwrap();
    assert_eq!(last_seen(&world, &session).await, before);
    let session = client.visit(&world).await;
    assert_eq!(session.get::<u32>("n").unwrap(), Some(2));
    assert_ne!(last_seen(&world, &session).await, before);
}

/// Race 22.
#[tokio::test]
async fn a_poll_renews_no_token() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.clock.advance(minutes(16));
    let token = client.session.clone();
    let session = poll(&world, &client).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    assert_eq!(client.session, token);
    client.visit(&world).await;
    assert_ne!(client.session, token, "the next activity renews it");
}

/// A child that only polls present is in use all the same: its parent must not be good for ever.
#[tokio::test]
async fn a_poll_confirms_a_token_and_moves_nothing_else() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.clock.advance(minutes(16));
    let session = client.visit(&world).await;
    let before = stored(&world, &session).await;
    assert_eq!(before.credential().confirmed_at(), None);
    world.clock.advance(minutes(3));
    let session = poll(&world, &client).await;
    client.close(&session).await;
    let after = stored(&world, &session).await;
    assert_eq!(
        (after.credential().confirmed_at(), after.last_seen()),
        (Some(world.manager.now()), before.last_seen())
    );
}

/// A poll that lost the answer to a renewal is given the child, and the session idles on.
#[tokio::test]
async fn a_poll_is_repaired_and_moves_nothing_else() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    client.visit(&world).await;
    world.clock.advance(minutes(16));
    let lost = client.open(&world).await;
    let _lost = lost.finish(false).await;
    let before = last_seen(&world, &lost).await;
    let token = client.session.clone();
    world.clock.advance(minutes(1));
    let session = poll(&world, &client).await;
    client.close(&session).await;
    assert_ne!(client.session, token);
    assert_eq!(last_seen(&world, &session).await, before);
}

/// A poll that is under way while the session locks is too late, as it would be a moment later.
#[tokio::test]
async fn a_poll_writes_nothing_into_a_session_that_locked_meanwhile() {
    let world = World::with(StandardPolicy::builder().lock_when_idle(true));
    let client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(29));
    let session = poll(&world, &client).await;
    session.insert("n", 1).unwrap();
    world.clock.advance(minutes(1));
    let refusal = session.finish(false).await.refusal;
    assert!(matches!(refusal, Some(SessionError::Ended)), "{refusal:?}");
}

/// What the user does in a poll is activity: somebody typed a code.
#[tokio::test]
async fn a_raise_in_a_poll_is_activity() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(20));
    let session = poll(&world, &client).await;
    session.raise(otp()).await.unwrap();
    client.close(&session).await;
    assert_eq!(last_seen(&world, &session).await, world.manager.now());
}

/// SES-21.
#[tokio::test]
async fn a_prefetch_begins_no_anonymous_session() {
    let world = World::new();
    let client = Client::new();
    for way in ["deferred", "save", "at once"] {
        let session = prefetch(&world, &client).await;
        session.insert("n", 1).unwrap();
        match way {
            "save" => session.save().await.unwrap(),
            "at once" => session
                .update_now("n", |n: &mut u32| *n += 1)
                .await
                .unwrap(),
            _ => {}
        }
        let finished = session.finish(false).await;
        assert_eq!(finished.delivery, hallpass::Delivery::default(), "{way}");
        assert!(finished.refusal.is_none(), "{way}");
        assert_eq!(session.handle(), None, "{way}");
        assert_eq!(world.operations(), [], "{way}");
        assert_eq!(world.events.take(), [EventKind::Dropped], "{way}");
    }
}

/// SES-21.
#[tokio::test]
async fn a_prefetch_begins_no_empty_session_either() {
    let world = World::new();
    let session = prefetch(&world, &Client::new()).await;
    session.begin().await.unwrap();
    assert_eq!(
        (session.handle(), session.derived_secret("form")),
        (None, None)
    );
    assert_eq!(world.operations(), []);
    assert_eq!(world.events.take(), [], "nothing was dropped");
}

/// SES-21: a prefetch changes a session that there is, and keeps it alive, as any request does.
#[tokio::test]
async fn a_prefetch_uses_the_session_that_there_is() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    world.clock.advance(minutes(5));
    let session = prefetch(&world, &client).await;
    session.update("n", |n: &mut u32| *n += 1).unwrap();
    client.close(&session).await;
    assert_eq!(last_seen(&world, &session).await, world.manager.now());
    let session = client.visit(&world).await;
    assert_eq!(session.get::<u32>("n").unwrap(), Some(2));
}

/// A login is the application's to decide: no handler of `GET` should.
#[tokio::test]
async fn a_login_in_a_prefetch_is_a_login() {
    let world = World::new();
    let mut client = Client::new();
    let session = prefetch(&world, &client).await;
    session.insert("n", 1).unwrap();
    let _outcome = session.login(login("alice")).await.unwrap();
    client.close(&session).await;
    assert_eq!(id(&client.visit(&world).await).as_deref(), Some("alice"));
}
