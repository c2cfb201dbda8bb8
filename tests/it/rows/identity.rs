//! Races 7 to 13: whose session it is.

use hallpass::AssuranceLevel;
use hallpass::CarryOver;
use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Instruction;
use hallpass::Load;
use hallpass::SessionStore;
use hallpass::SessionToken;
use hallpass_tests::jar::HOME;

use super::app::Browser;
use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::login;
use crate::world::minutes;
use crate::world::otp;
use crate::world::seconds;

/// Race 7: whatever is done with it, nothing is ever stored under the name of a forged token.
#[tokio::test]
async fn no_way_of_using_a_forged_token_adopts_it() {
    for way in ["read", "write", "clear", "at once", "login", "logout"] {
        let world = World::new();
        let mut client = Client::new();
        client.session = SessionToken::parse(&[b'A'; 64]).ok();
        client.anonymous = SessionToken::parse(&[b'B'; 64]).ok();
        let planted = client.clone();
        let session = client.open(&world).await;
        match way {
            "write" => session.insert("n", 1).unwrap(),
            "clear" => {
                session.clear().unwrap();
                session.insert("n", 1).unwrap();
            }
            "at once" => session.update_now("n", |n: &mut u32| *n = 1).await.unwrap(),
            "login" => {
                let login = login("alice").carry_over(CarryOver::DangerAll);
                let _outcome = session.login(login).await.unwrap();
            }
            "logout" => session.logout().await.unwrap(),
            _ => {}
        }
        let delivery = client.answer(&session).await.delivery;
        for token in [&planted.session, &planted.anonymous].into_iter().flatten() {
            let found = world.store.load(token.handle(), world.manager.now()).await;
            assert!(matches!(found.unwrap(), Load::Missing), "{way}");
            for given in [&delivery.session, &delivery.anonymous] {
                let is_adopted = matches!(given, Instruction::Set { token: new, .. }
                    if new.handle() == token.handle());
                assert!(!is_adopted, "{way}");
            }
        }
        let session = planted.open(&world).await;
        assert_eq!((session.handle(), session.subject()), (None, None), "{way}");
    }
}

/// Race 10: neither by a login over a login, nor after a logout, nor after a timeout.
#[tokio::test]
async fn the_next_subject_of_a_browser_inherits_nothing() {
    for way in [
        "over it",
        "after a logout",
        "after a timeout",
        "while locked",
    ] {
        let world = match way {
            "while locked" => World::with(hallpass::StandardPolicy::aal2()),
            _ => World::new(),
        };
        let mut client = Client::logged_in(&world, "alice").await;
        let session = client.open(&world).await;
        session.insert("secret", 1).unwrap();
        client.close(&session).await;
        match way {
            "after a logout" => {
                let session = client.open(&world).await;
                session.logout().await.unwrap();
                client.close(&session).await;
            }
            "after a timeout" | "while locked" => world.clock.advance(minutes(61)),
            _ => {}
        }
        let session = client.open(&world).await;
        session.insert("mine", 2).unwrap();
        let login = login("bob").carry_over(CarryOver::DangerAll);
        let _outcome = session.login(login).await.unwrap();
        client.close(&session).await;
        let session = client.open(&world).await;
        assert_eq!(id(&session).as_deref(), Some("bob"), "{way}");
        assert_eq!(session.get::<i32>("secret").unwrap(), None, "{way}");
    }
}

/// Race 11: neither the token from before a login nor the one from before a renewal comes back to
/// life when the data are cleared and written again.
#[tokio::test]
async fn clearing_and_writing_again_revives_no_old_token() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    let visitor = client.clone();
    client.log_in(&world, "alice").await;
    let first = client.clone();
    world.clock.advance(minutes(16));
    client.visit(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(5) + seconds(6));
    let session = client.open(&world).await;
    session.clear().unwrap();
    session.save().await.unwrap();
    session.insert("n", 2).unwrap();
    client.close(&session).await;
    let session = visitor.open(&world).await;
    assert_eq!((session.handle(), session.subject()), (None, None));
    let session = first.open(&world).await;
    assert_eq!(session.subject(), None);
    assert_eq!(session.end_reason(), Some(EndReason::Replayed));
}

/// Race 12: what a list of devices shows is no cookie, in whatever way it is sent.
#[tokio::test]
async fn the_name_in_a_list_of_devices_opens_nothing() {
    let world = World::new();
    Browser::logged_in(&world).await;
    let listed = world.manager.list(&crate::world::subject("alice")).await;
    let handle = listed.unwrap()[0].handle.to_string();
    let padded = format!("{handle}{}", "A".repeat(64 - handle.len()));
    for value in [handle.clone(), padded, format!("{handle}{handle}")] {
        for name in ["__Host-session", "__Host-anon"] {
            let mut stranger = Browser::new(&world);
            let field = format!("{name}={value}; Path=/; Secure");
            stranger
                .jar
                .take(&field, HOME, world.manager.now())
                .unwrap();
            assert_eq!(stranger.who().await, "nobody", "{field}");
        }
    }
}

/// Race 13: of requests in parallel to a raise, those that came before and those that come after
/// are all answered, and none has the new level.
#[tokio::test]
async fn requests_in_parallel_to_a_raise_stay_logged_in_at_the_old_level() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let old = client.clone();
    let before = old.open(&world).await;
    let raising = client.open(&world).await;
    raising.raise(otp()).await.unwrap();
    let during = old.open(&world).await;
    client.close(&raising).await;
    client.visit(&world).await;
    world.clock.advance(minutes(5));
    let after = old.open(&world).await;
    for session in [&before, &during, &after] {
        assert_eq!(id(session).as_deref(), Some("alice"));
        let level = session.authentication().unwrap().level();
        assert_eq!(level, AssuranceLevel::Aal1);
        let finished = session.finish(false).await;
        assert!(finished.refusal.is_none());
        assert_eq!(finished.delivery, hallpass::Delivery::default());
    }
    let level = client.open(&world).await.authentication().unwrap().level();
    assert_eq!(level, AssuranceLevel::Aal2);
    assert!(!world.events.take().contains(&EventKind::Replayed));
}

/// Race 13: no detour gives the old token the new level: neither writing, nor lowering, nor a
/// renewal, nor what counts as recent.
#[tokio::test]
async fn no_detour_gives_the_old_token_the_new_level() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let old = client.clone();
    world.clock.advance(minutes(3));
    let raising = client.open(&world).await;
    raising.raise(otp()).await.unwrap();
    client.close(&raising).await;
    client.visit(&world).await;
    let session = old.open(&world).await;
    assert!(!session.is_recently_authenticated(minutes(2)));
    session.insert("n", 1).unwrap();
    session.save().await.unwrap();
    assert_eq!(session.renew().unwrap(), hallpass::Renewal::TooSoon);
    session.lower(AssuranceLevel::Aal3).await.unwrap();
    assert!(!session.is_recently_authenticated(minutes(2)));
    let level = session.authentication().unwrap().level();
    assert_eq!(level, AssuranceLevel::Aal1);
    let finished = session.finish(false).await;
    assert_eq!(finished.delivery, hallpass::Delivery::default());
}
