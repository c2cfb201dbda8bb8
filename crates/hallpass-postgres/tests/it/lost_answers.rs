//! Race 48: what was asked is done, and nobody hears of it. Asked again, the store answers as if it
//! had been asked once.

use hallpass_core::AtLimit;
use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::EndOutcome;
use hallpass_core::EndReason;
use hallpass_core::Load;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::Tombstone;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_postgres::PostgresStore;
use hallpass_servers::Proxy;
use hallpass_testkit::SeededRandom;

use crate::records::at;
use crate::records::begun;
use crate::records::built;
use crate::records::end;
use crate::records::login;
use crate::records::of;
use crate::records::subject;
use crate::records::touch;
use crate::servers;

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_whose_answer_was_lost_has_happened() {
    let (store, proxy) = behind_a_proxy().await;
    begun(&store, RecordFixture::anonymous()).await;
    let (record, _token) = built(RecordFixture::anonymous());
    let again = lost(&proxy, async || store.create(&record, at(0)).await).await;
    assert_eq!(again, Create::Occupied);
    assert_eq!(loaded(&store, &record).await.encode(), record.encode());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_never_arrived_has_not_happened() {
    let (store, proxy) = behind_a_proxy().await;
    begun(&store, RecordFixture::anonymous()).await;
    let (record, _token) = built(RecordFixture::anonymous());
    proxy.cut_after_bytes_to_server(0);
    let error = store.create(&record, at(0)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let again = answered(async || store.create(&record, at(0)).await).await;
    assert_eq!(again, Create::Created);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_answer_was_lost_is_applied_once() {
    let (store, proxy) = behind_a_proxy().await;
    let record = begun(&store, RecordFixture::anonymous()).await;
    let random = SeededRandom::new(4_801);
    let first = NextWrite::after(&record, &random).unwrap().build();
    let update = store.update(&first, record.revision(), at(0)).await;
    assert_eq!(update.unwrap(), Write::Applied);
    let second = NextWrite::after(&first, &random).unwrap().data("a", b"1");
    let second = second.build();
    let again = lost(&proxy, async || {
        store.update(&second, first.revision(), at(0)).await
    })
    .await;
    assert_eq!(again, Write::Applied);
    assert_eq!(loaded(&store, &record).await.encode(), second.encode());
    // Another write that expects the same is not a repetition.
    let other = NextWrite::after(&first, &random).unwrap().build();
    let late = store.update(&other, first.revision(), at(0)).await;
    assert_eq!(late.unwrap(), Write::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_touch_whose_answer_was_lost_is_applied() {
    let (store, proxy) = behind_a_proxy().await;
    let record = begun(&store, RecordFixture::anonymous()).await;
    let touched = store.touch(&touch(&record, 1), at(1)).await;
    assert_eq!(touched.unwrap(), Touched::Applied);
    let second = touch(&record, 2);
    let again = lost(&proxy, async || store.touch(&second, at(2)).await).await;
    assert_eq!(again, Touched::Applied);
    assert_eq!(loaded(&store, &record).await.last_seen(), at(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_whose_answer_was_lost_is_told_with_its_tombstone() {
    let (store, proxy) = behind_a_proxy().await;
    let other = begun(&store, RecordFixture::anonymous()).await;
    let _ended = store.end(&end(other.handle(), 1), at(1)).await.unwrap();
    let record = begun(&store, RecordFixture::of(&subject("alice"))).await;
    let order = end(record.handle(), 1);
    let again = lost(&proxy, async || store.end(&order, at(1)).await).await;
    let tombstone = Tombstone::of(&record, EndReason::Logout, at(1));
    assert_eq!(again, EndOutcome::Already(tombstone));
}

/// A login that is repeated neither denies itself, nor evicts a second session.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_whose_answer_was_lost_begins_once() {
    let (store, proxy) = behind_a_proxy().await;
    for _ in 0..2 {
        let login = login(of("alice"), AtLimit::Reject);
        assert_eq!(evicted(&store.bind(&login, at(0)).await.unwrap()), Some(0));
    }
    let third = login(of("alice"), AtLimit::Reject);
    let again = lost(&proxy, async || store.bind(&third, at(0)).await).await;
    assert_eq!(evicted(&again), Some(0));
    let fourth = login(of("alice"), AtLimit::EvictOldest);
    let again = lost(&proxy, async || store.bind(&fourth, at(0)).await).await;
    assert_eq!(evicted(&again), Some(0), "a repetition evicts nobody");
    let listed = store.list(&subject("alice"), at(0)).await.unwrap();
    assert_eq!(listed.len(), 3);
    let mut live = listed.iter().map(|record| record.handle());
    assert!(live.any(|handle| handle == fourth.record.handle()));
}

async fn behind_a_proxy() -> (PostgresStore, Proxy) {
    let proxy = Proxy::in_front_of(&servers::postgres()).unwrap();
    let builder = PostgresStore::builder(&proxy.url());
    (servers::fresh_with(builder, 1).await, proxy)
}

/// Loses the answer to a call, and returns what it answers when it is asked again. What it needs
/// prepared was asked for before.
async fn lost<T: std::fmt::Debug>(
    proxy: &Proxy,
    call: impl AsyncFn() -> Result<T, StoreError>,
) -> T {
    proxy.cut_after_bytes_to_client(0);
    let error = call().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    answered(call).await
}

/// Asks until the connection is back.
async fn answered<T>(call: impl AsyncFn() -> Result<T, StoreError>) -> T {
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
        tokio::task::yield_now().await;
    }
}

async fn loaded(store: &PostgresStore, record: &SessionRecord) -> SessionRecord {
    match store.load(record.handle(), at(0)).await.unwrap() {
        Load::Live(record) => (*record).clone(),
        other => panic!("{other:?}"),
    }
}

fn evicted(bound: &Bound) -> Option<usize> {
    match bound {
        Bound::Bound { evicted } => Some(evicted.len()),
        _ => None,
    }
}
