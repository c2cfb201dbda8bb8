//! One error per question that a caller asks.

use std::time::Duration;

use crate::data::DataError;
use crate::random::RandomUnavailable;
use crate::store::StoreError;
use crate::store::StoreErrorKind;

/// Why something asked of a session was not done.
///
/// An outcome that an application decides about (a denied login, a session that somebody else
/// ended) is an enum of its own wherever it is expected; what is here stops the request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The response head has left, so that nothing can be committed with it any more.
    #[error(
        "the response has left: change the session before, or take `Session::detach` into the \
         stream and call `save` there"
    )]
    Closed,
    /// Too many others changed the session at the same time. Nothing was applied.
    #[error("too many changes of one session at once")]
    Contended,
    /// A value did not go in or did not come out.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The session ended, or its assurance was raised, while the request ran. Nothing was applied.
    #[error("the session ended or changed hands while the request ran")]
    Ended,
    /// The session acts for another subject, which this would affect. Nothing was applied.
    #[error("the session acts for somebody else: end the impersonation first")]
    Impersonating,
    /// The store did not answer a write, so that it may or may not have been applied. It is not
    /// pending any more: to apply it again could count something twice. To end a session again is
    /// safe.
    #[error("the session store did not answer a write")]
    InDoubt(#[source] StoreError),
    /// The call needs a login, and the session is anonymous.
    #[error("the session is anonymous: log in first")]
    NotLoggedIn,
    /// No secure randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The request came with a token that was replaced meanwhile: it is accepted, but not given
    /// another one. The client may try again.
    #[error("the token of the request was replaced meanwhile: try again")]
    Stale,
    /// The store did not answer, or refused. Nothing was applied.
    #[error("the session store is unavailable")]
    Unavailable(#[source] StoreError),
}

impl SessionError {
    /// Returns what to tell of a write that failed: a store that refuses has applied nothing, and
    /// one that did not answer may have.
    pub(crate) fn of_write(error: StoreError) -> Self {
        if error.leaves_in_doubt() {
            Self::InDoubt(error)
        } else {
            Self::Unavailable(error)
        }
    }

    /// Returns the HTTP status that answers a request which stops at this error.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Data(DataError::InvalidKey) => 400,
            Self::Data(DataError::TooLarge { .. }) => 413,
            Self::Closed | Self::Data(_) | Self::Random(_) => 500,
            Self::InDoubt(error) | Self::Unavailable(error) => match error.kind() {
                StoreErrorKind::Corrupt => 500,
                StoreErrorKind::Rejected | StoreErrorKind::Unavailable => 503,
            },
            Self::Contended => 503,
            Self::Ended | Self::NotLoggedIn => 401,
            Self::Impersonating => 403,
            Self::Stale => 409,
        }
    }

    /// Returns after how long a client may try again, where that helps.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Contended | Self::Stale => Some(Duration::from_secs(1)),
            Self::InDoubt(_) | Self::Unavailable(_) if self.status() == 503 => {
                Some(Duration::from_secs(5))
            }
            Self::InDoubt(_)
            | Self::Unavailable(_)
            | Self::Closed
            | Self::Data(_)
            | Self::Ended
            | Self::Impersonating
            | Self::NotLoggedIn
            | Self::Random(_) => None,
        }
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// Why a configuration makes no sense. Only `build` returns it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The limits of anonymous sessions make no sense.
    #[error("the limits of anonymous sessions: {0}")]
    Anonymous(Box<Self>),
    /// The policy needs an ability that the store does not have.
    #[error("{policy} needs a store with {ability}, which this one lacks: {remedy}")]
    MissingAbility {
        /// What needs it.
        policy: &'static str,
        /// The trait that the store would have to implement.
        ability: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// One field must not exceed another.
    #[error("`{smaller}` must not exceed `{larger}`")]
    Order {
        /// The field that is too large.
        smaller: &'static str,
        /// The field that bounds it.
        larger: &'static str,
    },
    /// The limits of remembered sessions make no sense.
    #[error("the limits of remembered sessions: {0}")]
    Remembered(Box<Self>),
    /// A duration or a size must not be zero.
    #[error("`{field}` must not be zero")]
    Zero {
        /// The field.
        field: &'static str,
    },
}
