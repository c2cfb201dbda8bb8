//! A manager on a memory store, with a clock that a test turns, and clients that keep tokens.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use hallpass::AssuranceLevel;
use hallpass::AtLimit;
use hallpass::Authentication;
use hallpass::ClientFacts;
use hallpass::DynStore;
use hallpass::Event;
use hallpass::EventKind;
use hallpass::EventSink;
use hallpass::Finished;
use hallpass::Instruction;
use hallpass::Login;
use hallpass::LoginOutcome;
use hallpass::ManagerBuilder;
use hallpass::MemoryStore;
use hallpass::Presented;
use hallpass::Session;
use hallpass::SessionError;
use hallpass::SessionManager;
use hallpass::SessionToken;
use hallpass::StandardPolicy;
use hallpass::StandardPolicyBuilder;
use hallpass::StoreOperation;
use hallpass::Subject;
use hallpass_testkit::FaultyStore;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SpyLog;
use hallpass_testkit::SpyStore;

/// One node and its store.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) manager: SessionManager,
    pub(crate) clock: ManualClock,
    pub(crate) store: DynStore,
    pub(crate) faults: FaultyStore<MemoryStore>,
    pub(crate) spy: SpyLog,
    pub(crate) events: Recorder,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(StandardPolicy::builder())
    }

    /// At most this many sessions of a subject.
    pub(crate) fn limited(max: u32, at_limit: AtLimit) -> Self {
        Self::with(StandardPolicy::builder().concurrency(max.try_into().unwrap(), at_limit))
    }

    pub(crate) fn with(policy: StandardPolicyBuilder) -> Self {
        Self::made(policy, false)
    }

    /// The calls of the store are told to the events.
    pub(crate) fn timed(policy: StandardPolicyBuilder) -> Self {
        Self::made(policy, true)
    }

    fn made(policy: StandardPolicyBuilder, timed: bool) -> Self {
        let faults = FaultyStore::new(MemoryStore::new());
        let spy = SpyStore::new(faults.clone());
        let log = spy.log();
        let store = DynStore::builder(spy)
            .with_index()
            .with_epochs()
            .with_sweep()
            .with_feed()
            .build();
        let clock = ManualClock::default();
        let events = Recorder::default();
        let builder = node(&store, &clock, policy, &events, 7);
        let manager = builder.time_store_calls(timed).build().unwrap();
        Self {
            manager,
            clock,
            store,
            faults,
            spy: log,
            events,
        }
    }

    /// A second node on the same store.
    pub(crate) fn second_node(&self, policy: StandardPolicyBuilder) -> Self {
        let builder = node(&self.store, &self.clock, policy, &self.events, 8);
        let manager = builder.build().unwrap();
        Self {
            manager,
            ..self.clone()
        }
    }

    /// What the store was asked since the last time.
    pub(crate) fn operations(&self) -> Vec<StoreOperation> {
        self.spy.take()
    }
}

fn node(
    store: &DynStore,
    clock: &ManualClock,
    policy: StandardPolicyBuilder,
    events: &Recorder,
    seed: u64,
) -> ManagerBuilder {
    SessionManager::builder_with_clock(store.clone(), clock.clone())
        .policy(policy.build().unwrap())
        .random(SeededRandom::new(seed))
        .events(events.clone())
}

/// Keeps the events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Recorder {
    /// The kinds of the events since the last time.
    pub(crate) fn take(&self) -> Vec<EventKind> {
        self.take_all()
            .into_iter()
            .map(|event| event.kind)
            .collect()
    }

    /// The events since the last time.
    pub(crate) fn take_all(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl EventSink for Recorder {
    fn record(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A browser: it keeps a token in each of two places.
#[derive(Clone, Default)]
pub(crate) struct Client {
    pub(crate) session: Option<SessionToken>,
    pub(crate) anonymous: Option<SessionToken>,
    address: Option<IpAddr>,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self {
            address: "192.0.2.1".parse().ok(),
            ..Self::default()
        }
    }

    /// The same tokens in other hands.
    pub(crate) fn thief(&self) -> Self {
        Self {
            address: "198.51.100.9".parse().ok(),
            ..self.clone()
        }
    }

    /// A client of this subject, logged in and with the answer in its hands.
    pub(crate) async fn logged_in(world: &World, subject: &str) -> Self {
        let mut client = Self::new();
        client.log_in(world, subject).await;
        client
    }

    pub(crate) async fn log_in(&mut self, world: &World, subject: &str) {
        let session = self.open(world).await;
        let outcome = session.login(login(subject)).await.unwrap();
        assert!(
            matches!(outcome, LoginOutcome::LoggedIn { .. }),
            "{outcome:?}"
        );
        self.close(&session).await;
    }

    pub(crate) async fn open(&self, world: &World) -> Session {
        self.try_open(world).await.unwrap()
    }

    pub(crate) async fn try_open(&self, world: &World) -> Result<Session, SessionError> {
        self.try_open_at(&world.manager).await
    }

    /// Opens a request on a node without a world.
    pub(crate) async fn open_at(&self, manager: &SessionManager) -> Session {
        self.try_open_at(manager).await.unwrap()
    }

    async fn try_open_at(&self, manager: &SessionManager) -> Result<Session, SessionError> {
        let presented = Presented {
            session: self.session.clone(),
            anonymous: self.anonymous.clone(),
            ..Presented::default()
        };
        let facts = ClientFacts::new(self.address, Some("curl/8"));
        manager.open(presented, facts).await
    }

    /// Ends a request that goes well and takes what the answer brings.
    pub(crate) async fn close(&mut self, session: &Session) {
        let finished = self.answer(session).await;
        assert!(finished.refusal.is_none(), "{:?}", finished.refusal);
    }

    /// Ends a request and takes what the answer brings.
    pub(crate) async fn answer(&mut self, session: &Session) -> Finished {
        let finished = session.finish(false).await;
        self.take(&finished);
        finished
    }

    pub(crate) fn take(&mut self, finished: &Finished) {
        obey(&mut self.session, &finished.delivery.session);
        obey(&mut self.anonymous, &finished.delivery.anonymous);
    }

    /// A whole request that raises the assurance.
    pub(crate) async fn step_up(&mut self, world: &World) {
        let session = self.open(world).await;
        session.raise(otp()).await.unwrap();
        self.close(&session).await;
    }

    /// A whole request that changes nothing.
    pub(crate) async fn visit(&mut self, world: &World) -> Session {
        let session = self.open(world).await;
        self.close(&session).await;
        session
    }
}

fn obey(place: &mut Option<SessionToken>, instruction: &Instruction) {
    match instruction {
        Instruction::Keep => {}
        Instruction::Remove => *place = None,
        Instruction::Set { token, .. } => *place = Some(token.clone()),
    }
}

pub(crate) fn login(subject: &str) -> Login {
    Login::new(Subject::new(subject).unwrap())
}

pub(crate) fn subject(id: &str) -> Subject {
    Subject::new(id).unwrap()
}

/// A second factor.
pub(crate) fn otp() -> Authentication {
    Authentication::new(AssuranceLevel::Aal2).with_method("otp")
}

pub(crate) fn level(session: &Session) -> Option<AssuranceLevel> {
    session
        .authentication()
        .map(|authentication| authentication.level())
}

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) const fn minutes(count: u64) -> Duration {
    seconds(60 * count)
}

pub(crate) fn id(session: &Session) -> Option<String> {
    session.subject().map(|subject| subject.id().to_owned())
}
