//! The rights of the server's users.

use std::time::Duration;

use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_core::Write;
use hallpass_redis::RedisStore;

use crate::private::Private;
use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::end;
use crate::records::login;
use crate::records::of;
use crate::records::touch;

/// The rights that the documentation of the crate lists are enough for everything.
#[tokio::test]
async fn the_documented_rights_are_enough() {
    let server = Private::start();
    let mut connection = server.connection().await;
    let rights = documented_rights();
    let rule: Vec<&str> = rights.iter().map(String::as_str).collect();
    let _ok: String = connection.ask(&rule).await;

    let url = server.url_as("hallpass");
    let store = RedisStore::builder(&url).connect().await.unwrap();
    let everybody = EpochScope::Everybody;
    let reason = EndReason::Logout;
    store.advance(&everybody, &reason, at(0)).await.unwrap();
    let (old, record) = (anonymous(), of(&store, &alice()));
    let _created = store.create(&old, at(0)).await.unwrap();
    let bound = store
        .bind(&login(&record, Some(&old)), at(0))
        .await
        .unwrap();
    assert!(matches!(bound, Bound::Bound { .. }));
    let next = NextWrite::after(&record, &SystemRandom).unwrap().build();
    let written = store.update(&next, record.revision(), at(0)).await.unwrap();
    assert_eq!(written, Write::Applied);
    let _touched = store.touch(&touch(&next, at(1)), at(1)).await.unwrap();
    assert_eq!(store.list(&alice(), at(1)).await.unwrap().len(), 1);
    let tenant = EpochScope::Tenant("umbrella".to_owned());
    for scope in [tenant, EpochScope::Subject(alice())] {
        let loaded = store.load(record.handle(), at(1)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)));
        store
            .advance(&scope, &EndReason::Logout, at(1))
            .await
            .unwrap();
    }
    let order = end(record.handle(), EndReason::Logout, at(2));
    let _already = store.end(&order, at(2)).await.unwrap();
    let ended = store
        .end_subject(&alice(), None, &EndReason::Logout, at(2))
        .await;
    assert_eq!(ended.unwrap(), []);
    store.publish(&Ending::Session(old.handle())).await.unwrap();
}

/// A user who may not wait for replicas ends sessions, and learns that nobody knows of the replicas.
#[tokio::test]
async fn a_user_who_may_not_wait_is_not_told_that_nothing_changed() {
    let server = Private::start();
    let mut connection = server.connection().await;
    let mut rights = documented_rights();
    rights.push("-wait".to_owned());
    let _ok: String = connection.ask(&rights).await;
    let builder = RedisStore::builder(&server.url_as("hallpass"));
    let builder = builder.wait_for_replicas(1, Duration::from_millis(10));
    let store = builder.connect().await.unwrap();
    let record = anonymous();
    let _created = store.create(&record, at(0)).await.unwrap();
    let order = end(record.handle(), EndReason::Logout, at(1));
    let error = store.end(&order, at(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let loaded = store.load(record.handle(), at(1)).await.unwrap();
    assert!(matches!(loaded, Load::Ended(_)));
}

/// Race 39: a user without rights is refused, which is not an outage.
#[tokio::test]
async fn a_user_without_rights_is_refused() {
    let server = Private::start();
    let mut connection = server.connection().await;
    let rule = [
        "ACL",
        "SETUSER",
        "hallpass",
        "on",
        ">password",
        "-@all",
        "+hello",
        "+select",
    ];
    let _ok: String = connection.ask(&rule).await;
    let url = server.url_as("hallpass");
    let store = RedisStore::builder(&url).connect().await.unwrap();
    let error = store.create(&anonymous(), at(0)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
    let error = store.load(anonymous().handle(), at(0)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
}

/// Race 47: whose password is wrong learns that, and no log learns the password.
#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let server = Private::start();
    let url = server.url_as("nobody");
    let refused = RedisStore::builder(&url).connect().await.unwrap_err();
    let source = std::error::Error::source(&refused).unwrap();
    assert_eq!(source.to_string(), "redis answered WRONGPASS");
    let shown = format!("{refused} {refused:?} {source:?}");
    assert!(
        !shown.contains("password") && !shown.contains("nobody"),
        "{shown}"
    );
    let store = RedisStore::builder(&url).connect_lazy().unwrap();
    let error = store.load(anonymous().handle(), at(0)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
}

/// The command of the crate's page.
fn documented_rights() -> Vec<String> {
    let page = include_str!("../../src/lib.rs");
    let (_, command) = page.split_once("//! ACL SETUSER").unwrap();
    let (command, _) = command.split_once("//! ```").unwrap();
    let words = command.split_whitespace().filter(|word| *word != "//!");
    ["ACL", "SETUSER"]
        .into_iter()
        .chain(words)
        .map(str::to_owned)
        .collect()
}
