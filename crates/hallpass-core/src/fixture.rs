//! Records for the tests of stores.
//!
//! An application never builds a record: the engine does. A test of a store needs some all the
//! same, in every state that the engine can bring them into.

use std::time::Duration;

use crate::authentication::Authentication;
use crate::client::ClientFacts;
use crate::client::ClientKind;
use crate::data::DataMap;
use crate::data::Entry;
use crate::error::ConfigError;
use crate::policy::Limits;
use crate::policy::LimitsBuilder;
use crate::random::RandomUnavailable;
use crate::random::SecureRandom;
use crate::random::random_bytes;
use crate::ratchet::Credential;
use crate::record::NewRecord;
use crate::record::SessionRecord;
use crate::record::WriteId;
use crate::store::HandleTag;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;
use crate::token::SessionToken;

/// A new record, as the engine would begin a session with.
#[derive(Clone, Debug)]
#[must_use]
pub struct RecordFixture {
    subject: Option<Subject>,
    tag: Option<HandleTag>,
    limits: LimitsBuilder,
    data: DataMap,
}

/// Why a fixture could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixtureError {
    /// The timeouts make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl RecordFixture {
    /// An anonymous session, idle 10 minutes, absolute 1 hour.
    pub fn anonymous() -> Self {
        let limits = Limits::builder()
            .idle(Duration::from_secs(600))
            .absolute(Duration::from_secs(3_600));
        Self {
            subject: None,
            tag: None,
            limits,
            data: DataMap::default(),
        }
    }

    /// A session of a subject, idle 10 minutes, absolute 1 hour.
    pub fn of(subject: &Subject) -> Self {
        Self {
            subject: Some(subject.clone()),
            ..Self::anonymous()
        }
    }

    /// Returns whose session it will be.
    #[must_use]
    pub const fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Puts the tag of a store in front of the handle, as the engine does.
    pub const fn tagged(mut self, tag: Option<HandleTag>) -> Self {
        self.tag = tag;
        self
    }

    /// Sets both timeouts.
    pub fn timeouts(mut self, idle: Option<Duration>, absolute: Duration) -> Self {
        self.limits = match idle {
            Some(idle) => self.limits.idle(idle),
            None => self.limits.no_idle_timeout(),
        }
        .absolute(absolute);
        self
    }

    /// Locks the session when it is idle, instead of ending it.
    pub const fn lock_when_idle(mut self) -> Self {
        self.limits = self.limits.lock_when_idle(true);
        self
    }

    /// Puts a value, as JSON text, under a key.
    pub fn data(mut self, key: &str, json: &[u8]) -> Self {
        self.data.insert(key.into(), Entry::new(json, 0, false));
        self
    }

    /// Returns the record of a session that begins now, with its token.
    ///
    /// # Errors
    ///
    /// [`FixtureError`].
    pub fn build(
        self,
        random: &dyn SecureRandom,
        now: Timestamp,
    ) -> Result<(SessionRecord, SessionToken), FixtureError> {
        let limits: Limits = self.limits.build()?;
        let handle = SessionHandle::from_bytes(random_bytes(random)?);
        let handle = self.tag.map_or(handle, |tag| tag.put_on(handle));
        let (credential, token) = Credential::first(handle, random, ClientKind::default(), now)?;
        let authentication = self
            .subject
            .as_ref()
            .map(|_| Authentication::password().at(now));
        let record = SessionRecord::new(
            NewRecord {
                handle,
                write_id: WriteId::from_bytes(random_bytes(random)?),
                credential,
                subject: self.subject,
                authentication,
                limits: &limits,
                remembered: false,
                client: ClientFacts::new(None, Some("fixture/1")),
                data: self.data,
            },
            now,
        );
        Ok((record, token))
    }
}

/// The next write to a record, as the engine would ask for.
#[derive(Clone, Debug)]
#[must_use]
pub struct NextWrite(SessionRecord);

impl NextWrite {
    /// A write after `record`, with a write id of its own and nothing changed yet.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`].
    pub fn after(
        record: &SessionRecord,
        random: &dyn SecureRandom,
    ) -> Result<Self, RandomUnavailable> {
        let mut next = record.clone();
        next.revision = next.revision.next();
        next.write_id = WriteId::from_bytes(random_bytes(random)?);
        Ok(Self(next))
    }

    /// Puts a value, as JSON text, under a key.
    pub fn data(mut self, key: &str, json: &[u8]) -> Self {
        self.0.data.insert(key.into(), Entry::new(json, 0, false));
        self
    }

    /// Says when the session was used.
    pub const fn last_seen(mut self, at: Timestamp) -> Self {
        self.0.last_seen = at;
        self
    }

    /// Renews the token. Leaves the record as it is where `presented` is not the current one.
    pub fn renewed(mut self, presented: &SessionToken, now: Timestamp) -> Self {
        if let Some((credential, _child)) =
            self.0
                .credential
                .renewed(presented, ClientKind::default(), now)
        {
            self.0.credential = credential;
        }
        self
    }

    /// Counts up the binding.
    pub const fn rebound(mut self) -> Self {
        self.0.binding = self.0.binding.next();
        self
    }

    /// Returns the record to write.
    #[must_use]
    pub fn build(self) -> SessionRecord {
        self.0
    }
}
