//! Many requests at once, lost answers, and clients that go away.

use std::future::Future;
use std::pin::pin;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use hallpass::AtLimit;
use hallpass::SessionError;
use hallpass::StandardPolicy;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::subject;

/// Race 14.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_parallel_increments_add_up_to_fifty() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let mut sessions = Vec::new();
    for _ in 0..50 {
        sessions.push(client.open(&world).await);
    }
    let tasks: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            tokio::spawn(async move {
                session.update("n", |n: &mut u32| *n += 1).unwrap();
                session.finish(false).await
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().refusal.is_none());
    }
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), Some(50));
}

/// Race 14.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_parallel_guesses_never_pass_the_limit_of_five() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let mut tasks = Vec::new();
    for _ in 0..100 {
        let session = client.open(&world).await;
        tasks.push(tokio::spawn(async move {
            session
                .update_now("guesses", |n: &mut u32| {
                    let allowed = *n < 5;
                    *n += u32::from(allowed);
                    allowed
                })
                .await
                .unwrap()
        }));
    }
    let mut allowed = 0;
    for task in tasks {
        allowed += u32::from(task.await.unwrap());
    }
    assert_eq!(allowed, 5);
}

/// Race 14: writes to different keys all survive.
#[tokio::test]
async fn parallel_writes_to_different_keys_all_survive() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let keys: Vec<String> = (0..20).map(|n| format!("key{n}")).collect();
    let mut sessions = Vec::new();
    for key in &keys {
        let session = client.open(&world).await;
        session.insert(key.as_str(), 1).unwrap();
        sessions.push(session);
    }
    for session in &sessions {
        assert!(session.finish(false).await.refusal.is_none());
    }
    let session = client.open(&world).await;
    let kept = keys
        .iter()
        .filter(|key| session.get::<i32>(key.as_str()).unwrap().is_some());
    assert_eq!(kept.count(), 20);
}

/// Two nodes do not share a lane: their writes conflict, are loaded again and applied again.
#[tokio::test]
async fn writes_of_two_nodes_are_both_applied() {
    let world = World::new();
    let other = world.second_node(StandardPolicy::builder());
    let client = Client::logged_in(&world, "alice").await;
    let (here, there) = (client.open(&world).await, client.open(&other).await);
    here.update("n", |n: &mut u32| *n += 1).unwrap();
    there.update("n", |n: &mut u32| *n += 10).unwrap();
    there.insert("m", 1).unwrap();
    assert!(here.finish(false).await.refusal.is_none());
    assert!(there.finish(false).await.refusal.is_none());
    let session = client.open(&world).await;
    assert_eq!(session.get::<u32>("n").unwrap(), Some(11));
    assert_eq!(session.get::<u32>("m").unwrap(), Some(1));
}

/// Parallel commits on one node are combined: far fewer writes than requests.
#[tokio::test]
async fn parallel_commits_on_one_node_are_combined() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let mut sessions = Vec::new();
    for _ in 0..50 {
        let session = client.open(&world).await;
        session.update("n", |n: &mut u32| *n += 1).unwrap();
        sessions.push(session);
    }
    world.operations();
    world.faults.script(StoreOperation::Update, Fault::Hang);
    let mut commits: Vec<_> = sessions
        .iter()
        .map(|session| Box::pin(session.finish(false)))
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    for commit in &mut commits {
        assert!(commit.as_mut().poll(&mut context).is_pending());
    }
    // The first one leads and hangs; when its client goes away, one of the others takes over,
    // repeats its write, and then writes once for all that wait.
    drop(commits.remove(0));
    for commit in commits {
        assert!(commit.await.refusal.is_none());
    }
    let updates = world.operations();
    let updates = updates
        .iter()
        .filter(|operation| **operation == StoreOperation::Update)
        .count();
    assert!(updates <= 4, "{updates} writes for 50 requests");
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), Some(50));
}

/// Race 48: a write that was applied but whose answer was lost is applied once.
#[tokio::test]
async fn a_write_whose_answer_was_lost_is_applied_once() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.update("n", |n: &mut u32| *n += 1).unwrap();
    let lost = Fault::FailAfter;
    world.faults.script(StoreOperation::Update, lost);
    assert!(session.finish(false).await.refusal.is_none());
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), Some(1));
}

