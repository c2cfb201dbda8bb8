//! The real engine, taken one step at a time, on a store that is given its content for each step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use hallpass::AssuranceLevel;
use hallpass::Authentication;
use hallpass::ClientFacts;
use hallpass::Create;
use hallpass::Delivery;
use hallpass::DynStore;
use hallpass::End;
use hallpass::EndOutcome;
use hallpass::EventKind;
use hallpass::Load;
use hallpass::Presented;
use hallpass::Revision;
use hallpass::Session;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StoreError;
use hallpass::Timestamp;
use hallpass::Tombstone;
use hallpass::Touch;
use hallpass::Touched;
use hallpass::Write;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::alone;

use super::state::Jar;
use crate::world::Recorder;
use crate::world::login;

/// One step of the model's time. Each window of the policy below has one instant inside of it and
/// one behind it.
const STEP: Duration = Duration::from_secs(40);
pub(super) const REPAIR: Duration = Duration::from_secs(60);
pub(super) const GRACE: Duration = Duration::from_secs(60);
const RENEW_EVERY: Duration = Duration::from_secs(120);

/// What is stored under one handle. States share records, so a copy of all is a few counters.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    Ended(Tombstone),
    Live(Arc<SessionRecord>),
}

pub(super) type Slots = BTreeMap<SessionHandle, Slot>;

/// A compare-and-set store: the rules of the core under a lock.
#[derive(Clone, Debug, Default)]
struct ModelStore(Arc<Mutex<Slots>>);

/// What a request does between its load and its answer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Op {
    /// Puts a value in, which begins an anonymous session where there is none.
    Insert,
    Login,
    Logout,
    Raise,
    Read,
    /// Asks for a fresh token before the policy would.
    Renew,
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Who {
    Browser,
    Thief,
}

/// What a request was taken for.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) handle: Option<SessionHandle>,
    pub(super) level: Option<AssuranceLevel>,
    pub(super) is_subject: bool,
    pub(super) events: Vec<EventKind>,
}

/// The engine for one step.
pub(super) struct Node {
    manager: SessionManager,
    store: ModelStore,
    clock: ManualClock,
    events: Recorder,
}

impl Node {
    pub(super) fn new(seed: u64, idle: Duration) -> Self {
        let (store, clock) = (ModelStore::default(), ManualClock::default());
        let events = Recorder::default();
        let policy = StandardPolicy::builder()
            .idle(idle)
            .absolute(Duration::from_secs(360_000))
            .renew_every(RENEW_EVERY)
            .repair(REPAIR)
            .grace(GRACE)
            .max_skew(Duration::ZERO)
            .no_concurrency_limit()
            .build()
            .unwrap();
        let manager = SessionManager::builder_with_clock(
            DynStore::builder(store.clone()).build(),
            clock.clone(),
        )
        .policy(policy)
        .random(SeededRandom::new(seed))
        .events(events.clone())
        .build()
        .unwrap();
        Self {
            manager,
            store,
            clock,
            events,
        }
    }

    /// Opens a request on what is stored, and returns what the request was taken for.
    pub(super) fn load(&self, slots: &mut Slots, time: u8, jar: &Jar, who: Who) -> Seen {
        self.put(slots, time);
        let session = self.open(jar, who);
        *slots = self.take();
        Seen {
            handle: session.handle(),
            level: session.authentication().map(|it| it.level()),
            is_subject: session.subject().is_some(),
            events: self.events.take(),
        }
    }

    /// Finishes a request that was opened at `opened_at`, when `loaded` was stored.
    pub(super) fn finish(
        &self,
        slots: &mut Slots,
        time: u8,
        request: (&Jar, &Slots, u8, Who, Op),
    ) -> Delivery {
        let (jar, loaded, opened_at, who, op) = request;
        self.put(loaded, opened_at);
        let session = self.open(jar, who);
        self.put(slots, time);
        act(&session, op);
        let finished = alone(session.finish(false));
        *slots = self.take();
        drop(self.events.take());
        finished.delivery
    }

