//! Race 18: the client goes away while the application waits for the store, at each place where
//! it waits, before and after the store has done its part.

use hallpass::EndReason;
use hallpass::Load;
use hallpass::SessionStore;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;

use super::app::Browser;
use crate::world::World;
use crate::world::minutes;
use crate::world::subject;

const BOTH: [Fault; 2] = [Fault::Hang, Fault::HangAfter];

/// Returns the count in each live session of alice, as it is stored.
async fn counts(world: &World) -> Vec<Option<String>> {
    let now = world.manager.now();
    let mut counts = Vec::new();
    for info in world.manager.list(&subject("alice")).await.unwrap() {
        let Load::Live(record) = world.store.load(info.handle, now).await.unwrap() else {
            panic!("listed and gone")
        };
        let entry = record.data().get("n");
        counts.push(entry.map(|entry| String::from_utf8_lossy(entry.bytes()).into_owned()));
    }
    counts
}

fn one() -> Option<String> {
    Some("1".to_owned())
}

/// Race 18, a login over an anonymous session: the client still has that one, or it has ended and
/// all its data went into the new one.
#[tokio::test]
async fn a_login_that_is_cut_off_keeps_the_data_in_one_place() {
    for (operation, fault) in [
        (StoreOperation::Load, Fault::Hang),
        (StoreOperation::Bind, Fault::Hang),
        (StoreOperation::Bind, Fault::HangAfter),
        (StoreOperation::Publish, Fault::Hang),
        (StoreOperation::Publish, Fault::HangAfter),
    ] {
        let world = World::new();
        let mut browser = Browser::new(&world);
        browser.visit("POST", "/change").await;
        world.faults.script(operation, fault);
        browser.cut_off("POST", "/login");
        assert_eq!(world.faults.outstanding(), 0);
        let has_begun = !matches!(
            (operation, fault),
            (StoreOperation::Load | StoreOperation::Bind, Fault::Hang)
        );
        let expected = if has_begun { vec![one()] } else { vec![] };
        assert_eq!(counts(&world).await, expected, "{operation:?} {fault:?}");
        assert_eq!(browser.who().await, "nobody");
        browser.visit("POST", "/login").await;
        assert_eq!(browser.who().await, "alice", "{operation:?} {fault:?}");
        let kept = counts(&world).await.into_iter().flatten().count();
        assert_eq!(kept, 1, "{operation:?} {fault:?}");
    }
}

/// Race 18, a login over a login: the client keeps the old session with its data, or that is dead.
#[tokio::test]
async fn a_second_login_that_is_cut_off_leaves_a_session_with_its_data_or_a_dead_one() {
    for fault in BOTH {
        let world = World::new();
        let mut browser = Browser::logged_in(&world).await;
        browser.visit("POST", "/change").await;
        world.faults.script(StoreOperation::Bind, fault);
        browser.cut_off("POST", "/login");
        assert_eq!(counts(&world).await, [one()], "{fault:?}");
        let lives_on = fault == Fault::Hang;
        let expected = if lives_on { "alice" } else { "nobody" };
        assert_eq!(browser.who().await, expected, "{fault:?}");
    }
}

/// Race 18, a renewal: the client goes on with its old token, and gets the new one then.
#[tokio::test]
async fn a_renewal_that_is_cut_off_is_done_or_repaired_by_the_next_request() {
    for path in ["/", "/change"] {
        for fault in BOTH {
            let world = World::new();
            let mut browser = Browser::logged_in(&world).await;
            browser.visit("POST", "/change").await;
            world.clock.advance(minutes(16));
            let before = browser.jar.value("__Host-session");
            world.faults.script(StoreOperation::Update, fault);
            browser.cut_off(if path == "/" { "GET" } else { "POST" }, path);
            world.events.take();
            assert_eq!(browser.who().await, "alice", "{path} {fault:?}");
            assert_ne!(browser.jar.value("__Host-session"), before);
            assert_eq!(browser.who().await, "alice", "{path} {fault:?}");
            let applied = path == "/change" && fault == Fault::HangAfter;
            let expected = if applied { "2" } else { "1" };
            assert_eq!(counts(&world).await, [Some(expected.to_owned())]);
            let kinds = world.events.take();
            assert!(!kinds.contains(&hallpass::EventKind::Replayed), "{kinds:?}");
        }
    }
}

/// Race 18, the first use of a renewed token.
#[tokio::test]
async fn a_confirmation_that_is_cut_off_costs_nothing() {
    for fault in BOTH {
        let world = World::new();
        let mut browser = Browser::logged_in(&world).await;
        browser.visit("POST", "/change").await;
        world.clock.advance(minutes(16));
        browser.visit("GET", "/").await;
        world.faults.script(StoreOperation::Touch, fault);
        browser.cut_off("GET", "/");
        world.clock.advance(minutes(20));
        assert_eq!(browser.who().await, "alice", "{fault:?}");
        assert_eq!(counts(&world).await, [one()], "{fault:?}");
    }
}

/// Race 18, a raise: the client goes on with its old token for the grace, with its data.
#[tokio::test]
async fn a_raise_that_is_cut_off_leaves_the_session_with_its_data() {
    for fault in BOTH {
        let world = World::new();
        let mut browser = Browser::logged_in(&world).await;
        browser.visit("POST", "/change").await;
        world.faults.script(StoreOperation::Update, fault);
        browser.cut_off("POST", "/raise");
        world.clock.advance(minutes(5));
        assert_eq!(browser.who().await, "alice", "{fault:?}");
        assert_eq!(counts(&world).await, [one()], "{fault:?}");
    }
}

/// Race 18, a logout: the session lives as it was, or it has ended.
#[tokio::test]
async fn a_logout_that_is_cut_off_leaves_the_session_or_ends_it() {
    for (operation, fault, lives_on) in [
        (StoreOperation::End, Fault::Hang, true),
        (StoreOperation::End, Fault::HangAfter, false),
        (StoreOperation::Publish, Fault::Hang, false),
    ] {
        let world = World::new();
        let mut browser = Browser::logged_in(&world).await;
        browser.visit("POST", "/change").await;
        let listed = world.manager.list(&subject("alice")).await.unwrap();
        world.faults.script(operation, fault);
        browser.cut_off("POST", "/logout");
        let left = if lives_on { vec![one()] } else { vec![] };
        assert_eq!(counts(&world).await, left, "{operation:?} {fault:?}");
        let expected = if lives_on { "alice" } else { "nobody" };
        assert_eq!(browser.who().await, expected, "{operation:?} {fault:?}");
        let now = world.manager.now();
        let found = world.store.load(listed[0].handle, now).await.unwrap();
        let reason = match found {
            Load::Ended(tombstone) => Some(tombstone.reason().clone()),
            Load::Live(_) | Load::Missing => None,
        };
        assert_eq!(reason, (!lives_on).then_some(EndReason::Logout));
    }
}

/// Race 18, the first value of a visitor: nothing has begun, or a session that nobody can use.
#[tokio::test]
async fn a_first_change_that_is_cut_off_is_made_again() {
    for fault in BOTH {
        let world = World::new();
        let mut browser = Browser::new(&world);
        world.faults.script(StoreOperation::Create, fault);
        browser.cut_off("POST", "/change");
        assert_eq!(browser.jar.cookies().len(), 0);
        browser.visit("POST", "/change").await;
        browser.visit("POST", "/login").await;
        assert_eq!(counts(&world).await, [one()], "{fault:?}");
    }
}
