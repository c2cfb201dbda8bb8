//! The spy sees every call, and everything that is written.

use std::sync::Arc;

use hallpass_core::Bind;
use hallpass_core::Create;
use hallpass_core::DynStore;
use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::Epochs;
use hallpass_core::FeedListener;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::RevocationFeed;
use hallpass_core::SessionRecord;
use hallpass_core::SessionToken;
use hallpass_core::StoreOperation;
use hallpass_core::Subject;
use hallpass_core::SubjectIndex;
use hallpass_core::Sweep;
use hallpass_core::Touch;
use hallpass_testkit::__private::run;
use hallpass_testkit::Call;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SpyStore;

use crate::reference::ReferenceStore;

/// Calls every operation once, through the store that is given.
async fn call_everything<S>(store: &S, random: &SeededRandom) -> (SessionRecord, SessionToken)
where
    S: SubjectIndex + Epochs + Sweep + RevocationFeed,
{
    let now = ManualClock::START;
    let alice = Subject::new("alice").unwrap();
    let (record, token) = RecordFixture::of(&alice)
        .data("k", b"1")
        .build(random, now)
        .unwrap();
    let next = NextWrite::after(&record, random)
        .unwrap()
        .data("k", b"2")
        .build();
    let (bound, _token) = RecordFixture::of(&alice).build(random, now).unwrap();
    let bind = Bind {
        record: bound,
        replaces: None,
        limit: None,
    };
    let touch = Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen: now,
        confirm: false,
    };
    let end = End {
        handle: record.handle(),
        reason: EndReason::Logout,
        at: now,
        keep_until: now,
    };
    assert_eq!(store.create(&record, now).await.unwrap(), Create::Created);
    let _live = store.load(record.handle(), now).await.unwrap();
    let _applied = store.update(&next, record.revision(), now).await.unwrap();
    let _applied = store.touch(&touch, now).await.unwrap();
    let _ended = store.end(&end, now).await.unwrap();
    let _bound = store.bind(&bind, now).await.unwrap();
    store.list(&alice, now).await.unwrap();
    store
        .end_subject(&alice, None, &EndReason::Logout, now)
        .await
        .unwrap();
    store
        .advance(&EpochScope::Everybody, &EndReason::Logout, now)
        .await
        .unwrap();
    store.sweep(10, now).await.unwrap();
    store
        .publish(&Ending::Session(record.handle()))
        .await
        .unwrap();
    (record, token)
}

const EVERYTHING: [StoreOperation; 11] = [
    StoreOperation::Create,
    StoreOperation::Load,
    StoreOperation::Update,
    StoreOperation::Touch,
    StoreOperation::End,
    StoreOperation::Bind,
    StoreOperation::List,
    StoreOperation::EndSubject,
    StoreOperation::Advance,
    StoreOperation::Sweep,
    StoreOperation::Publish,
];

#[test]
fn every_operation_is_noted_in_order() {
    run(async {
        let store = SpyStore::new(ReferenceStore::new());
        let log = store.clone().log();
        call_everything(&store, &SeededRandom::new(0)).await;
        assert_eq!(log.calls(), EVERYTHING);
        assert_eq!(store.log().take(), EVERYTHING);
        assert_eq!(log.take(), []);
    });
}

#[test]
fn a_spy_inside_of_a_dyn_store_is_still_heard() {
    run(async {
        let spy = SpyStore::new(ReferenceStore::new());
        let log = spy.log();
        let store = DynStore::builder(spy)
            .with_index()
            .with_epochs()
            .with_sweep()
            .with_feed()
            .build();
        call_everything(&store, &SeededRandom::new(0)).await;
        assert_eq!(log.calls(), EVERYTHING);
    });
}

#[test]
fn a_call_tells_its_session() {
    run(async {
        let store = SpyStore::new(ReferenceStore::new());
        let (record, _token) = call_everything(&store, &SeededRandom::new(0)).await;
        let handle = Some(record.handle());
        let details = store.log().details();
        assert_eq!(
            details[1],
            Call {
                operation: StoreOperation::Load,
                handle
            }
        );
        assert_eq!(
            details[6],
            Call {
                operation: StoreOperation::List,
                handle: None
            }
        );
        assert_eq!(
            details[10],
            Call {
                operation: StoreOperation::Publish,
                handle
            }
        );
    });
}

/// Race 47, and SES-31: what a store is given holds no token, and the search would find one.
#[test]
fn what_is_written_can_be_searched_for_tokens() {
    run(async {
        let store = SpyStore::new(ReferenceStore::new());
        let (record, token) = call_everything(&store, &SeededRandom::new(0)).await;
        let bytes = store.log().bytes();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(holds(&record.encode()));
        assert!(holds(&record.credential().digest().to_bytes()));
        assert!(!holds(token.expose_secret().as_str().as_bytes()));

        let _forgotten = store.log().take();
        assert_eq!(store.log().bytes(), bytes);
    });
}

/// Race 47.
#[test]
fn debug_shows_no_bytes() {
    run(async {
        let store = SpyStore::new(ReferenceStore::new());
        let length = {
            call_everything(&store, &SeededRandom::new(0)).await;
            store.log().bytes().len()
        };
        let shown = format!("{:?}", store.log());
        assert!(
            shown.starts_with("SpyLog { calls: [Call { operation: Create,"),
            "{shown}"
        );
        assert!(
            shown.ends_with(&format!("], bytes: {length} }}")),
            "{shown}"
        );
    });
}

#[derive(Debug)]
struct Deaf;

impl FeedListener for Deaf {
    fn ended(&self, _ending: &Ending) {}

    fn interrupted(&self) {}
}

#[test]
fn a_subscription_leaves_no_trace_and_reaches_the_store() {
    let store = SpyStore::new(ReferenceStore::new());
    let deaf = Arc::new(Deaf);
    let weak = Arc::downgrade(&deaf);
    store.subscribe(weak);
    assert_eq!(store.log().calls(), []);
    assert_eq!(store.inner().state().listeners.len(), 1);
}
