//! Step-up, and locked sessions.

use std::future::Future;

use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::EndReason;
use hallpass::SessionError;
use hallpass::StandardPolicy;

use crate::world::Client;
use crate::world::World;
use crate::world::id;
use crate::world::level;
use crate::world::login;
use crate::world::minutes;
use crate::world::otp;
use crate::world::seconds;

/// SES-04 and race 13.
#[tokio::test]
async fn raising_the_assurance_keeps_the_handle_and_changes_the_token() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let before = client.clone();
    let session = client.open(&world).await;
    let handle = session.handle();
    session.raise(otp()).await.unwrap();
    client.close(&session).await;
    assert_ne!(client.session, before.session);
    let session = client.open(&world).await;
    assert_eq!(
        (session.handle(), level(&session)),
        (handle, Some(AssuranceLevel::Aal2))
    );
}

/// Race 13: parallel requests with the old token are not logged out and do not gain the level.
#[tokio::test]
async fn the_old_token_keeps_the_old_assurance_for_the_grace() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let mut straggler = client.clone();
    let session = client.open(&world).await;
    session.raise(otp()).await.unwrap();
    client.close(&session).await;
    client.visit(&world).await;
    world.clock.advance(minutes(5));
    let session = straggler.open(&world).await;
    assert_eq!(
        (id(&session).as_deref(), level(&session)),
        (Some("alice"), Some(AssuranceLevel::Aal1))
    );
    assert!(matches!(
        session.raise(otp()).await,
        Err(SessionError::Stale)
    ));
    let finished = straggler.answer(&session).await;
    assert_eq!(
        finished.delivery,
        hallpass::Delivery::default(),
        "it is given no token"
    );
    world.clock.advance(seconds(6));
    let session = straggler.open(&world).await;
    assert_eq!(session.end_reason(), Some(EndReason::Replayed));
}

#[tokio::test]
async fn changes_of_a_request_from_before_the_raise_are_dropped() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let slow = client.open(&world).await;
    let session = client.open(&world).await;
    session.insert("before", 1).unwrap();
    session.raise(otp()).await.unwrap();
    slow.insert("n", 1).unwrap();
    assert!(matches!(
        slow.finish(false).await.refusal,
        Some(SessionError::Ended)
    ));
    assert_eq!(session.get::<i32>("before").unwrap(), Some(1));
    assert!(session.finish(false).await.refusal.is_none());
}

/// SES-12.
#[tokio::test]
async fn lowering_changes_no_token_and_never_raises() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    let _outcome = session
        .login(login("alice").authentication(otp()))
        .await
        .unwrap();
    client.close(&session).await;
    let before = client.session.clone();
    let session = client.open(&world).await;
    session.lower(AssuranceLevel::Aal1).await.unwrap();
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
    session.lower(AssuranceLevel::Aal3).await.unwrap();
    client.close(&session).await;
    assert_eq!(client.session, before);
    assert_eq!(
        level(&client.open(&world).await),
        Some(AssuranceLevel::Aal1)
    );
}

#[tokio::test]
async fn lowering_reaches_the_token_from_before_the_raise() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    let _outcome = session
        .login(login("alice").authentication(otp()))
        .await
        .unwrap();
    client.close(&session).await;
    let straggler = client.clone();
    let session = client.open(&world).await;
    session
        .raise(Authentication::new(AssuranceLevel::Aal3).with_method("hwk"))
        .await
        .unwrap();
    client.close(&session).await;
    client
        .open(&world)
        .await
        .lower(AssuranceLevel::Aal1)
        .await
        .unwrap();
    assert_eq!(
        level(&straggler.open(&world).await),
        Some(AssuranceLevel::Aal1)
    );
}

/// SES-19, at the boundary.
#[tokio::test]
async fn a_recent_authentication_ages_by_the_clock() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    for (age, recent) in [(0, true), (59_999, true), (60_000, true), (60_001, false)] {
        let session = client.open(&world).await;
        let at = session
            .authentication()
            .unwrap()
            .authenticated_at()
            .unwrap();
        let elapsed = world.manager.now().since(at);
        world
            .clock
            .advance(std::time::Duration::from_millis(age) - elapsed);
        assert_eq!(
            session.is_recently_authenticated(seconds(60)),
            recent,
            "{age} ms"
        );
    }
}

/// SES-11: a full authentication starts the absolute timeout anew.
#[tokio::test]
async fn a_full_authentication_starts_the_absolute_timeout_anew() {
    let world = World::with(
        StandardPolicy::builder()
            .no_idle_timeout()
            .absolute(minutes(60)),
    );
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(50));
    let session = client.open(&world).await;
    session.raise(otp()).await.unwrap();
    client.close(&session).await;
    world.clock.advance(minutes(50));
    let session = client.open(&world).await;
    session.raise(Authentication::password()).await.unwrap();
    client.close(&session).await;
    assert_eq!(
        level(&session),
        Some(AssuranceLevel::Aal2),
        "one factor more takes none away"
    );
    world.clock.advance(minutes(10));
    assert_eq!(
        client.open(&world).await.end_reason(),
        Some(EndReason::Absolute),
        "one factor is no full authentication of a session with two"
    );
}

/// SES-09: locked between idle and absolute timeout, reopened by one factor.
#[tokio::test]
async fn one_factor_reopens_a_locked_session() {
    let world = World::with(StandardPolicy::aal2());
    let mut client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    world.clock.advance(minutes(61));
    let session = client.open(&world).await;
    assert_eq!((session.subject(), session.handle()), (None, None));
    assert_eq!(session.locked().unwrap().id(), "alice");
    assert_eq!(session.get::<i32>("n").unwrap(), None);
    session.raise(Authentication::password()).await.unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    assert_eq!(id(&session).as_deref(), Some("alice"));
    assert_eq!(session.get::<i32>("n").unwrap(), Some(1));
}

