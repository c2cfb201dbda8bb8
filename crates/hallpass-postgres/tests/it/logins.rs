//! Limits hold, whoever logs in through which connections.

use hallpass_core::AtLimit;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::SessionHandle;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;
use hallpass_postgres::PostgresStore;
use tokio::task::JoinSet;

use crate::admin::Admin;
use crate::records::at;
use crate::records::login;
use crate::records::of;
use crate::records::subject;
use crate::servers;

/// Race 24: sixty-four logins from nodes whose connections have every isolation.
#[cfg(feature = "deadpool")]
#[tokio::test(flavor = "multi_thread")]
async fn logins_from_nodes_of_all_kinds_never_pass_the_limit() {
    let nodes = servers::of_all_kinds().await;
    for at_limit in [
        AtLimit::EvictLeastRecentlyUsed,
        AtLimit::EvictOldest,
        AtLimit::Reject,
    ] {
        for round in 0..3 {
            let alice = format!("alice {at_limit:?} {round}");
            let mut logins = JoinSet::new();
            for n in 0..64 {
                let (node, bind) = (nodes[n % 4].clone(), login(of(&alice), at_limit));
                logins.spawn(async move { node.bind(&bind, at(0)).await.unwrap() });
            }
            let (mut begun, mut evicted, mut denied) = (0, 0, 0);
            for answer in logins.join_all().await {
                match answer {
                    Bound::Bound { evicted: gone } => {
                        begun += 1;
                        evicted += gone.len();
                    }
                    Bound::Denied { active } => {
                        assert_eq!(active.len(), 3);
                        denied += 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
            let live = nodes[0].list(&subject(&alice), at(0)).await.unwrap().len();
            assert_eq!(live, 3);
            assert_eq!((begun - evicted, begun + denied), (3, 64), "{at_limit:?}");
        }
    }
}

/// Race 48: a login whose first attempt is still waiting when it is asked for again begins once.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_was_given_up_while_it_waited_begins_once() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let old = login(of("alice"), AtLimit::Reject);
    assert!(matches!(
        store.bind(&old, at(0)).await.unwrap(),
        Bound::Bound { .. }
    ));
    let admin = Admin::connect().await;
    admin
        .run(&format!(
            "begin; select from {schema}.hallpass_subjects for update"
        ))
        .await;
    let bind = login(of("alice"), AtLimit::EvictOldest);
    let waiting = tokio::spawn({
        let (store, bind) = (store.clone(), bind.clone());
        async move { store.bind(&bind, at(1)).await }
    });
    let blocked = format!(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%{schema}%'"
    );
    Admin::connect().await.reaches(&blocked, 1).await;
    waiting.abort();
    admin.run("commit").await;

    let Bound::Bound { evicted } = store.bind(&bind, at(1)).await.unwrap() else {
        panic!("not bound");
    };
    assert_eq!(evicted, []);
    assert_eq!(store.list(&subject("alice"), at(1)).await.unwrap().len(), 2);
}

/// Races 24 and 40: logins, lists and endings of one subject in any order come to an end.
#[tokio::test(flavor = "multi_thread")]
async fn logins_and_endings_of_one_subject_do_not_lock_each_other_out() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let peer = servers::peer(PostgresStore::builder(&servers::postgres())).await;
    let mut tasks = JoinSet::new();
    for n in 0..60 {
        let node = if n % 2 == 0 {
            store.clone()
        } else {
            peer.clone()
        };
        tasks.spawn(async move {
            let alice = subject("alice");
            if n % 5 == 0 {
                let ended = node
                    .end_subject(&alice, None, &EndReason::Logout, at(1))
                    .await;
                handles(&ended.unwrap())
            } else {
                let bind = login(of("alice"), AtLimit::EvictOldest);
                match node.bind(&bind, at(1)).await.unwrap() {
                    Bound::Bound { evicted } => handles(&evicted),
                    other => panic!("{other:?}"),
                }
            }
        });
    }
    let mut ended: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let live = store.list(&subject("alice"), at(1)).await.unwrap();
    ended.extend(live.iter().map(|record| record.handle()));
    ended.sort_unstable();
    ended.dedup();
    // Each login of the 48 lives, or ended once.
    assert_eq!(ended.len(), 48);
}

fn handles(tombstones: &[Tombstone]) -> Vec<SessionHandle> {
    tombstones.iter().map(Tombstone::handle).collect()
}
