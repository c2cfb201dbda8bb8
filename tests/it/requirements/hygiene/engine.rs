//! Scenarios without requests: streams, operators, closures, and nodes that race.

use std::pin::pin;
use std::task::Poll;

use futures_util::poll;
use hallpass::Authentication;
use hallpass::CarryOver;
use hallpass::ClientFacts;
use hallpass::EndReason;
use hallpass::EpochScope;
use hallpass::Finished;
use hallpass::Instruction;
use hallpass::Presented;
use hallpass::Revocation;
use hallpass::Session;
use hallpass::SessionHandle;

use super::Run;
use super::needles::Needles;
use crate::world::Client;
use crate::world::login;
use crate::world::minutes;
use crate::world::subject;

impl Run {
    async fn open(&self, client: &Client) -> Session {
        let presented = Presented {
            session: client.session.clone(),
            anonymous: client.anonymous.clone(),
            ..Presented::default()
        };
        self.heard.debug(&presented);
        let facts = ClientFacts::new("192.0.2.1".parse().ok(), Some("curl/8"));
        let session = self.world.manager.open(presented, facts).await.unwrap();
        self.heard.debug(&session);
        session
    }

    async fn close(&self, client: &mut Client, session: &Session) {
        let finished = session.finish(false).await;
        self.hear(&finished);
        client.take(&finished);
    }

    fn hear(&self, finished: &Finished) {
        self.heard.debug(finished);
        if let Some(error) = &finished.refusal {
            self.heard.error(error);
        }
        for instruction in [&finished.delivery.session, &finished.delivery.anonymous] {
            if let Instruction::Set { token, .. } = instruction {
                self.issue(token.expose_secret().as_str());
            }
        }
    }

    async fn logged_in(&self, id: &str) -> Client {
        let mut client = Client::new();
        let session = self.open(&client).await;
        let outcome = session.login(login(id)).await.unwrap();
        self.heard.debug(&outcome);
        self.close(&mut client, &session).await;
        client
    }
}

/// SES-24: what a store is given to keep holds no usable token.
#[tokio::test]
async fn the_store_never_sees_a_token() {
    let run = Run::new();
    let mut client = Client::new();
    let session = run.open(&client).await;
    session.insert("n", 1).unwrap();
    run.close(&mut client, &session).await;
    let session = run.open(&client).await;
    let _logged_in = session.login(login("alice")).await.unwrap();
    run.close(&mut client, &session).await;
    for _ in 0..3 {
        run.world.clock.advance(minutes(16));
        for _ in 0..2 {
            let session = run.open(&client).await;
            run.close(&mut client, &session).await;
        }
    }
    let session = run.open(&client).await;
    session.raise(Authentication::password()).await.unwrap();
    run.close(&mut client, &session).await;
    run.open(&client).await.logout().await.unwrap();
    let issued = run.issued.lock().unwrap().clone();
    assert_eq!(issued.len(), 6);
    let stored = run.world.spy.bytes();
    assert!(stored.len() > 1_000, "{}", stored.len());
    let found = Needles::of(&issued).found_in(&stored);
    assert_eq!(found, Vec::<String>::new());
}

/// Race 47: what applications log of a session shows neither its token nor its data.
#[tokio::test]
async fn debug_output_shows_no_token() {
    let run = Run::new();
    let mut client = Client::new();
    let session = run.open(&client).await;
    session.insert("private", "very private").unwrap();
    run.heard.debug(&session);
    let login = login("alice").carry_over(CarryOver::DangerAll);
    run.heard.debug(&session.login(login).await);
    run.close(&mut client, &session).await;
    let value = session.get::<String>("private").unwrap();
    assert_eq!(value.as_deref(), Some("very private"));
    run.heard.error(&session.get::<u32>("private").unwrap_err());
    assert_eq!(run.assert_clean().await, 1);
    let said = String::from_utf8_lossy(&run.heard.all()).into_owned();
    assert!(!said.contains("very private"), "{said}");
}

/// SES-23 and race 47: a stream saves and waits for the end.
#[tokio::test]
async fn a_stream_leaks_no_token() {
    let run = Run::new();
    let mut client = run.logged_in("alice").await;
    let session = run.open(&client).await;
    let stream = session.detach();
    run.close(&mut client, &session).await;
    run.heard.error(&session.insert("n", 1).unwrap_err());
    stream.insert("n", 1).unwrap();
    stream.save().await.unwrap();
    run.heard.error(&stream.renew().unwrap_err());
    run.heard
        .error(&stream.login(login("bob")).await.unwrap_err());
    run.heard.debug(&stream);
    let mut ended = pin!(stream.ended());
    assert!(poll!(&mut ended).is_pending());
    run.open(&client).await.logout().await.unwrap();
    let end = poll!(&mut ended);
    assert_eq!(end, Poll::Ready(EndReason::Logout));
    run.heard.debug(&end);
    stream.insert("n", 2).unwrap();
    run.heard.error(&stream.save().await.unwrap_err());
    assert_eq!(run.assert_clean().await, 1);
}

