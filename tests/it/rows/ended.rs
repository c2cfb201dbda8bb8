//! Races 1 to 6: ended sessions that come back. Each looks into the store.

use hallpass::AtLimit;
use hallpass::EndReason;
use hallpass::EpochScope;
use hallpass::Load;
use hallpass::OnReplay;
use hallpass::Revocation;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StandardPolicyBuilder;
use hallpass::StoreOperation;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

/// Everything that a slow request may still have to do.
struct Slow {
    handle: SessionHandle,
    commit: Session,
    touch: Session,
    stream: Session,
    now: Session,
}

impl Slow {
    /// Requests that loaded the session, with a touch due.
    async fn of(world: &World, client: &Client) -> Self {
        world.clock.advance(minutes(2));
        let commit = client.open(world).await;
        commit.insert("late", 1).unwrap();
        let stream = client.open(world).await.detach();
        stream.insert("late", 1).unwrap();
        Self {
            handle: commit.handle().unwrap(),
            commit,
            touch: client.open(world).await,
            stream,
            now: client.open(world).await,
        }
    }

    /// Lets all of them write, and looks for the session on every way to it.
    async fn write_in_vain(self, world: &World, reason: &EndReason) {
        for refused in [
            self.commit.finish(false).await.refusal,
            self.stream.save().await.err(),
            self.now
                .update_now("late", |n: &mut i32| *n += 1)
                .await
                .err(),
            self.now
                .raise(hallpass::Authentication::password())
                .await
                .err(),
            self.now.lower(hallpass::AssuranceLevel::Aal1).await.err(),
        ] {
            assert!(matches!(refused, Some(SessionError::Ended)), "{refused:?}");
        }
        assert!(self.touch.finish(false).await.refusal.is_none());
        let found = world.store.load(self.handle, world.manager.now()).await;
        let Load::Ended(tombstone) = found.unwrap() else {
            panic!("it lives")
        };
        assert_eq!(tombstone.reason(), reason);
        let listed = world.manager.list(&subject("alice")).await.unwrap();
        assert!(listed.iter().all(|info| info.handle != self.handle));
    }
}

fn revocation() -> Revocation {
    Revocation::by("support")
}

/// Races 1 and 3.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_its_logout() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let slow = Slow::of(&world, &client).await;
    client.open(&world).await.logout().await.unwrap();
    slow.write_in_vain(&world, &EndReason::Logout).await;
}

/// Race 2, with a revocation from another node.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_a_revocation_on_another_node() {
    let world = World::new();
    let other = world.second_node(StandardPolicy::builder());
    let client = Client::logged_in(&world, "alice").await;
    let slow = Slow::of(&world, &client).await;
    let ended = other.manager.revoke(slow.handle, revocation()).await;
    assert_eq!(ended.unwrap(), hallpass::Revoked::Ended);
    let reason = EndReason::Revoked(revocation());
    slow.write_in_vain(&world, &reason).await;
}

/// Race 2, with the end of all sessions of the subject on another node.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_all_of_the_subject_were_revoked() {
    let world = World::new();
    let other = world.second_node(StandardPolicy::builder());
    let client = Client::logged_in(&world, "alice").await;
    let slow = Slow::of(&world, &client).await;
    let alice = subject("alice");
    let ended = other.manager.revoke_subject(&alice, revocation()).await;
    assert_eq!(ended.unwrap(), 1);
    let reason = EndReason::Revoked(revocation());
    slow.write_in_vain(&world, &reason).await;
}

/// Race 2, with an epoch that was counted up on another node.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_everybody_was_ended() {
    for scope in [EpochScope::Everybody, EpochScope::Subject(subject("alice"))] {
        let world = World::new();
        let other = world.second_node(StandardPolicy::builder());
        let client = Client::logged_in(&world, "alice").await;
        let slow = Slow::of(&world, &client).await;
        other.manager.revoke_all(scope, revocation()).await.unwrap();
        let reason = EndReason::Revoked(revocation());
        slow.write_in_vain(&world, &reason).await;
    }
}

/// Race 2, with an eviction by the limit.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_its_eviction() {
    for at_limit in [AtLimit::EvictOldest, AtLimit::EvictLeastRecentlyUsed] {
        let world = World::limited(1, at_limit);
        let client = Client::logged_in(&world, "alice").await;
        let slow = Slow::of(&world, &client).await;
        Client::logged_in(&world, "alice").await;
        slow.write_in_vain(&world, &EndReason::Evicted).await;
        let listed = world.manager.list(&subject("alice")).await.unwrap();
        assert_eq!(listed.len(), 1, "and the limit holds");
    }
}

/// Race 2, with an expiry by the idle timeout.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_its_idle_timeout() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let slow = Slow::of(&world, &client).await;
    world.clock.advance(minutes(28));
    slow.write_in_vain(&world, &EndReason::Idle).await;
}

