//! What has ended stays ended, for everybody, at once.

use std::num::NonZeroU32;
use std::sync::Barrier;

use hallpass::AtLimit;
use hallpass::ConfigError;
use hallpass::EndReason;
use hallpass::EpochScope;
use hallpass::EventKind;
use hallpass::Limits;
use hallpass::LoginOutcome;
use hallpass::Revocation;
use hallpass::StandardPolicy;
use hallpass::StoreOperation;

use super::unlimited;
use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;
use crate::world::subject;

/// SES-14: of ten thousand requests that begin after a session was ended, at once and on two
/// threads, none is accepted, however it was ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_ten_thousand_requests_after_an_ending_is_accepted() {
    let by = || Revocation::by("test");
    for way in ["logout", "revoke", "subject", "everybody"] {
        let world = World::new();
        let client = Client::logged_in(&world, "alice").await;
        let session = client.open(&world).await;
        let handle = session.handle().unwrap();
        match way {
            "logout" => session.logout().await.unwrap(),
            "revoke" => {
                let _ended = world.manager.revoke(handle, by()).await.unwrap();
            }
            "subject" => {
                let alice = subject("alice");
                let ended = world.manager.revoke_subject(&alice, by()).await.unwrap();
                assert_eq!(ended, 1);
            }
            _ => {
                let scope = EpochScope::Everybody;
                world.manager.revoke_all(scope, by()).await.unwrap();
            }
        }
        let requests: Vec<_> = (0..10_000)
            .map(|_| {
                let (world, client) = (world.clone(), client.clone());
                tokio::spawn(async move { client.open(&world).await.handle().is_some() })
            })
            .collect();
        let mut accepted = 0;
        for request in requests {
            accepted += u32::from(request.await.unwrap());
        }
        assert_eq!(accepted, 0, "{way}");
    }
}

/// SES-32: a request that saves while its session is revoked never brings it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_that_races_a_revocation_never_brings_the_session_back() {
    let world = unlimited();
    for round in 0..2_000 {
        let client = Client::logged_in(&world, "alice").await;
        let slow = client.open(&world).await;
        let handle = slow.handle().unwrap();
        slow.insert("round", round).unwrap();
        let saving = tokio::spawn(async move { slow.finish(false).await });
        let manager = world.manager.clone();
        let revoking =
            tokio::spawn(async move { manager.revoke(handle, Revocation::by("test")).await });
        let _saved_or_refused = saving.await.unwrap();
        let _ended = revoking.await.unwrap().unwrap();
        let session = client.open(&world).await;
        assert_eq!(
            (session.handle(), session.end_reason()),
            (None, Some(EndReason::Revoked(Revocation::by("test")))),
            "round {round}"
        );
    }
}

/// SES-17: ending everybody's sessions costs two calls of the store, for one session as for a
/// thousand, and none of them is accepted afterwards.
#[tokio::test]
async fn ending_everybody_costs_the_same_for_a_thousand_sessions_as_for_one() {
    for count in [1, 1_000] {
        let world = World::new();
        let mut clients = Vec::new();
        for number in 0..count {
            clients.push(Client::logged_in(&world, &format!("user{number}")).await);
        }
        world.operations();
        world.events.take();
        let revocation = Revocation::by("ops").because("keys were stolen");
        let everybody = EpochScope::Everybody;
        world
            .manager
            .revoke_all(everybody, revocation.clone())
            .await
            .unwrap();
        assert_eq!(
            world.operations(),
            [StoreOperation::Advance, StoreOperation::Publish]
        );
        let reason = EndReason::Revoked(revocation);
        let told = EventKind::EndedAll {
            tenant: None,
            reason: reason.clone(),
        };
        assert_eq!(world.events.take(), [told]);
        for client in clients {
            assert_eq!(client.open(&world).await.end_reason(), Some(reason.clone()));
        }
    }
}

/// SES-15: a disabled account loses all its sessions, on every device and in whatever state, and
/// nobody else loses one.
#[tokio::test]
async fn a_disabled_account_loses_every_session_and_nobody_else_one() {
    let world = World::with(StandardPolicy::aal2());
    let locked = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(61));
    let mut renewed = Client::logged_in(&world, "alice").await;
    let bystander = Client::logged_in(&world, "bob").await;
    world.clock.advance(minutes(16));
    let parent = renewed.clone();
    renewed.visit(&world).await;
    assert_ne!(renewed.session, parent.session);
    let ended = world
        .manager
        .revoke_subject(&subject("alice"), Revocation::by("support"))
        .await
        .unwrap();
    assert_eq!(ended, 2);
    for client in [locked, parent, renewed] {
        let session = client.open(&world).await;
        assert_eq!((session.handle(), session.locked()), (None, None));
    }
    assert!(bystander.open(&world).await.subject().is_some());
    let alice = subject("alice");
    assert_eq!(world.manager.list(&alice).await.unwrap(), []);
}

/// SES-20: sixty-four threads log one subject in at the same moment, and never leave more sessions
/// than the limit, whatever happens at it.
#[test]
fn sixty_four_threads_that_log_in_at_once_never_leave_more_than_the_limit() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    for at_limit in [
        AtLimit::EvictLeastRecentlyUsed,
        AtLimit::EvictOldest,
        AtLimit::Reject,
    ] {
        let world = World::limited(3, at_limit);
        let start = Barrier::new(64);
        let log_in = || {
            start.wait();
            runtime.block_on(async {
                let session = Client::new().open(&world).await;
                let outcome = session.login(login("alice")).await.unwrap();
                let live = world.manager.list(&subject("alice")).await.unwrap().len();
                assert!(live <= 3, "{live} sessions, {at_limit:?}");
                matches!(outcome, LoginOutcome::LoggedIn { .. })
            })
        };
        let logged_in = std::thread::scope(|scope| {
            let threads = [(); 64].map(|()| scope.spawn(log_in));
            threads
                .into_iter()
                .map(|thread| usize::from(thread.join().unwrap()))
                .sum::<usize>()
        });
        let expected = if at_limit == AtLimit::Reject { 3 } else { 64 };
        assert_eq!(logged_in, expected, "{at_limit:?}");
        let left = runtime.block_on(world.manager.list(&subject("alice")));
        assert_eq!(left.unwrap().len(), 3);
    }
}

/// SES-20: limits that contradict each other are refused when they are built, and named.
#[test]
fn limits_that_contradict_each_other_are_refused_by_name() {
    let hour = minutes(60);
    for (builder, text) in [
        (
            Limits::builder().idle(hour * 2).absolute(hour),
            "`idle` must not exceed `absolute`",
        ),
        (
            Limits::builder().absolute(std::time::Duration::ZERO),
            "`absolute` must not be zero",
        ),
        (
            Limits::builder().touch_step(hour),
            "`touch_step` must not exceed `half of idle`",
        ),
        (
            Limits::builder().renew_every(minutes(1)),
            "`repair plus grace plus twice max_skew` must not exceed `renew_every`",
        ),
    ] {
        let error: ConfigError = builder.build().unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    let five = NonZeroU32::new(5).unwrap();
    let limit = Limits::builder().build().unwrap().concurrency().unwrap();
    assert_eq!(
        (limit.max, limit.at_limit),
        (five, AtLimit::EvictLeastRecentlyUsed)
    );
}
