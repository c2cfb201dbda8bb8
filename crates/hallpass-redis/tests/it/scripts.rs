//! The scripts on the server.

use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_core::Write;

use crate::private::Private;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::records::login;
use crate::records::of;
use crate::records::touch;

/// Race 44: a server that has forgotten its scripts, as after a restart or a failover, is sent them
/// again, by every operation, and no caller notices.
#[tokio::test]
async fn scripts_that_were_flushed_are_sent_again() {
    let server = Private::start();
    let mut connection = server.connection().await;
    let mut flush = async || connection.ask::<String>(&["SCRIPT", "FLUSH"]).await;
    let store = server.store().await;
    let (old, record) = (anonymous(), of(&store, &alice()));
    let next = NextWrite::after(&record, &SystemRandom).unwrap().build();

    flush().await;
    assert_eq!(store.create(&old, at(0)).await.unwrap(), Create::Created);
    flush().await;
    let bound = store
        .bind(&login(&record, Some(&old)), at(0))
        .await
        .unwrap();
    assert!(matches!(bound, Bound::Bound { evicted } if evicted.is_empty()));
    flush().await;
    let written = store.update(&next, record.revision(), at(0)).await.unwrap();
    assert_eq!(written, Write::Applied);
    flush().await;
    let touched = store.touch(&touch(&next, at(1)), at(1)).await.unwrap();
    assert_eq!(touched, Touched::Applied);
    flush().await;
    assert_eq!(store.list(&alice(), at(1)).await.unwrap().len(), 1);
    flush().await;
    let tenant = EpochScope::Tenant("umbrella".to_owned());
    store
        .advance(&tenant, &EndReason::Logout, at(1))
        .await
        .unwrap();
    flush().await;
    // Compares with a script, because something was counted up.
    let loaded = store.load(record.handle(), at(1)).await.unwrap();
    assert!(matches!(loaded, Load::Live(_)));
    flush().await;
    let subject = EpochScope::Subject(alice());
    store
        .advance(&subject, &EndReason::Logout, at(2))
        .await
        .unwrap();
    flush().await;
    let ended = store
        .end_subject(&alice(), None, &EndReason::Logout, at(3))
        .await;
    assert_eq!(ended.unwrap(), []);
    flush().await;
    let order = end(record.handle(), EndReason::Replayed, at(3));
    let expected = Tombstone::of(&next, EndReason::Logout, at(2));
    assert_eq!(
        store.end(&order, at(3)).await.unwrap(),
        EndOutcome::Already(expected)
    );
}

/// Race 44: the same while many calls are under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_may_be_flushed_at_any_moment() {
    let server = Private::start();
    let store = server.store().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..100 {
                let record = of(&store, &alice());
                let bound = store.bind(&login(&record, None), at(0)).await.unwrap();
                assert!(matches!(bound, Bound::Bound { .. }));
                let order = end(record.handle(), EndReason::Logout, at(1));
                let outcome = store.end(&order, at(1)).await.unwrap();
                let expected = Tombstone::of(&record, EndReason::Logout, at(1));
                assert_eq!(outcome, EndOutcome::Ended(expected));
            }
        }));
    }
    let mut connection = server.connection().await;
    while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        connection.ask::<String>(&["SCRIPT", "FLUSH"]).await;
    }
    for task in tasks {
        task.await.unwrap();
    }
}
