//! What a store keeps of a session.

mod capacity;
mod encoding;
mod facts;
mod rules;
mod tombstone;

use std::time::Duration;

use crate::authentication::AssuranceLevel;
use crate::authentication::Authentication;
use crate::capacity::Elevated;
use crate::capacity::Impersonated;
use crate::client::ClientFacts;
use crate::data::DataMap;
use crate::policy::Limits;
use crate::ratchet::Credential;
use crate::ratchet::PreviousCredential;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::time::millis;
use crate::token::SessionHandle;

pub use self::encoding::InvalidEncoding;
pub use self::facts::Binding;
pub use self::facts::EpochStamp;
pub use self::facts::Revision;
pub use self::facts::WriteId;
pub use self::tombstone::Tombstone;
pub use self::tombstone::TombstoneParts;

/// What a store keeps of a live session.
///
/// A store reads from it what it needs for its own work (handle, revision, deadline, subject), and
/// keeps the rest as [`SessionRecord::encode`] writes it. It never builds or changes one but by
/// the methods here. `Debug` shows no secret and no data.
#[derive(Clone, Debug)]
pub struct SessionRecord {
    pub(crate) handle: SessionHandle,
    pub(crate) revision: Revision,
    pub(crate) write_id: WriteId,
    pub(crate) binding: Binding,
    epochs: EpochStamp,
    pub(crate) credential: Credential,
    pub(crate) previous: Option<Box<PreviousCredential>>,
    pub(crate) subject: Option<Subject>,
    pub(crate) authentication: Option<Authentication>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen: Timestamp,
    idle_millis: Option<u64>,
    pub(crate) absolute_deadline: Timestamp,
    lock_when_idle: bool,
    remembered: bool,
    pub(crate) client: ClientFacts,
    pub(crate) elevation: Option<Box<Elevated>>,
    pub(crate) impersonation: Option<Box<Impersonated>>,
    pub(crate) data: DataMap,
}

/// What a new record is made of.
pub(crate) struct NewRecord<'a> {
    pub(crate) handle: SessionHandle,
    pub(crate) write_id: WriteId,
    pub(crate) credential: Credential,
    pub(crate) subject: Option<Subject>,
    pub(crate) authentication: Option<Authentication>,
    pub(crate) limits: &'a Limits,
    pub(crate) remembered: bool,
    pub(crate) client: ClientFacts,
    pub(crate) data: DataMap,
}

impl SessionRecord {
    pub(crate) fn new(new: NewRecord<'_>, now: Timestamp) -> Self {
        Self {
            handle: new.handle,
            revision: Revision::FIRST,
            write_id: new.write_id,
            binding: Binding::FIRST,
            epochs: EpochStamp::default(),
            credential: new.credential,
            previous: None,
            subject: new.subject,
            authentication: new.authentication,
            created_at: now,
            last_seen: now,
            idle_millis: new.limits.idle().map(millis),
            absolute_deadline: now.saturating_add(new.limits.absolute()),
            lock_when_idle: new.limits.locks_when_idle(),
            remembered: new.remembered,
            client: new.client,
            elevation: None,
            impersonation: None,
            data: new.data,
        }
    }

    /// Returns the public name of the session, which is the key of the record.
    #[must_use]
    pub const fn handle(&self) -> SessionHandle {
        self.handle
    }

    /// Returns how often the record was written.
    #[must_use]
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns the name of the write that made the record what it is.
    #[must_use]
    pub const fn write_id(&self) -> WriteId {
        self.write_id
    }

