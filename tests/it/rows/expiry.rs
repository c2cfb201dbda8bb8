//! Races 19 to 23: time-outs, and what must not move them.

mod overdue;

use std::time::Duration;

use hallpass::Create;
use hallpass::DynStore;
use hallpass::EndReason;
use hallpass::ExpiresIn;
use hallpass::Instruction;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StandardPolicyBuilder;
use hallpass::Timestamp;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

const DAY: Duration = Duration::from_secs(86_400);
const MS: Duration = Duration::from_millis(1);

/// A client that is remembered, and the `Max-Age` that it was given.
async fn remembered(world: &World) -> (Client, Option<Duration>) {
    let mut client = Client::new();
    let session = client.open(world).await;
    let _outcome = session.login(login("alice").remember(true)).await.unwrap();
    let finished = client.answer(&session).await;
    (client, max_age(&finished.delivery.session))
}

fn max_age(instruction: &Instruction) -> Option<Duration> {
    match instruction {
        Instruction::Set { max_age, .. } => *max_age,
        Instruction::Keep | Instruction::Remove => panic!("no token: {instruction:?}"),
    }
}

/// A node with an empty store that is given the record of a session as its bytes, as a process is
/// after a restart.
async fn restarted(world: &World, policy: StandardPolicyBuilder) -> World {
    let now = world.manager.now();
    let listed = world.manager.list(&subject("alice")).await.unwrap();
    let found = world.store.load(listed[0].handle, now).await.unwrap();
    let hallpass::Load::Live(record) = found else {
        panic!("listed and gone")
    };
    let read = SessionRecord::decode(&record.encode()).unwrap();
    let fresh = World::with(StandardPolicy::builder());
    fresh.clock.set(now);
    assert_eq!(
        fresh.store.create(&read, now).await.unwrap(),
        Create::Created
    );
    // No process draws the names of its writes from the seed of another.
    let manager = SessionManager::builder_with_clock(fresh.store.clone(), fresh.clock.clone())
        .policy(policy.build().unwrap())
        .random(SeededRandom::new(now.as_millis()))
        .build()
        .unwrap();
    World { manager, ..fresh }
}

/// Race 19: whatever a client does, and however often, the absolute timeout stays where it is.
#[tokio::test]
async fn no_kind_of_use_extends_the_absolute_timeout() {
    for way in ["read", "write", "save", "renew", "lower", "raise", "stream"] {
        let policy = StandardPolicy::builder().idle(minutes(60));
        let world = World::with(policy);
        let mut client = Client::new();
        let session = client.open(&world).await;
        // Two factors, so that one more is no full authentication.
        let strong = hallpass::Authentication::new(hallpass::AssuranceLevel::Aal2);
        let strong = login("alice").authentication(strong);
        let _outcome = session.login(strong).await.unwrap();
        client.close(&session).await;
        for hour in 1..=12 {
            world.clock.advance(minutes(59));
            let session = client.open(&world).await;
            match way {
                "write" => session.insert("n", hour).unwrap(),
                "save" => {
                    session.insert("n", hour).unwrap();
                    session.save().await.unwrap();
                }
                "renew" => {
                    let _renewal = session.renew().unwrap();
                }
                "lower" => session.lower(hallpass::AssuranceLevel::Aal1).await.unwrap(),
                "raise" if hour == 1 => session
                    .raise(hallpass::Authentication::password())
                    .await
                    .unwrap(),
                "stream" => {
                    let stream = session.detach();
                    stream.insert("n", hour).unwrap();
                    stream.save().await.unwrap();
                }
                _ => {}
            }
            client.close(&session).await;
            client.visit(&world).await;
            let left = client.open(&world).await.expires_in().unwrap();
            let absolute = minutes(720 - 59 * hour);
            let idle = Some(absolute.min(minutes(60)));
            assert_eq!(left, ExpiresIn { idle, absolute }, "{way}, hour {hour}");
        }
        world.clock.advance(minutes(12) - MS);
        assert!(client.open(&world).await.subject().is_some(), "{way}");
        world.clock.advance(MS);
        let reason = client.open(&world).await.end_reason();
        assert_eq!(reason, Some(EndReason::Absolute), "{way}");
    }
}

