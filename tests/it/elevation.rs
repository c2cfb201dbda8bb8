//! "Sudo mode": more for a while, and what it was afterwards.

use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::Elevation;
use hallpass::EventKind;
use hallpass::Requirement;
use hallpass::SessionError;
use hallpass::StandardPolicy;
use hallpass::Unmet;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::level;
use crate::world::login;
use crate::world::minutes;
use crate::world::otp;
use crate::world::seconds;

const ADMIN: Requirement = Requirement::login().level(AssuranceLevel::Aal2);

/// As an administrator, by a one-time code.
fn as_admin() -> Elevation {
    Elevation::new(otp()).right("admin")
}

async fn elevated(world: &World) -> Client {
    let mut client = Client::logged_in(world, "alice").await;
    let session = client.open(world).await;
    session.elevate(as_admin()).await.unwrap();
    client.close(&session).await;
    client
}

/// SU-07 and SES-04: a fresh token, the rights for their time, and the same session afterwards.
#[tokio::test]
async fn an_elevation_changes_the_token_and_falls_back_by_itself() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let before = client.session.clone();
    let session = client.open(&world).await;
    let handle = session.handle();
    session
        .elevate(as_admin().lasting(minutes(5)))
        .await
        .unwrap();
    client.close(&session).await;
    assert_ne!(client.session, before);
    let elevated = client.session.clone();
    world.clock.advance(minutes(5) - seconds(1));
    let session = client.visit(&world).await;
    assert_eq!(session.check(&ADMIN.clone().right("admin")), Ok(()));
    assert_eq!(session.handle(), handle);
    world.clock.advance(seconds(1));
    // Also for who has opened it before, as a stream has.
    assert_eq!(session.elevation(), None);
    let session = client.visit(&world).await;
    let unmet = Unmet::Right { right: "admin" };
    assert_eq!(
        session.check(&Requirement::login().right("admin")),
        Err(unmet)
    );
    let facts = (session.handle(), level(&session), client.session);
    assert_eq!(facts, (handle, Some(AssuranceLevel::Aal1), elevated));
}

/// SU-07: what counts as recent falls back, too.
#[tokio::test]
async fn the_time_of_the_authentication_falls_back_with_the_elevation() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(10));
    let session = client.open(&world).await;
    assert!(!session.is_recently_authenticated(minutes(1)));
    session
        .elevate(as_admin().lasting(seconds(30)))
        .await
        .unwrap();
    assert!(session.is_recently_authenticated(minutes(1)));
    client.close(&session).await;
    world.clock.advance(seconds(30));
    let session = client.visit(&world).await;
    assert!(!session.is_recently_authenticated(minutes(1)));
}

/// Race 13: requests with the token from before are not logged out, and have no right.
#[tokio::test]
async fn the_token_from_before_an_elevation_is_not_elevated() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let straggler = client.clone();
    let session = client.open(&world).await;
    session.elevate(as_admin()).await.unwrap();
    client.close(&session).await;
    client.visit(&world).await;
    let session = straggler.open(&world).await;
    assert_eq!(id(&session).as_deref(), Some("alice"));
    assert_eq!(
        session.check(&ADMIN),
        Err(Unmet::StepUp {
            level: Some(AssuranceLevel::Aal2),
            max_age: None
        })
    );
    assert!(matches!(
        session.elevate(as_admin()).await,
        Err(SessionError::Stale)
    ));
}

#[tokio::test]
async fn an_elevation_lasts_no_longer_than_the_policy_allows() {
    let world = World::with(StandardPolicy::builder().max_elevation(minutes(2)));
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session
        .elevate(as_admin().lasting(minutes(3)))
        .await
        .unwrap();
    let until = world.manager.now().saturating_add(minutes(2));
    assert_eq!(
        session.elevation().map(|elevated| elevated.until()),
        Some(until)
    );
}

/// Falling back changes no token, whoever asks for it.
#[tokio::test]
async fn an_elevation_ends_when_it_is_ended() {
    let world = World::new();
    let mut client = elevated(&world).await;
    let token = client.session.clone();
    let _earlier = world.events.take();
    let session = client.open(&world).await;
    session.end_elevation().await.unwrap();
    assert_eq!(session.elevation(), None);
    client.close(&session).await;
    assert_eq!(client.session, token);
    assert_eq!(client.visit(&world).await.elevation(), None);
    assert_eq!(world.events.take(), [EventKind::ElevationEnded]);
    session.end_elevation().await.unwrap_err();
    client.open(&world).await.end_elevation().await.unwrap();
    assert_eq!(world.events.take(), []);
}

