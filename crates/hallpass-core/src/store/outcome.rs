//! What a store is asked, and what it answers.

use std::sync::Arc;

use crate::end::EndReason;
use crate::record::Binding;
use crate::record::SessionRecord;
use crate::record::Tombstone;
use crate::time::Timestamp;
use crate::token::SessionHandle;
use crate::token::TokenDigest;

/// The answer to [`SessionStore::create`](crate::SessionStore::create).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must break the engine on purpose"
)]
pub enum Create {
    /// The record is stored.
    Created,
    /// The name belongs to a live record or to a tombstone. Nothing was changed. A store may say it
    /// also of a record past its deadline.
    Occupied,
}

/// The answer to [`SessionStore::load`](crate::SessionStore::load).
#[derive(Clone, Debug)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must break the engine on purpose"
)]
pub enum Load {
    /// The session ended, or is past its deadline, and this is what stays of it.
    Ended(Tombstone),
    /// The session lives.
    Live(Arc<SessionRecord>),
    /// Nothing is known of it, or it was forgotten after its time.
    Missing,
}

/// The answer to [`SessionStore::update`](crate::SessionStore::update).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must break the engine on purpose"
)]
pub enum Write {
    /// The record is stored, now or by the same write before.
    Applied,
    /// The stored revision is another one. Nothing was changed.
    Conflict,
    /// The record is missing, ended or expired. Nothing was changed.
    Gone,
}

/// What [`SessionStore::touch`](crate::SessionStore::touch) is asked to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "every store reads every field")]
pub struct Touch {
    /// The session.
    pub handle: SessionHandle,
    /// The digest that must be the current one.
    pub digest: TokenDigest,
    /// The binding that must be the current one.
    pub binding: Binding,
    /// When the session was used.
    pub last_seen: Timestamp,
    /// Whether the credential was seen in use for the first time. It is confirmed when this is
    /// written, not when the request came in.
    pub confirm: bool,
}

/// The answer to [`SessionStore::touch`](crate::SessionStore::touch).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must break the engine on purpose"
)]
pub enum Touched {
    /// What is stored is at least as late as what was asked for, now or before.
    Applied,
    /// The record is missing, ended or expired. Nothing was changed.
    Gone,
    /// The digest or the binding is another one. Nothing was changed.
    Refused,
}

/// What [`SessionStore::end`](crate::SessionStore::end) is asked to do.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "every store reads every field")]
pub struct End {
    /// The session.
    pub handle: SessionHandle,
    /// Why it ends.
    pub reason: EndReason,
    /// When it ends.
    pub at: Timestamp,
    /// Until when to keep the tombstone where nothing is known of the session. Elsewhere the
    /// tombstone of the record says so itself.
    pub keep_until: Timestamp,
}

impl End {
    /// Returns the tombstone to leave where nothing is known of the session.
    #[must_use]
    pub fn tombstone(&self) -> Tombstone {
        Tombstone::unknown(self.handle, self.reason.clone(), self.at, self.keep_until)
    }
}

/// The answer to [`SessionStore::end`](crate::SessionStore::end). Each leaves a tombstone.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must break the engine on purpose"
)]
pub enum EndOutcome {
    /// The session had ended or expired before. Its first tombstone stays.
    Already(Tombstone),
    /// The session lived and has ended.
    Ended(Tombstone),
    /// Nothing was known of the session. Its tombstone is [`End::tombstone`].
    Missing,
}

/// The answer to [`SubjectIndex::bind`](crate::SubjectIndex::bind).
#[derive(Clone, Debug)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new answer must break the engine on purpose"
)]
pub enum Bound {
    /// The session began, now or by the same write before.
    Bound {
        /// The sessions that ended to make room. Empty where the write is a repetition.
        evicted: Vec<Tombstone>,
    },
    /// The session to replace was written or ended meanwhile. Nothing was changed.
    Conflict,
    /// The subject has as many sessions as it may. Nothing was changed.
    Denied {
        /// Those sessions.
        active: Vec<Arc<SessionRecord>>,
    },
    /// The name belongs to a live record or to a tombstone. Nothing was changed.
    Occupied,
}

/// The answer to [`Sweep::sweep`](crate::Sweep::sweep).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a number and whether to go on")]
pub struct Swept {
    /// How many records and tombstones were removed.
    pub removed: usize,
    /// Whether there are more past their time.
    pub more: bool,
}
