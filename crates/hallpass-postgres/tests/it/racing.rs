//! Two connections, one of them held back where it hurts.

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionStore;
use hallpass_core::Sweep;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_postgres::PostgresStore;
use hallpass_testkit::SeededRandom;
use tokio::task::JoinSet;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::records::built;
use crate::records::end;
use crate::records::subject;
use crate::records::touch;
use crate::servers;

/// Races 2 and 3: writes that were asked for before an advance and wait while it returns. Whatever
/// they answer, nothing of them brings the session back, and none that begins afterwards succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waits_while_all_sessions_end_revives_none() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let record = begun(&store, RecordFixture::of(&subject("alice"))).await;
    let random = SeededRandom::new(5_001);
    let next = NextWrite::after(&record, &random).unwrap().build();
    let used = touch(&record, 1);

    let admin = Admin::connect().await;
    admin.run(&locked(&schema, record.handle())).await;
    let mut waiting = JoinSet::new();
    waiting.spawn({
        let (store, next, expected) = (store.clone(), next.clone(), record.revision());
        async move { store.update(&next, expected, at(1)).await.unwrap() != Write::Conflict }
    });
    waiting.spawn({
        let store = store.clone();
        async move { store.touch(&used, at(1)).await.unwrap() != Touched::Refused }
    });
    blocked(&schema, 2).await;
    // What waits keeps those behind it on its connection waiting, too.
    let peer = servers::peer(PostgresStore::builder(&servers::postgres())).await;
    let advance = peer.advance(&EpochScope::Everybody, &EndReason::Logout, at(1));
    advance.await.unwrap();
    admin.run("commit").await;
    assert_eq!(waiting.join_all().await, [true, true]);

    let load = store.load(record.handle(), at(1)).await.unwrap();
    let Load::Ended(tombstone) = load else {
        panic!("{load:?}");
    };
    assert_eq!(tombstone.reason(), &EndReason::Logout);
    let after = NextWrite::after(&next, &random).unwrap().build();
    let update = store.update(&after, next.revision(), at(1)).await;
    assert_eq!(update.unwrap(), Write::Gone);
    let late = store.touch(&touch(&record, 2), at(2)).await.unwrap();
    assert_eq!(late, Touched::Gone);
    let outcome = store.end(&end(record.handle(), 3), at(3)).await.unwrap();
    assert_eq!(outcome, EndOutcome::Already(tombstone));
}

/// Race 2: an end that waits while an advance returns tells what came first.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_waits_while_all_sessions_end_is_not_the_first() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let record = begun(&store, RecordFixture::anonymous()).await;
    let admin = Admin::connect().await;
    admin.run(&locked(&schema, record.handle())).await;
    let waiting = tokio::spawn({
        let (store, order) = (store.clone(), end(record.handle(), 2));
        async move { store.end(&order, at(2)).await.unwrap() }
    });
    blocked(&schema, 1).await;
    let peer = servers::peer(PostgresStore::builder(&servers::postgres())).await;
    let advance = peer.advance(&EpochScope::Everybody, &EndReason::Evicted, at(1));
    advance.await.unwrap();
    admin.run("commit").await;
    let EndOutcome::Already(tombstone) = waiting.await.unwrap() else {
        panic!("the advance was first");
    };
    assert_eq!(tombstone.reason(), &EndReason::Evicted);
}

/// Race 5: a session that is ended while it begins either never began or has ended, whatever the
/// isolation is.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_while_it_begins_does_not_live() {
    let nodes = servers::of_all_kinds().await;
    for round in 0..25 {
        for beginning in 0..nodes.len() {
            let (record, _token) = built(RecordFixture::anonymous());
            let mut both = JoinSet::new();
            let ending = nodes[(beginning + round) % nodes.len()].clone();
            let order: End = end(record.handle(), 0);
            both.spawn(
                async move { ending.end(&order, at(0)).await.unwrap() == EndOutcome::Missing },
            );
            let node = nodes[beginning].clone();
            let begins = record.clone();
            both.spawn(
                async move { node.create(&begins, at(0)).await.unwrap() == Create::Occupied },
            );
            let answers = both.join_all().await;
            // Exactly one of both found nothing there.
            assert_eq!(answers[0], answers[1], "{answers:?}");
            let load = nodes[0].load(record.handle(), at(0)).await.unwrap();
            assert!(matches!(load, Load::Ended(_)), "{load:?}");
        }
    }
}

/// Races 19 and 40: a session that was used in time is not swept at the deadline that it had before.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_used_while_it_is_swept_lives_or_was_gone() {
    let nodes = servers::of_all_kinds().await;
    for round in 0..5 {
        let mut records = Vec::new();
        for _ in 0..40 {
            records.push(begun(&nodes[0], RecordFixture::anonymous()).await);
        }
        let mut tasks = JoinSet::new();
        for node in nodes.clone() {
            tasks.spawn(async move {
                for _ in 0..10 {
                    let _swept = node.sweep(7, at(600)).await.unwrap();
                }
                Vec::new()
            });
        }
        for (n, record) in records.iter().enumerate() {
            let node = nodes[(n + round) % nodes.len()].clone();
            let (handle, used) = (record.handle(), touch(record, 300));
            tasks.spawn(async move { vec![(handle, node.touch(&used, at(300)).await.unwrap())] });
        }
        for (handle, touched) in tasks.join_all().await.into_iter().flatten() {
            let lives = matches!(nodes[0].load(handle, at(899)).await.unwrap(), Load::Live(_));
            assert_eq!(lives, touched == Touched::Applied, "{touched:?}");
        }
    }
}

fn locked(schema: &str, handle: SessionHandle) -> String {
    let handle = handle.to_bytes().map(|byte| format!("{byte:02x}")).concat();
    format!("begin; select from {schema}.hallpass_sessions where handle = '\\x{handle}' for update")
}

/// Waits until so many statements wait for a lock.
async fn blocked(schema: &str, count: i64) {
    let blocked = format!(
        "select count(*) from pg_stat_activity
         where wait_event_type = 'Lock' and query like '%{schema}%'"
    );
    Admin::connect().await.reaches(&blocked, count).await;
}
