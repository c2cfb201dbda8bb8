//! Timeouts, at their boundaries.

use std::time::Duration;

use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Load;
use hallpass::SessionError;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::Timestamp;
use hallpass_testkit::ManualClock;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::minutes;
use crate::world::seconds;

const MS: Duration = Duration::from_millis(1);

/// The instant so long after the clock of a world started.
fn after(duration: Duration) -> Timestamp {
    ManualClock::START.saturating_add(duration)
}

/// Why the session of a client has ended; `None` while it lives.
async fn ended(world: &World, client: &Client) -> Option<EndReason> {
    let session = client.open(world).await;
    assert_eq!(session.end_reason().is_none(), session.handle().is_some());
    session.end_reason()
}

/// SES-06: fifteen minutes after the last use a session is over, and a millisecond before it is
/// not. The client has no say: it presents the same token again and again.
#[tokio::test]
async fn an_idle_timeout_of_fifteen_minutes_ends_at_fifteen_minutes() {
    for (offset, reason) in [
        (minutes(15) - MS, None),
        (minutes(15), Some(EndReason::Idle)),
        (minutes(15) + MS, Some(EndReason::Idle)),
    ] {
        let world = World::with(StandardPolicy::builder().idle(minutes(15)));
        let mut client = Client::logged_in(&world, "alice").await;
        let token = client.session.clone();
        let last_use = minutes(15) - MS;
        world.clock.set(after(last_use));
        assert!(client.visit(&world).await.subject().is_some());
        world.clock.set(after(last_use + offset));
        client.session = token;
        assert_eq!(ended(&world, &client).await, reason, "{offset:?}");
        world.clock.advance(minutes(600));
        assert!(ended(&world, &client).await.is_some(), "it stays over");
    }
}

/// SES-07: a session that is used each minute, in each way there is, ends after twelve hours.
#[tokio::test]
async fn an_absolute_timeout_of_twelve_hours_ends_at_twelve_hours() {
    let world = World::with(StandardPolicy::builder().absolute(minutes(12 * 60)));
    let mut client = Client::logged_in(&world, "alice").await;
    for minute in 1..12 * 60 {
        world.clock.set(after(minutes(minute)));
        let session = client.open(&world).await;
        match minute % 4 {
            0 => session.insert("minute", minute).unwrap(),
            1 => session
                .update_now("count", |count: &mut u32| *count += 1)
                .await
                .unwrap(),
            2 => {
                let _too_soon_or_not = session.renew().unwrap();
            }
            _ => {}
        }
        client.close(&session).await;
        assert!(session.subject().is_some(), "minute {minute}");
    }
    world.clock.set(after(minutes(12 * 60) - MS));
    assert_eq!(ended(&world, &client).await, None);
    world.clock.set(after(minutes(12 * 60)));
    assert_eq!(ended(&world, &client).await, Some(EndReason::Absolute));
}

/// What a request does.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Something that asks for the session.
    Use,
    /// The user authenticates again, as strongly as before.
    Authenticate,
}

/// What is done, and in which minute.
type Acts = [(u64, Act)];

/// SES-11: activity moves the idle timeout only, another authentication moves both, and whichever
/// comes first ends the session: for the store, too.
#[tokio::test]
async fn either_timeout_ends_a_session_and_only_authentication_moves_both() {
    use Act::Authenticate;
    use Act::Use;

    let table: [(&Acts, u64, EndReason); 5] = [
        (&[], 30, EndReason::Idle),
        (&[(20, Use)], 50, EndReason::Idle),
        (&[(20, Use), (45, Use)], 60, EndReason::Absolute),
        (&[(20, Authenticate)], 50, EndReason::Idle),
        (
            &[(20, Authenticate), (45, Use), (70, Use)],
            80,
            EndReason::Absolute,
        ),
    ];
    for (acts, end, reason) in table {
        let (world, client) = after_acts(acts).await;
        world.clock.set(after(minutes(end) - MS));
        assert_eq!(ended(&world, &client).await, None, "{acts:?}");

        let (world, client) = after_acts(acts).await;
        world.clock.set(after(minutes(end)));
        let handle = client.session.as_ref().unwrap().handle();
        let loaded = world.store.load(handle, world.manager.now()).await.unwrap();
        assert!(!matches!(loaded, Load::Live(_)), "{acts:?}");
        assert_eq!(ended(&world, &client).await, Some(reason), "{acts:?}");
    }
}

