//! An operator who acts for a user.

use std::pin::pin;

use futures_util::poll;
use hallpass::AssuranceLevel;
use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Impersonation;
use hallpass::Login;
use hallpass::Requirement;
use hallpass::SessionData;
use hallpass::SessionError;
use hallpass::StandardPolicy;
use hallpass::Unmet;
use serde::Deserialize;
use serde::Serialize;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::level;
use crate::world::login;
use crate::world::minutes;
use crate::world::otp;
use crate::world::seconds;
use crate::world::subject;

fn as_alice() -> Impersonation {
    Impersonation::of(subject("alice"), "ticket 4711")
}

/// A value that comes along at login.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Cart(u32);

impl SessionData for Cart {
    const KEY: &'static str = "cart";
    const PORTABLE: bool = true;
}

/// The support, acting for alice.
async fn acting(world: &World) -> Client {
    let mut client = Client::logged_in(world, "support").await;
    act(world, &mut client).await;
    client
}

async fn act(world: &World, client: &mut Client) {
    let session = client.open(world).await;
    session.impersonate(as_alice()).await.unwrap();
    client.close(&session).await;
}

async fn stop(world: &World, client: &mut Client) {
    let session = client.open(world).await;
    session.end_impersonation().await.unwrap();
    client.close(&session).await;
}

/// Race 13: a fresh token each time, and the operator's own session in the end.
#[tokio::test]
async fn an_impersonation_comes_with_a_fresh_token_and_ends_with_another() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let handle = client.open(&world).await.handle();
    let own = client.session.clone();
    act(&world, &mut client).await;
    let session = client.visit(&world).await;
    let actor = session.actor();
    assert_eq!(
        (id(&session).as_deref(), actor),
        (Some("alice"), Some(subject("support")))
    );
    assert_eq!(
        session
            .impersonation()
            .map(|it| it.reason().to_owned())
            .as_deref(),
        Some("ticket 4711")
    );
    let acting = client.session.clone();
    assert_ne!(acting, own);
    stop(&world, &mut client).await;
    assert!(![own, acting].contains(&client.session));
    let session = client.visit(&world).await;
    let facts = (session.handle(), id(&session), session.actor());
    assert_eq!(facts, (handle, Some("support".to_owned()), None));
}

/// Race 10: neither sees the data of the other, and the operator's are there again afterwards.
#[tokio::test]
async fn the_data_of_the_operator_and_of_the_subject_stay_apart() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    session.flash("info", "for support").unwrap();
    client.close(&session).await;
    act(&world, &mut client).await;
    let session = client.open(&world).await;
    assert_eq!(session.get::<u32>("n").unwrap(), None);
    assert_eq!(session.take_flashes().await.unwrap(), []);
    assert!(session.get::<u32>("hallpass.kept.n").is_err());
    session.clear().unwrap();
    session.insert("n", 2).unwrap();
    client.close(&session).await;
    assert_eq!(client.visit(&world).await.get("n").unwrap(), Some(2));
    stop(&world, &mut client).await;
    let session = client.visit(&world).await;
    assert_eq!(session.get("n").unwrap(), Some(1));
    assert_eq!(
        session.take_flashes().await.unwrap_err().to_string(),
        SessionError::Closed.to_string()
    );
    assert_eq!(
        client
            .open(&world)
            .await
            .take_flashes()
            .await
            .unwrap()
            .len(),
        1
    );
}

/// The same where its time is over, and whoever is slow does not write into the operator's session.
#[tokio::test]
async fn an_impersonation_falls_back_by_itself() {
    let world = World::with(StandardPolicy::builder().max_impersonation(minutes(20)));
    let mut client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    act(&world, &mut client).await;
    world.clock.advance(minutes(20) - seconds(1));
    let slow = client.open(&world).await;
    slow.insert("n", 2).unwrap();
    world.clock.advance(seconds(1));
    let refusal = slow.finish(false).await.refusal;
    assert!(matches!(refusal, Some(SessionError::Ended)), "{refusal:?}");
    let session = client.open(&world).await;
    assert_eq!(
        (id(&session).as_deref(), session.actor()),
        (Some("support"), None)
    );
    session.update("n", |n: &mut u32| *n += 10).unwrap();
    client.close(&session).await;
    assert_eq!(client.visit(&world).await.get("n").unwrap(), Some(11));
}

/// Race 13: requests with the token from before stand for the operator, see the operator's data, and
/// change nothing.
#[tokio::test]
async fn a_request_from_before_stands_for_the_operator() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    let straggler = client.clone();
    let slow = client.open(&world).await;
    slow.insert("n", 3).unwrap();
    act(&world, &mut client).await;
    client.visit(&world).await;
    let refusal = slow.finish(false).await.refusal;
    assert!(matches!(refusal, Some(SessionError::Ended)), "{refusal:?}");
    let session = straggler.open(&world).await;
    assert_eq!(
        (id(&session).as_deref(), session.actor()),
        (Some("support"), None)
    );
    assert_eq!(session.get("n").unwrap(), Some(1));
    session.insert("n", 4).unwrap();
    let refusal = session.finish(false).await.refusal;
    assert!(matches!(refusal, Some(SessionError::Ended)), "{refusal:?}");
    assert_eq!(client.visit(&world).await.get::<u32>("n").unwrap(), None);
    stop(&world, &mut client).await;
    assert_eq!(client.visit(&world).await.get("n").unwrap(), Some(1));
}

