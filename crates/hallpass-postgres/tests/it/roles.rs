//! What a role needs.

use hallpass_core::AtLimit;
use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::NextWrite;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_postgres::PostgresStore;
use hallpass_postgres::PostgresStoreBuilder;
use hallpass_testkit::SeededRandom;

use crate::admin::Admin;
use crate::records::at;
use crate::records::end;
use crate::records::login;
use crate::records::of;
use crate::records::subject;
use crate::records::touch;
use crate::servers;

/// The rights are those of `docs/OPERATIONS.md`; nothing is granted to everybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_needs_no_more_rights_than_are_documented() {
    let owner = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let (role, builder) = role_of(&schema).await;
    Admin::connect()
        .await
        .run(&format!(
            "revoke execute on all functions in schema {schema} from public;
             grant usage on schema {schema} to {role};
             grant select, insert, update, delete
                 on {schema}.hallpass_sessions, {schema}.hallpass_subjects to {role};
             grant select, insert, update
                 on {schema}.hallpass_epochs, {schema}.hallpass_newest to {role};
             grant execute on all functions in schema {schema} to {role};"
        ))
        .await;
    let store = builder.connect().await.unwrap();

    let record = of("alice");
    assert_eq!(store.create(&record, at(0)).await.unwrap(), Create::Created);
    let touched = store.touch(&touch(&record, 1), at(1)).await.unwrap();
    assert_eq!(touched, Touched::Applied);
    let random = SeededRandom::new(4_201);
    let next = NextWrite::after(&record, &random).unwrap().build();
    let update = store.update(&next, record.revision(), at(1)).await;
    assert_eq!(update.unwrap(), Write::Applied);
    let login = login(of("alice"), AtLimit::EvictOldest);
    let bound = store.bind(&login, at(1)).await.unwrap();
    assert!(matches!(bound, Bound::Bound { .. }), "{bound:?}");
    assert_eq!(store.list(&subject("alice"), at(1)).await.unwrap().len(), 2);
    let _ended = store.end(&end(record.handle(), 1), at(1)).await.unwrap();
    let alice = subject("alice");
    let ended = store.end_subject(&alice, None, &EndReason::Logout, at(1));
    assert_eq!(ended.await.unwrap().len(), 1);
    for scope in [EpochScope::Everybody, EpochScope::Subject(alice)] {
        let advance = store.advance(&scope, &EndReason::Logout, at(2)).await;
        assert!(advance.is_ok(), "{advance:?}");
    }
    let ending = Ending::Scope(EpochScope::Everybody);
    assert!(store.publish(&ending).await.is_ok());
    assert_eq!(store.sweep(10, at(100_000)).await.unwrap().removed, 2);
    drop(owner);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_rights_is_told_so() {
    let _owner = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let (_role, builder) = role_of(&schema).await;
    let store = builder.connect().await.unwrap();
    let migration = store.migrate().await.unwrap_err();
    assert_eq!(migration.kind(), StoreErrorKind::Rejected);
    assert_eq!(migration.code(), Some("42501"));
    assert!(migration.to_string().contains("the role may not do this"));
    let error = store.load(of("alice").handle(), at(0)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("the role may not do this"), "{source}");
}

/// Makes a role that may do nothing, and returns its name and the settings of its store.
async fn role_of(schema: &str) -> (String, PostgresStoreBuilder) {
    let role = format!("role_of_{schema}");
    let admin = Admin::connect().await;
    admin.run(&format!("create role {role} login")).await;
    let url = servers::postgres().replace("://postgres@", &format!("://{role}@"));
    let builder = servers::patient(PostgresStore::builder(&url)).schema(schema);
    (role, builder)
}