/// Race 2, with an expiry by the absolute timeout.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_its_absolute_timeout() {
    let policy = StandardPolicy::builder()
        .idle(minutes(60))
        .absolute(minutes(60));
    let world = World::with(policy);
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(30));
    client.visit(&world).await;
    client.visit(&world).await;
    world.clock.advance(minutes(20));
    let slow = Slow::of(&world, &client).await;
    world.clock.advance(minutes(8));
    slow.write_in_vain(&world, &EndReason::Absolute).await;
}

/// Race 2, with a login that replaces the session.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_the_next_login() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let slow = Slow::of(&world, &client).await;
    client.log_in(&world, "alice").await;
    slow.write_in_vain(&world, &EndReason::Superseded).await;
    let session = client.open(&world).await;
    assert_eq!(session.get::<i32>("late").unwrap(), None);
}

/// Race 2, with a replay that ends the session.
#[tokio::test]
async fn nothing_slow_brings_a_session_back_after_a_replay() {
    for on_replay in [OnReplay::EndSession, OnReplay::EndSubject] {
        let world = World::with(StandardPolicy::builder().on_replay(on_replay));
        let mut client = Client::logged_in(&world, "alice").await;
        let thief = client.thief();
        world.clock.advance(minutes(16));
        client.visit(&world).await;
        client.visit(&world).await;
        world.clock.advance(minutes(6));
        let slow = Slow::of(&world, &client).await;
        assert_eq!(thief.open(&world).await.subject(), None);
        slow.write_in_vain(&world, &EndReason::Replayed).await;
    }
}

/// Race 2, with a renewal in between: the slow write is applied, and the renewal stays.
#[tokio::test]
async fn a_slow_write_takes_no_renewal_back() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(16));
    let slow = client.open(&world).await;
    slow.insert("late", 1).unwrap();
    let stream = client.open(&world).await.detach();
    client.visit(&world).await;
    client.visit(&world).await;
    let renewed = client.session.clone();
    assert!(slow.finish(false).await.refusal.is_none());
    stream.insert("later", 2).unwrap();
    stream.save().await.unwrap();
    world.clock.advance(minutes(6));
    let session = client.visit(&world).await;
    assert_eq!(session.get::<i32>("late").unwrap(), Some(1));
    assert_eq!(session.get::<i32>("later").unwrap(), Some(2));
    assert_eq!(client.session, renewed, "it is still the current one");
    assert!(!world.events.take().contains(&hallpass::EventKind::Replayed));
}

/// Races 1 and 2, for sessions without a subject.
#[tokio::test]
async fn nothing_slow_brings_an_anonymous_session_back() {
    for logs_in in [true, false] {
        let world = World::new();
        let mut client = Client::new();
        let session = client.open(&world).await;
        session.insert("n", 1).unwrap();
        client.close(&session).await;
        world.clock.advance(minutes(2));
        let (slow, touch) = (client.open(&world).await, client.open(&world).await);
        let handle = slow.handle().unwrap();
        slow.insert("late", 1).unwrap();
        if logs_in {
            client.log_in(&world, "alice").await;
        } else {
            client.open(&world).await.logout().await.unwrap();
        }
        let refusal = slow.finish(false).await.refusal;
        assert!(matches!(refusal, Some(SessionError::Ended)), "{refusal:?}");
        let delivery = touch.finish(false).await.delivery;
        assert_eq!(delivery, hallpass::Delivery::default());
        let found = world.store.load(handle, world.manager.now()).await;
        assert!(matches!(found.unwrap(), Load::Ended(_)));
    }
}

/// Race 2: a login that is slower than the end of the session it replaces begins anew, and takes
/// nothing of it along.
#[tokio::test]
async fn a_slow_login_takes_nothing_of_an_ended_session_along() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    let slow = client.open(&world).await;
    let revoked = world.manager.revoke(slow.handle().unwrap(), revocation());
    assert_eq!(revoked.await.unwrap(), hallpass::Revoked::Ended);
    let login = login("alice").carry_over(hallpass::CarryOver::DangerAll);
    let _outcome = slow.login(login).await.unwrap();
    client.close(&slow).await;
    let session = client.open(&world).await;
    assert!(session.subject().is_some());
    assert_eq!(session.get::<i32>("n").unwrap(), None);
}

/// Race 6: there is no cache in the process, so the bound is zero: the very next request on any
/// node asks the store, and sees the end.
#[tokio::test]
async fn the_next_request_on_another_node_sees_the_end() {
    let policy = || -> StandardPolicyBuilder { StandardPolicy::builder() };
    let world = World::new();
    let other = world.second_node(policy());
    let mut client = Client::logged_in(&world, "alice").await;
    for node in [&world, &other, &world, &other] {
        world.operations();
        client.visit(node).await;
        assert_eq!(world.operations(), [StoreOperation::Load]);
    }
    client.open(&world).await.logout().await.unwrap();
    for node in [&other, &world] {
        let session = client.open(node).await;
        assert_eq!(session.subject(), None);
        assert_eq!(session.end_reason(), Some(EndReason::Logout));
    }
    world.clock.advance(seconds(1));
    assert_eq!(client.open(&other).await.subject(), None);
}
