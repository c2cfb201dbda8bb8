//! What one scenario runs in: a store, a clock, and a manager on both.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use hallpass::Clock;
use hallpass::DynStore;
use hallpass::EpochScope;
use hallpass::Event;
use hallpass::EventKind;
use hallpass::EventSink;
use hallpass::ManagerBuilder;
use hallpass::OnOutage;
use hallpass::Revocation;
use hallpass::SessionManager;
use hallpass::Subject;
use hallpass_testkit::FaultyStore;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SpyLog;
use hallpass_testkit::SpyStore;

use crate::format::Operator;
use crate::format::Scenario;
use crate::stores::Kind;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) manager: SessionManager,
    pub(crate) clock: ManualClock,
    pub(crate) faults: FaultyStore<DynStore>,
    pub(crate) spy: SpyLog,
    pub(crate) events: Recorder,
    /// A second node, whose store neither fails nor takes note.
    operators: SessionManager,
}

impl World {
    pub(crate) async fn of(scenario: &Scenario, kind: Kind) -> Self {
        let store = kind.empty().await;
        let faults = FaultyStore::new(store.clone());
        let spy = SpyStore::new(faults.clone());
        let log = spy.log();
        let has_tags = store.has_tags();
        let builder = DynStore::builder(spy)
            .with_index()
            .with_epochs()
            .with_sweep()
            .with_feed();
        let spied = if has_tags {
            builder.with_tags().build()
        } else {
            builder.build()
        };
        let clock = ManualClock::default();
        let events = Recorder::default();
        let node = |store, seed| node(scenario, store, clock.clone(), seed);
        let manager = node(spied, 7).events(events.clone()).build().unwrap();
        let operators = node(store, 8).build().unwrap();
        Self {
            manager,
            clock,
            faults,
            spy: log,
            events,
            operators,
        }
    }

    /// An operator does something on another node.
    pub(crate) async fn operate(&self, operator: &Operator) -> Result<(), String> {
        let by = || Revocation::by("operator");
        let done = match operator {
            Operator::EndEverybody => {
                let everybody = EpochScope::Everybody;
                self.operators.revoke_all(everybody, by()).await
            }
            Operator::EndSubject(id) => {
                let subject = Subject::new(id).map_err(|error| error.to_string())?;
                let ended = self.operators.revoke_subject(&subject, by()).await;
                ended.map(|_count| ())
            }
            Operator::Sweep => self.operators.sweep(1_000).await.map(|_swept| ()),
        };
        done.map_err(|error| error.to_string())
    }

    /// Waits until a call hangs, and somebody waits for the clock because of it.
    pub(crate) async fn hangs(&self, sleepers_before: usize) {
        while self.faults.hanging() == 0 || self.clock.sleepers() <= sleepers_before {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until nobody waits any more for a call that hangs.
    pub(crate) async fn is_given_up(&self) {
        while self.faults.hanging() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

fn node(
    scenario: &Scenario,
    store: DynStore,
    clock: impl Clock + 'static,
    seed: u64,
) -> ManagerBuilder {
    let settings = &scenario.manager;
    let mut builder = SessionManager::builder_with_clock(store, clock)
        .policy(scenario.policy.builder().build().unwrap())
        .random(SeededRandom::new(seed))
        .store_timeout(STORE_TIMEOUT);
    if settings.serve_anonymously {
        builder = builder.on_outage(OnOutage::ServeAnonymously);
    }
    if let Some(bytes) = settings.payload_limit {
        builder = builder.payload_limit(bytes);
    }
    if let Some(calls) = settings.fail_fast_after {
        builder = builder.fail_fast_after(calls);
    }
    builder
}

/// Keeps the events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    /// Returns the events since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventSink for Recorder {
    fn record(&self, event: &Event) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(told(&event.kind));
    }
}

/// The word of an event, and what it is about.
fn told(kind: &EventKind) -> String {
    let word = kind.as_str();
    match kind {
        EventKind::Ended(reason) | EventKind::PresentedEnded(reason) => format!("{word} {reason}"),
        EventKind::Refused(reason) => format!("{word} {}", reason.as_str()),
        EventKind::Repaired { late: true } => format!("{word} late"),
        EventKind::StoreFailed { operation, .. } => format!("{word} {}", operation.as_str()),
        _ => word.to_owned(),
    }
}

/// On the clock of the scenario, whatever the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
