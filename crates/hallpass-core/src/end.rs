//! Why a session ended.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// Why a session ended.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(into = "StoredReason", try_from = "StoredReason")]
#[non_exhaustive]
pub enum EndReason {
    /// The absolute timeout is over.
    Absolute,
    /// A newer login of the same subject took its place.
    Evicted,
    /// The idle timeout is over.
    Idle,
    /// The client signed out.
    Logout,
    /// An old token of the session was presented: somebody had a copy.
    Replayed,
    /// A request looked so much as if the session were in other hands that the application chose to
    /// end it ([`RiskAssessor`](crate::RiskAssessor)).
    Risk,
    /// Somebody ended it from elsewhere.
    Revoked(Revocation),
    /// A login in the same client replaced it.
    Superseded,
}

impl EndReason {
    /// Returns the reason as one lower-case word, for logs, metrics and answers.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Absolute => "absolute",
            Self::Evicted => "evicted",
            Self::Idle => "idle",
            Self::Logout => "logout",
            Self::Replayed => "replayed",
            Self::Revoked(_) => "revoked",
            Self::Risk => "risk",
            Self::Superseded => "superseded",
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reason as tombstones keep it: by its word, so that a later variant moves no earlier one.
#[derive(Deserialize, Serialize)]
struct StoredReason {
    word: String,
    revocation: Option<Revocation>,
}

impl From<EndReason> for StoredReason {
    fn from(reason: EndReason) -> Self {
        let word = reason.as_str().to_owned();
        let revocation = match reason {
            EndReason::Revoked(revocation) => Some(revocation),
            _ => None,
        };
        Self { word, revocation }
    }
}

impl TryFrom<StoredReason> for EndReason {
    type Error = UnknownReason;

    fn try_from(stored: StoredReason) -> Result<Self, UnknownReason> {
        match (stored.word.as_str(), stored.revocation) {
            ("absolute", None) => Ok(Self::Absolute),
            ("evicted", None) => Ok(Self::Evicted),
            ("idle", None) => Ok(Self::Idle),
            ("logout", None) => Ok(Self::Logout),
            ("replayed", None) => Ok(Self::Replayed),
            ("revoked", Some(revocation)) => Ok(Self::Revoked(revocation)),
            ("risk", None) => Ok(Self::Risk),
            ("superseded", None) => Ok(Self::Superseded),
            _ => Err(UnknownReason),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not a reason that is known here")]
struct UnknownReason;

/// Who ended a session from elsewhere, and why. Kept in the tombstone and told in events.
///
/// # Example: support ends a session
///
/// ```
/// use hallpass_core::Revocation;
///
/// let revocation = Revocation::by("support:jane").because("reported stolen");
/// assert_eq!(revocation.who(), "support:jane");
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Revocation {
    by: String,
    why: String,
}

impl Revocation {
    /// Names who does it: an operator, a service, or the subject itself.
    #[must_use]
    pub fn by(who: &str) -> Self {
        Self {
            by: who.to_owned(),
            why: String::new(),
        }
    }

    /// Gives the reason.
    #[must_use]
    pub fn because(mut self, why: &str) -> Self {
        self.why = why.to_owned();
        self
    }

    /// Returns who did it.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.by
    }

    /// Returns the reason, empty if none was given.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}
