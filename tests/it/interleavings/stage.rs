//! A session, its client, and the nodes on which two requests meet.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hallpass::AtLimit;
use hallpass::Clock;
use hallpass::DynStore;
use hallpass::Finished;
use hallpass::Load;
use hallpass::MemoryStore;
use hallpass::Renewal;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionHandle;
use hallpass::SessionManager;
use hallpass::SessionRecord;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StandardPolicyBuilder;
use hallpass::StoreOperation;
use hallpass::SubjectIndex;
use hallpass_testkit::FaultyStore;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SpyLog;
use hallpass_testkit::SteppingStore;
use hallpass_testkit::schedule::Schedule;
use hallpass_testkit::schedule::alone;

use super::operation::Operation;
use crate::world::Client;
use crate::world::Recorder;
use crate::world::World;
use crate::world::minutes;
use crate::world::seconds;
use crate::world::subject;

/// Which token the browser has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Start {
    /// That of an anonymous session.
    Anonymous,
    /// One in use, whose parent nobody has any more.
    Settled,
    /// One that it was just given, and has not used.
    Fresh,
    /// The parent of one that got lost with the answer.
    Lost,
}

impl Start {
    /// The generation of the current token.
    pub(crate) const fn generation(self) -> u32 {
        match self {
            Self::Anonymous | Self::Settled => 0,
            Self::Fresh | Self::Lost => 1,
        }
    }
}

/// Where everything begins: a session of alice with data in it, in the browser; sometimes another
/// one on another device.
pub(crate) struct Stage {
    nodes: [World; 2],
    memory: MemoryStore,
    pub(crate) handle: SessionHandle,
    pub(crate) browser: Client,
    pub(crate) other: Client,
    pub(crate) start: Start,
    limit: u32,
    ticks: Cell<u32>,
    /// How many requests beside the two were refused.
    refusals: Cell<usize>,
    /// An ending of the session was answered.
    has_ended: Rc<Cell<bool>>,
}

impl Stage {
    pub(crate) fn new(pair: [Operation; 2], start: Start, nodes: usize) -> Self {
        let has = |operation| pair.contains(&operation);
        // One place, so that logins push each other out, unless another device has one.
        let limit = if has(Operation::RevokeOthers) { 2 } else { 1 };
        let memory = MemoryStore::new();
        let clock = ManualClock::default();
        let mut stepping = SteppingStore::new(FaultyStore::new(memory.clone()))
            .with_late_answers()
            .without(StoreOperation::Publish);
        let expires = pair.iter().any(|operation| operation.is_expiry());
        if !expires && (nodes == 2 || start != Start::Settled) {
            // Between a load and the next call a request does nothing that another node sees. On
            // one node it may enter a lane, which is the same whatever the token.
            stepping = stepping.with_prompt_answers_to(StoreOperation::Load);
        }
        let nodes = worlds(stepping, &clock, &policy(pair, limit), nodes);
        let mut stage = Self {
            nodes,
            memory,
            handle: SessionHandle::from_bytes([0; 16]),
            browser: Client::new(),
            other: Client::new(),
            start,
            limit,
            ticks: Cell::new(0),
            refusals: Cell::new(0),
            has_ended: Rc::default(),
        };
        alone(stage.prepare(has(Operation::RevokeOthers)));
        clock.advance(if has(Operation::ExpireIdle) {
            minutes(30) - BEFORE_THE_END
        } else if has(Operation::ExpireAbsolute) {
            minutes(12 * 60) - BEFORE_THE_END
        } else {
            // A renewal is allowed from here on.
            minutes(8)
        });
        if matches!(start, Start::Fresh | Start::Lost) {
            alone(stage.renew());
        }
        stage.nodes[0].events.take();
        stage
    }

    /// Gives the browser a fresh token, or loses it on the way.
    async fn renew(&mut self) {
        let session = self.browser.open(&self.nodes[0]).await;
        assert_eq!(session.renew().unwrap(), Renewal::Scheduled);
        let finished = session.finish(false).await;
        assert!(finished.delivery.session.is_something());
        if self.start == Start::Fresh {
            self.browser.take(&finished);
        }
    }

    async fn prepare(&mut self, has_other_device: bool) {
        let world = self.nodes[0].clone();
        if self.start != Start::Anonymous {
            self.browser.log_in(&world, "alice").await;
        }
        let session = self.browser.open(&world).await;
        session.insert("untouched", 7).unwrap();
        session.insert("once", 1).unwrap();
        session.insert("n", 10).unwrap();
        session.insert("m", 20).unwrap();
        self.browser.close(&session).await;
        self.handle = session.handle().unwrap();
        if has_other_device {
            self.other.log_in(&world, "alice").await;
        }
    }

    /// Checks after each step what must hold at any time.
    pub(crate) fn watch(&self, schedule: &mut Schedule) {
        let (memory, clock) = (self.memory.clone(), self.nodes[0].clock.clone());
        let (handle, has_ended) = (self.handle, Rc::clone(&self.has_ended));
        let limit = usize::try_from(self.limit).unwrap();
        schedule.always(move || {
            let now = clock.now();
            if has_ended.get() {
                let loaded = alone(memory.load(handle, now)).unwrap();
                assert!(!matches!(loaded, Load::Live(_)), "came back");
            }
            let live = alone(memory.list(&subject("alice"), now)).unwrap().len();
            assert!(live <= limit, "{live} sessions where {limit} are allowed");
        });
    }