    /// Returns how often it changed whom the record stands for.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.binding
    }

    /// Returns the epochs in which the session began.
    #[must_use]
    pub const fn epochs(&self) -> EpochStamp {
        self.epochs
    }

    /// Notes the epochs in which the session begins. For stores that are
    /// [`Epochs`](crate::Epochs), inside of `create` and `bind`.
    #[must_use]
    pub const fn stamped(mut self, epochs: EpochStamp) -> Self {
        self.epochs = epochs;
        self
    }

    /// Puts activity back that a store keeps apart from the bytes of the record, so that a touch
    /// writes two numbers and not the record: the later `last_seen` of the two, and when the token
    /// was confirmed, where the record does not say so itself.
    #[must_use]
    pub fn with_activity(mut self, last_seen: Timestamp, confirmed_at: Option<Timestamp>) -> Self {
        self.last_seen = self.last_seen.max(last_seen);
        if let Some(confirmed_at) = confirmed_at {
            self.credential.confirm(confirmed_at);
        }
        self
    }

    /// Puts other data in place of the application's. For stores around a store that keep the data
    /// in another form, for instance encrypted; the record is otherwise as it was.
    #[must_use]
    pub fn with_data(mut self, data: DataMap) -> Self {
        self.data = data;
        self
    }

    /// Returns what is kept of the token.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Returns what is kept of the token from before the assurance was last raised.
    #[must_use]
    pub fn previous_credential(&self) -> Option<&PreviousCredential> {
        self.previous.as_deref()
    }

    /// Returns whose session it is; `None` for an anonymous one.
    #[must_use]
    pub const fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Returns how the subject authenticated.
    #[must_use]
    pub const fn authentication(&self) -> Option<&Authentication> {
        self.authentication.as_ref()
    }

    /// Returns when the session began.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Returns when the session was last used, exact to one touch step.
    #[must_use]
    pub const fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    /// Returns the idle timeout.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.idle_millis.map(Duration::from_millis)
    }

    /// Returns when the session ends, however busy it is.
    #[must_use]
    pub const fn absolute_deadline(&self) -> Timestamp {
        self.absolute_deadline
    }

    /// Returns when the session has sat unused for the idle timeout.
    #[must_use]
    pub fn idle_deadline(&self) -> Option<Timestamp> {
        self.idle().map(|idle| self.last_seen.saturating_add(idle))
    }

    /// Returns whether the session is locked, not ended, when the idle timeout is over.
    #[must_use]
    pub const fn locks_when_idle(&self) -> bool {
        self.lock_when_idle
    }

    /// Returns the deadline of clause 1: from then on no operation sees the record as live.
    ///
    /// The earlier of the absolute and the idle deadline; the absolute one alone where an idle
    /// session is locked.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        match self.idle_deadline() {
            Some(idle) if !self.lock_when_idle => idle.min(self.absolute_deadline),
            _ => self.absolute_deadline,
        }
    }

    /// Returns whether the deadline of clause 1 lies ahead.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at()
    }

    /// Returns whether the user asked to be remembered on this device.
    #[must_use]
    pub const fn is_remembered(&self) -> bool {
        self.remembered
    }

    /// Returns what is known of the client.
    #[must_use]
    pub const fn client(&self) -> &ClientFacts {
        &self.client
    }

    /// Returns the application's data.
    #[must_use]
    pub const fn data(&self) -> &DataMap {
        &self.data
    }

    /// Takes the limits that hold after the assurance was raised: the shorter idle timeout of the
    /// two, and a new absolute deadline if the authentication was a full one.
    pub(crate) fn take_limits(&mut self, limits: &Limits, is_full: bool, now: Timestamp) {
        let idle = limits.idle().map(millis);
        self.idle_millis = match (self.idle_millis, idle) {
            (Some(before), Some(after)) => Some(before.min(after)),
            (before, after) => before.or(after),
        };
        self.lock_when_idle = limits.locks_when_idle();
        let deadline = now.saturating_add(limits.absolute());
        self.absolute_deadline = if is_full {
            deadline
        } else {
            self.absolute_deadline.min(deadline)
        };
    }

    /// Lowers the assurance, also that of the token from before the last raise, and returns whether that
    /// changed anything. An elevation above the level ends, with its rights.
    pub(crate) fn lower_to(&mut self, level: AssuranceLevel) -> bool {
        let elevation = self
            .elevation
            .take_if(|it| it.authentication.level() > level);
        let current = self.authentication.as_mut();
        let previous = self.previous.as_mut();
        let previous = previous.map(|previous| previous.authentication_mut());
        let mut changes = elevation.is_some();
        for authentication in current.into_iter().chain(previous) {
            changes |= authentication.level() > level;
            authentication.lower_to(level);
        }
        changes
    }
}
