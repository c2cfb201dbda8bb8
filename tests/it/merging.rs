//! What a login begins with.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use hallpass::CarryOver;
use hallpass::DataError;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::SessionData;
use hallpass::SessionError;
use hallpass::SessionManager;
use serde::Deserialize;
use serde::Serialize;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::login;

#[derive(Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
struct Cart(Vec<String>);

impl SessionData for Cart {
    const KEY: &'static str = "cart";
    const PORTABLE: bool = true;
}

fn cart(items: &[&str]) -> Cart {
    Cart(items.iter().map(|item| (*item).to_owned()).collect())
}

/// A login that brings a cart, and adds that of the visitor.
fn merging(subject: &str) -> Login {
    let login = login(subject).with(Cart::key(), cart(&["saved"])).unwrap();
    login.merge(|before, after| {
        let mut all = after.get(Cart::key())?.unwrap_or_default();
        all.0.extend(before.get(Cart::key())?.unwrap_or_default().0);
        after.insert(Cart::key(), all)?;
        after.keep_as("came_from", "referrer", before)?;
        Ok(())
    })
}

async fn visitor(world: &World) -> Client {
    let mut client = Client::new();
    let session = client.open(world).await;
    session.insert(Cart::key(), cart(&["tea"])).unwrap();
    session.insert("referrer", "a friend").unwrap();
    session.insert("is_admin", true).unwrap();
    session.flash("info", "hello").unwrap();
    client.close(&session).await;
    client
}

#[tokio::test]
async fn a_login_begins_with_what_it_brings() {
    let world = World::new();
    let mut client = visitor(&world).await;
    let session = client.open(&world).await;
    let login = login("alice").with("plan", "free").unwrap();
    let _outcome = session.login(login).await.unwrap();
    client.close(&session).await;
    let session = client.visit(&world).await;
    assert_eq!(session.get("plan").unwrap(), Some("free".to_owned()));
    assert_eq!(session.get(Cart::key()).unwrap(), Some(cart(&["tea"])));
    assert_eq!(session.get::<bool>("is_admin").unwrap(), None);
}

#[tokio::test]
async fn a_closure_keeps_drops_renames_and_combines() {
    let world = World::new();
    let mut client = visitor(&world).await;
    let session = client.open(&world).await;
    let _outcome = session.login(merging("alice")).await.unwrap();
    client.close(&session).await;
    let session = client.visit(&world).await;
    assert_eq!(
        session.get(Cart::key()).unwrap(),
        Some(cart(&["saved", "tea"]))
    );
    let came_from = session.get("came_from").unwrap();
    assert_eq!(came_from, Some("a friend".to_owned()));
    assert_eq!(session.get::<String>("referrer").unwrap(), None);
    assert_eq!(session.get::<bool>("is_admin").unwrap(), None);
    assert_eq!(session.take_flashes().await.unwrap(), []);
}

/// Race 10: whatever was asked for, the data of one subject never reach another.
#[tokio::test]
async fn a_closure_never_sees_the_data_of_another_subject() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.insert(Cart::key(), cart(&["alice's"])).unwrap();
    session.insert("referrer", "alice's").unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    session.insert("pending", 1).unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let login = login("bob").carry_over(CarryOver::DangerAll);
    let login = login.with("plan", "free").unwrap();
    let login = login.merge(move |before, after| {
        counted.fetch_add(1, Ordering::Relaxed);
        for name in before.names() {
            after.keep(name, before)?;
        }
        Ok(())
    });
    let _outcome = session.login(login).await.unwrap();
    client.close(&session).await;
    let session = client.visit(&world).await;
    assert_eq!(id(&session).as_deref(), Some("bob"));
    for name in ["cart", "referrer", "pending"] {
        let found: Option<serde_json::Value> = session.get(name).unwrap();
        assert_eq!(found, None, "{name}");
    }
    assert_eq!(session.get("plan").unwrap(), Some("free".to_owned()));
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}

/// The same subject anew: its own data may come along.
#[tokio::test]
async fn a_closure_sees_the_data_of_the_same_subject() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.insert("referrer", "mine").unwrap();
    let _outcome = session.login(merging("alice")).await.unwrap();
    client.close(&session).await;
    let came_from = client.visit(&world).await.get("came_from").unwrap();
    assert_eq!(came_from, Some("mine".to_owned()));
}

/// A value that somebody puts in while the login is under way is merged as well.
#[tokio::test]
async fn a_closure_runs_again_on_what_was_written_meanwhile() {
    let world = World::new();
    let mut client = visitor(&world).await;
    let session = client.open(&world).await;
    let mut beside = client.clone();
    let writing = beside.open(&world).await;
    writing
        .update(Cart::key(), |cart: &mut Cart| {
            cart.0.push("milk".to_owned())
        })
        .unwrap();
    beside.close(&writing).await;
    let _outcome = session.login(merging("alice")).await.unwrap();
    client.close(&session).await;
    assert_eq!(
        client.visit(&world).await.get(Cart::key()).unwrap(),
        Some(cart(&["saved", "tea", "milk"]))
    );
}

#[tokio::test]
async fn a_closure_that_fails_logs_nobody_in() {
    let world = World::new();
    let mut client = visitor(&world).await;
    let session = client.open(&world).await;
    let wrong = login("alice").merge(|before, _after| before.get::<u32>("referrer").map(drop));
    let failed = session.login(wrong).await;
    assert!(matches!(
        failed,
        Err(SessionError::Data(DataError::Decode(_)))
    ));
    client.close(&session).await;
    let session = client.visit(&world).await;
    assert_eq!(id(&session), None);
    assert_eq!(session.get(Cart::key()).unwrap(), Some(cart(&["tea"])));
}

#[tokio::test]
async fn the_payload_limit_holds_for_what_is_merged() {
    let world = World::new();
    let manager = SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
        .payload_limit(100)
        .build()
        .unwrap();
    let world = World { manager, ..world };
    let client = Client::new();
    let session = client.open(&world).await;
    session.insert(Cart::key(), cart(&["x"; 15])).unwrap();
    let login = login("alice").with("more", "y".repeat(40)).unwrap();
    let failed = session.login(login).await;
    assert!(matches!(
        failed,
        Err(SessionError::Data(DataError::TooLarge { limit: 100, .. }))
    ));
    let outcome = session.login(super::world::login("alice")).await.unwrap();
    assert!(matches!(outcome, LoginOutcome::LoggedIn { .. }));
}

/// What is brought has a name of the application.
#[test]
fn a_login_brings_nothing_under_a_name_of_ours() {
    let refused = login("alice").with("hallpass.flash", 1);
    assert!(matches!(refused, Err(DataError::InvalidKey)));
}

/// SES-23: a login may be logged.
#[test]
fn a_login_shows_no_value() {
    let login = login("alice").with("note", "topsecret").unwrap();
    assert!(!format!("{login:?}").contains("topsecret"));
}
