//! Answers of the store that got lost: what they leave in doubt, and what they must not hide.

use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use hallpass::EndReason;
use hallpass::EventKind;
use hallpass::Revocation;
use hallpass::Revoked;
use hallpass::SessionError;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;

use crate::world::Client;
use crate::world::World;
use crate::world::login;
use crate::world::subject;

const REFUSED: Fault = Fault::Fail(StoreErrorKind::Rejected);

/// Race 48: the first answer was lost and the repetition refused. That passed for a write that was
/// refused, so the change stayed pending, and the end of the request applied it once more.
#[tokio::test]
async fn a_refused_repetition_does_not_make_a_change_count_twice() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    session.update("n", |n: &mut u32| *n += 1).unwrap();
    for fault in [Fault::FailAfter, REFUSED] {
        world.faults.script(StoreOperation::Update, fault);
    }
    assert!(matches!(
        session.save().await,
        Err(SessionError::InDoubt(_))
    ));
    assert!(session.finish(false).await.refusal.is_none());
    assert_eq!(client.open(&world).await.get::<u32>("n").unwrap(), Some(1));
}

/// Race 48: the same with a login, for which `Unavailable` says that nothing has happened. A session
/// had begun, whose token nobody has: it does not keep a place of the subject.
#[tokio::test]
async fn a_refused_repetition_leaves_a_login_in_doubt_and_no_ghost() {
    let world = World::new();
    let session = Client::new().open(&world).await;
    for fault in [Fault::FailAfter, REFUSED] {
        world.faults.script(StoreOperation::Bind, fault);
    }
    assert!(matches!(
        session.login(login("alice")).await,
        Err(SessionError::InDoubt(_))
    ));
    let begun = world.manager.list(&subject("alice")).await.unwrap();
    assert_eq!(begun, []);
}

/// A logout whose answer is lost twice has ended the session, and must not say that it lives on.
#[tokio::test]
async fn a_logout_that_may_have_ended_the_session_says_so() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    for _ in 0..2 {
        world.faults.script(StoreOperation::End, Fault::FailAfter);
    }
    assert!(matches!(
        session.logout().await,
        Err(SessionError::InDoubt(_))
    ));
    session.logout().await.unwrap();
    assert_eq!(client.open(&world).await.handle(), None);
}

/// The answer to an ending was lost and the repetition found the session ended. That passed for
/// somebody else's doing: no event, and streams of the session went on until they looked again.
#[tokio::test]
async fn an_ending_whose_answer_was_lost_is_told_all_the_same() {
    let world = World::new();
    let client = Client::logged_in(&world, "alice").await;
    let session = client.open(&world).await;
    let stream = session.detach();
    let mut ended = Box::pin(stream.ended());
    let mut context = Context::from_waker(Waker::noop());
    assert!(ended.as_mut().poll(&mut context).is_pending());
    world.events.take();
    world.faults.script(StoreOperation::End, Fault::FailAfter);
    let outcome = world
        .manager
        .revoke(session.handle().unwrap(), Revocation::by("operator"))
        .await;
    assert_eq!(outcome.unwrap(), Revoked::Ended);
    let reason = EndReason::Revoked(Revocation::by("operator"));
    let told = world.events.take();
    assert!(told.contains(&EventKind::Ended(reason.clone())), "{told:?}");
    assert_eq!(ended.as_mut().poll(&mut context), Poll::Ready(reason));
}