/// SES-23 and race 47: what operators see and do.
#[tokio::test]
async fn the_calls_of_operators_leak_no_token() {
    let run = Run::new();
    let manager = &run.world.manager;
    let by = || Revocation::by("support:jane").because("reported stolen");
    let (alice, bob) = (subject("alice"), subject("bob"));
    let mut clients = Vec::new();
    for id in ["alice", "alice", "alice", "bob", "bob", "carol"] {
        clients.push(run.logged_in(id).await);
    }
    let handle = |place: usize| clients[place].session.as_ref().unwrap().handle();
    run.heard.debug(&manager.list(&alice).await.unwrap());
    run.heard.debug(&manager.revoke(handle(0), by()).await);
    run.heard.debug(&manager.revoke(handle(0), by()).await);
    let nobody = SessionHandle::from_bytes([0; 16]);
    run.heard.debug(&manager.revoke(nobody, by()).await);
    run.heard
        .debug(&manager.revoke_of(&bob, handle(1), by()).await);
    run.heard
        .debug(&manager.revoke_of(&alice, handle(1), by()).await);
    run.heard
        .debug(&manager.revoke_others(&bob, handle(3), by()).await);
    run.heard.debug(&manager.revoke_subject(&bob, by()).await);
    for scope in [
        EpochScope::Subject(alice),
        EpochScope::Tenant("acme".to_owned()),
        EpochScope::Everybody,
    ] {
        run.heard.debug(&scope);
        run.heard.debug(&manager.revoke_all(scope, by()).await);
    }
    run.heard.debug(&manager.sweep(10).await);
    for client in &clients {
        let session = run.open(client).await;
        assert!(session.end_reason().is_some());
        run.heard.debug(&session.end_reason());
        run.heard.error(&session.revoke(nobody).await.unwrap_err());
    }
    run.world.clock.advance(minutes(60 * 13));
    run.heard.debug(&manager.sweep(10).await);
    assert_eq!(run.assert_clean().await, 6);
}

/// SES-23 and race 47: a closure that panics, in a request whose token is due for renewal, and
/// the commit that it shared.
#[tokio::test]
async fn a_panic_leaks_no_token() {
    let run = Run::new();
    let mut client = run.logged_in("alice").await;
    run.world.clock.advance(minutes(16));
    let (guilty, innocent) = (run.open(&client).await, run.open(&client).await);
    guilty
        .update("n", |n: &mut i32| assert_eq!(*n, 0, "not what was loaded"))
        .unwrap();
    innocent.update("n", |n: &mut i32| *n += 1).unwrap();
    run.close(&mut client, &innocent).await;
    run.heard.debug(&guilty);
    let held = guilty.clone();
    let panic = tokio::spawn(async move { guilty.finish(false).await })
        .await
        .unwrap_err();
    assert!(panic.is_panic());
    run.heard.debug(&panic);
    run.heard.note(panic.to_string().as_bytes());
    run.heard.debug(&held);
    let session = run.open(&client).await;
    run.close(&mut client, &session).await;
    assert_eq!(run.assert_clean().await, 2);
}

/// SES-23 and race 47: requests that race for one session, and one that ends while they do.
#[tokio::test]
async fn requests_that_race_leak_no_token() {
    let run = Run::new();
    let mut client = run.logged_in("alice").await;
    run.world.clock.advance(minutes(16));
    let mut sessions = Vec::new();
    for _ in 0..8 {
        let session = run.open(&client).await;
        session.update("n", |n: &mut u32| *n += 1).unwrap();
        sessions.push(session);
    }
    let last = sessions.pop().unwrap();
    let commits = sessions.iter().map(|session| session.finish(false));
    for finished in futures_util::future::join_all(commits).await {
        run.hear(&finished);
        client.take(&finished);
    }
    run.open(&client).await.logout().await.unwrap();
    let refused = last.finish(false).await;
    assert!(refused.refusal.is_some());
    run.hear(&refused);
    assert_eq!(run.assert_clean().await, 2);
}