/// SES-11: an elevation is no new login: the overall timeout stays.
#[tokio::test]
async fn an_elevation_does_not_extend_the_session() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(10));
    let session = client.open(&world).await;
    let before = session.expires_in().unwrap().absolute;
    session.elevate(as_admin()).await.unwrap();
    client.close(&session).await;
    let after = client.visit(&world).await.expires_in().unwrap().absolute;
    assert_eq!(after, before);
}

/// SES-12: lowering reaches the elevation, whether its token was used or not.
#[tokio::test]
async fn lowering_ends_an_elevation_above_the_level() {
    let world = World::new();
    for visits in [0, 1] {
        let mut client = elevated(&world).await;
        for _ in 0..visits {
            client.visit(&world).await;
        }
        let session = client.open(&world).await;
        session.lower(AssuranceLevel::Aal2).await.unwrap();
        assert!(session.elevation().is_some());
        session.lower(AssuranceLevel::Aal1).await.unwrap();
        let facts = (level(&session), session.elevation());
        assert_eq!(facts, (Some(AssuranceLevel::Aal1), None));
        client.close(&session).await;
        let session = client.visit(&world).await;
        assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
    }
}

/// Race 13: who lost the answer goes on as before, and gets what it asks for and no more.
#[tokio::test]
async fn what_a_lost_answer_gave_has_to_be_asked_for_again() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.elevate(as_admin()).await.unwrap();
    let _lost = session.finish(false).await;
    world.clock.advance(minutes(6));
    let session = client.open(&world).await;
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
    session.raise(Authentication::password()).await.unwrap();
    let facts = (level(&session), session.elevation());
    assert_eq!(facts, (Some(AssuranceLevel::Aal1), None));

    let client = Client::logged_in(&world, "bob").await;
    let session = client.open(&world).await;
    session.raise(otp()).await.unwrap();
    let _lost = session.finish(false).await;
    world.clock.advance(minutes(6));
    let session = client.open(&world).await;
    let weak = Elevation::new(Authentication::password());
    session.elevate(weak.lasting(seconds(1))).await.unwrap();
    world.clock.advance(seconds(1));
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
}

/// What is bound to the elevated session is not for the token from before.
#[tokio::test]
async fn a_token_from_before_derives_the_secret_from_before() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let straggler = client.clone();
    let secret = |session: &hallpass::Session| session.derived_secret("form");
    let before = secret(&client.open(&world).await);
    let session = client.open(&world).await;
    session.elevate(as_admin()).await.unwrap();
    client.close(&session).await;
    let after = secret(&client.visit(&world).await);
    assert_eq!(secret(&straggler.open(&world).await), before);
    assert_ne!(after, before);
}

/// SES-09: one factor reopens an idle session, be it for an elevation.
#[tokio::test]
async fn an_elevation_reopens_a_locked_session() {
    let world = World::with(StandardPolicy::aal2());
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(61));
    let session = client.open(&world).await;
    let locked = Unmet::NotLoggedIn { locked: true };
    assert_eq!(session.check(&Requirement::login()), Err(locked));
    session.elevate(as_admin()).await.unwrap();
    client.close(&session).await;
    let session = client.visit(&world).await;
    assert_eq!(session.check(&ADMIN.clone().right("admin")), Ok(()));
}

#[tokio::test]
async fn nobody_is_elevated_without_a_login() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    assert!(matches!(
        session.elevate(as_admin()).await,
        Err(SessionError::NotLoggedIn)
    ));
    let unmet = Unmet::NotLoggedIn { locked: false };
    assert_eq!(session.check(&Requirement::login()), Err(unmet));
}

/// What the session keeps for others: data, and a raise in the middle.
#[tokio::test]
async fn a_raise_does_not_end_an_elevation_and_a_login_does() {
    let world = World::new();
    let mut client = elevated(&world).await;
    client.step_up(&world).await;
    assert!(client.visit(&world).await.elevation().is_some());
    let session = client.open(&world).await;
    let _outcome = session.login(login("alice")).await.unwrap();
    client.close(&session).await;
    assert_eq!(client.visit(&world).await.elevation(), None);
}
