//! The engine: every decision about a session, between the carrier and the store.

mod admin;
mod assess;
mod builder;
mod calls;
mod change;
mod circuit;
mod lanes;
mod names;
mod open;
mod opened;
mod presented;
mod reported;
mod sources;
mod table;
mod waiting;
mod walks;
mod watchers;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::capacity::Impersonated;
use crate::client::ClientFacts;
use crate::clock::Clock;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::EventSink;
use crate::policy::Limits;
use crate::policy::Policy;
use crate::policy::PolicyFacts;
use crate::random::RandomUnavailable;
use crate::random::SecureRandom;
use crate::random::random_bytes;
use crate::record::SessionRecord;
use crate::record::WriteId;
use crate::risk::RiskAssessor;
use crate::store::DynStore;
use crate::store::HandleTags;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

use self::circuit::Circuit;
use self::lanes::Lanes;
use self::names::WriteNames;
use self::reported::Reported;
use self::sources::Sources;
use self::walks::Walks;
use self::watchers::Watchers;

pub use self::admin::Revoked;
pub use self::admin::SessionInfo;
pub use self::builder::ManagerBuilder;
pub use self::builder::OnOutage;
pub use self::presented::Presented;

pub(crate) use self::change::Change;
pub(crate) use self::change::CredentialChange;
pub(crate) use self::change::Op;
pub(crate) use self::change::Raise;
pub(crate) use self::change::SharedOps;
pub(crate) use self::change::Step;
pub(crate) use self::change::lock;
pub(crate) use self::opened::Found;
pub(crate) use self::opened::Opened;
pub(crate) use self::presented::Manner;
pub(crate) use self::waiting::join;
pub(crate) use self::waiting::race;

/// Manages the sessions of one application. Clones are the same manager.
///
/// Build one at start, give it to the layer of your framework, and keep a clone where operators
/// end sessions from.
///
/// # Example: end all sessions of a user whose password was reset
///
/// ```
/// use hallpass_core::{Revocation, SessionError, SessionManager, Subject};
///
/// async fn password_was_reset(
///     sessions: &SessionManager,
///     user: &Subject,
/// ) -> Result<usize, SessionError> {
///     sessions.revoke_subject(user, Revocation::by("account").because("password reset")).await
/// }
/// ```
#[derive(Clone)]
pub struct SessionManager(Arc<Inner>);

struct Inner {
    store: DynStore,
    policy: Arc<dyn Policy>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn SecureRandom>,
    events: Arc<dyn EventSink>,
    store_timeout: Duration,
    payload_limit: usize,
    on_outage: OnOutage,
    circuit: Circuit,
    time_store_calls: bool,
    lanes: Lanes,
    names: WriteNames,
    walks: Walks,
    risk: Arc<dyn RiskAssessor>,
    reported: Reported,
    sources: Sources,
    watchers: Arc<Watchers>,
}

impl SessionManager {
    /// Returns the present instant, by the clock of the manager.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Returns the source of randomness of the manager.
    #[must_use]
    pub fn random(&self) -> &dyn SecureRandom {
        &*self.0.random
    }

    pub(crate) fn payload_limit(&self) -> usize {
        self.0.payload_limit
    }

    pub(crate) fn store_timeout(&self) -> Duration {
        self.0.store_timeout
    }

    pub(crate) fn has_index(&self) -> bool {
        self.0.store.has_index()
    }

    pub(crate) fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    pub(crate) fn watchers(&self) -> &Watchers {
        &self.0.watchers
    }

    pub(crate) fn limits(&self, facts: &PolicyFacts<'_>) -> Limits {
        self.0.policy.limits(facts)
    }

    /// Returns the limits that concern a request on this record.
    pub(crate) fn limits_of(&self, record: &SessionRecord) -> Limits {
        self.limits(&PolicyFacts {
            subject: record.subject(),
            authentication: record.authentication(),
            remembered: record.is_remembered(),
            client: record.client(),
        })
    }

    pub(crate) fn write_id(&self) -> Result<WriteId, RandomUnavailable> {
        self.0.names.next(self.random())
    }

    /// Draws a handle. That of a subject's session begins with the tag that the store asks for.
    pub(crate) fn new_handle(
        &self,
        subject: Option<&Subject>,
    ) -> Result<SessionHandle, RandomUnavailable> {
        let handle = random_bytes(self.random()).map(SessionHandle::from_bytes)?;
        Ok(subject
            .and_then(|subject| self.0.store.handle_tag(subject))
            .map_or(handle, |tag| tag.put_on(handle)))
    }

    pub(crate) fn emit(&self, event: &Event) {
        self.0.events.record(event);
    }

    /// Emits an event about a record, on behalf of a client.
    pub(crate) fn emit_of(&self, record: &SessionRecord, client: &ClientFacts, kind: EventKind) {
        let now = self.now();
        let event = Event::new(now, kind).of(record.handle());
        let event = match record.impersonation(now) {
            Some(acting) => event
                .whose(Some(acting.subject()))
                .acted_by(record.subject()),
            None => event.whose(record.subject()),
        };
        self.emit(&event.by_client(client));
    }

    /// Emits an event about an impersonation that is over.
    pub(crate) fn tell_impersonation_ended(
        &self,
        (handle, acting, actor): (SessionHandle, &Impersonated, Option<&Subject>),
        client: &ClientFacts,
    ) {
        let event = Event::new(self.now(), EventKind::ImpersonationEnded).of(handle);
        let event = event.whose(Some(acting.subject())).acted_by(actor);
        self.emit(&event.by_client(client));
    }

    /// Tells the events of something that an adapter has noticed about a request.
    pub fn report(&self, kind: EventKind, client: &ClientFacts) {
        self.emit(&Event::new(self.now(), kind).by_client(client));
    }
}

impl fmt::Debug for SessionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionManager")
            .field("store", &self.0.store)
            .field("policy", &self.0.policy)
            .field("store_timeout", &self.0.store_timeout)
            .field("payload_limit", &self.0.payload_limit)
            .field("on_outage", &self.0.on_outage)
            .finish_non_exhaustive()
    }
}