/// Race 19: the earlier of the two ends the session, to the millisecond.
#[tokio::test]
async fn whichever_timeout_comes_first_ends_the_session() {
    for (used, end, reason) in [
        (minutes(0), minutes(30), EndReason::Idle),
        (minutes(14), minutes(44), EndReason::Idle),
        (minutes(16), minutes(45), EndReason::Absolute),
    ] {
        let world = World::with(StandardPolicy::builder().absolute(minutes(45)));
        let mut client = Client::logged_in(&world, "alice").await;
        world.clock.advance(used);
        client.visit(&world).await;
        // Without a request before, which would be another use.
        world.clock.advance(end - used - MS);
        let listed = world.manager.list(&subject("alice")).await.unwrap();
        assert_eq!(listed.len(), 1, "{reason:?}");
        world.clock.advance(MS);
        let session = client.open(&world).await;
        assert_eq!(session.end_reason(), Some(reason));
    }
}

/// Race 20: over a month of writes and renewals the limits stay those of a remembered session, and
/// each cookie lives as long as the session may.
#[tokio::test]
async fn a_remembered_session_keeps_its_limits_over_writes_and_renewals() {
    let world = World::new();
    let (mut client, first) = remembered(&world).await;
    assert_eq!(first, Some(30 * DAY));
    for day in 1..30_u32 {
        world.clock.advance(DAY);
        let session = client.open(&world).await;
        session.insert("day", day).unwrap();
        let finished = client.answer(&session).await;
        let left = (30 - day) * DAY;
        assert_eq!(max_age(&finished.delivery.session), Some(left));
        client.visit(&world).await;
        let expected = ExpiresIn {
            idle: Some(left.min(14 * DAY)),
            absolute: left,
        };
        let session = client.open(&world).await;
        assert_eq!(session.expires_in(), Some(expected), "day {day}");
        assert_eq!(session.get::<u32>("day").unwrap(), Some(day));
    }
    world.clock.advance(DAY);
    let session = client.open(&world).await;
    assert_eq!(session.end_reason(), Some(EndReason::Absolute));
}

/// Race 20: the same over restarts, between and after writes and renewals, also where the policy
/// was changed meanwhile: the limits that a session was given are in its record.
#[tokio::test]
async fn a_remembered_session_keeps_its_limits_over_restarts() {
    let shorter = || StandardPolicy::builder().remember(DAY, 2 * DAY);
    for policy in [StandardPolicy::builder, shorter as fn() -> _] {
        let mut world = World::new();
        let (mut client, _first) = remembered(&world).await;
        for day in 1..14_u32 {
            world.clock.advance(DAY);
            world = restarted(&world, policy()).await;
            let session = client.open(&world).await;
            session.insert("day", day).unwrap();
            client.close(&session).await;
            client.visit(&world).await;
            world = restarted(&world, policy()).await;
            let expected = ExpiresIn {
                idle: Some(14 * DAY),
                absolute: (30 - day) * DAY,
            };
            let session = client.open(&world).await;
            assert_eq!(session.expires_in(), Some(expected), "day {day}");
            assert_eq!(session.get::<u32>("day").unwrap(), Some(day));
        }
        world.clock.advance(14 * DAY);
        let session = client.open(&world).await;
        assert_eq!(session.end_reason(), Some(EndReason::Idle));
    }
}

/// Race 20: neither does a session that is not remembered become one on the way.
#[tokio::test]
async fn a_session_that_is_not_remembered_stays_so() {
    let mut world = World::new();
    let mut client = Client::logged_in(&world, "alice").await;
    for _ in 0..3 {
        world.clock.advance(minutes(20));
        world = restarted(&world, StandardPolicy::builder()).await;
        let session = client.open(&world).await;
        let finished = client.answer(&session).await;
        assert_eq!(max_age(&finished.delivery.session), None);
        client.visit(&world).await;
    }
    world.clock.advance(minutes(30));
    let session = client.open(&world).await;
    assert_eq!(session.end_reason(), Some(EndReason::Idle));
}

