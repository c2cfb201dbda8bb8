//! Races 24 to 27: the limit of concurrent sessions.

use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use hallpass::AtLimit;
use hallpass::EndReason;
use hallpass::LoginOutcome;
use hallpass::SessionHandle;
use hallpass::StandardPolicy;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

const MODES: [AtLimit; 3] = [
    AtLimit::EvictLeastRecentlyUsed,
    AtLimit::EvictOldest,
    AtLimit::Reject,
];
const THREADS: usize = 64;
const MAX: u32 = 5;

/// Runs a future on a runtime of this thread.
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

async fn live(world: &World) -> usize {
    let listed = world.manager.list(&subject("alice")).await;
    listed.unwrap().len()
}

/// Race 24: sixty-four threads log in at the same moment, on two nodes, while another one counts
/// without pause.
fn race(at_limit: AtLimit) {
    let world = World::limited(MAX, at_limit);
    let limit = MAX.try_into().unwrap();
    let policy = StandardPolicy::builder().concurrency(limit, at_limit);
    let nodes = [world.clone(), world.second_node(policy)];
    let start = Barrier::new(THREADS + 1);
    let over = AtomicBool::new(false);
    let (logged_in, most) = thread::scope(|scope| {
        let watching = scope.spawn(|| {
            start.wait();
            let mut most = 0;
            while !over.load(Ordering::Acquire) {
                most = most.max(run(live(&world)));
            }
            most
        });
        let logging_in: Vec<_> = (0..THREADS)
            .map(|turn| {
                let (node, start) = (&nodes[turn % 2], &start);
                scope.spawn(move || {
                    run(async {
                        let session = Client::new().open(node).await;
                        start.wait();
                        let outcome = session.login(login("alice")).await.unwrap();
                        matches!(outcome, LoginOutcome::LoggedIn { .. })
                    })
                })
            })
            .collect();
        let outcomes = logging_in.into_iter().map(|task| task.join().unwrap());
        let logged_in = outcomes.filter(|logged_in| *logged_in).count();
        over.store(true, Ordering::Release);
        (logged_in, watching.join().unwrap())
    });
    let max = MAX as usize;
    assert!(most <= max, "{most} sessions, {at_limit:?}");
    assert_eq!(run(live(&world)), max, "{at_limit:?}");
    let expected = if at_limit == AtLimit::Reject {
        max
    } else {
        THREADS
    };
    assert_eq!(logged_in, expected, "{at_limit:?}");
}

/// Race 24, for a limit that rejects.
#[test]
fn sixty_four_threads_never_pass_a_limit_that_rejects() {
    race(AtLimit::Reject);
}

/// Race 24, for a limit that evicts the session created first.
#[test]
fn sixty_four_threads_never_pass_a_limit_that_evicts_the_oldest() {
    race(AtLimit::EvictOldest);
}

/// Race 24, for a limit that evicts the session used longest ago.
#[test]
fn sixty_four_threads_never_pass_a_limit_that_evicts_the_least_recently_used() {
    race(AtLimit::EvictLeastRecentlyUsed);
}

/// Race 25: by either timeout, with every kind of limit, without any event of the store.
#[tokio::test]
async fn expired_sessions_free_their_place_whatever_the_limit_does() {
    for at_limit in MODES {
        for passed in [minutes(30), minutes(720)] {
            let world = World::limited(2, at_limit);
            for _ in 0..2 {
                Client::logged_in(&world, "alice").await;
            }
            world.clock.advance(passed);
            let session = Client::new().open(&world).await;
            world.operations();
            let outcome = session.login(login("alice")).await.unwrap();
            let evicted = Vec::new();
            assert_eq!(outcome, LoginOutcome::LoggedIn { evicted }, "{at_limit:?}");
            assert_eq!(world.operations(), [hallpass::StoreOperation::Bind]);
            assert_eq!(live(&world).await, 1);
        }
    }
}

/// Race 26: a denied login is an outcome with the sessions to choose from, changes nothing, and
/// goes through once one of them is ended.
#[tokio::test]
async fn a_denied_login_lists_the_sessions_and_goes_through_once_there_is_room() {
    let world = World::limited(2, AtLimit::Reject);
    let first = Client::logged_in(&world, "alice").await;
    world.clock.advance(seconds(1));
    let second = Client::logged_in(&world, "alice").await;
    let mut third = Client::new();
    let session = third.open(&world).await;
    let denied = session.login(login("alice")).await.unwrap();
    let LoginOutcome::Denied { active } = denied else {
        panic!("not denied")
    };
    let handles: Vec<_> = active.iter().map(|info| Some(info.handle)).collect();
    for client in [&first, &second] {
        let session = client.open(&world).await;
        assert!(session.subject().is_some());
        assert!(handles.contains(&session.handle()));
    }
    let handle = handles[0].unwrap();
    let alice = subject("alice");
    let revocation = hallpass::Revocation::by("alice");
    let ended = world.manager.revoke_of(&alice, handle, revocation).await;
    assert_eq!(ended.unwrap(), hallpass::Revoked::Ended);
    let outcome = session.login(login("alice")).await.unwrap();
    assert!(matches!(outcome, LoginOutcome::LoggedIn { .. }));
    third.close(&session).await;
    assert!(third.open(&world).await.subject().is_some());
}

/// Race 27: whichever way the limit evicts, exactly the evicted client learns it, and why.
#[tokio::test]
async fn each_evicted_client_learns_why_and_no_other_does() {
    for (at_limit, loser) in [
        (AtLimit::EvictOldest, 0),
        (AtLimit::EvictLeastRecentlyUsed, 1),
    ] {
        let world = World::limited(2, at_limit);
        let mut clients = Vec::new();
        let mut handles: Vec<SessionHandle> = Vec::new();
        for _ in 0..2 {
            world.clock.advance(minutes(2));
            let client = Client::logged_in(&world, "alice").await;
            handles.push(client.open(&world).await.handle().unwrap());
            clients.push(client);
        }
        world.clock.advance(minutes(2));
        clients[0].visit(&world).await;
        let session = Client::new().open(&world).await;
        let outcome = session.login(login("alice")).await.unwrap();
        let evicted = vec![handles[loser]];
        assert_eq!(outcome, LoginOutcome::LoggedIn { evicted });
        for (place, client) in clients.iter().enumerate() {
            let reason = client.open(&world).await.end_reason();
            let expected = (place == loser).then_some(EndReason::Evicted);
            assert_eq!(reason, expected, "{at_limit:?}");
        }
    }
}
