//! Data in a session, and what becomes of changes.

use hallpass::CarryOver;
use hallpass::DataError;
use hallpass::SessionData;
use hallpass::SessionError;
use serde::Deserialize;
use serde::Serialize;

use crate::world::Client;
use crate::world::World;
use crate::world::login;

#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
struct Cart(Vec<String>);

impl SessionData for Cart {
    const KEY: &'static str = "cart";
    const PORTABLE: bool = true;
}

async fn with(world: &World, values: &[(&str, i32)]) -> Client {
    let mut client = Client::logged_in(world, "alice").await;
    let session = client.open(world).await;
    for (key, value) in values {
        session.insert(*key, value).unwrap();
    }
    client.close(&session).await;
    client
}

#[tokio::test]
async fn a_request_sees_its_own_changes() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    session.insert("n", 1).unwrap();
    session.update("n", |n: &mut i32| *n += 1).unwrap();
    assert_eq!(session.get::<i32>("n").unwrap(), Some(2));
    session.clear().unwrap();
    assert_eq!(session.get::<i32>("n").unwrap(), None);
}

/// Race 15.
#[tokio::test]
async fn removing_one_key_of_a_loaded_session_is_stored() {
    let world = World::new();
    let mut client = with(&world, &[("a", 1), ("b", 2)]).await;
    let session = client.open(&world).await;
    session.remove("a").unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    assert_eq!(session.get::<i32>("a").unwrap(), None);
    assert_eq!(session.get::<i32>("b").unwrap(), Some(2));
}

/// Race 15.
#[tokio::test]
async fn clearing_is_stored_and_the_login_stays() {
    let world = World::new();
    let mut client = with(&world, &[("a", 1), ("b", 2)]).await;
    let session = client.open(&world).await;
    session.clear().unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    assert_eq!(session.get::<i32>("a").unwrap(), None);
    assert!(session.subject().is_some());
}

/// Races 15 and 16: no flag has to be set for a nested change.
#[tokio::test]
async fn a_change_inside_of_a_value_is_stored() {
    let world = World::new();
    let mut client = with(&world, &[]).await;
    for item in ["tea", "milk"] {
        let session = client.open(&world).await;
        session
            .update(Cart::key(), move |cart: &mut Cart| {
                cart.0.push(item.to_owned())
            })
            .unwrap();
        client.close(&session).await;
    }
    let cart = client.open(&world).await.get(Cart::key()).unwrap();
    assert_eq!(cart, Some(Cart(vec!["tea".to_owned(), "milk".to_owned()])));
}

/// Race 17.
#[tokio::test]
async fn deferred_changes_of_a_failed_request_are_dropped() {
    let world = World::new();
    let client = with(&world, &[("a", 1)]).await;
    let session = client.open(&world).await;
    session.insert("a", 2).unwrap();
    assert!(session.finish(true).await.refusal.is_none());
    assert_eq!(client.open(&world).await.get::<i32>("a").unwrap(), Some(1));
}

/// Race 17: what was awaited is done, and its token goes out.
#[tokio::test]
async fn a_login_of_a_failed_request_stands() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    let _outcome = session.login(login("alice")).await.unwrap();
    client.take(&session.finish(true).await);
    assert!(client.open(&world).await.subject().is_some());
}

#[tokio::test]
async fn a_value_beyond_the_limit_is_refused_and_nothing_is_lost() {
    let world = World::new();
    let mut client = with(&world, &[("a", 1)]).await;
    let session = client.open(&world).await;
    session.insert("b", 2).unwrap();
    let refused = session.insert("huge", "x".repeat(64 * 1024)).unwrap_err();
    assert!(matches!(
        refused,
        SessionError::Data(DataError::TooLarge { limit: 65_536, .. })
    ));
    assert_eq!(refused.status(), 413);
    client.close(&session).await;
    let session = client.open(&world).await;
    assert_eq!(session.get::<i32>("a").unwrap(), Some(1));
    assert_eq!(session.get::<i32>("b").unwrap(), Some(2));
    assert_eq!(session.get::<String>("huge").unwrap(), None);
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_and_stays() {
    let world = World::new();
    let client = with(&world, &[("a", 1)]).await;
    let session = client.open(&world).await;
    assert!(matches!(
        session.get::<String>("a"),
        Err(SessionError::Data(DataError::Decode(_)))
    ));
    assert!(
        session
            .update("a", |text: &mut String| text.push('x'))
            .is_err()
    );
    assert_eq!(session.get::<i32>("a").unwrap(), Some(1));
}

#[tokio::test]
async fn keys_of_the_library_are_out_of_reach() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    session.flash("info", "saved").unwrap();
    for refused in [
        session.insert("hallpass.flash", 1).unwrap_err(),
        session.remove("hallpass.flash").unwrap_err(),
        session.get::<i32>("hallpass.flash").unwrap_err(),
    ] {
        assert!(matches!(refused, SessionError::Data(DataError::InvalidKey)));
    }
}

#[tokio::test]
async fn a_one_time_value_is_taken_once() {
    let world = World::new();
    let client = with(&world, &[("ticket", 7)]).await;
    let requests = [client.open(&world).await, client.open(&world).await];
    let first = requests[0].take::<i32>("ticket").await.unwrap();
    let second = requests[1].take::<i32>("ticket").await.unwrap();
    assert_eq!((first, second), (Some(7), None));
}