/// Race 21: at every boundary of a duration a session lives for that long, in whole milliseconds
/// rounded up, and then no longer: never for ever, never not at all.
#[tokio::test]
async fn a_lifetime_of_any_length_is_kept_to_the_millisecond() {
    let hundred_years = 36_525 * DAY;
    for (lifetime, kept) in [
        (Duration::from_nanos(1), MS),
        (Duration::from_micros(1), MS),
        (Duration::from_nanos(999_999), MS),
        (MS, MS),
        (MS + Duration::from_nanos(1), 2 * MS),
        (999 * MS, 999 * MS),
        (Duration::from_nanos(999_999_999), seconds(1)),
        (seconds(1), seconds(1)),
        (seconds(1) + Duration::from_nanos(1), seconds(1) + MS),
        (hundred_years, hundred_years),
    ] {
        let idle = StandardPolicy::builder().idle(lifetime);
        let absolute = StandardPolicy::builder()
            .no_idle_timeout()
            .absolute(lifetime);
        let remembered = StandardPolicy::builder().remember(lifetime, lifetime);
        let policies = [
            (idle.absolute(lifetime.max(DAY)), false),
            (absolute, false),
            (remembered, true),
        ];
        for (policy, remember) in policies {
            let world = World::with(policy);
            let mut client = Client::new();
            let session = client.open(&world).await;
            let login = login("alice").remember(remember);
            let _outcome = session.login(login).await.unwrap();
            client.close(&session).await;
            world.clock.advance(kept - MS);
            let session = client.open(&world).await;
            assert!(session.subject().is_some(), "{lifetime:?}");
            world.clock.advance(MS);
            // The request just now may have been activity.
            world.clock.advance(kept);
            let session = client.open(&world).await;
            assert_eq!(session.subject(), None, "{lifetime:?}");
        }
    }
}

/// Race 21: the longest duration there is lies in the future, on every way that tells it.
#[tokio::test]
async fn the_longest_lifetime_does_not_wrap_around() {
    let longest = Duration::MAX;
    let policy = StandardPolicy::builder()
        .idle(longest)
        .absolute(longest)
        .remember(longest, longest);
    let world = World::with(policy);
    let (mut client, first) = remembered(&world).await;
    let until_the_end = Timestamp::MAX.since(world.manager.now());
    assert_eq!(first, Some(until_the_end));
    world.clock.advance(36_525 * DAY);
    client.visit(&world).await;
    let left = client.open(&world).await.expires_in().unwrap();
    let absolute = until_the_end - 36_525 * DAY;
    let idle = Some(absolute);
    assert_eq!(left, ExpiresIn { idle, absolute });
}

/// Race 22, as far as it is there: a stream and whatever asks for no session keep nothing alive.
#[tokio::test]
async fn an_open_stream_keeps_nothing_alive() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let stream = client.open(&world).await.detach();
    for _ in 0..29 {
        world.clock.advance(minutes(1));
        assert_eq!(stream.get::<i32>("n").unwrap(), None);
        let _listed = stream.sessions().await.unwrap();
    }
    world.clock.advance(minutes(1));
    let session = client.open(&world).await;
    assert_eq!(session.end_reason(), Some(EndReason::Idle));
}

/// Race 23: a store that is late with both deadlines still yields nothing.
#[tokio::test]
async fn a_store_whose_expiry_is_late_yields_nothing() {
    let idle = StandardPolicy::builder;
    let absolute = || StandardPolicy::builder().no_idle_timeout();
    let policies: [(fn() -> StandardPolicyBuilder, _, _); 2] = [
        (idle, minutes(30), EndReason::Idle),
        (absolute, minutes(720), EndReason::Absolute),
    ];
    for (policy, deadline, reason) in policies {
        for (passed, lives) in [(deadline - MS, true), (deadline, false), (365 * DAY, false)] {
            let clock = ManualClock::default();
            let late = DynStore::builder(overdue::Overdue::default()).build();
            let manager = SessionManager::builder_with_clock(late, clock.clone())
                .policy(policy().no_concurrency_limit().build().unwrap())
                .random(SeededRandom::new(1))
                .build()
                .unwrap();
            let world = World {
                manager,
                clock,
                ..World::new()
            };
            let client = Client::logged_in(&world, "alice").await;
            world.clock.advance(passed);
            let session = client.open(&world).await;
            assert_eq!(session.subject().is_some(), lives, "{reason:?}");
            let told = (!lives).then(|| reason.clone());
            assert_eq!(session.end_reason(), told);
        }
    }
}
