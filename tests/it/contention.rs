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
use hallpass::EndReason;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::Presented;
use hallpass::Revision;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StoreError;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass::Timestamp;
use hallpass::Touch;
use hallpass::Touched;
use hallpass::Write;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SteppingStore;
use hallpass_testkit::schedule::Explorer;
use hallpass_testkit::schedule::alone;

use crate::world::Client;

/// What becomes of the updates of a crowded store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Crowd {
    /// Somebody else is always faster.
    AlwaysConflicts,
    /// The first one is applied, and called a conflict.
    AppliesAndDenies,
    /// The answer to the first one is lost, and somebody ends the session before it is repeated.
    EndsInBetween,
}

/// A store that many nodes write to.
#[derive(Clone, Debug)]
struct Crowded {
    store: MemoryStore,
    crowd: Crowd,
    /// When each update came.
    updates: Arc<Mutex<Vec<Timestamp>>>,
}

impl Crowded {
    fn new(crowd: Crowd) -> Self {
        Self {
            store: MemoryStore::new(),
            crowd,
            updates: Arc::default(),
        }
    }

    /// Notes an update, and returns how many there were.
    fn count(&self, now: Timestamp) -> usize {
        let mut updates = self.updates.lock().unwrap();
        updates.push(now);
        assert!(updates.len() < 100, "it never gives up");
        updates.len()
    }
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
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let count = self.count(now);
        match (self.crowd, count) {
            (Crowd::AppliesAndDenies, 1) => {
                let _applied = self.store.update(record, expected, now).await?;
            }
            (Crowd::EndsInBetween, 1) => {
                let lost = "the answer is lost";
                return Err(StoreError::new(StoreErrorKind::Unavailable, lost));
            }
            (Crowd::EndsInBetween, _) => {
                let end = End {
                    handle: record.handle(),
                    reason: EndReason::Logout,
                    at: now,
                    keep_until: record.absolute_deadline(),
                };
                let _ended = self.store.end(&end, now).await?;
            }
            _ => {}
        }
        Ok(Write::Conflict)
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(touch, now).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.store.end(end, now).await
    }
}

/// A visitor whose session holds one value, on a store that becomes crowded.
struct Visitor {
    store: Crowded,
    clock: ManualClock,
    session: Session,
}

impl Visitor {
    fn new(crowd: Crowd) -> Self {
        let (store, clock) = (Crowded::new(crowd), ManualClock::default());
        let policy = StandardPolicy::builder().no_concurrency_limit();
        let store_in_use = DynStore::builder(store.clone()).build();
        let manager = SessionManager::builder_with_clock(store_in_use, clock.clone())
            .policy(policy.build().unwrap())
            .random(SeededRandom::new(1))
            .build()
            .unwrap();
        let open = manager.open(Presented::default(), ClientFacts::default());
        let visitor = Self {
            store,
            session: alone(open).unwrap(),
            clock,
        };
        visitor.session.insert("n", 1).unwrap();
        alone(visitor.session.save()).unwrap();
        visitor
    }

    /// Saves a second value, and lets time go by where that waits.
    fn save(&self) -> Result<(), SessionError> {
        self.session.update("n", |n: &mut i32| *n += 1).unwrap();
        let mut save = pin!(self.session.save());
        loop {
            match save.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(saved) => return saved,
                Poll::Pending => self.clock.advance(Duration::from_millis(1)),
            }
        }
    }
}

/// Design: sixteen attempts, from the third on with a pause that is random and grows; then 503 with
/// nothing applied, and the change still pending.
#[test]
fn a_commit_that_always_conflicts_gives_up_after_sixteen_attempts() {
    let visitor = Visitor::new(Crowd::AlwaysConflicts);
    let begun = visitor.clock.now();
    let error = visitor.save().unwrap_err();
    assert!(matches!(error, SessionError::Contended), "{error:?}");
    assert_eq!(visitor.session.get("n").unwrap(), Some(2), "still pending");
    let updates = visitor.store.updates.lock().unwrap();
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

/// Race 48: what is found under the name of our own write is our own write.
#[test]
fn an_update_that_was_applied_and_called_a_conflict_is_not_applied_twice() {
    let visitor = Visitor::new(Crowd::AppliesAndDenies);
    visitor.save().unwrap();
    assert_eq!(visitor.session.get("n").unwrap(), Some(2));
    assert_eq!(visitor.store.updates.lock().unwrap().len(), 1);
}

/// Whatever became of the write, it is over with the session.
#[test]
fn a_write_in_doubt_to_a_session_that_ended_is_told_the_end() {
    let visitor = Visitor::new(Crowd::EndsInBetween);
    let error = visitor.save().unwrap_err();
    assert!(matches!(error, SessionError::Ended), "{error:?}");
}

/// Two saves of one request in different flights: the earlier one, whose future is polled later,
/// does not take back what the request has seen.
#[test]
fn the_later_of_two_saves_at_once_stays() {
    let memory = MemoryStore::new();
    let schedules = Explorer::new().explore(|schedule| {
        let stepping = SteppingStore::new(memory.clone()).without(StoreOperation::Load);
        let policy = StandardPolicy::builder().no_concurrency_limit();
        let store = DynStore::builder(stepping).build();
        let manager = SessionManager::builder_with_clock(store, ManualClock::default())
            .policy(policy.build().unwrap())
            .build()
            .unwrap();
        let mut client = Client::new();
        let begin = alone(client.open_at(&manager));
        begin.insert("n", 0).unwrap();
        alone(client.close(&begin));
        let (other, session) = (
            alone(client.open_at(&manager)),
            alone(client.open_at(&manager)),
        );
        let save = |session: Session, name: &'static str| async move {
            session.insert(name, 1).unwrap();
            session.save().await.unwrap();
        };
        schedule.all([
            // One writes alone, and one leads a flight that the first of the two is aboard of.
            save(other.clone(), "c"),
            save(other.clone(), "d"),
            save(session.clone(), "a"),
            save(session.clone(), "b"),
        ]);
        let seen = ["a", "b"].map(|name| session.get::<i32>(name).unwrap());
        assert_eq!(seen, [Some(1), Some(1)]);
    });
    assert!(schedules > 3, "{schedules}");
}
