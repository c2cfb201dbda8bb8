//! Race 49: what somebody can do who knows the public name of a session.

use hallpass::AtLimit;
use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Load;
use hallpass::OnReplay;
use hallpass::Revocation;
use hallpass::Revoked;
use hallpass::SessionHandle;
use hallpass::SessionStore;
use hallpass::SessionToken;
use hallpass::StandardPolicy;
use hallpass::StoreOperation;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;
use crate::world::subject;

/// Forged tokens of this session: of each generation that might be of interest.
fn forged(handle: SessionHandle) -> Vec<Client> {
    let name = handle.to_string();
    // The four bytes of the generation stand in the last bits of the 22nd character and in the
    // five after it; the rest is a secret that nobody issued.
    let generations = ["AAAAA", "AAAAB", "AAAAC", "AAAAE", "AAABA", "_____"];
    let tokens = generations.map(|generation| {
        let text = format!("{}{generation}{}", &name[..22], "x".repeat(37));
        SessionToken::parse(text.as_bytes()).unwrap()
    });
    let tokens = tokens.into_iter().filter(|token| token.handle() == handle);
    tokens
        .map(|token| {
            let mut guesser = Client::new().thief();
            guesser.session = Some(token);
            guesser
        })
        .collect()
}

async fn stored(world: &World, handle: SessionHandle) -> Vec<u8> {
    match world.store.load(handle, world.manager.now()).await.unwrap() {
        Load::Live(record) => record.encode(),
        Load::Ended(_) | Load::Missing => panic!("the session is gone"),
    }
}

/// A client that is some generations on, and the name of its session.
async fn renewed(world: &World, times: u32) -> (Client, SessionHandle) {
    let mut client = Client::logged_in(world, "alice").await;
    for _ in 0..times {
        world.clock.advance(minutes(16));
        client.visit(world).await;
        client.visit(world).await;
    }
    let handle = client.open(world).await.handle().unwrap();
    (client, handle)
}

/// Race 49: a forged token costs one load, and not a byte of the session changes.
#[tokio::test]
async fn a_forged_token_costs_one_load_and_changes_nothing() {
    for on_replay in [OnReplay::EndSession, OnReplay::EndSubject] {
        let policy = StandardPolicy::builder().on_replay(on_replay);
        let world = World::with(policy);
        let (client, handle) = renewed(&world, 4).await;
        let before = stored(&world, handle).await;
        let guessers = forged(handle);
        assert_eq!(guessers.len(), 6);
        world.clock.advance(minutes(20));
        for mut guesser in guessers {
            world.operations();
            world.events.take();
            let session = guesser.visit(&world).await;
            assert_eq!((session.subject(), session.handle()), (None, None));
            assert_eq!(session.end_reason(), None);
            assert_eq!(world.operations(), [StoreOperation::Load]);
            assert_eq!(world.events.take(), [EventKind::Unknown]);
        }
        assert_eq!(stored(&world, handle).await, before);
        assert!(client.open(&world).await.subject().is_some());
    }
}

/// Race 49: nor does it do anything on the detours by which a request changes something.
#[tokio::test]
async fn nothing_that_a_forged_token_is_used_for_reaches_the_session() {
    let world = World::new();
    let (client, handle) = renewed(&world, 2).await;
    let before = stored(&world, handle).await;
    for mut guesser in forged(handle) {
        let session = guesser.open(&world).await;
        session.insert("n", 1).unwrap();
        assert!(
            session
                .raise(hallpass::Authentication::password())
                .await
                .is_err()
        );
        assert!(session.lower(hallpass::AssuranceLevel::Aal1).await.is_err());
        assert!(session.revoke(handle).await.is_err());
        assert!(session.revoke_others().await.is_err());
        session.logout().await.unwrap();
        let _outcome = session.login(login("mallory")).await.unwrap();
        assert_eq!(session.revoke(handle).await.unwrap(), Revoked::Missing);
        assert_eq!(session.revoke_others().await.unwrap(), 0);
        session.logout().await.unwrap();
        guesser.close(&session).await;
    }
    assert_eq!(stored(&world, handle).await, before);
    assert!(client.open(&world).await.subject().is_some());
}

