//! The faulty store fails as scripted, and only then.

use std::error::Error;
use std::pin::pin;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use hallpass_core::Create;
use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::StoreOperation;
use hallpass_testkit::__private::run;
use hallpass_testkit::Fault;
use hallpass_testkit::FaultyStore;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

use crate::reference::ReferenceStore;

fn record() -> SessionRecord {
    let fixture = RecordFixture::anonymous();
    fixture
        .build(&SeededRandom::new(0), ManualClock::START)
        .unwrap()
        .0
}

async fn is_stored(store: &ReferenceStore, handle: SessionHandle) -> bool {
    matches!(
        store.load(handle, ManualClock::START).await.unwrap(),
        Load::Live(_)
    )
}

fn kind(answer: Result<Create, StoreError>) -> StoreErrorKind {
    answer.unwrap_err().kind()
}

#[test]
fn a_call_that_fails_does_nothing() {
    run(async {
        let store = FaultyStore::new(ReferenceStore::new());
        let record = record();
        for scripted in [
            StoreErrorKind::Corrupt,
            StoreErrorKind::Rejected,
            StoreErrorKind::Unavailable,
        ] {
            store.script(StoreOperation::Create, Fault::Fail(scripted));
            assert_eq!(
                kind(store.create(&record, ManualClock::START).await),
                scripted
            );
            assert!(!is_stored(store.inner(), record.handle()).await);
        }
        let answer = store.create(&record, ManualClock::START).await.unwrap();
        assert_eq!(answer, Create::Created);
    });
}

#[test]
fn a_lost_answer_is_that_of_a_call_that_was_applied() {
    run(async {
        let store = FaultyStore::new(ReferenceStore::new());
        let record = record();
        store.script(StoreOperation::Create, Fault::FailAfter);
        let error = store.create(&record, ManualClock::START).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(
            error.source().unwrap().to_string(),
            "the script of the test says so"
        );
        assert!(is_stored(store.inner(), record.handle()).await);
        let answer = store.create(&record, ManualClock::START).await.unwrap();
        assert_eq!(answer, Create::Occupied);
    });
}

#[test]
fn a_call_that_hangs_is_applied_only_where_that_is_scripted() {
    run(async {
        for (fault, is_applied) in [(Fault::Hang, false), (Fault::HangAfter, true)] {
            let store = FaultyStore::new(ReferenceStore::new());
            let record = record();
            store.script(StoreOperation::Create, fault);
            {
                let mut call = pin!(store.create(&record, ManualClock::START));
                let mut context = Context::from_waker(Waker::noop());
                for _ in 0..3 {
                    assert!(
                        matches!(call.as_mut().poll(&mut context), Poll::Pending),
                        "{fault:?}"
                    );
                }
                assert_eq!(store.hanging(), 1, "{fault:?}");
            }
            assert_eq!(store.hanging(), 0, "{fault:?}");
            assert_eq!(
                is_stored(store.inner(), record.handle()).await,
                is_applied,
                "{fault:?}"
            );
        }
    });
}

#[test]
fn the_script_is_one_for_each_operation_and_in_order() {
    run(async {
        let store = FaultyStore::new(ReferenceStore::new());
        let clone = store.clone();
        let record = record();
        clone.script(StoreOperation::Load, Fault::Pass);
        clone.script(StoreOperation::Load, Fault::Fail(StoreErrorKind::Corrupt));
        assert_eq!(store.outstanding(), 2);
        let answer = store.create(&record, ManualClock::START).await.unwrap();
        assert_eq!(answer, Create::Created);
        assert!(
            store
                .load(record.handle(), ManualClock::START)
                .await
                .is_ok()
        );
        assert_eq!(store.outstanding(), 1);
        assert!(
            store
                .load(record.handle(), ManualClock::START)
                .await
                .is_err()
        );
        assert!(
            store
                .load(record.handle(), ManualClock::START)
                .await
                .is_ok()
        );
        assert_eq!(store.outstanding(), 0);
    });
}
