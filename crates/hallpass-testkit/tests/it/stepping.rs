//! The stepping store lets others go first at the points that it was given, and only there.

use std::future::Future;

use hallpass_core::Load;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreOperation;
use hallpass_core::Timestamp;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SteppingStore;
use hallpass_testkit::schedule::alone;
use hallpass_testkit::schedule::cut;

use crate::reference::ReferenceStore;

const START: Timestamp = ManualClock::START;

fn store() -> SteppingStore<ReferenceStore> {
    SteppingStore::new(ReferenceStore::new())
}

fn record() -> SessionRecord {
    let fixture = RecordFixture::anonymous();
    fixture.build(&SeededRandom::new(0), START).unwrap().0
}

/// Returns how often a call is polled until it is done.
async fn polls<T: Future>(call: impl Fn() -> T) -> usize {
    let mut polls = 0;
    while cut(polls, call()).await.is_none() {
        polls += 1;
    }
    polls
}

/// Returns how often a load is polled until it is done.
fn polls_of_a_load(store: &SteppingStore<ReferenceStore>) -> usize {
    let nobody = SessionHandle::from_bytes([1; 16]);
    alone(polls(|| store.load(nobody, START)))
}

#[test]
fn a_call_is_a_point_before_it_is_applied_and_if_asked_for_before_its_answer() {
    let load = StoreOperation::Load;
    assert_eq!(polls_of_a_load(&store()), 2);
    assert_eq!(polls_of_a_load(&store().with_late_answers()), 3);
    let prompt = store().with_late_answers().with_prompt_answers_to(load);
    assert_eq!(polls_of_a_load(&prompt), 2);
    assert_eq!(
        polls_of_a_load(&store().with_late_answers().without(load)),
        1
    );
    let other = store().without(StoreOperation::Update);
    assert_eq!(polls_of_a_load(&other), 2);
}

#[test]
fn a_call_that_is_dropped_before_its_point_does_nothing_and_one_after_it_is_applied() {
    for (polls, is_stored) in [(0, false), (1, false), (2, true)] {
        let store = store().with_late_answers();
        let record = record();
        assert!(alone(cut(polls, store.create(&record, START))).is_none());
        let loaded = alone(store.inner().load(record.handle(), START)).unwrap();
        let is_live = matches!(loaded, Load::Live(_));
        assert_eq!(is_live, is_stored, "after {polls} polls");
    }
}
