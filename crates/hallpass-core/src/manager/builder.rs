//! How a manager is built.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::SessionManager;
use super::circuit::Circuit;
use super::lanes::Lanes;
use super::names::WriteNames;
use super::reported::Reported;
use super::sources::Sources;
use super::walks::Walks;
use super::watchers::Watchers;
use crate::clock::Clock;
use crate::error::ConfigError;
use crate::event::EventSink;
use crate::event::NoEvents;
use crate::policy::Policy;
use crate::policy::StandardPolicy;
use crate::random::SecureRandom;
use crate::random::SystemRandom;
use crate::risk::RiskAssessor;
use crate::risk::StandardRisk;
use crate::store::DynStore;
use crate::store::FeedListener;
use crate::store::RevocationFeed;

/// What a request that needs the session gets while the store does not answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "refused or served: there is no third"
)]
pub enum OnOutage {
    /// 503 with `Retry-After`.
    #[default]
    Refuse,
    /// An anonymous session. Whoever chooses this sees to it that an outage opens nothing which a
    /// login would close.
    ServeAnonymously,
}

/// Builds a [`SessionManager`].
#[derive(Debug)]
#[must_use]
pub struct ManagerBuilder {
    store: DynStore,
    policy: Option<Arc<dyn Policy>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom>,
    events: Arc<dyn EventSink>,
    risk: Arc<dyn RiskAssessor>,
    store_timeout: Duration,
    payload_limit: usize,
    on_outage: OnOutage,
    fail_fast_after: u32,
    time_store_calls: bool,
}

impl SessionManager {
    /// Starts a manager on this store, with the clock of the machine.
    #[cfg(feature = "system-clock")]
    #[cfg_attr(docsrs_hallpass, doc(cfg(feature = "system-clock")))]
    pub fn builder(store: impl Into<DynStore>) -> ManagerBuilder {
        Self::builder_with_clock(store, crate::clock::SystemClock)
    }

    /// Starts a manager on this store, with a clock of one's own.
    pub fn builder_with_clock(
        store: impl Into<DynStore>,
        clock: impl Clock + 'static,
    ) -> ManagerBuilder {
        ManagerBuilder {
            store: store.into(),
            policy: None,
            clock: Arc::new(clock),
            random: Arc::new(SystemRandom),
            events: Arc::new(NoEvents),
            risk: Arc::new(StandardRisk::default()),
            store_timeout: Duration::from_secs(2),
            payload_limit: 64 * 1024,
            on_outage: OnOutage::Refuse,
            fail_fast_after: 5,
            time_store_calls: false,
        }
    }
}

impl ManagerBuilder {
    /// Who decides the limits of sessions. Default: [`StandardPolicy`] with its defaults.
    pub fn policy(mut self, policy: impl Policy) -> Self {
        self.policy = Some(Arc::new(policy));
        self
    }

    /// Who takes note of events. Default: nobody.
    pub fn events(mut self, events: impl EventSink + 'static) -> Self {
        self.events = Arc::new(events);
        self
    }

    /// Who decides what follows where a session may be in other hands. Default: [`StandardRisk`],
    /// which allows everything and tells the events.
    pub fn risk(mut self, risk: impl RiskAssessor + 'static) -> Self {
        self.risk = Arc::new(risk);
        self
    }

    /// Where secrets come from. Default: the operating system.
    ///
    /// # Security
    ///
    /// Tokens are as hard to guess as this is. Change it for tests only.
    pub fn random(mut self, random: impl SecureRandom + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// How long a call of the store may take before it counts as unavailable. Shorter sheds load
    /// sooner when the store hangs. Default: 2 seconds.
    pub const fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = timeout;
        self
    }

    /// How much data a session may hold: all keys and encoded values, in bytes. Default: 64 KiB.
    pub const fn payload_limit(mut self, bytes: usize) -> Self {
        self.payload_limit = bytes;
        self
    }

    /// What a request that needs the session gets while the store does not answer. Default: 503.
    pub const fn on_outage(mut self, on_outage: OnOutage) -> Self {
        self.on_outage = on_outage;
        self
    }

    /// After how many calls in a row without an answer, over a second at least, the store is left
    /// alone: calls fail at once, as unavailable, and after 0.1 seconds, then 0.2, up to 5, one is
    /// let through to see whether it is back. Without this every request waits for its time-out,
    /// and a store that comes back is met with all of them. 0 for never. Default: 5.
    pub const fn fail_fast_after(mut self, calls: u32) -> Self {
        self.fail_fast_after = calls;
        self
    }

    /// Whether every call of the store is told to the events, with its outcome and how long it took:
    /// [`EventKind::StoreCalled`](crate::EventKind::StoreCalled). For metrics; it costs two readings
    /// of the clock for each call. Default: no.
    pub const fn time_store_calls(mut self, yes: bool) -> Self {
        self.time_store_calls = yes;
        self
    }

    /// Checks everything together and starts the manager.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: the policy needs an ability that the store lacks, or a setting is zero.
    pub fn build(self) -> Result<SessionManager, ConfigError> {
        if self.store_timeout.is_zero() {
            return Err(ConfigError::Zero {
                field: "store_timeout",
            });
        }
        if self.payload_limit == 0 {
            return Err(ConfigError::Zero {
                field: "payload_limit",
            });
        }
        let policy = match self.policy {
            Some(policy) => policy,
            None => Arc::new(StandardPolicy::builder().build()?),
        };
        if policy.needs_index() && !self.store.has_index() {
            return Err(ConfigError::MissingAbility {
                policy: "the concurrency limit of the policy (or `OnReplay::EndSubject`)",
                ability: "`SubjectIndex`",
                remedy: "add `.with_index()` to the `DynStore`, choose a store that has it, or \
                         set `no_concurrency_limit()`",
            });
        }
        let watchers = Arc::new(Watchers::default());
        let listener: Arc<dyn FeedListener> = Arc::clone(&watchers) as _;
        self.store.subscribe(Arc::downgrade(&listener));
        Ok(SessionManager(Arc::new(Inner {
            store: self.store,
            policy,
            clock: self.clock,
            random: self.random,
            events: self.events,
            store_timeout: self.store_timeout,
            payload_limit: self.payload_limit,
            on_outage: self.on_outage,
            circuit: Circuit::new(self.fail_fast_after),
            time_store_calls: self.time_store_calls,
            lanes: Lanes::default(),
            names: WriteNames::default(),
            walks: Walks::default(),
            risk: self.risk,
            reported: Reported::default(),
            sources: Sources::default(),
            watchers,
        })))
    }
}
