//! What a route asks of its session.

use std::time::Duration;

use crate::authentication::AssuranceLevel;
use crate::authentication::Authentication;
use crate::time::Timestamp;

/// What a route asks of its session beyond a login. [`Session::check`](crate::Session::check) tells
/// whether it is met, and the guards of the adapters answer where it is not.
///
/// A requirement of an assurance, a recent authentication or a right is never met by somebody who
/// impersonates the subject: such actions are for the subject itself.
///
/// # Example: two factors, at most five minutes ago
///
/// ```
/// use std::time::Duration;
/// use hallpass_core::{AssuranceLevel, Requirement};
///
/// const TO_PAY: Requirement =
///     Requirement::login().level(AssuranceLevel::Aal2).max_age(Duration::from_secs(300));
/// # let _used = TO_PAY;
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Requirement {
    level: Option<AssuranceLevel>,
    max_age: Option<Duration>,
    rights: Vec<&'static str>,
    in_person: bool,
}

/// What a session lacks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unmet {
    /// Somebody acts for the subject who may not do this for it.
    #[error("this is for the subject itself, and somebody acts for it")]
    Impersonated,
    /// Nobody is logged in.
    #[error("nobody is logged in")]
    NotLoggedIn {
        /// The session sat unused for too long, and one factor reopens it.
        locked: bool,
    },
    /// An elevation that gives a right.
    #[error("the right `{right}` is needed")]
    Right {
        /// The right.
        right: &'static str,
    },
    /// Another authentication (RFC 9470).
    #[error("a stronger or more recent authentication is needed")]
    StepUp {
        /// The assurance that is asked for.
        level: Option<AssuranceLevel>,
        /// How long ago the authentication may be.
        max_age: Option<Duration>,
    },
}

/// What a session has to show.
pub(crate) struct Shown<'a> {
    pub(crate) authentication: Option<&'a Authentication>,
    pub(crate) rights: &'a [String],
    pub(crate) is_impersonated: bool,
    /// A sign of risk demands another authentication before anything that asks for more than a login.
    pub(crate) demands_step_up: bool,
    pub(crate) now: Timestamp,
}

impl Requirement {
    /// Somebody is logged in, and nothing more.
    pub const fn login() -> Self {
        Self {
            level: None,
            max_age: None,
            rights: Vec::new(),
            in_person: false,
        }
    }

    /// At least this assurance.
    pub const fn level(mut self, level: AssuranceLevel) -> Self {
        self.level = Some(level);
        self
    }

    /// An authentication at most this long ago (SES-19). Exact: at the age itself it is met.
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// A right that an [`Elevation`](crate::Elevation) gives for a while. Of several each is needed.
    pub fn right(mut self, right: &'static str) -> Self {
        self.rights.push(right);
        self
    }

    /// The subject itself, not somebody who impersonates it.
    pub const fn in_person(mut self) -> Self {
        self.in_person = true;
        self
    }

    /// Decides for the session of a subject.
    pub(crate) fn check(&self, shown: &Shown<'_>) -> Result<(), Unmet> {
        let asks_for_more =
            self.level.is_some() || self.max_age.is_some() || !self.rights.is_empty();
        if shown.is_impersonated && (self.in_person || asks_for_more) {
            return Err(Unmet::Impersonated);
        }
        if shown.demands_step_up && asks_for_more {
            // What the session or an identity provider remembers is no answer.
            return Err(Unmet::StepUp {
                level: self.level,
                max_age: Some(Duration::ZERO),
            });
        }
        let level = shown.authentication.map(Authentication::level);
        let at = shown
            .authentication
            .and_then(Authentication::authenticated_at);
        let is_strong = self.level.is_none_or(|asked| level >= Some(asked));
        let is_recent = self
            .max_age
            .is_none_or(|max_age| at.is_some_and(|at| shown.now.since(at) <= max_age));
        if !is_strong || !is_recent {
            return Err(Unmet::StepUp {
                level: self.level,
                max_age: self.max_age,
            });
        }
        let holds = |right: &str| shown.rights.iter().any(|held| held == right);
        match self.rights.iter().find(|right| !holds(right)) {
            Some(right) => Err(Unmet::Right { right }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