#[tokio::test]
async fn a_locked_session_is_not_kept_alive_by_requests() {
    let world = World::with(StandardPolicy::aal2());
    let mut client = Client::logged_in(&world, "alice").await;
    let slow = client.open(&world).await;
    world.clock.advance(minutes(61));
    slow.insert("n", 1).unwrap();
    assert!(matches!(
        slow.finish(false).await.refusal,
        Some(SessionError::Ended)
    ));
    client.visit(&world).await;
    assert!(client.open(&world).await.locked().is_some());
    world.clock.advance(minutes(60 * 23));
    let session = client.open(&world).await;
    assert_eq!(
        (session.locked(), session.end_reason()),
        (None, Some(EndReason::Absolute))
    );
}

#[tokio::test]
async fn a_login_or_a_logout_ends_the_locked_session() {
    for logs_in in [true, false] {
        let world = World::with(StandardPolicy::aal2());
        let mut client = Client::logged_in(&world, "alice").await;
        world.clock.advance(minutes(61));
        let locked = client.clone();
        let session = client.open(&world).await;
        if logs_in {
            let _outcome = session.login(login("alice")).await.unwrap();
        } else {
            session.logout().await.unwrap();
        }
        client.close(&session).await;
        assert_eq!(locked.open(&world).await.locked(), None);
    }
}

/// Race 13: a commit with the old token that shares a write with the raise gains nothing by it.
#[tokio::test]
async fn a_commit_beside_a_raise_does_not_gain_the_level() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let old = client.open(&world).await;
    let raising = client.open(&world).await;
    let blocker = client.open(&world).await;
    blocker.insert("first", 1).unwrap();
    old.insert("n", 1).unwrap();
    world.faults.script(
        hallpass::StoreOperation::Update,
        hallpass_testkit::Fault::Hang,
    );
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut leading = Box::pin(blocker.save());
    assert!(leading.as_mut().poll(&mut context).is_pending());
    let (mut saving, mut raised) = (Box::pin(old.save()), Box::pin(raising.raise(otp())));
    assert!(saving.as_mut().poll(&mut context).is_pending());
    assert!(raised.as_mut().poll(&mut context).is_pending());
    drop(leading);
    let (saved, raised) = futures_util::future::join(saving, raised).await;
    saved.unwrap();
    raised.unwrap();
    assert_eq!(level(&old), Some(AssuranceLevel::Aal1));
    assert_eq!(level(&raising), Some(AssuranceLevel::Aal2));
    old.insert("late", 1).unwrap();
    assert!(matches!(
        old.finish(false).await.refusal,
        Some(SessionError::Ended)
    ));
}

/// The answer with the raised token is lost, although its request changed something afterwards.
#[tokio::test]
async fn a_raised_token_is_not_confirmed_before_somebody_uses_it() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.raise(otp()).await.unwrap();
    session.insert("n", 1).unwrap();
    assert!(session.finish(false).await.refusal.is_none());
    world.clock.advance(minutes(6));
    world.events.take();
    let session = client.open(&world).await;
    assert_eq!(level(&session), Some(AssuranceLevel::Aal1));
    let told = world.events.take();
    assert_eq!(told.first(), Some(&hallpass::EventKind::OutrankedLate));
}

#[tokio::test]
async fn a_locked_session_is_reopened_beside_an_anonymous_one() {
    let world = World::with(StandardPolicy::aal2());
    let mut client = Client::logged_in(&world, "alice").await;
    world.clock.advance(minutes(61));
    let session = client.open(&world).await;
    session.flash("info", "please confirm").unwrap();
    client.close(&session).await;
    assert!(client.session.is_some() && client.anonymous.is_some());
    let session = client.open(&world).await;
    assert_eq!(session.locked().unwrap().id(), "alice");
    let guesses = session.update_now("guesses", |n: &mut u32| {
        *n += 1;
        *n
    });
    assert_eq!(guesses.await.unwrap(), 1);
    session.raise(Authentication::password()).await.unwrap();
    client.close(&session).await;
    assert_eq!(id(&client.open(&world).await).as_deref(), Some("alice"));
}

/// The limits of a session follow its assurance, where the policy says so.
#[tokio::test]
async fn a_raise_takes_the_limits_of_the_higher_level() {
    use hallpass::Limits;
    use hallpass::Policy;
    use hallpass::PolicyFacts;

    #[derive(Debug)]
    struct ByLevel {
        low: Limits,
        high: Limits,
    }

    impl Policy for ByLevel {
        fn limits(&self, facts: &PolicyFacts<'_>) -> Limits {
            let level = facts.authentication().map(Authentication::level);
            let is_high = level.is_some_and(|level| level >= AssuranceLevel::Aal2);
            if is_high {
                self.high.clone()
            } else {
                self.low.clone()
            }
        }

        fn needs_index(&self) -> bool {
            true
        }
    }

    let world = World::new();
    let policy = ByLevel {
        low: Limits::builder().build().unwrap(),
        high: Limits::builder()
            .idle(minutes(5))
            .absolute(minutes(60))
            .build()
            .unwrap(),
    };
    let manager =
        hallpass::SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
            .policy(policy)
            .build()
            .unwrap();
    let world = World { manager, ..world };
    let session = Client::logged_in(&world, "alice").await.open(&world).await;
    assert_eq!(session.expires_in().unwrap().absolute, minutes(720));
    session.raise(otp()).await.unwrap();
    let left = session.expires_in().unwrap();
    assert_eq!((left.idle, left.absolute), (Some(minutes(5)), minutes(60)));
}
