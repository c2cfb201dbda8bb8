//! Race 46: one tenant never lists, ends or opens a session of another: a test per method.

use hallpass::AtLimit;
use hallpass::CarryOver;
use hallpass::EpochScope;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::OnReplay;
use hallpass::Revocation;
use hallpass::Revoked;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionToken;
use hallpass::StandardPolicy;
use hallpass::Subject;

use crate::world::Client;
use crate::world::World;
use crate::world::minutes;

/// Somebody who is logged in.
struct User {
    subject: Subject,
    client: Client,
    handle: SessionHandle,
}

/// The same id in two tenants and in none, and spellings that look like them.
fn namesakes() -> Vec<Subject> {
    vec![
        Subject::of_tenant("acme", "alice").unwrap(),
        Subject::of_tenant("umbrella", "alice").unwrap(),
        Subject::new("alice").unwrap(),
        Subject::new("acme/alice").unwrap(),
        Subject::of_tenant("acme/alice", "alice").unwrap(),
        Subject::of_tenant("acme", "alice ").unwrap(),
        Subject::of_tenant("ACME", "alice").unwrap(),
        Subject::of_tenant("alice", "acme").unwrap(),
    ]
}

async fn log_in(world: &World, client: &mut Client, subject: &Subject) -> SessionHandle {
    let session = client.open(world).await;
    let login = Login::new(subject.clone()).carry_over(CarryOver::DangerAll);
    let _outcome = session.login(login).await.unwrap();
    client.close(&session).await;
    session.handle().unwrap()
}

async fn everybody(world: &World) -> Vec<User> {
    let mut users = Vec::new();
    for subject in namesakes() {
        let mut client = Client::new();
        let handle = log_in(world, &mut client, &subject).await;
        users.push(User {
            subject,
            client,
            handle,
        });
    }
    users
}

/// Whose sessions still live.
async fn live(world: &World, users: &[User]) -> Vec<bool> {
    let mut live = Vec::new();
    for user in users {
        let subject = user.client.open(world).await.subject();
        assert!(subject.is_none() || subject.as_ref() == Some(&user.subject));
        live.push(subject.is_some());
    }
    live
}

fn all_but(ended: &[usize]) -> Vec<bool> {
    let places = 0..namesakes().len();
    places.map(|place| !ended.contains(&place)).collect()
}

fn by() -> Revocation {
    Revocation::by("support")
}

/// Race 46, `SessionManager::list`.
#[tokio::test]
async fn a_manager_lists_no_session_of_another_tenant() {
    let world = World::new();
    for user in everybody(&world).await {
        let listed = world.manager.list(&user.subject).await.unwrap();
        let handles: Vec<_> = listed.iter().map(|info| info.handle).collect();
        assert_eq!(handles, [user.handle]);
    }
}

/// Race 46, `SessionManager::revoke_of`.
#[tokio::test]
async fn a_manager_ends_no_session_of_another_tenant_by_its_handle() {
    let world = World::new();
    let users = everybody(&world).await;
    for user in &users {
        for other in users.iter().filter(|other| other.handle != user.handle) {
            let manager = &world.manager;
            let ended = manager.revoke_of(&user.subject, other.handle, by()).await;
            assert_eq!(ended.unwrap(), Revoked::Missing);
        }
    }
    assert_eq!(live(&world, &users).await, all_but(&[]));
    let own = &users[0];
    let ended = world
        .manager
        .revoke_of(&own.subject, own.handle, by())
        .await;
    assert_eq!(ended.unwrap(), Revoked::Ended);
    // What has ended is not told to others either.
    let other = &users[1].subject;
    let ended = world.manager.revoke_of(other, own.handle, by()).await;
    assert_eq!(ended.unwrap(), Revoked::Missing);
}

/// Race 46, `SessionManager::revoke_subject`.
#[tokio::test]
async fn a_manager_ends_all_of_a_subject_and_none_of_another_tenant() {
    for place in 0..namesakes().len() {
        let world = World::new();
        let users = everybody(&world).await;
        let subject = &users[place].subject;
        let ended = world.manager.revoke_subject(subject, by()).await;
        assert_eq!(ended.unwrap(), 1);
        assert_eq!(live(&world, &users).await, all_but(&[place]));
    }
}

