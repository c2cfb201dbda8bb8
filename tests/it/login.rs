//! Login, logout, limits and lists.

use hallpass::AtLimit;
use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Instruction;
use hallpass::LoginOutcome;
use hallpass::Revoked;
use hallpass::SessionError;
use hallpass::SessionHandle;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::login;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

async fn anonymous(world: &World) -> Client {
    let mut client = Client::new();
    let session = client.open(world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    client
}

/// SES-04 and race 8: a new handle and a new token; the old token is dead at once.
#[tokio::test]
async fn a_login_makes_a_new_session_and_ends_the_one_before() {
    let world = World::new();
    let mut client = anonymous(&world).await;
    let straggler = client.clone();
    let before = client.open(&world).await.handle();
    client.log_in(&world, "alice").await;
    let session = client.open(&world).await;
    assert_ne!(session.handle(), before);
    assert_eq!(id(&session).as_deref(), Some("alice"));
    assert_eq!(client.anonymous, None);
    assert_eq!(straggler.open(&world).await.handle(), None);
}

/// Race 8: what was started with the old token never writes into the new session.
#[tokio::test]
async fn a_request_with_the_planted_token_can_not_write_into_the_new_session() {
    let world = World::new();
    let mut client = anonymous(&world).await;
    let slow = client.open(&world).await;
    client.log_in(&world, "alice").await;
    slow.insert("planted", 1).unwrap();
    let finished = slow.finish(false).await;
    assert!(matches!(finished.refusal, Some(SessionError::Ended)));
    assert_eq!(
        client.open(&world).await.get::<i32>("planted").unwrap(),
        None
    );
}

/// Races 9 and 51: its answer changes no cookie.
#[tokio::test]
async fn a_straggler_with_the_token_from_before_the_login_is_anonymous_and_removes_nothing() {
    let world = World::new();
    let mut client = anonymous(&world).await;
    let mut straggler = client.clone();
    client.log_in(&world, "alice").await;
    let session = straggler.open(&world).await;
    assert_eq!(session.subject(), None);
    let finished = straggler.answer(&session).await;
    assert_eq!(finished.delivery, hallpass::Delivery::default());
}

/// Race 51: neither is a cookie removed for a session that ended otherwise.
#[tokio::test]
async fn the_token_of_an_ended_session_is_not_removed() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(31));
    let session = client.open(&world).await;
    assert_eq!(session.end_reason(), Some(EndReason::Idle));
    assert_eq!(
        client.answer(&session).await.delivery,
        hallpass::Delivery::default()
    );
}

/// Race 10.
#[tokio::test]
async fn a_login_as_another_subject_inherits_nothing() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.insert("secret", 1).unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    let login = login("bob").carry_over(hallpass::CarryOver::DangerAll);
    let _outcome = session.login(login).await.unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    assert_eq!(id(&session).as_deref(), Some("bob"));
    assert_eq!(session.get::<i32>("secret").unwrap(), None);
}

/// Race 7: a token that nobody issued is never adopted.
#[tokio::test]
async fn a_well_formed_token_that_nobody_issued_is_never_adopted() {
    let world = World::new();
    let mut client = Client::new();
    client.session = hallpass::SessionToken::parse(&[b'A'; 64]).ok();
    client.anonymous = hallpass::SessionToken::parse(&[b'B'; 64]).ok();
    let (planted, session) = (client.clone(), client.open(&world).await);
    assert_eq!(
        world.events.take(),
        [EventKind::Unknown, EventKind::Unknown]
    );
    session.insert("n", 1).unwrap();
    session.clear().unwrap();
    session.insert("n", 2).unwrap();
    client.close(&session).await;
    assert_ne!(client.anonymous, planted.anonymous);
    let session = planted.open(&world).await;
    assert_eq!(session.get::<i32>("n").unwrap(), None);
}

