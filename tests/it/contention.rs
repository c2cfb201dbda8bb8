//! A session that other nodes write all the time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;

use hallpass::ClientFacts;
use hallpass::Clock;
use hallpass::Create;
use hallpass::DynStore;
use hallpass::End;
use hallpass::EndOutcome;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::Presented;
use hallpass::Revision;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StoreError;
use hallpass::Timestamp;
use hallpass::Touch;
use hallpass::Touched;
use hallpass::Write;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

/// Somebody else is always faster: every update conflicts.
#[derive(Clone, Debug, Default)]
struct Crowded {
    store: MemoryStore,
    /// When each update came.
    updates: Arc<Mutex<Vec<Timestamp>>>,
}

impl SessionStore for Crowded {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.store.create(record, now).await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        self.store.load(handle, now).await
    }

    async fn update(
        &self,
        _record: &SessionRecord,
        _expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let mut updates = self.updates.lock().unwrap();
        updates.push(now);
        assert!(updates.len() < 100, "it never gives up");
        Ok(Write::Conflict)
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(touch, now).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.store.end(end, now).await
    }
}

/// Design: sixteen attempts, from the third on with a pause that is random and grows; then 503 with
/// nothing applied, and the change still pending.
#[test]
fn a_commit_that_always_conflicts_gives_up_after_sixteen_attempts() {
    let (store, clock) = (Crowded::default(), ManualClock::default());
    let policy = StandardPolicy::builder().no_concurrency_limit();
    let store_in_use = DynStore::builder(store.clone()).build();
    let manager = SessionManager::builder_with_clock(store_in_use, clock.clone())
        .policy(policy.build().unwrap())
        .random(SeededRandom::new(1))
        .build()
        .unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let open = manager.open(Presented::default(), ClientFacts::default());
    let Poll::Ready(session) = pin!(open).poll(&mut context) else {
        panic!("a visitor needs no store");
    };
    let session = session.unwrap();
    session.insert("n", 1).unwrap();
    let mut first = pin!(session.save());
    let Poll::Ready(Ok(())) = first.as_mut().poll(&mut context) else {
        panic!("a first value conflicts with nobody");
    };

    session.insert("n", 2).unwrap();
    let begun = clock.now();
    let mut save = pin!(session.save());
    let saved = loop {
        match save.as_mut().poll(&mut context) {
            Poll::Ready(saved) => break saved,
            Poll::Pending => clock.advance(Duration::from_millis(1)),
        }
    };

    let error = saved.unwrap_err();
    assert!(matches!(error, SessionError::Contended), "{error:?}");
    assert_eq!(session.get("n").unwrap(), Some(2), "still pending");
    let updates = store.updates.lock().unwrap();
    assert_eq!(updates.len(), 16);
    let ages = updates.iter().map(|at| at.since(begun).as_millis());
    let ages: Vec<_> = ages.collect();
    assert_eq!(&ages[..3], [0, 0, 0], "the first three follow at once");
    let pauses: Vec<_> = ages.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (attempts, pause) in (1..).zip(&pauses) {
        assert!(*pause <= 255 * attempts / 64, "{pauses:?}");
    }
    assert!(pauses.iter().sum::<u128>() > 100, "{pauses:?}");
}
