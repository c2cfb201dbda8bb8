//! The cookies that carry a session: their rules, how they are written, and how they are read.
//!
//! There are two: one for sessions with a subject and one for anonymous sessions. Their names
//! differ, so that a late answer to an anonymous request cannot overwrite a fresh login.

mod config;
mod error;
mod name;
mod scan;
mod template;

pub use self::config::{CookieConfig, DangerousCookieConfig};
pub use self::error::CookieError;
pub use self::scan::{Found, MAX_COOKIE_BYTES, find_cookie};
pub use self::template::CookieTemplate;

/// The checked cookies of an application, made by [`CookieConfig::build`].
#[derive(Clone, Debug)]
pub struct Cookies {
    session: CookieTemplate,
    anonymous: CookieTemplate,
    /// Of the accounts after the first.
    others: Vec<CookieTemplate>,
}

impl Cookies {
    /// Returns the cookie of sessions that have a subject.
    #[must_use]
    pub fn session(&self) -> &CookieTemplate {
        &self.session
    }

    /// Returns the cookie of the sessions of one of several accounts in a browser.
    pub(crate) fn of_account(&self, number: u8) -> Option<&CookieTemplate> {
        match usize::from(number).checked_sub(1) {
            None => Some(&self.session),
            Some(place) => self.others.get(place),
        }
    }

    /// Returns the cookie of anonymous sessions.
    #[must_use]
    pub fn anonymous(&self) -> &CookieTemplate {
        &self.anonymous
    }
}

/// When a browser sends the cookies with a request that another site caused.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the standard knows these three, and a fourth must be decided here on purpose"
)]
pub enum SameSite {
    /// Only with top-level navigations by a safe method, such as following a link. The default.
    #[default]
    Lax,
    /// Always. For sites that are embedded by others; a forged request carries the session too.
    None,
    /// Never. A user who follows a link from elsewhere arrives signed out.
    Strict,
}

impl SameSite {
    fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::None => "None",
            Self::Strict => "Strict",
        }
    }
}