/// CK-15: a token counts only in the place that it was made for.
#[tokio::test]
async fn a_token_in_the_wrong_place_is_unknown() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    std::mem::swap(&mut client.session, &mut client.anonymous);
    assert_eq!(client.open(&world).await.subject(), None);
    let mut client = anonymous(&world).await;
    std::mem::swap(&mut client.session, &mut client.anonymous);
    assert_eq!(client.open(&world).await.handle(), None);
}

/// SES-14 and race 1.
#[tokio::test]
async fn a_slow_request_that_commits_after_the_logout_does_not_bring_the_session_back() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let straggler = client.clone();
    let slow = client.open(&world).await;
    let session = client.open(&world).await;
    session.logout().await.unwrap();
    let finished = client.answer(&session).await;
    assert_eq!(finished.delivery.session, Instruction::Remove);
    slow.insert("n", 1).unwrap();
    assert!(matches!(
        slow.finish(false).await.refusal,
        Some(SessionError::Ended)
    ));
    let session = straggler.open(&world).await;
    assert_eq!(
        (session.handle(), session.end_reason()),
        (None, Some(EndReason::Logout))
    );
}

#[tokio::test]
async fn a_slow_request_without_changes_keeps_its_answer() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let slow = client.open(&world).await;
    client.open(&world).await.logout().await.unwrap();
    assert!(slow.finish(false).await.refusal.is_none());
}

#[tokio::test]
async fn after_a_logout_the_first_value_begins_an_anonymous_session() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.insert("gone", 1).unwrap();
    session.logout().await.unwrap();
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    assert!(client.session.is_none() && client.anonymous.is_some());
    let session = client.open(&world).await;
    assert_eq!(session.get::<i32>("n").unwrap(), Some(1));
    assert_eq!(session.get::<i32>("gone").unwrap(), None);
}

/// Races 26 and 27.
#[tokio::test]
async fn a_login_beyond_the_limit_is_denied_with_the_list() {
    let world = World::limited(1, AtLimit::Reject);
    let first = Client::logged_in(&world, "alice").await;
    let mut second = Client::new();
    let session = second.open(&world).await;
    let LoginOutcome::Denied { active } = session.login(login("alice")).await.unwrap() else {
        panic!("not denied")
    };
    second.close(&session).await;
    let handles: Vec<_> = active.iter().map(|info| Some(info.handle)).collect();
    assert_eq!(handles, [first.open(&world).await.handle()]);
    assert_eq!((&second.session, session.subject()), (&None, None));
}

/// Race 27.
#[tokio::test]
async fn an_evicted_client_learns_why() {
    let world = World::limited(1, AtLimit::EvictOldest);
    let first = Client::logged_in(&world, "alice").await;
    let _second = Client::logged_in(&world, "alice").await;
    let session = first.open(&world).await;
    assert_eq!(
        (session.subject(), session.end_reason()),
        (None, Some(EndReason::Evicted))
    );
}

#[tokio::test]
async fn a_login_over_a_login_counts_once() {
    let world = World::limited(1, AtLimit::Reject);
    let mut client = Client::logged_in(&world, "alice").await;
    client.log_in(&world, "alice").await;
    assert_eq!(
        world.manager.list(&subject("alice")).await.unwrap().len(),
        1
    );
}

/// Race 25.
#[tokio::test]
async fn a_session_that_expired_on_its_own_frees_its_place() {
    let world = World::limited(1, AtLimit::Reject);
    let _first = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(30));
    Client::logged_in(&world, "alice").await;
}

/// SES-18.
#[tokio::test]
async fn a_subject_lists_and_ends_its_own_sessions() {
    let world = World::new();
    let laptop = Client::logged_in(&world, "alice").await;
    world.clock.advance(seconds(1));
    let phone = Client::logged_in(&world, "alice").await;
    let session = laptop.open(&world).await;
    let handles: Vec<_> = session
        .sessions()
        .await
        .unwrap()
        .iter()
        .map(|info| info.handle)
        .collect();
    let phone_handle = phone.open(&world).await.handle().unwrap();
    assert_eq!(handles, [phone_handle, session.handle().unwrap()]);
    assert_eq!(session.revoke(phone_handle).await.unwrap(), Revoked::Ended);
    assert_eq!(
        session.revoke(phone_handle).await.unwrap(),
        Revoked::AlreadyEnded
    );
    let ended = phone.open(&world).await.end_reason().unwrap();
    assert_eq!(ended.as_str(), "revoked");
}