/// Race 46, `SessionManager::revoke_others`, also where the one to keep is somebody else's.
#[tokio::test]
async fn a_manager_ends_the_others_of_a_subject_and_none_of_another_tenant() {
    let world = World::new();
    let users = everybody(&world).await;
    let (own, other) = (&users[0], &users[1]);
    let manager = &world.manager;
    let ended = manager.revoke_others(&own.subject, own.handle, by()).await;
    assert_eq!(ended.unwrap(), 0);
    assert_eq!(live(&world, &users).await, all_but(&[]));
    let ended = manager
        .revoke_others(&own.subject, other.handle, by())
        .await;
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(live(&world, &users).await, all_but(&[0]));
}

/// Race 46, `SessionManager::revoke_all` of a tenant.
#[tokio::test]
async fn the_end_of_a_tenant_ends_no_session_of_another() {
    let world = World::new();
    let users = everybody(&world).await;
    let tenant = EpochScope::Tenant("acme".to_owned());
    world.manager.revoke_all(tenant, by()).await.unwrap();
    let acme: Vec<_> = (0..users.len())
        .filter(|place| users[*place].subject.tenant() == Some("acme"))
        .collect();
    assert_eq!(acme, [0, 5]);
    assert_eq!(live(&world, &users).await, all_but(&acme));
}

/// Race 46, `SessionManager::revoke_all` of a subject.
#[tokio::test]
async fn the_end_of_a_subject_ends_no_session_of_another_tenant() {
    for place in 0..namesakes().len() {
        let world = World::new();
        let users = everybody(&world).await;
        let scope = EpochScope::Subject(users[place].subject.clone());
        world.manager.revoke_all(scope, by()).await.unwrap();
        assert_eq!(live(&world, &users).await, all_but(&[place]));
    }
}

/// Race 46, `SessionManager::open`: the secret of one session opens no other one.
#[tokio::test]
async fn the_token_of_one_tenant_opens_no_session_of_another() {
    let world = World::new();
    let users = everybody(&world).await;
    for user in &users {
        for other in users.iter().filter(|other| other.handle != user.handle) {
            let token = user.client.session.as_ref().unwrap().expose_secret();
            // The handle ends in the 22nd character, which also holds the first bits of what
            // follows: those are zero for the first generation.
            let text = format!(
                "{}{}",
                &other.handle.to_string()[..22],
                &token.as_str()[22..]
            );
            let mut forger = Client::new();
            forger.session = SessionToken::parse(text.as_bytes()).ok();
            let forged = forger.session.as_ref().map(SessionToken::handle);
            assert_eq!(forged, Some(other.handle));
            assert_eq!(forger.open(&world).await.handle(), None);
        }
    }
}

/// Race 46, `Session::sessions`, `Session::revoke` and `Session::revoke_others`.
#[tokio::test]
async fn a_session_sees_and_ends_none_of_another_tenant() {
    let world = World::new();
    let users = everybody(&world).await;
    for user in &users {
        let session = user.client.open(&world).await;
        let listed = session.sessions().await.unwrap();
        let handles: Vec<_> = listed.iter().map(|info| info.handle).collect();
        assert_eq!(handles, [user.handle]);
        for other in users.iter().filter(|other| other.handle != user.handle) {
            let ended = session.revoke(other.handle).await.unwrap();
            assert_eq!(ended, Revoked::Missing);
        }
        assert_eq!(session.revoke_others().await.unwrap(), 0);
    }
    assert_eq!(live(&world, &users).await, all_but(&[]));
}

/// Race 46, `Session::login` at a limit that evicts.
#[tokio::test]
async fn a_login_evicts_no_session_of_another_tenant() {
    for at_limit in [AtLimit::EvictOldest, AtLimit::EvictLeastRecentlyUsed] {
        let world = World::limited(1, at_limit);
        let users = everybody(&world).await;
        assert_eq!(live(&world, &users).await, all_but(&[]));
        let session = Client::new().open(&world).await;
        let outcome = session.login(users[0].subject.clone()).await.unwrap();
        let evicted = vec![users[0].handle];
        assert_eq!(outcome, LoginOutcome::LoggedIn { evicted });
        assert_eq!(live(&world, &users).await, all_but(&[0]));
    }
}

