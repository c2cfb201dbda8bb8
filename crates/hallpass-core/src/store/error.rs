//! The one error of stores.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What kind of fault a store has: enough to decide whether to try again, to alert, and what to
/// answer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// What is stored cannot be read. Trying again does not help.
    Corrupt,
    /// The store works and refuses, for instance because it is full. Trying again later may help.
    Rejected,
    /// The store did not answer, or not in time.
    Unavailable,
}

/// A fault of a store. What is merely the other outcome of a race is not an error.
///
/// `Display` says the kind only; the source is for logs. Neither may hold a handle, a token, or a
/// value of a session.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl StoreError {
    /// Returns an error of this kind, with the fault behind it.
    #[must_use]
    pub fn new(kind: StoreErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: source.into().into(),
        }
    }

    /// The engine stopped waiting.
    pub(crate) fn timed_out() -> Self {
        Self::new(StoreErrorKind::Unavailable, TimedOut)
    }

    /// The engine did not ask: the store has not answered for a while.
    pub(crate) fn resting() -> Self {
        Self::new(StoreErrorKind::Unavailable, Resting)
    }

    /// Returns whether a write may have been applied all the same: it was asked for, and there is
    /// no answer.
    pub(crate) fn leaves_in_doubt(&self) -> bool {
        self.kind == StoreErrorKind::Unavailable && !self.source.is::<Resting>()
    }

    /// Returns whether the same request may ask again: the answer was lost, and the store is not
    /// known to hang.
    pub(crate) fn may_be_repeated(&self) -> bool {
        self.leaves_in_doubt() && !self.source.is::<TimedOut>()
    }

    /// Returns the kind of the fault.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Corrupt => "a stored session can not be read",
            StoreErrorKind::Rejected => "the session store refuses",
            StoreErrorKind::Unavailable => "the session store does not answer",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the time-out for calls of the store is over")]
struct TimedOut;

#[derive(Debug, thiserror::Error)]
#[error("not asked: the store did not answer the calls before")]
struct Resting;