/// Race 46: nobody ends or sees what is somebody else's.
#[tokio::test]
async fn a_subject_can_not_end_the_session_of_another() {
    let world = World::new();
    let alice = Client::logged_in(&world, "alice").await;
    let bob = Client::logged_in(&world, "bob").await;
    let handle = alice.open(&world).await.handle().unwrap();
    let session = bob.open(&world).await;
    assert_eq!(session.revoke(handle).await.unwrap(), Revoked::Missing);
    assert_eq!(session.sessions().await.unwrap().len(), 1);
    assert!(alice.open(&world).await.subject().is_some());
    let missing = SessionHandle::from_bytes([9; 16]);
    assert_eq!(session.revoke(missing).await.unwrap(), Revoked::Missing);
}

/// SES-16.
#[tokio::test]
async fn ending_all_others_keeps_exactly_one() {
    let world = World::new();
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(Client::logged_in(&world, "alice").await);
    }
    assert_eq!(
        clients[2].open(&world).await.revoke_others().await.unwrap(),
        3
    );
    let mut live = Vec::new();
    for client in &clients {
        live.push(client.open(&world).await.subject().is_some());
    }
    assert_eq!(live, [false, false, true, false]);
}

#[tokio::test]
async fn what_needs_a_login_says_so() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    assert!(matches!(
        session.revoke_others().await,
        Err(SessionError::NotLoggedIn)
    ));
    assert!(matches!(
        session.raise(hallpass::Authentication::password()).await,
        Err(SessionError::NotLoggedIn)
    ));
    assert_eq!(session.sessions().await.unwrap(), []);
}

/// Race 20: remembered sessions keep their own limits, and only their cookie outlives the browser.
#[tokio::test]
async fn a_remembered_session_keeps_limits_of_its_own() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    let _outcome = session.login(login("alice").remember(true)).await.unwrap();
    let finished = client.answer(&session).await;
    let Instruction::Set { max_age, .. } = finished.delivery.session else {
        panic!("no token")
    };
    assert_eq!(max_age, Some(seconds(30 * 86_400)));
    world.clock.advance(minutes(60 * 24));
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    let finished = client.answer(&session).await;
    let Instruction::Set { max_age, .. } = finished.delivery.session else {
        panic!("no renewal")
    };
    assert_eq!(max_age, Some(seconds(29 * 86_400)));
    world.clock.advance(minutes(60 * 24 * 13));
    assert!(client.open(&world).await.subject().is_some());
}

/// SES-15 and SES-17.
#[tokio::test]
async fn operators_end_the_sessions_of_a_subject_and_of_everybody() {
    use hallpass::EpochScope;
    use hallpass::Revocation;

    let world = World::new();
    let alice = [
        Client::logged_in(&world, "alice").await,
        Client::logged_in(&world, "alice").await,
    ];
    let bob = Client::logged_in(&world, "bob").await;
    let visitor = anonymous(&world).await;
    let ended = world
        .manager
        .revoke_subject(&subject("alice"), Revocation::by("support"))
        .await
        .unwrap();
    assert_eq!(ended, 2);
    assert!(alice[0].open(&world).await.subject().is_none());
    assert!(bob.open(&world).await.subject().is_some());
    world
        .manager
        .revoke_all(EpochScope::Everybody, Revocation::by("ops"))
        .await
        .unwrap();
    assert_eq!(
        bob.open(&world).await.end_reason().unwrap().as_str(),
        "revoked"
    );
    assert_eq!(visitor.open(&world).await.handle(), None);
    let bob = Client::logged_in(&world, "bob").await;
    assert!(
        bob.open(&world).await.subject().is_some(),
        "a later login is untouched"
    );
}
