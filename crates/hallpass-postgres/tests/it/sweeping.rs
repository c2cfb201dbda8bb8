//! Sweeps beside everything else.

use std::time::Duration;

use hallpass_core::AtLimit;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Swept;
use hallpass_core::Touched;
use hallpass_postgres::PostgresStore;
use tokio::task::JoinSet;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::records::login;
use crate::records::of;
use crate::records::touch;
use crate::servers;

/// Race 40: a row that somebody holds is left for the next sweep, and nobody waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_past_rows_that_others_hold() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let held = begun(&store, RecordFixture::anonymous()).await;
    for _ in 0..9 {
        begun(&store, RecordFixture::anonymous()).await;
    }
    let admin = Admin::connect().await;
    let handle = held.handle().to_bytes().map(|byte| format!("{byte:02x}"));
    let handle = handle.concat();
    admin
        .run(&format!(
            "begin; select from {schema}.hallpass_sessions where handle = '\\x{handle}' for update"
        ))
        .await;
    let swept = store.sweep(100, at(600)).await.unwrap();
    assert_eq!((swept.removed, swept.more), (9, false));
    admin.run("commit").await;
    let swept = store.sweep(100, at(600)).await.unwrap();
    assert_eq!((swept.removed, swept.more), (1, false));
}

/// Race 40: nodes that sweep at once share the work.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_sweep_at_once_remove_each_row_once() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let mut begins = JoinSet::new();
    for _ in 0..200 {
        let store = store.clone();
        begins.spawn(async move { begun(&store, RecordFixture::anonymous()).await });
    }
    begins.join_all().await;
    let mut sweeps = JoinSet::new();
    for _ in 0..4 {
        let node = servers::peer(PostgresStore::builder(&servers::postgres())).await;
        sweeps.spawn(async move {
            let mut removed = 0;
            loop {
                let swept = node.sweep(7, at(600)).await.unwrap();
                removed += swept.removed;
                if !swept.more {
                    return removed;
                }
            }
        });
    }
    let removed: usize = sweeps.join_all().await.iter().sum();
    assert_eq!(removed, 200);
}

/// Race 19: a session that was used is looked at again at its later deadline, to the millisecond.
#[tokio::test(flavor = "multi_thread")]
async fn a_used_session_is_swept_at_its_later_deadline() {
    const MS: Duration = Duration::from_millis(1);
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let record = begun(&store, RecordFixture::anonymous()).await;
    assert_eq!(
        store.touch(&touch(&record, 60), at(60)).await.unwrap(),
        Touched::Applied
    );
    assert_eq!(store.sweep(1, at(600)).await.unwrap().removed, 0);
    // It was moved on, so there is nothing to look at now.
    assert_eq!(store.sweep(1, at(600)).await.unwrap(), Swept::default());
    let before = at(660).saturating_sub(MS);
    assert_eq!(store.sweep(1, before).await.unwrap(), Swept::default());
    assert!(matches!(
        store.load(record.handle(), before).await.unwrap(),
        Load::Live(_)
    ));
    assert_eq!(store.sweep(1, at(660)).await.unwrap().removed, 1);
    assert!(matches!(
        store.load(record.handle(), at(0)).await.unwrap(),
        Load::Missing
    ));
}

/// Race 43: nothing stays of a subject whose sessions are over.
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_a_subject_goes_with_its_last_session() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let _bound = store
        .bind(&login(of("alice"), AtLimit::Reject), at(0))
        .await
        .unwrap();
    let admin = Admin::connect().await;
    let locks = format!("select count(*) from {schema}.hallpass_subjects");
    let _swept = store.sweep(10, at(3_599)).await.unwrap();
    assert_eq!(admin.number(&locks).await, 1);
    let _swept = store.sweep(10, at(3_600)).await.unwrap();
    assert_eq!(admin.number(&locks).await, 0);
}