/// Race 13, the other way round.
#[tokio::test]
async fn a_request_from_during_the_impersonation_stands_for_the_operator_after_it() {
    let world = World::new();
    let mut client = acting(&world).await;
    client.visit(&world).await;
    let straggler = client.clone();
    stop(&world, &mut client).await;
    client.visit(&world).await;
    let session = straggler.open(&world).await;
    assert_eq!(
        (id(&session).as_deref(), session.actor()),
        (Some("support"), None)
    );
    assert!(session.finish(false).await.delivery == hallpass::Delivery::default());
}

#[tokio::test]
async fn an_impersonation_never_nests_and_changes_no_assurance() {
    let world = World::new();
    let client = acting(&world).await;
    let session = client.open(&world).await;
    let bob = Impersonation::of(subject("bob"), "curious");
    let refused = [
        session.impersonate(bob).await,
        session.raise(otp()).await,
        session.elevate(hallpass::Elevation::new(otp())).await,
        session.end_elevation().await,
        session.lower(AssuranceLevel::Aal1).await,
    ];
    for refused in refused {
        assert!(
            matches!(refused, Err(SessionError::Impersonating)),
            "{refused:?}"
        );
        assert_eq!(refused.unwrap_err().status(), 403);
    }
    assert_eq!(session.check(&Requirement::login()), Ok(()));
    let in_person = session.check(&Requirement::login().in_person());
    assert_eq!(in_person, Err(Unmet::Impersonated));
    assert!(!session.is_recently_authenticated(minutes(60)));
}

/// The rights of the operator are not those of the subject, and are there again afterwards.
#[tokio::test]
async fn an_elevation_of_the_operator_rests_meanwhile() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    session
        .elevate(hallpass::Elevation::new(otp()).right("admin"))
        .await
        .unwrap();
    client.close(&session).await;
    act(&world, &mut client).await;
    let session = client.visit(&world).await;
    assert_eq!(session.elevation(), None);
    stop(&world, &mut client).await;
    assert!(client.visit(&world).await.elevation().is_some());
}

/// It takes no place of the subject's, shows in the operator's list, and ends with the operator.
#[tokio::test]
async fn the_session_stays_that_of_the_operator() {
    let world = World::limited(1, hallpass::AtLimit::EvictOldest);
    let mut alice = Client::logged_in(&world, "alice").await;
    let client = acting(&world).await;
    assert_eq!(id(&alice.visit(&world).await).as_deref(), Some("alice"));
    let of_alice = world.manager.list(&subject("alice")).await.unwrap();
    assert_eq!(of_alice.len(), 1);
    let of_support = world.manager.list(&subject("support")).await.unwrap();
    let shown = of_support[0]
        .impersonating
        .as_ref()
        .map(|it| it.subject().clone());
    assert_eq!(shown, Some(subject("alice")));
    let by = hallpass::Revocation::by("operator");
    world
        .manager
        .revoke_subject(&subject("support"), by)
        .await
        .unwrap();
    assert_eq!(id(&client.open(&world).await), None);
}

/// Who did it is told, also where it is done in the subject's name.
#[tokio::test]
async fn what_is_ended_for_a_subject_names_the_operator() {
    let world = World::new();
    let alice = Client::logged_in(&world, "alice").await;
    let client = acting(&world).await;
    let session = client.open(&world).await;
    assert_eq!(session.revoke_others().await.unwrap(), 1);
    let ended = alice.open(&world).await.end_reason();
    let Some(EndReason::Revoked(revocation)) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(revocation.who(), "subject:support as subject:alice");
}

#[tokio::test]
async fn events_name_the_subject_and_the_operator() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let _earlier = world.events.take();
    act(&world, &mut client).await;
    stop(&world, &mut client).await;
    let until = world.manager.now().saturating_add(minutes(60));
    let events = world.events.take_all();
    let told: Vec<_> = events
        .iter()
        .map(|event| (&event.subject, &event.actor, &event.kind))
        .collect();
    let (alice, support) = (Some(subject("alice")), Some(subject("support")));
    let begun = EventKind::Impersonating {
        reason: "ticket 4711".to_owned(),
        until,
    };
    assert_eq!(
        told,
        [
            (&alice, &support, &begun),
            (&alice, &support, &EventKind::ImpersonationEnded),
        ]
    );
}