/// Race 46, `Session::login` at a limit that rejects: who is denied sees its own sessions only.
#[tokio::test]
async fn a_denied_login_shows_no_session_of_another_tenant() {
    let world = World::limited(1, AtLimit::Reject);
    let users = everybody(&world).await;
    for user in &users {
        let session = Client::new().open(&world).await;
        let outcome = session.login(user.subject.clone()).await.unwrap();
        let LoginOutcome::Denied { active } = outcome else {
            panic!("not denied")
        };
        let handles: Vec<_> = active.iter().map(|info| info.handle).collect();
        assert_eq!(handles, [user.handle]);
    }
}

/// Race 46, `Session::login` over the session of another tenant: it ends, and nothing comes along.
#[tokio::test]
async fn a_login_takes_nothing_along_from_another_tenant() {
    let world = World::new();
    for (from, to) in [(0, 1), (1, 2), (2, 0), (2, 3), (0, 5)] {
        let subjects = namesakes();
        let mut client = Client::new();
        log_in(&world, &mut client, &subjects[from]).await;
        let session = client.open(&world).await;
        session.insert("secret", 1).unwrap();
        client.close(&session).await;
        log_in(&world, &mut client, &subjects[to]).await;
        let session = client.open(&world).await;
        assert_eq!(session.subject().as_ref(), Some(&subjects[to]));
        assert_eq!(session.get::<i32>("secret").unwrap(), None);
    }
}

/// Race 46, a replay that ends all of a subject.
#[tokio::test]
async fn a_replay_ends_no_session_of_another_tenant() {
    let policy = StandardPolicy::builder().on_replay(OnReplay::EndSubject);
    let world = World::with(policy.absolute(minutes(720)));
    let mut users = everybody(&world).await;
    let thief = users[0].client.thief();
    world.clock.advance(minutes(16));
    for user in &mut users {
        user.client.visit(&world).await;
        user.client.visit(&world).await;
    }
    world.clock.advance(minutes(6));
    assert_eq!(thief.open(&world).await.subject(), None);
    assert_eq!(live(&world, &users).await, all_but(&[0]));
}

/// Race 46, `Session::ended`: nobody's stream ends with the sessions of another tenant.
#[tokio::test]
async fn a_stream_does_not_end_with_another_tenant() {
    let world = World::new();
    let users = everybody(&world).await;
    let mut streams = Vec::new();
    for user in &users {
        streams.push(user.client.open(&world).await.detach());
    }
    let mut waiting: Vec<_> = streams
        .iter()
        .map(|stream| Box::pin(stream.ended()))
        .collect();
    for ended in &mut waiting {
        assert!(futures_util::poll!(ended).is_pending());
    }
    let tenant = EpochScope::Tenant("acme".to_owned());
    world.manager.revoke_all(tenant, by()).await.unwrap();
    let mut alive = Vec::new();
    for ended in &mut waiting {
        alive.push(futures_util::poll!(ended).is_pending());
    }
    assert_eq!(alive, all_but(&[0, 5]));
}

/// Race 46, `Session::raise` and `Session::save`: a write reaches its own session only.
#[tokio::test]
async fn a_write_reaches_no_session_of_another_tenant() {
    let world = World::new();
    let users = everybody(&world).await;
    let session = users[0].client.open(&world).await;
    session.insert("n", 1).unwrap();
    session
        .raise(hallpass::Authentication::password())
        .await
        .unwrap();
    session.insert("m", 1).unwrap();
    session.save().await.unwrap();
    for user in &users[1..] {
        let session = user.client.open(&world).await;
        assert_eq!(session.get::<i32>("n").unwrap(), None);
        assert_eq!(session.get::<i32>("m").unwrap(), None);
    }
    let nobody = Client::new().open(&world).await;
    assert!(matches!(
        nobody.revoke(users[0].handle).await,
        Err(SessionError::NotLoggedIn)
    ));
}
