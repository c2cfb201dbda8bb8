//! How, when and how strongly a subject proved who it is.

mod acr;

use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::time::Timestamp;

pub use self::acr::AcrMap;

/// The assurance that an authentication gave (NIST SP 800-63B-4).
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[expect(clippy::exhaustive_enums, reason = "NIST names three levels")]
pub enum AssuranceLevel {
    /// One factor.
    #[default]
    Aal1,
    /// Two factors.
    Aal2,
    /// Two factors, one of them a non-exportable key that resists phishing.
    Aal3,
}

/// One authentication: which methods, which assurance, when.
///
/// # Example: a password and a one-time code
///
/// ```
/// use hallpass_core::{AssuranceLevel, Authentication};
///
/// let authentication =
///     Authentication::new(AssuranceLevel::Aal2).with_method("pwd").with_method("otp");
/// assert_eq!(authentication.methods(), ["pwd", "otp"]);
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Authentication {
    level: AssuranceLevel,
    methods: Arc<Vec<String>>,
    at: Option<Timestamp>,
}

impl Authentication {
    /// Returns an authentication with this assurance, at the time when it is used.
    #[must_use]
    pub fn new(level: AssuranceLevel) -> Self {
        Self {
            level,
            methods: Arc::default(),
            at: None,
        }
    }

    /// Returns an authentication by password: one factor, method `pwd` (RFC 8176).
    #[must_use]
    pub fn password() -> Self {
        Self::new(AssuranceLevel::Aal1).with_method("pwd")
    }

    /// Adds a method, by its name in RFC 8176 (`pwd`, `otp`, `hwk`, ...) where it has one.
    #[must_use]
    pub fn with_method(mut self, method: &str) -> Self {
        Arc::make_mut(&mut self.methods).push(method.to_owned());
        self
    }

    /// Sets the time of the authentication, for instance the `auth_time` of an identity provider.
    /// A time in the future counts as the present.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// Returns the assurance.
    #[must_use]
    pub const fn level(&self) -> AssuranceLevel {
        self.level
    }

    /// Returns the methods, in the order in which they were used.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// Returns when it happened. That of a session is always known.
    #[must_use]
    pub const fn authenticated_at(&self) -> Option<Timestamp> {
        self.at
    }

    /// Fixes the time, at `now` at the latest.
    pub(crate) fn settled(mut self, now: Timestamp) -> Self {
        self.at = Some(self.at.map_or(now, |at| at.min(now)));
        self
    }

    /// Returns what holds after `step` was added to this authentication: its time, the methods of
    /// both, and the higher assurance of the two.
    pub(crate) fn raised_by(&self, step: &Self) -> Self {
        let mut methods = Arc::clone(&self.methods);
        for method in &*step.methods {
            if !methods.contains(method) {
                Arc::make_mut(&mut methods).push(method.clone());
            }
        }
        Self {
            level: self.level.max(step.level),
            methods,
            at: step.at,
        }
    }

    /// Lowers the assurance to `level`, if it is higher.
    pub(crate) fn lower_to(&mut self, level: AssuranceLevel) {
        self.level = self.level.min(level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SES-12: the assurance of a session is never above that of an authentication.
    #[test]
    fn lowering_never_raises() {
        let mut authentication = Authentication::password();
        authentication.lower_to(AssuranceLevel::Aal3);
        assert_eq!(authentication.level(), AssuranceLevel::Aal1);
    }

    #[test]
    fn a_step_adds_its_methods_and_its_time() {
        let now = Timestamp::from_millis(9);
        let step = Authentication::new(AssuranceLevel::Aal2)
            .with_method("otp")
            .settled(now);
        let raised = Authentication::password().raised_by(&step);
        assert_eq!(
            raised,
            Authentication::new(AssuranceLevel::Aal2)
                .with_method("pwd")
                .with_method("otp")
                .at(now)
        );
    }

    #[test]
    fn an_authentication_in_the_future_counts_as_now() {
        let now = Timestamp::from_millis(5);
        let settled = Authentication::password()
            .at(Timestamp::from_millis(6))
            .settled(now);
        assert_eq!(settled.authenticated_at(), Some(now));
    }
}
