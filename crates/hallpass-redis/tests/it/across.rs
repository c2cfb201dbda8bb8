//! Logins on a Cluster that replace a session of another node.

use hallpass_core::Bound;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;

use crate::records::alice;
use crate::records::anonymous;
use crate::records::at;
use crate::records::built;
use crate::records::login;
use crate::records::of;
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
