//! What the statements cost the server.

use hallpass_core::AtLimit;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_postgres::PostgresStore;
use hallpass_testkit::SeededRandom;
use tokio::task::JoinSet;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::records::end;
use crate::records::login;
use crate::records::of;
use crate::records::subject;
use crate::records::touch;
use crate::servers;

/// No operation looks at all rows of a table, on tables of some thousand rows.
#[tokio::test(flavor = "multi_thread")]
async fn no_operation_looks_at_all_rows() {
    let url = servers::postgres();
    let store = servers::fresh(PostgresStore::builder(&url)).await;
    let schema = servers::last_schema();
    let records = many(&store, 2_000).await;
    let admin = Admin::connect().await;
    // As if many subjects had signed out everywhere, before all of these began.
    admin
        .run(&format!(
            "insert into {schema}.hallpass_epochs
                select 0, 0, 2, '', 'user ' || n, '' from generate_series(1, 5000) n;
             insert into {schema}.hallpass_subjects
                select 1, 9000000000000, '', 'user ' || n from generate_series(1, 5000) n;
             analyze {schema}.hallpass_sessions, {schema}.hallpass_epochs,
                {schema}.hallpass_subjects"
        ))
        .await;
    // The table of one row is one page, and reading it is the shortest way.
    let scans = format!(
        "select sum(seq_scan)::bigint from pg_stat_user_tables
         where schemaname = '{schema}' and relname not like '%newest'"
    );
    drop(store);
    let noted = format!(
        "select coalesce(max(pid), 0)::bigint from pg_stat_activity where query like '%{schema}%'
            and pid <> pg_backend_pid()"
    );
    while admin.number(&noted).await != 0 {}
    let before = admin.number(&scans).await;

    let store = servers::peer(PostgresStore::builder(&url)).await;
    // More often than it takes for a plan to be kept, with and without an advance to look at.
    for (n, record) in records.iter().enumerate().take(100) {
        every_operation(&store, record, n).await;
    }
    drop(store);
    let touched = format!(
        "select n_tup_upd from pg_stat_user_tables
         where schemaname = '{schema}' and relname = 'hallpass_sessions'"
    );
    admin.reaches(&touched, 300).await;
    while admin.number(&noted).await != 0 {}
    assert_eq!(admin.number(&scans).await - before, 0);
}

/// A touch makes no new entry in any index: all of them are HOT.
#[tokio::test(flavor = "multi_thread")]
async fn touches_write_to_no_index() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let admin = Admin::connect().await;
    // Room for all versions: transactions of other tests keep the server from clearing them away.
    admin
        .run(&format!(
            "alter table {schema}.hallpass_sessions set (fillfactor = 10)"
        ))
        .await;
    let records = many(&store, 300).await;
    for round in 1..=5 {
        for record in &records {
            let touch = touch(record, round * 60);
            assert_eq!(
                store.touch(&touch, at(round * 60)).await.unwrap(),
                Touched::Applied
            );
        }
    }
    drop(store);
    let of_table = |column: &str| {
        format!(
            "select {column} from pg_stat_user_tables
             where schemaname = '{schema}' and relname = 'hallpass_sessions'"
        )
    };
    admin.reaches(&of_table("n_tup_upd"), 1_500).await;
    let hot = admin.number(&of_table("n_tup_hot_upd")).await;
    assert_eq!(hot, 1_500);
}

async fn every_operation(store: &PostgresStore, record: &SessionRecord, n: usize) {
    let handle = record.handle();
    let random = SeededRandom::new(50_000 + n as u64);
    let _load = store.load(handle, at(1)).await.unwrap();
    let _touched = store.touch(&touch(record, 1), at(1)).await.unwrap();
    let next = NextWrite::after(record, &random).unwrap().build();
    let answer = store.update(&next, record.revision(), at(1)).await.unwrap();
    assert_eq!(answer, Write::Applied);
    let whose = record.subject().unwrap();
    let _list = store.list(whose, at(1)).await.unwrap();
    let mut bind = login(of(whose.id()), AtLimit::EvictOldest);
    bind.replaces = Some(hallpass_core::Replaced {
        handle,
        revision: next.revision(),
    });
    let _bound = store.bind(&bind, at(1)).await.unwrap();
    for _ in 0..3 {
        let bind = login(of(whose.id()), AtLimit::EvictOldest);
        let _bound = store.bind(&bind, at(1)).await.unwrap();
    }
    let bind = login(of(whose.id()), AtLimit::Reject);
    let _denied = store.bind(&bind, at(1)).await.unwrap();
    let _ended = store.end(&end(handle, 1), at(1)).await.unwrap();
    let ended = store.end_subject(whose, None, &EndReason::Logout, at(1));
    assert_eq!(ended.await.unwrap().len(), 3);
    let _swept = store.sweep(10, at(1)).await.unwrap();
    let scope = EpochScope::Subject(whose.clone());
    store
        .advance(&scope, &EndReason::Logout, at(1))
        .await
        .unwrap();
}

/// Stores sessions of as many subjects.
async fn many(store: &PostgresStore, count: usize) -> Vec<SessionRecord> {
    let mut tasks = JoinSet::new();
    for n in 0..count {
        let store = store.clone();
        tasks.spawn(async move {
            begun(&store, RecordFixture::of(&subject(&format!("user {n}")))).await
        });
    }
    tasks.join_all().await
}