/// Race 10: a login from within takes nothing along, not even to the operator.
#[tokio::test]
async fn a_login_from_within_an_impersonation_takes_nothing_along() {
    for whose in ["alice", "support", "bob"] {
        let world = World::new();
        let mut client = acting(&world).await;
        let session = client.open(&world).await;
        session.insert(Cart::key(), Cart(2)).unwrap();
        client.close(&session).await;
        let session = client.open(&world).await;
        let login: Login = login(whose);
        let _outcome = session.login(login).await.unwrap();
        client.close(&session).await;
        let session = client.visit(&world).await;
        let facts = (
            id(&session),
            session.actor(),
            session.get(Cart::key()).unwrap(),
        );
        assert_eq!(facts, (Some(whose.to_owned()), None, None));
    }
}

/// SES-09: whoever reopens a locked session is the operator.
#[tokio::test]
async fn a_locked_session_reopens_as_the_operators_own() {
    let policy = StandardPolicy::aal2().max_impersonation(minutes(600));
    let world = World::with(policy);
    let mut client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    act(&world, &mut client).await;
    world.clock.advance(minutes(61));
    let session = client.open(&world).await;
    assert_eq!(session.locked(), Some(subject("support")));
    // The page on which to reopen it may have a form with a token.
    session.begin().await.unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    assert_eq!(session.locked(), Some(subject("support")));
    session.raise(otp()).await.unwrap();
    client.close(&session).await;
    let session = client.visit(&world).await;
    let facts = (id(&session), session.actor(), session.get("n").unwrap());
    assert_eq!(facts, (Some("support".to_owned()), None, Some(1)));
}

/// Race 37: what streams for the subject ends with the impersonation.
#[tokio::test]
async fn a_stream_for_the_subject_ends_with_the_impersonation() {
    let world = World::new();
    let mut client = acting(&world).await;
    let stream = client.visit(&world).await.detach();
    let mut ended = pin!(stream.ended());
    assert!(poll!(&mut ended).is_pending());
    stop(&world, &mut client).await;
    assert_eq!(ended.await, EndReason::Superseded);
}

/// A secret that is bound to the session is another one for each of whom it stands for.
#[tokio::test]
async fn a_derived_secret_follows_the_login_and_not_the_token() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let secret = |session: &hallpass::Session| session.derived_secret("form").unwrap();
    let session = client.visit(&world).await;
    let first = secret(&session);
    assert_ne!(Some(first), session.derived_secret("mail"));
    world.clock.advance(minutes(16));
    let before = client.session.clone();
    client.visit(&world).await;
    assert_ne!(client.session, before, "the token was renewed");
    let mut seen = vec![secret(&client.visit(&world).await)];
    assert_eq!(seen, [first]);
    client.step_up(&world).await;
    seen.push(secret(&client.visit(&world).await));
    act(&world, &mut client).await;
    seen.push(secret(&client.visit(&world).await));
    stop(&world, &mut client).await;
    seen.push(secret(&client.visit(&world).await));
    client.log_in(&world, "support").await;
    seen.push(secret(&client.visit(&world).await));
    seen.push(secret(
        &Client::logged_in(&world, "support")
            .await
            .open(&world)
            .await,
    ));
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), 6);
    assert_eq!(
        Client::new().open(&world).await.derived_secret("form"),
        None
    );
}

/// CSRF-11: a visitor can be given something to send back.
#[tokio::test]
async fn an_anonymous_session_begins_where_something_is_bound_to_it() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.begin().await.unwrap();
    session.begin().await.unwrap();
    let secret = session.derived_secret("form");
    assert!(secret.is_some());
    client.close(&session).await;
    assert_eq!(client.visit(&world).await.derived_secret("form"), secret);
    assert_eq!(
        world.operations(),
        [
            hallpass::StoreOperation::Create,
            hallpass::StoreOperation::Load
        ]
    );
}

/// Race 13: who lost the answer is the operator, and can go on.
#[tokio::test]
async fn an_operator_whose_answer_was_lost_can_try_again() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    for attempt in 0..2 {
        let session = client.open(&world).await;
        session.impersonate(as_alice()).await.unwrap();
        let _lost = session.finish(false).await;
        let session = client.open(&world).await;
        assert!(matches!(
            session.end_impersonation().await,
            Err(SessionError::Stale)
        ));
        world.clock.advance(minutes(6));
        let session = client.open(&world).await;
        let facts = (id(&session), session.actor(), session.get("n").unwrap());
        assert_eq!(
            facts,
            (Some("support".to_owned()), None, Some(1)),
            "{attempt}"
        );
    }
    let session = client.open(&world).await;
    session.end_impersonation().await.unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    session.update("n", |n: &mut u32| *n += 1).unwrap();
    client.close(&session).await;
    assert_eq!(client.visit(&world).await.get("n").unwrap(), Some(2));
}

/// A raise that nobody got is not kept by a detour.
#[tokio::test]
async fn an_impersonation_keeps_no_level_that_was_lost() {
    let world = World::new();
    let client = Client::logged_in(&world, "support").await;
    let session = client.open(&world).await;
    session.raise(otp()).await.unwrap();
    let _lost = session.finish(false).await;
    world.clock.advance(minutes(6));
    let session = client.open(&world).await;
    session.impersonate(as_alice()).await.unwrap();
    session.end_impersonation().await.unwrap();
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
}
