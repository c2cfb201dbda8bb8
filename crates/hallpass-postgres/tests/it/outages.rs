//! Servers that hang, end and come back, and the feed meanwhile.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::mpsc;
use std::time::Duration;

use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::FeedListener;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_postgres::PostgresStore;
use hallpass_servers::Postgres;
use hallpass_servers::Proxy;
use hallpass_servers::postgres::Settings;

use crate::admin::Admin;
use crate::records::at;
use crate::records::begun;
use crate::servers;

/// Race 39: a connection that is half open is given up, and replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_unavailable_within_the_time_out() {
    let proxy = Proxy::in_front_of(&servers::postgres()).unwrap();
    let record = begun(
        &servers::fresh(PostgresStore::builder(&servers::postgres())).await,
        RecordFixture::anonymous(),
    )
    .await;
    let store = servers::patient(PostgresStore::builder(&proxy.url()))
        .schema(&servers::last_schema())
        .operation_timeout(Duration::from_millis(300))
        .connect_timeout(Duration::from_millis(300))
        .connect()
        .await
        .unwrap();
    until_live(&store, &record).await;
    proxy.hang();
    for _ in 0..4 {
        let error = store.load(record.handle(), at(0)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    }
    proxy.heal().unwrap();
    until_live(&store, &record).await;
}

/// Clause 6, and race 39: a server that was killed has what it acknowledged, and statements are
/// prepared on it again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_outlives_a_server_that_is_killed() {
    let server = Postgres::start(&Settings::default()).unwrap();
    let store = servers::fresh(PostgresStore::builder(&server.url())).await;
    let record = begun(&store, RecordFixture::anonymous()).await;
    let ended = begun(&store, RecordFixture::anonymous()).await;
    let order = crate::records::end(ended.handle(), 0);
    let _ended = store.end(&order, at(0)).await.unwrap();
    until_live(&store, &record).await;

    server.kill();
    let error = loop {
        match store.load(record.handle(), at(0)).await {
            Ok(load) => assert!(matches!(load, Load::Live(_)), "{load:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    server.start_again().unwrap();
    until_live(&store, &record).await;
    let load = store.load(ended.handle(), at(0)).await.unwrap();
    assert!(matches!(load, Load::Ended(_)), "{load:?}");
}

/// Clause 1 of the feed: a peer that says nothing any more is noticed without being asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_is_told_that_the_server_of_the_feed_hangs_or_is_cut_off() {
    let proxy = Proxy::in_front_of(&servers::postgres()).unwrap();
    let builder = PostgresStore::builder(&servers::postgres()).feed_url(&proxy.url());
    let store = servers::fresh(builder.connect_timeout(Duration::from_secs(2))).await;
    let (heard, _ear) = listened(&store);
    assert_eq!(next(&heard), None, "the beginning is an interruption");

    proxy.cut();
    assert_eq!(next(&heard), None, "it is lost");
    assert_eq!(next(&heard), None, "it is back");
    let ending = Ending::Scope(EpochScope::Everybody);
    store.publish(&ending).await.unwrap();
    assert_eq!(next(&heard), Some(ending.clone()));

    proxy.hang();
    assert_eq!(next(&heard), None, "it does not answer");
    proxy.heal().unwrap();
    assert_eq!(next(&heard), None, "it is back");
    store.publish(&ending).await.unwrap();
    assert_eq!(next(&heard), Some(ending));
}

/// Anybody in the database may notify; what cannot be read may have been an ending.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_can_read_is_an_interruption() {
    let store = servers::fresh(PostgresStore::builder(&servers::postgres())).await;
    let schema = servers::last_schema();
    let (heard, _ear) = listened(&store);
    assert_eq!(next(&heard), None);
    let admin = Admin::connect().await;
    for garbage in ["", "AAAA", "no base64!", "AA=="] {
        admin
            .run(&format!(
                "notify \"{schema}.hallpass_endings\", '{garbage}'"
            ))
            .await;
        assert_eq!(next(&heard), None, "{garbage}");
    }
    let ending = Ending::Scope(EpochScope::Everybody);
    store.publish(&ending).await.unwrap();
    assert_eq!(next(&heard), Some(ending));
}

async fn until_live(store: &PostgresStore, record: &SessionRecord) {
    loop {
        match store.load(record.handle(), at(0)).await {
            Ok(load) => {
                assert!(matches!(load, Load::Live(_)), "{load:?}");
                return;
            }
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
        tokio::task::yield_now().await;
    }
}

/// Returns what a listener hears, an ending or an interruption, and the listener.
pub(crate) fn listened(store: &PostgresStore) -> (mpsc::Receiver<Option<Ending>>, Arc<Ear>) {
    let (sender, heard) = mpsc::channel();
    let ear = Arc::new(Ear(sender));
    let weak: Weak<Ear> = Arc::downgrade(&ear);
    store.subscribe(weak);
    (heard, ear)
}

pub(crate) fn next(heard: &mpsc::Receiver<Option<Ending>>) -> Option<Ending> {
    tokio::task::block_in_place(|| heard.recv_timeout(Duration::from_secs(60))).unwrap()
}

#[derive(Debug)]
pub(crate) struct Ear(mpsc::Sender<Option<Ending>>);

impl FeedListener for Ear {
    fn ended(&self, ending: &Ending) {
        let _deaf = self.0.send(Some(ending.clone()));
    }

    fn interrupted(&self) {
        let _deaf = self.0.send(None);
    }
}
