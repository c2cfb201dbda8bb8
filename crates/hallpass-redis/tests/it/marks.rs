//! Marks and counters that are lost one by one.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use hallpass_core::EndReason;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::Load;
use hallpass_core::RandomUnavailable;
use hallpass_core::RecordFixture;
use hallpass_core::SecureRandom;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::SubjectIndex;
use hallpass_core::SystemRandom;
use hallpass_servers::urls;

use crate::private::connection;
use crate::records::alice;
use crate::records::at;
use crate::records::login;
use crate::records::of;
use crate::servers;

/// SES-17: the writes of one process have names that begin alike, and yet no session that ended passes
/// for one that began after a loss.
#[tokio::test]
async fn a_lost_mark_revives_no_session_of_the_same_process() {
    for lost in [["g", "g"], ["g", "e"]] {
        let store = servers::single().await;
        let ended = of_one_process();
        let _created = store.create(&ended, at(0)).await.unwrap();
        let scope = EpochScope::Everybody;
        let reason = EndReason::Logout;
        store.advance(&scope, &reason, at(1)).await.unwrap();
        let mut connection = connection(&urls::redis()).await;
        for kind in lost {
            let key = format!("{}:{{0}}:{kind}", store.prefix());
            let _removed: i64 = connection.ask(&["DEL", &key]).await;
        }
        let new = of_one_process();
        let _created = store.create(&new, at(2)).await.unwrap();
        let loaded = store.load(ended.handle(), at(2)).await.unwrap();
        assert!(!matches!(loaded, Load::Live(_)), "{lost:?}: {loaded:?}");
        let loaded = store.load(new.handle(), at(2)).await.unwrap();
        assert!(matches!(loaded, Load::Live(_)), "{lost:?}: {loaded:?}");
    }
}

/// SES-17: the counter of a subject lasts as long as its sessions, also where its index was lost.
#[tokio::test]
async fn a_lost_index_shortens_no_counter() {
    let store = servers::single().await;
    let record = of(&store, &alice());
    let _bound = store.bind(&login(&record, None), at(0)).await.unwrap();
    let mut connection = connection(&urls::redis()).await;
    for key in connection.keys(store.prefix()).await {
        if key.contains(":i:") {
            let removed: i64 = connection.ask(&["DEL", &key]).await;
            assert_eq!(removed, 1);
        }
    }
    let scope = EpochScope::Subject(alice());
    let reason = EndReason::Logout;
    store.advance(&scope, &reason, at(1)).await.unwrap();
    let mut seen = 0;
    for key in connection.keys(store.prefix()).await {
        if key.contains(":e:") || key.contains(":h:") {
            let left: i64 = connection.ask(&["PTTL", &key]).await;
            assert!(left > 3_600_000, "{key}: {left}");
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

fn of_one_process() -> SessionRecord {
    let fixture = RecordFixture::anonymous();
    let random = SameWrite(AtomicU32::new(0));
    fixture.build(&random, at(0)).unwrap().0
}

/// Random bytes for the name of a session and its token, and the same ones for that of its write.
#[derive(Debug)]
struct SameWrite(AtomicU32);

impl SecureRandom for SameWrite {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
        if self.0.fetch_add(1, Ordering::Relaxed) < 2 {
            return SystemRandom.fill(destination);
        }
        destination.fill(7);
        Ok(())
    }
}