#[tokio::test]
async fn a_message_is_shown_once() {
    let world = World::new();
    let mut client = with(&world, &[]).await;
    let session = client.open(&world).await;
    session.flash("info", "saved").unwrap();
    session.flash("error", "but not sent").unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    let flashes = session.take_flashes().await.unwrap();
    let shown: Vec<_> = flashes
        .iter()
        .map(|flash| (&*flash.kind, &*flash.message))
        .collect();
    assert_eq!(shown, [("info", "saved"), ("error", "but not sent")]);
    client.close(&session).await;
    assert_eq!(client.open(&world).await.take_flashes().await.unwrap(), []);
}

#[tokio::test]
async fn a_closed_session_takes_no_changes() {
    let world = World::new();
    let mut client = with(&world, &[("a", 1)]).await;
    let session = client.open(&world).await;
    client.close(&session).await;
    assert!(matches!(session.insert("a", 2), Err(SessionError::Closed)));
    assert!(matches!(session.remove("a"), Err(SessionError::Closed)));
    assert!(matches!(session.save().await, Err(SessionError::Closed)));
    assert!(matches!(
        session.login(login("bob")).await,
        Err(SessionError::Closed)
    ));
    assert!(matches!(session.logout().await, Err(SessionError::Closed)));
    assert_eq!(session.get::<i32>("a").unwrap(), Some(1), "reading goes on");
}

#[tokio::test]
async fn a_stream_saves_after_the_head_has_left() {
    let world = World::new();
    let mut client = with(&world, &[("a", 1)]).await;
    let session = client.open(&world).await;
    let stream = session.detach();
    client.close(&session).await;
    stream.insert("a", 2).unwrap();
    stream.save().await.unwrap();
    stream.update("a", |a: &mut i32| *a += 1).unwrap();
    stream.save().await.unwrap();
    assert_eq!(client.open(&world).await.get::<i32>("a").unwrap(), Some(3));
    assert!(matches!(
        stream.login(login("bob")).await,
        Err(SessionError::Closed)
    ));
}

/// Only its own `save` commits a stream.
#[tokio::test]
async fn a_stream_that_is_finished_like_a_request_commits_nothing() {
    let world = World::new();
    let mut client = with(&world, &[("a", 1)]).await;
    let session = client.open(&world).await;
    let stream = session.detach();
    client.close(&session).await;
    stream.insert("a", 2).unwrap();
    world.operations();
    let finished = stream.finish(false).await;
    assert!(finished.refusal.is_none());
    assert_eq!(world.operations(), []);
    stream.save().await.unwrap();
    assert_eq!(client.open(&world).await.get::<i32>("a").unwrap(), Some(2));
}

#[tokio::test]
async fn an_anonymous_session_begins_with_its_first_value() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.update("n", |n: &mut i32| *n += 0).unwrap();
    client.close(&session).await;
    assert!(client.anonymous.is_none(), "nothing was put in");
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    assert!(client.anonymous.is_some() && client.session.is_none());
    assert_eq!(client.open(&world).await.get::<i32>("n").unwrap(), Some(1));
}

#[tokio::test]
async fn only_portable_values_come_along_at_login() {
    for (carry_over, cart, plain) in [
        (CarryOver::Portable, true, false),
        (CarryOver::Nothing, false, false),
        (CarryOver::DangerAll, true, true),
    ] {
        let world = World::new();
        let mut client = Client::new();
        let session = client.open(&world).await;
        session
            .insert(Cart::key(), Cart(vec!["tea".to_owned()]))
            .unwrap();
        session.insert("plain", 1).unwrap();
        client.close(&session).await;
        let session = client.open(&world).await;
        let _outcome = session
            .login(login("alice").carry_over(carry_over))
            .await
            .unwrap();
        client.close(&session).await;
        let session = client.open(&world).await;
        let found = (
            session.get(Cart::key()).unwrap().is_some(),
            session.get::<i32>("plain").unwrap().is_some(),
        );
        assert_eq!(found, (cart, plain), "{carry_over:?}");
    }
}

#[tokio::test]
async fn a_panic_in_a_closure_takes_down_its_own_request_only() {
    let world = World::new();
    let client = with(&world, &[("n", 0)]).await;
    let innocent = client.open(&world).await;
    let guilty = client.open(&world).await;
    // It runs once for the request itself, and panics when it is applied to another value.
    guilty
        .update("n", |n: &mut i32| assert_eq!(*n, 0, "not what was loaded"))
        .unwrap();
    guilty.insert("m", 1).unwrap();
    innocent.update("n", |n: &mut i32| *n += 1).unwrap();
    assert!(innocent.finish(false).await.refusal.is_none());
    let ended = tokio::spawn(async move { guilty.finish(false).await }).await;
    assert!(ended.unwrap_err().is_panic());
    let session = client.open(&world).await;
    session.update("n", |n: &mut i32| *n += 1).unwrap();
    assert!(session.finish(false).await.refusal.is_none());
    assert_eq!(client.open(&world).await.get::<i32>("n").unwrap(), Some(2));
}

/// Race 47: what stands in a session does not end up in a log by way of an error.
#[tokio::test]
async fn an_error_does_not_quote_the_value() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    session.insert("password", "hunter2").unwrap();
    let error = session.get::<u32>("password").unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string);
    let shown = format!("{error} {error:?} {source:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn the_stream_of_a_visitor_can_not_begin_a_session() {
    let world = World::new();
    let stream = Client::new().open(&world).await.detach();
    stream.insert("n", 1).unwrap();
    assert!(matches!(stream.save().await, Err(SessionError::Closed)));
    assert!(matches!(stream.renew(), Err(SessionError::Closed)));
}