/// Race 49: it is no use of the session, so it decides about no eviction.
#[tokio::test]
async fn a_forged_token_saves_no_session_from_eviction() {
    let world = World::limited(2, AtLimit::EvictLeastRecentlyUsed);
    let (_older, handle) = renewed(&world, 0).await;
    world.clock.advance(minutes(2));
    let newer = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(2));
    for mut guesser in forged(handle) {
        guesser.visit(&world).await;
    }
    let session = Client::new().open(&world).await;
    let _outcome = session.login(login("alice")).await.unwrap();
    assert!(newer.open(&world).await.subject().is_some());
    let found = world.store.load(handle, world.manager.now()).await.unwrap();
    let Load::Ended(tombstone) = found else {
        panic!("it was not evicted")
    };
    assert_eq!(tombstone.reason(), &EndReason::Evicted);
}

/// Race 49: after the session has ended, it tells nothing of why.
#[tokio::test]
async fn a_forged_token_is_not_told_why_a_session_ended() {
    let world = World::new();
    let (client, handle) = renewed(&world, 1).await;
    let support = Revocation::by("support");
    let ended = world.manager.revoke(handle, support).await;
    assert_eq!(ended.unwrap(), Revoked::Ended);
    assert!(client.open(&world).await.end_reason().is_some());
    for mut guesser in forged(handle) {
        world.operations();
        let session = guesser.visit(&world).await;
        assert_eq!(session.end_reason(), None);
        assert_eq!(world.operations(), [StoreOperation::Load]);
    }
}

/// Race 49: the steps that a guesser can cause are bounded. Once they are spent, older ancestors
/// are not followed until the next minute, and client and parent are judged all the same.
#[tokio::test]
async fn a_guesser_spends_bounded_walks_hides_no_replay_and_locks_nobody_out() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let ancestor = client.thief();
    for _ in 0..3 {
        world.clock.advance(minutes(16));
        client.visit(&world).await;
        client.visit(&world).await;
    }
    world.clock.advance(minutes(16));
    let mut parent = client.clone();
    client.visit(&world).await;
    let handle = client.open(&world).await.handle().unwrap();
    let old: Vec<_> = forged(handle)
        .into_iter()
        .filter(|guesser| guesser.session.as_ref().unwrap().generation() < 3)
        .collect();
    for turn in 0..1_000 {
        old[turn % old.len()].clone().visit(&world).await;
    }
    assert!(client.visit(&world).await.subject().is_some());
    let session = parent.visit(&world).await;
    assert!(
        session.subject().is_some(),
        "the parent is within the grace"
    );
    let reason = ancestor.open(&world).await.end_reason();
    assert_eq!(reason, Some(EndReason::Replayed), "guesses hide no replay");
}

/// Race 49, where nobody knows the name: a thousand well-formed tokens leave nothing behind
/// (SES-05).
#[tokio::test]
async fn a_thousand_guesses_leave_nothing_in_the_store() {
    let world = World::new();
    for turn in 0..1_000_u128 {
        let handle = SessionHandle::from_bytes(turn.to_be_bytes());
        let text = format!("{handle}{}", "A".repeat(42));
        let mut guesser = Client::new();
        guesser.session = SessionToken::parse(text.as_bytes()).ok();
        guesser.visit(&world).await;
        let found = world.store.load(handle, world.manager.now()).await;
        assert!(matches!(found.unwrap(), Load::Missing));
    }
    let mut told = world.events.take();
    told.retain(|kind| *kind != EventKind::ManyUnknown { count: 100 });
    assert_eq!(told, vec![EventKind::Unknown; 1_000]);
    let listed = world.manager.list(&subject("alice")).await.unwrap();
    assert_eq!(listed, []);
}
