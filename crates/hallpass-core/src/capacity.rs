//! What a session stands for beyond its login, for a while.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::authentication::Authentication;
use crate::subject::Subject;
use crate::time::Timestamp;

/// A higher assurance, and perhaps further rights, for a bounded time: "sudo mode", temporary
/// rights of an administrator (SU-07). [`Session::elevate`](crate::Session::elevate) takes it.
///
/// # Example: ten minutes as an administrator
///
/// ```
/// use std::time::Duration;
/// use hallpass_core::{AssuranceLevel, Authentication, Elevation};
///
/// let authentication = Authentication::new(AssuranceLevel::Aal2).with_method("otp");
/// let elevation = Elevation::new(authentication).lasting(Duration::from_secs(600)).right("admin");
/// # drop(elevation);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Elevation {
    pub(crate) authentication: Authentication,
    pub(crate) lasting: Duration,
    pub(crate) rights: Vec<String>,
}

impl Elevation {
    /// An elevation after this authentication, as long as the policy allows, without further rights.
    pub const fn new(authentication: Authentication) -> Self {
        Self {
            authentication,
            lasting: Duration::MAX,
            rights: Vec::new(),
        }
    }

    /// How long it lasts, at most as long as
    /// [`LimitsBuilder::max_elevation`](crate::LimitsBuilder::max_elevation) allows. Shorter bounds
    /// what somebody can do at a screen that was left alone. Default: that long.
    pub const fn lasting(mut self, lasting: Duration) -> Self {
        self.lasting = lasting;
        self
    }

    /// Adds a right, by a name of the application's own.
    pub fn right(mut self, right: &str) -> Self {
        self.rights.push(right.to_owned());
        self
    }
}

/// An elevation that holds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Elevated {
    pub(crate) authentication: Authentication,
    pub(crate) until: Timestamp,
    pub(crate) rights: Vec<String>,
}

impl Elevated {
    /// Returns what the session stands for while it holds.
    #[must_use]
    pub const fn authentication(&self) -> &Authentication {
        &self.authentication
    }

    /// Returns when the session falls back by itself.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Returns the rights that it gives.
    #[must_use]
    pub fn rights(&self) -> &[String] {
        &self.rights
    }
}

/// Acting for another subject, for instance as support.
/// [`Session::impersonate`](crate::Session::impersonate) takes it.
///
/// # Example: support looks at what a user sees
///
/// ```
/// use hallpass_core::{Impersonation, Subject};
///
/// let impersonation = Impersonation::of(Subject::new("alice")?, "ticket 4711");
/// # drop(impersonation);
/// # Ok::<(), hallpass_core::InvalidSubject>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Impersonation {
    pub(crate) subject: Subject,
    pub(crate) reason: String,
    pub(crate) lasting: Duration,
}

impl Impersonation {
    /// Acts for this subject, for this reason, as long as the policy allows. The reason goes into the
    /// events; at most 256 bytes of it are kept.
    pub fn of(subject: Subject, reason: &str) -> Self {
        let ends = reason.char_indices().map(|(at, char)| at + char.len_utf8());
        let end = ends.take_while(|end| *end <= MAX_REASON).last();
        Self {
            subject,
            reason: reason
                .get(..end.unwrap_or(0))
                .unwrap_or_default()
                .to_owned(),
            lasting: Duration::MAX,
        }
    }

    /// How long it lasts, at most as long as
    /// [`LimitsBuilder::max_impersonation`](crate::LimitsBuilder::max_impersonation) allows. Default:
    /// that long.
    pub const fn lasting(mut self, lasting: Duration) -> Self {
        self.lasting = lasting;
        self
    }
}

/// An impersonation that holds: for whom somebody acts, why, and until when.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Impersonated {
    pub(crate) subject: Subject,
    pub(crate) reason: String,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl Impersonated {
    /// Returns for whom the operator acts.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Returns the reason that was given.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns when it began.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// Returns when the session falls back to the operator's own by itself.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }
}

const MAX_REASON: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let subject = Subject::new("alice").unwrap();
        let long = "\u{e9}".repeat(200);
        let impersonation = Impersonation::of(subject, &long);
        assert_eq!(impersonation.reason, "\u{e9}".repeat(128));
    }
}