/// A client that logged in, with an idle timeout of half an hour and an absolute one of an hour,
/// and did this in these minutes.
async fn after_acts(acts: &Acts) -> (World, Client) {
    let policy = StandardPolicy::builder()
        .idle(minutes(30))
        .absolute(minutes(60));
    let world = World::with(policy);
    let mut client = Client::logged_in(&world, "alice").await;
    for (minute, act) in acts {
        world.clock.set(after(minutes(*minute)));
        let session = client.open(&world).await;
        if let Act::Authenticate = act {
            session.raise(Authentication::password()).await.unwrap();
        }
        client.close(&session).await;
    }
    (world, client)
}

/// A login with two factors.
async fn with_two_factors(world: &World) -> Client {
    let mut client = Client::new();
    let session = client.open(world).await;
    let two = Authentication::new(AssuranceLevel::Aal2)
        .with_method("pwd")
        .with_method("otp");
    let _logged_in = session
        .login(login("alice").authentication(two))
        .await
        .unwrap();
    client.close(&session).await;
    client
}

/// SES-09: locked from an hour without use until a day after the login. One factor reopens it,
/// with the authentication that it had, and does not prolong the day.
#[tokio::test]
async fn a_session_of_level_two_is_locked_between_an_hour_and_a_day() {
    for (at, is_locked, reason) in [
        (minutes(60) - MS, false, None),
        (minutes(60), true, None),
        (minutes(24 * 60) - MS, true, None),
        (minutes(24 * 60), false, Some(EndReason::Absolute)),
    ] {
        let world = World::with(StandardPolicy::aal2());
        let client = with_two_factors(&world).await;
        world.clock.set(after(at));
        let session = client.open(&world).await;
        assert_eq!(session.locked().is_some(), is_locked, "{at:?}");
        assert_eq!(session.end_reason(), reason, "{at:?}");
    }

    let world = World::with(StandardPolicy::aal2());
    let mut client = with_two_factors(&world).await;
    world.clock.set(after(minutes(24 * 60 - 30)));
    let session = client.open(&world).await;
    session.raise(Authentication::password()).await.unwrap();
    client.close(&session).await;
    let authentication = client.open(&world).await.authentication().unwrap();
    assert_eq!(authentication.level(), AssuranceLevel::Aal2);
    assert_eq!(authentication.methods(), ["pwd", "otp"]);
    world.clock.set(after(minutes(24 * 60)));
    assert_eq!(ended(&world, &client).await, Some(EndReason::Absolute));
}

/// SES-10: with level three an idle session ends, and no single factor brings it back.
#[tokio::test]
async fn a_session_of_level_three_ends_after_fifteen_minutes_without_use() {
    let world = World::with(StandardPolicy::aal3());
    let client = with_two_factors(&world).await;
    world.clock.set(after(minutes(15) - MS));
    assert!(client.open(&world).await.subject().is_some());

    let world = World::with(StandardPolicy::aal3());
    let client = with_two_factors(&world).await;
    world.clock.set(after(minutes(15)));
    let session = client.open(&world).await;
    assert_eq!((session.subject(), session.locked()), (None, None));
    assert!(matches!(
        session.raise(Authentication::password()).await,
        Err(SessionError::NotLoggedIn)
    ));
}

/// SES-27: the overlap around a renewal is what is configured. Here thirty seconds in all, at the
/// end of which the old token is a replay.
#[tokio::test]
async fn an_overlap_of_thirty_seconds_ends_at_thirty_seconds() {
    for (used_after, late, is_replay) in [
        (seconds(10), seconds(20), false),
        (seconds(10), seconds(20) + MS, true),
    ] {
        let policy = StandardPolicy::builder()
            .repair(seconds(10))
            .grace(seconds(20))
            .max_skew(Duration::ZERO);
        let world = World::with(policy);
        let mut client = Client::logged_in(&world, "alice").await;
        world.clock.advance(minutes(15));
        let parent = client.clone();
        client.visit(&world).await;
        assert_ne!(client.session, parent.session);
        world.clock.advance(used_after);
        client.visit(&world).await;
        world.clock.advance(late);
        world.events.take();
        let accepted = parent.open(&world).await.subject().is_some();
        assert_eq!(accepted, !is_replay);
        let replays = world.events.take().contains(&EventKind::Replayed);
        assert_eq!(replays, is_replay);
    }
}

/// SES-30: ten minutes for a visitor who does not log in.
#[tokio::test]
async fn an_anonymous_session_ends_at_ten_minutes() {
    for (at, reason) in [
        (minutes(10) - MS, None),
        (minutes(10), Some(EndReason::Idle)),
        (minutes(10) + MS, Some(EndReason::Idle)),
    ] {
        let world = World::new();
        let mut client = Client::new();
        let session = client.open(&world).await;
        session.insert("n", 1).unwrap();
        client.close(&session).await;
        assert!(client.anonymous.is_some() && client.session.is_none());
        world.clock.set(after(at));
        assert_eq!(ended(&world, &client).await, reason, "{at:?}");
    }
}