    fn open(&self, jar: &Jar, who: Who) -> Session {
        let presented = Presented {
            session: jar.session.clone(),
            anonymous: jar.anonymous.clone(),
            ..Presented::default()
        };
        alone(self.manager.open(presented, client(who))).unwrap()
    }

    fn put(&self, slots: &Slots, time: u8) {
        self.clock.set(instant(time));
        *self.store.0.lock().unwrap() = slots.clone();
    }

    fn take(&self) -> Slots {
        std::mem::take(&mut *self.store.0.lock().unwrap())
    }
}

fn act(session: &Session, op: Op) {
    match op {
        Op::Insert => session.insert("value", 1).unwrap(),
        Op::Login => {
            let _logged_in = alone(session.login(login("alice"))).unwrap();
        }
        Op::Logout => alone(session.logout()).unwrap(),
        // Refused where the request stands for less than the session by now.
        Op::Raise => drop(alone(
            session.raise(Authentication::new(AssuranceLevel::Aal2)),
        )),
        Op::Read => {}
        Op::Renew => {
            let _too_soon_or_not = session.renew().unwrap();
        }
    }
}

pub(super) fn client(who: Who) -> ClientFacts {
    match who {
        Who::Browser => ClientFacts::new("192.0.2.1".parse().ok(), Some("Firefox/140")),
        Who::Thief => ClientFacts::new("198.51.100.9".parse().ok(), Some("curl/8")),
    }
}

pub(super) fn instant(time: u8) -> Timestamp {
    ManualClock::START.saturating_add(STEP * u32::from(time))
}

impl SessionStore for ModelStore {
    async fn create(&self, record: &SessionRecord, _now: Timestamp) -> Result<Create, StoreError> {
        let mut slots = self.0.lock().unwrap();
        if slots.contains_key(&record.handle()) {
            return Ok(Create::Occupied);
        }
        slots.insert(record.handle(), Slot::Live(Arc::new(record.clone())));
        Ok(Create::Created)
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        Ok(match self.0.lock().unwrap().get(&handle) {
            Some(Slot::Live(record)) => match record.expired(now) {
                Some(tombstone) => Load::Ended(tombstone),
                None => Load::Live(Arc::clone(record)),
            },
            Some(Slot::Ended(tombstone)) => Load::Ended(tombstone.clone()),
            None => Load::Missing,
        })
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        let mut slots = self.0.lock().unwrap();
        let Some(Slot::Live(stored)) = slots.get_mut(&record.handle()) else {
            return Ok(Write::Gone);
        };
        let (answer, applied) = stored.updated(record, expected, now);
        if let Some(applied) = applied {
            *stored = Arc::new(applied);
        }
        Ok(answer)
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        let mut slots = self.0.lock().unwrap();
        let Some(Slot::Live(stored)) = slots.get_mut(&touch.handle) else {
            return Ok(Touched::Gone);
        };
        let (answer, applied) = stored.touched(touch, now);
        if let Some(applied) = applied {
            *stored = Arc::new(applied);
        }
        Ok(answer)
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        let mut slots = self.0.lock().unwrap();
        let outcome = match slots.get(&end.handle) {
            Some(Slot::Ended(tombstone)) => EndOutcome::Already(tombstone.clone()),
            Some(Slot::Live(record)) => match record.expired(now) {
                Some(tombstone) => EndOutcome::Already(tombstone),
                None => EndOutcome::Ended(Tombstone::of(record, end.reason.clone(), end.at)),
            },
            None => EndOutcome::Missing,
        };
        let tombstone = match &outcome {
            EndOutcome::Already(tombstone) | EndOutcome::Ended(tombstone) => tombstone.clone(),
            EndOutcome::Missing => end.tombstone(),
        };
        slots.insert(end.handle, Slot::Ended(tombstone));
        Ok(outcome)
    }
}
