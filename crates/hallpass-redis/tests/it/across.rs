//! Logins on a Cluster that replace a session of another node.

use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_redis::RedisStore;

use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::built;
use crate::records::login;
use crate::records::of;
use crate::records::touch;
use crate::servers;

/// Race 48: the process died after the session began, and before the one that it replaces ended.
/// The same login again brings it to its end.
#[tokio::test]
async fn a_login_that_stopped_half_way_is_brought_to_its_end() {
    let store = servers::cluster().await;
    let old = anonymous();
    let _created = store.create(&old, at(0)).await.unwrap();
    let record = of(&store, &alice());
    let _half = store.bind(&login(&record, None), at(1)).await.unwrap();
    let bound = store.bind(&login(&record, Some(&old)), at(2)).await;
    assert!(matches!(bound.unwrap(), Bound::Bound { evicted } if evicted.is_empty()));
    let Load::Ended(tombstone) = store.load(old.handle(), at(2)).await.unwrap() else {
        panic!("the session that was replaced lives");
    };
    assert_eq!(tombstone, Tombstone::of(&old, EndReason::Superseded, at(2)));
    let again = store.bind(&login(&record, Some(&old)), at(3)).await;
    assert!(matches!(again.unwrap(), Bound::Bound { evicted } if evicted.is_empty()));
}

/// Race 48: the same where somebody has written since to the session that it replaces, by which the
/// freeze of the login is gone.
#[tokio::test]
async fn a_login_that_has_begun_ends_what_it_replaces_whoever_wrote_since() {
    let store = servers::cluster().await;
    let old = loop {
        let old = anonymous();
        if old.handle().to_bytes()[1] != of(&store, &alice()).handle().to_bytes()[1] {
            break old;
        }
    };
    let _created = store.create(&old, at(0)).await.unwrap();
    let record = of(&store, &alice());
    let _half = store.bind(&login(&record, None), at(1)).await.unwrap();
    let next = NextWrite::after(&old, &SystemRandom).unwrap().build();
    let written = store.update(&next, old.revision(), at(7)).await.unwrap();
    assert_eq!(written, Write::Applied);
    let bound = store.bind(&login(&record, Some(&old)), at(8)).await;
    assert!(matches!(bound.unwrap(), Bound::Bound { evicted } if evicted.is_empty()));
    let loaded = store.load(old.handle(), at(8)).await.unwrap();
    assert!(matches!(loaded, Load::Ended(_)), "{loaded:?}");
}

/// A handle without the tag of its subject leads to another node: the error says what is missing.
#[tokio::test]
async fn a_session_without_its_tag_is_refused() {
    let store = servers::cluster().await;
    let away = loop {
        let record = built(hallpass_core::RecordFixture::of(&alice())).0;
        if record.handle().to_bytes()[1] != of(&store, &alice()).handle().to_bytes()[1] {
            break record;
        }
    };
    for error in [
        store.create(&away, at(0)).await.unwrap_err(),
        store.bind(&login(&away, None), at(0)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Rejected);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(".with_tags()"), "{source}");
    }
    let loaded = store.load(away.handle(), at(0)).await.unwrap();
    assert!(matches!(loaded, Load::Missing));
}

/// Race 48: the login stopped after the session that it replaces was frozen. Meanwhile nobody writes
/// to that, and it is used and read as ever; the same login again succeeds, whether or not the
/// freeze has lapsed; and where the login never comes back, another one may take its place.
#[tokio::test]
async fn a_login_that_only_froze_is_brought_to_its_end() {
    for (again, by_another) in [(at(2), false), (at(7), false), (at(7), true)] {
        let store = servers::cluster().await;
        let old = loop {
            let old = anonymous();
            if old.handle().to_bytes()[1] != of(&store, &alice()).handle().to_bytes()[1] {
                break old;
            }
        };
        let _created = store.create(&old, at(0)).await.unwrap();
        let index = index_of_alice(&store).await;
        let mut cluster = servers::their_cluster().await;
        let break_it = redis::cmd("SET").arg(&index).arg("not ours").to_owned();
        let _ok: String = break_it.query_async(&mut cluster).await.unwrap();
        let record = of(&store, &alice());
        let bind = login(&record, Some(&old));
        let error = store.bind(&bind, at(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
        let mend_it = redis::cmd("DEL").arg(&index).to_owned();
        let _removed: i64 = mend_it.query_async(&mut cluster).await.unwrap();

        let next = NextWrite::after(&old, &SystemRandom).unwrap().build();
        let written = store.update(&next, old.revision(), at(1)).await.unwrap();
        assert_eq!(written, Write::Conflict);
        let touched = store.touch(&touch(&old, at(1)), at(1)).await.unwrap();
        assert_eq!(touched, Touched::Applied);
        let loaded = store.load(old.handle(), at(1)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)));
        let other = login(&of(&store, &alice()), Some(&old));
        let bound = store.bind(&other, at(1)).await.unwrap();
        assert!(matches!(bound, Bound::Conflict));

        let bind = if by_another { &other } else { &bind };
        for _ in 0..2 {
            let bound = store.bind(bind, again).await.unwrap();
            assert!(matches!(bound, Bound::Bound { evicted } if evicted.is_empty()));
        }
        let loaded = store.load(old.handle(), again).await.unwrap();
        assert!(matches!(loaded, Load::Ended(_)), "{loaded:?}");
        let listed = store.list(&alice(), again).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|record| record.handle()).collect();
        assert_eq!(listed, [bind.record.handle()]);
    }
}

/// The key of the index of a subject, found by a session that has ended since.
async fn index_of_alice(store: &RedisStore) -> String {
    let record = of(store, &alice());
    let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
    let pattern = format!("{}:*:i:*", store.prefix());
    let command = redis::cmd("KEYS").arg(pattern).to_owned();
    let mut cluster = servers::their_cluster().await;
    let keys: Vec<String> = command.query_async(&mut cluster).await.unwrap();
    let [index] = keys.as_slice() else {
        panic!("there is one subject: {keys:?}");
    };
    let reason = EndReason::Logout;
    let ended = store.end_subject(&alice(), None, &reason, at(0)).await;
    assert_eq!(ended.unwrap().len(), 1);
    index.clone()
}