/// Race 48: nor is a login denied by its own ghost.
#[tokio::test]
async fn a_login_whose_answer_was_lost_is_not_denied_by_its_own_ghost() {
    let world = World::limited(1, AtLimit::Reject);
    let mut client = Client::new();
    let lost = Fault::FailAfter;
    world.faults.script(StoreOperation::Bind, lost);
    client.log_in(&world, "alice").await;
    assert!(client.open(&world).await.subject().is_some());
    assert_eq!(
        world.manager.list(&subject("alice")).await.unwrap().len(),
        1
    );
}

/// Race 39: an outage is an error, not an anonymous session, and loses nothing.
#[tokio::test]
async fn an_outage_is_neither_an_anonymous_session_nor_an_end() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let down = Fault::Fail(StoreErrorKind::Unavailable);
    world.faults.script(StoreOperation::Load, down);
    let Err(SessionError::Unavailable(_)) = client.try_open(&world).await else {
        panic!("opened without a store")
    };
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    world.faults.script(StoreOperation::Update, down);
    world.faults.script(StoreOperation::Update, down);
    let finished = client.answer(&session).await;
    assert_eq!(finished.refusal.map(|error| error.status()), Some(503));
    let session = client.open(&world).await;
    assert!(session.subject().is_some());
    assert_eq!(
        session.get::<i32>("n").unwrap(),
        None,
        "nothing was applied"
    );
}

#[tokio::test]
async fn a_store_that_hangs_counts_as_unavailable_after_the_time_out() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    world.faults.script(StoreOperation::Load, Fault::Hang);
    let mut opening = pin!(client.try_open(&world));
    let mut context = Context::from_waker(Waker::noop());
    assert!(opening.as_mut().poll(&mut context).is_pending());
    world.clock.advance(std::time::Duration::from_millis(1_999));
    assert!(opening.as_mut().poll(&mut context).is_pending());
    world.clock.advance(std::time::Duration::from_millis(1));
    let Poll::Ready(Err(SessionError::Unavailable(_))) = opening.as_mut().poll(&mut context) else {
        panic!("still waiting")
    };
}

#[tokio::test]
async fn serving_anonymously_during_an_outage_is_a_choice() {
    use hallpass::OnOutage;
    use hallpass::SessionManager;

    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let manager = SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
        .on_outage(OnOutage::ServeAnonymously)
        .build()
        .unwrap();
    let world = World { manager, ..world };
    world.faults.script(
        StoreOperation::Load,
        Fault::Fail(StoreErrorKind::Unavailable),
    );
    assert_eq!(client.open(&world).await.subject(), None);
    assert!(
        client.open(&world).await.subject().is_some(),
        "the session is as it was"
    );
}

/// Race 18: the future of a login is dropped at each point where it waits.
#[tokio::test]
async fn a_login_that_is_cut_off_leaves_the_old_session_or_the_new_one() {
    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("n", 1).unwrap();
    client.close(&session).await;
    let session = client.open(&world).await;
    world.faults.script(StoreOperation::Bind, Fault::Hang);
    {
        let mut logging_in = pin!(session.login(login("alice")));
        let mut context = Context::from_waker(Waker::noop());
        assert!(logging_in.as_mut().poll(&mut context).is_pending());
    }
    drop(session);
    assert_eq!(client.open(&world).await.get::<i32>("n").unwrap(), Some(1));
    client.log_in(&world, "alice").await;
    assert!(client.open(&world).await.subject().is_some());
}

/// A login carries what others put into the anonymous session while it was under way.
#[tokio::test]
async fn a_login_does_not_lose_what_was_put_in_the_cart_meanwhile() {
    use hallpass::CarryOver;

    let world = World::new();
    let mut client = Client::new();
    let session = client.open(&world).await;
    session.insert("first", 1).unwrap();
    client.close(&session).await;
    let logging_in = client.open(&world).await;
    let other = client.open(&world).await;
    other.insert("second", 2).unwrap();
    assert!(other.finish(false).await.refusal.is_none());
    let login = login("alice").carry_over(CarryOver::DangerAll);
    let _outcome = logging_in.login(login).await.unwrap();
    client.close(&logging_in).await;
    let session = client.open(&world).await;
    assert_eq!(session.get::<i32>("first").unwrap(), Some(1));
    assert_eq!(session.get::<i32>("second").unwrap(), Some(2));
}

