//! Names and numbers that somebody chose in order to break something.

use std::time::Duration;

use hallpass_core::AtLimit;
use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Timestamp;
use hallpass_postgres::PostgresStore;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::records::built;
use crate::records::login;
use crate::records::of;
use crate::records::subject;
use crate::servers;

/// Race 46: a tenant and an id of any characters name one subject, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_never_taken_for_sql() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let long = "\u{1f47b}".repeat(63);
    let texts = [
        "' or ''='",
        "\\'; drop table hallpass_sessions; --",
        "%",
        "$1",
        "{1,2}",
        "\"",
        "null",
        &long,
    ];
    let subjects = || {
        let pairs = texts.into_iter().zip(texts.into_iter().rev());
        pairs.map(|(tenant, id)| Subject::of_tenant(tenant, id).unwrap())
    };
    for subject in subjects() {
        let (record, _token) = built(RecordFixture::of(&subject));
        let bound = store.bind(&login(record, AtLimit::Reject), at(0)).await;
        assert!(matches!(bound.unwrap(), Bound::Bound { .. }), "{subject:?}");
    }
    for subject in subjects() {
        let live = async || store.list(&subject, at(0)).await.unwrap().len();
        assert_eq!(live().await, 1, "{subject:?}");
        let tenant = EpochScope::Tenant(subject.tenant().unwrap().to_owned());
        let advance = store.advance(&tenant, &EndReason::Logout, at(0)).await;
        assert!(advance.is_ok(), "{advance:?}");
        assert_eq!(live().await, 0, "{subject:?}");
    }
}

/// No subject has such a tenant, so nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_no_text_of_the_server_is_rejected() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let scope = EpochScope::Tenant("a\0b".to_owned());
    let error = store.advance(&scope, &EndReason::Logout, at(0)).await;
    assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Rejected);
}

/// Limits that never come are beyond the numbers of the server, and nothing overflows.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_end_outlives_every_instant() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let endless = RecordFixture::anonymous().timeouts(Some(Duration::MAX), Duration::MAX);
    let record = begun(&store, endless).await;
    for now in [at(0), Timestamp::from_millis(u64::MAX - 1)] {
        let load = store.load(record.handle(), now).await.unwrap();
        assert!(matches!(load, Load::Live(_)), "{now:?} {load:?}");
        assert_eq!(store.sweep(10, now).await.unwrap().removed, 0);
    }
}

/// A user whose limit is reached has to see which session to end.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_nobody_can_read_does_not_hide_the_others() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let records = [of("alice"), of("alice"), of("alice")];
    for record in &records {
        let bound = store
            .bind(&login(record.clone(), AtLimit::Reject), at(0))
            .await;
        assert!(matches!(bound.unwrap(), Bound::Bound { .. }));
    }
    let schema = servers::last_schema();
    let damage = format!(
        "update {schema}.hallpass_sessions set record = '\\x00' where handle = '\\x{}'",
        records[0]
            .handle()
            .to_bytes()
            .map(|byte| format!("{byte:02x}"))
            .concat()
    );
    Admin::connect().await.run(&damage).await;
    let left = |listed: Vec<std::sync::Arc<hallpass_core::SessionRecord>>| {
        let mut handles: Vec<_> = listed.iter().map(|record| record.handle()).collect();
        handles.sort_by_key(|handle| handle.to_bytes());
        handles
    };
    let mut expected = vec![records[1].handle(), records[2].handle()];
    expected.sort_by_key(|handle| handle.to_bytes());
    let listed = store.list(&subject("alice"), at(0)).await.unwrap();
    assert_eq!(left(listed), expected);
    let denied = store
        .bind(&login(of("alice"), AtLimit::Reject), at(0))
        .await;
    let Bound::Denied { active } = denied.unwrap() else {
        panic!("three are live");
    };
    assert_eq!(left(active), expected);
}
