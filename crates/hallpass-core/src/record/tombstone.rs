//! What stays of an ended session.

use serde::Deserialize;
use serde::Serialize;

use super::SessionRecord;
use crate::end::EndReason;
use crate::store::End;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;
use crate::token::SessionToken;
use crate::token::TokenDigest;

/// What stays of an ended session for a while: enough to tell its client why it
/// ended, and nothing to bring it back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tombstone {
    handle: SessionHandle,
    digest: Option<[u8; 32]>,
    subject: Option<Subject>,
    reason: EndReason,
    ended_at: Timestamp,
    keep_until: Timestamp,
}

impl Tombstone {
    /// Returns the tombstone of a record that ends now.
    ///
    /// That of a subject's session is kept until the absolute deadline. That of an anonymous one
    /// is kept for one idle timeout: anybody can begin and end those, and must not fill a store
    /// with what stays of them.
    #[must_use]
    pub fn of(record: &SessionRecord, reason: EndReason, at: Timestamp) -> Self {
        let keep_until = match record.subject {
            Some(_) => record.absolute_deadline,
            None => record
                .idle()
                .map_or(record.absolute_deadline, |idle| at.saturating_add(idle))
                .min(record.absolute_deadline),
        };
        Self {
            handle: record.handle,
            digest: Some(record.credential.digest().to_bytes()),
            subject: record.subject.clone(),
            reason,
            ended_at: at,
            keep_until: keep_until.max(at),
        }
    }

    /// Returns the tombstone of a session of which the store knows nothing.
    #[must_use]
    pub const fn unknown(
        handle: SessionHandle,
        reason: EndReason,
        at: Timestamp,
        keep_until: Timestamp,
    ) -> Self {
        Self {
            handle,
            digest: None,
            subject: None,
            reason,
            ended_at: at,
            keep_until,
        }
    }

    /// Returns the tombstone with these parts, for stores that keep them apart.
    #[must_use]
    pub fn from_parts(parts: TombstoneParts) -> Self {
        Self {
            handle: parts.handle,
            digest: parts.digest.map(TokenDigest::to_bytes),
            subject: parts.subject,
            reason: parts.reason,
            ended_at: parts.ended_at,
            keep_until: parts.keep_until,
        }
    }

    /// Returns whether it is what stays of a session that this ended.
    pub(crate) fn is_of(&self, end: &End) -> bool {
        self.digest.is_some()
            && self.handle == end.handle
            && self.reason == end.reason
            && self.ended_at == end.at
    }

    /// Returns the public name of the session.
    #[must_use]
    pub const fn handle(&self) -> SessionHandle {
        self.handle
    }

    /// Returns the digest of the token that was current when the session ended, where the session
    /// was known.
    #[must_use]
    pub fn digest(&self) -> Option<TokenDigest> {
        self.digest.map(TokenDigest::from_bytes)
    }

    /// Returns whose session it was.
    #[must_use]
    pub const fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Returns why it ended.
    #[must_use]
    pub const fn reason(&self) -> &EndReason {
        &self.reason
    }

    /// Returns when it ended.
    #[must_use]
    pub const fn ended_at(&self) -> Timestamp {
        self.ended_at
    }

    /// Returns until when a store keeps the tombstone.
    #[must_use]
    pub const fn keep_until(&self) -> Timestamp {
        self.keep_until
    }

    /// Returns whether `token` was the current token of the session when it ended. Only its
    /// holder is told why. Takes constant time.
    #[must_use]
    pub fn verifies(&self, token: &SessionToken) -> bool {
        self.handle == token.handle()
            && self
                .digest
                .is_some_and(|digest| TokenDigest::from_bytes(digest) == token.digest())
    }
}

/// What a [`Tombstone`] is made of, for stores that keep the parts in columns of their own.
///
/// Such a store says itself what [`Tombstone::of`] says: the tombstone of a subject's session is kept
/// until the absolute deadline, that of an anonymous one for one idle timeout and never longer than
/// until the absolute deadline, and none ends before it begins.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a store gives every part")]
pub struct TombstoneParts {
    /// The public name of the session.
    pub handle: SessionHandle,
    /// The digest of the token that was current; `None` where nothing was known of the session.
    pub digest: Option<TokenDigest>,
    /// Whose session it was.
    pub subject: Option<Subject>,
    /// Why it ended. [`EndReason::decode`] reads it from its bytes.
    pub reason: EndReason,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Until when it is kept.
    pub keep_until: Timestamp,
}