/// Race 24.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_racing_logins_never_leave_more_than_the_limit() {
    for at_limit in [
        AtLimit::EvictLeastRecentlyUsed,
        AtLimit::EvictOldest,
        AtLimit::Reject,
    ] {
        let world = World::limited(3, at_limit);
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move {
                    let session = Client::new().open(&world).await;
                    let outcome = session.login(login("alice")).await.unwrap();
                    let live = world.manager.list(&subject("alice")).await.unwrap().len();
                    assert!(live <= 3, "{live} sessions, {at_limit:?}");
                    matches!(outcome, hallpass::LoginOutcome::LoggedIn { .. })
                })
            })
            .collect();
        let mut logged_in = 0;
        for task in tasks {
            logged_in += u32::from(task.await.unwrap());
        }
        let expected = if at_limit == AtLimit::Reject { 3 } else { 64 };
        assert_eq!(logged_in, expected, "{at_limit:?}");
        assert_eq!(
            world.manager.list(&subject("alice")).await.unwrap().len(),
            3
        );
    }
}

/// Failing randomness fails the request and never makes a weaker token (SES-01).
#[tokio::test]
async fn without_randomness_nobody_logs_in() {
    use hallpass::SessionManager;
    use hallpass_testkit::FailingRandom;

    let world = World::new();
    let manager = SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
        .random(FailingRandom::new())
        .build()
        .unwrap();
    let world = World { manager, ..world };
    let session = Client::new().open(&world).await;
    assert!(matches!(
        session.login(login("alice")).await,
        Err(SessionError::Random(_))
    ));
    assert_eq!(session.subject(), None);
}

#[test]
fn a_policy_that_needs_an_ability_the_store_lacks_is_refused_by_name() {
    use hallpass::DynStore;
    use hallpass::MemoryStore;
    use hallpass::SessionManager;
    use hallpass_testkit::ManualClock;

    let bare = || DynStore::builder(MemoryStore::new()).build();
    let error = SessionManager::builder_with_clock(bare(), ManualClock::default())
        .build()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("SubjectIndex") && error.contains("no_concurrency_limit"),
        "{error}"
    );
    let policy = StandardPolicy::builder()
        .no_concurrency_limit()
        .build()
        .unwrap();
    SessionManager::builder_with_clock(bare(), ManualClock::default())
        .policy(policy)
        .build()
        .unwrap();
}

/// Race 48: what may have been applied is not applied again by a handler that tries once more.
#[tokio::test]
async fn a_change_in_doubt_is_not_pending_any_more() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.update("n", |n: &mut u32| *n += 1).unwrap();
    world
        .faults
        .script(StoreOperation::Update, Fault::FailAfter);
    world
        .faults
        .script(StoreOperation::Update, Fault::FailAfter);
    assert!(matches!(
        session.save().await,
        Err(SessionError::InDoubt(_))
    ));
    session.save().await.unwrap();
    assert!(session.finish(false).await.refusal.is_none());
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), Some(1));
}

#[tokio::test]
async fn a_change_that_was_refused_stays_pending() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.update("n", |n: &mut u32| *n += 1).unwrap();
    world.faults.script(
        StoreOperation::Update,
        Fault::Fail(StoreErrorKind::Rejected),
    );
    assert!(matches!(
        session.save().await,
        Err(SessionError::Unavailable(_))
    ));
    session.save().await.unwrap();
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), Some(1));
}

/// A leader that its own task does not poll holds up nobody for ever.
#[tokio::test]
async fn a_commit_behind_a_leader_that_is_stuck_gives_up() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let (stuck, waiting) = (client.open(&world).await, client.open(&world).await);
    stuck.insert("a", 1).unwrap();
    waiting.insert("b", 1).unwrap();
    world.faults.script(StoreOperation::Update, Fault::Hang);
    let mut context = Context::from_waker(Waker::noop());
    let mut leading = pin!(stuck.save());
    assert!(leading.as_mut().poll(&mut context).is_pending());
    let mut behind = pin!(waiting.save());
    assert!(behind.as_mut().poll(&mut context).is_pending());
    world.clock.advance(std::time::Duration::from_secs(8));
    let Poll::Ready(Err(SessionError::Contended)) = behind.as_mut().poll(&mut context) else {
        panic!("still waiting")
    };
}

/// Clones are the same session: what was under way when it ended does not come back.
#[tokio::test]
async fn a_save_beside_a_logout_leaves_nothing_behind() {
    let world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.insert("private", 1).unwrap();
    let (_saved, logged_out) = futures_util::future::join(session.save(), session.logout()).await;
    logged_out.unwrap();
    client.close(&session).await;
    assert!(client.session.is_none() && client.anonymous.is_none());
}