    /// The node of the first or of the second request.
    pub(crate) fn node(&self, place: usize) -> &World {
        &self.nodes[place]
    }

    /// Returns one more node, whose calls nobody overtakes.
    pub(crate) fn quick_node(&self) -> World {
        let world = self.nodes[0].clone();
        let store = DynStore::builder(self.memory.clone()).with_index().build();
        let manager = SessionManager::builder_with_clock(store.clone(), world.clock.clone())
            .random(SeededRandom::new(9))
            .events(world.events.clone())
            .build()
            .unwrap();
        World {
            manager,
            store,
            ..world
        }
    }

    /// Counts what happened, to tell what came first.
    pub(crate) fn tick(&self) -> u32 {
        self.ticks.set(self.ticks.get() + 1);
        self.ticks.get()
    }

    /// Turns the clock past the deadline, if that has not moved.
    pub(crate) fn expire(&self) -> Result<(), SessionError> {
        self.nodes[0].clock.advance(BEFORE_THE_END);
        Ok(())
    }

    /// Notes that an operation was answered, after which the session must not come back.
    pub(crate) fn note_end(&self, operation: Operation) {
        // Whether the deadline has moved is for the store to say.
        let is_over = !operation.is_expiry() || self.record(self.handle).is_none();
        if operation.ends() && is_over {
            self.has_ended.set(true);
        }
    }

    /// A request whose commit is under way while the two begin theirs, so that they wait and are
    /// written together.
    pub(crate) fn blocker(&self) -> Session {
        let session = alone(self.browser.open(&self.nodes[0]));
        session.insert(BLOCKER, 1).unwrap();
        session
    }

    /// Takes note of what became of the blocker.
    pub(crate) fn unblocked(&self, finished: &Finished) {
        match finished.refusal {
            None => {}
            Some(SessionError::Ended) => self.refusals.set(1),
            ref refusal => panic!("{refusal:?}"),
        }
    }

    /// Returns how many requests beside the two were refused.
    pub(crate) fn refusals(&self) -> usize {
        self.refusals.get()
    }

    /// Returns a live session as it is stored.
    pub(crate) fn record(&self, handle: SessionHandle) -> Option<Arc<SessionRecord>> {
        let now = self.nodes[0].clock.now();
        match alone(self.memory.load(handle, now)).unwrap() {
            Load::Live(record) => Some(record),
            Load::Ended(_) | Load::Missing => None,
        }
    }

    /// Returns the data of a live session, as text, without that of the blocker.
    pub(crate) fn data(&self, handle: SessionHandle) -> Option<Data> {
        let record = self.record(handle)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let entries = record.data().iter();
        Some(
            entries
                .filter(|(name, _)| *name != BLOCKER)
                .map(|(name, entry)| (name.to_owned(), text(entry.bytes())))
                .collect(),
        )
    }

    /// Returns the live sessions of alice.
    pub(crate) fn live(&self) -> Vec<SessionHandle> {
        let now = self.nodes[0].clock.now();
        let records = alone(self.memory.list(&subject("alice"), now)).unwrap();
        records.iter().map(|record| record.handle()).collect()
    }
}

const BLOCKER: &str = "blocker";

/// Names and values, as they are stored.
pub(crate) type Data = BTreeMap<String, String>;

/// How long before the deadline the requests begin. Shorter than the time-out of the store, so
/// that a clock which passes the deadline ends no call.
const BEFORE_THE_END: Duration = Duration::from_millis(1_500);

fn policy(pair: [Operation; 2], limit: u32) -> StandardPolicyBuilder {
    let policy = StandardPolicy::builder()
        .no_renewal()
        .concurrency(limit.try_into().unwrap(), AtLimit::EvictLeastRecentlyUsed);
    if pair.contains(&Operation::ExpireAbsolute) {
        return policy.no_idle_timeout();
    }
    policy.touch_step(if pair.contains(&Operation::ExpireIdle) {
        // Shorter than the rest, so that no request writes its activity when it opens.
        seconds(1)
    } else if pair.contains(&Operation::Touch) {
        minutes(1)
    } else {
        minutes(15)
    })
}

fn worlds(
    stepping: SteppingStore<FaultyStore<MemoryStore>>,
    clock: &ManualClock,
    policy: &StandardPolicyBuilder,
    nodes: usize,
) -> [World; 2] {
    let faults = stepping.inner().clone();
    let store = DynStore::builder(stepping)
        .with_index()
        .with_epochs()
        .with_sweep()
        .with_feed()
        .build();
    let events = Recorder::default();
    let node = |seed| {
        let manager = SessionManager::builder_with_clock(store.clone(), clock.clone())
            .policy(policy.clone().build().unwrap())
            .random(SeededRandom::new(seed))
            .events(events.clone())
            .build()
            .unwrap();
        World {
            manager,
            clock: clock.clone(),
            store: store.clone(),
            faults: faults.clone(),
            spy: SpyLog::default(),
            events: events.clone(),
        }
    };
    let first = node(7);
    let second = if nodes == 1 { first.clone() } else { node(8) };
    [first, second]
}