#[tokio::test]
async fn a_visitor_never_begins_two_sessions_at_once() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    world.faults.script(StoreOperation::Create, Fault::Hang);
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut first = pin!(session.update_now("a", |n: &mut u32| *n += 1));
        assert!(first.as_mut().poll(&mut context).is_pending());
        let second = session.update_now("b", |n: &mut u32| *n += 1).await;
        assert!(matches!(second, Err(SessionError::Contended)));
    }
    session
        .update_now("b", |n: &mut u32| *n += 1)
        .await
        .unwrap();
}

/// A logout must not look done while nobody knows what there is to end.
#[tokio::test]
async fn a_logout_during_an_outage_fails_even_where_requests_are_served() {
    use hallpass::OnOutage;
    use hallpass::SessionManager;

    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let manager = SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
        .on_outage(OnOutage::ServeAnonymously)
        .build()
        .unwrap();
    let world = World { manager, ..world };
    world.faults.script(
        StoreOperation::Load,
        Fault::Fail(StoreErrorKind::Unavailable),
    );
    let session = client.open(&world).await;
    assert!(matches!(
        session.logout().await,
        Err(SessionError::Unavailable(_))
    ));
    assert!(matches!(
        session.login(login("bob")).await,
        Err(SessionError::Unavailable(_))
    ));
}

/// A record that nobody can read is lost, which is safe, and not an outage without an end.
#[tokio::test]
async fn a_record_that_can_not_be_read_is_as_if_there_were_none() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    world
        .faults
        .script(StoreOperation::Load, Fault::Fail(StoreErrorKind::Corrupt));
    assert_eq!(client.open(&world).await.handle(), None);
}

/// Race 14, across nodes: what both tell to be committed adds up, and nothing else does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn increments_of_two_nodes_add_up() {
    use hallpass::ClientFacts;
    use hallpass::Instruction;
    use hallpass::MemoryStore;
    use hallpass::Presented;
    use hallpass::SessionManager;

    let store = MemoryStore::new();
    let nodes = [(); 2].map(|()| SessionManager::builder(store.clone()).build().unwrap());
    let session = nodes[0]
        .open(Presented::default(), ClientFacts::default())
        .await
        .unwrap();
    let _outcome = session.login(login("alice")).await.unwrap();
    let Instruction::Set { token, .. } = session.finish(false).await.delivery.session else {
        panic!("no token")
    };
    let open = async |node: &SessionManager| {
        let presented = Presented {
            session: Some(token.clone()),
            ..Presented::default()
        };
        node.open(presented, ClientFacts::default()).await.unwrap()
    };
    let mut tasks = Vec::new();
    for turn in 0..400 {
        let session = open(&nodes[turn % 2]).await;
        tasks.push(tokio::spawn(async move {
            session.update("n", |n: &mut u32| *n += 1).unwrap();
            session.finish(false).await.refusal.is_none()
        }));
    }
    let mut committed = 0;
    for task in tasks {
        committed += u32::from(task.await.unwrap());
    }
    assert_eq!(
        open(&nodes[0]).await.get::<u32>("n").unwrap(),
        Some(committed)
    );
    assert_eq!(committed, 400);
}

/// A write that may have been applied stays in doubt, whatever the store says to its repetition.
#[tokio::test]
async fn a_refusal_after_a_lost_answer_leaves_the_write_in_doubt() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let blocker = client.open(&world).await;
    let (first, second) = (client.open(&world).await, client.open(&world).await);
    blocker.insert("a", 1).unwrap();
    for session in [&first, &second] {
        session.update("n", |n: &mut u32| *n += 1).unwrap();
    }
    let refused = Fault::Fail(StoreErrorKind::Rejected);
    for fault in [Fault::Hang, Fault::Pass, Fault::HangAfter, refused] {
        world.faults.script(StoreOperation::Update, fault);
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut blocking = Box::pin(blocker.save());
    let (mut leading, mut waiting) = (Box::pin(first.save()), Box::pin(second.save()));
    assert!(blocking.as_mut().poll(&mut context).is_pending());
    assert!(leading.as_mut().poll(&mut context).is_pending());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    drop(blocking);
    // It writes for both, the store applies that, and its client goes away before the answer.
    assert!(leading.as_mut().poll(&mut context).is_pending());
    drop(leading);
    assert!(matches!(waiting.await, Err(SessionError::InDoubt(_))));
    second.save().await.unwrap();
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), Some(2));
}
