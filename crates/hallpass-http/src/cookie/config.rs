//! The settings of the cookies, and the one place that checks them.

use hallpass_core::TOKEN_CHARS;

use super::template::MAX_PAIR;
use super::{CookieError, CookieTemplate, Cookies, SameSite, name::Prefix};
use crate::field;

/// How the cookies that carry sessions are named and scoped.
///
/// The defaults are the strictest that work for a site of its own: `__Host-` names, `Secure`,
/// `HttpOnly`, `SameSite=Lax`, `Path=/`, no `Domain`. `HttpOnly` cannot be switched off.
///
/// # Example: one login for all hosts of a domain
///
/// ```
/// use hallpass_http::CookieConfig;
///
/// let cookies = CookieConfig::default()
///     .session_name("__Secure-session")
///     .anonymous_name("__Secure-anon")
///     .domain("example.org")
///     .build()?;
/// assert_eq!(cookies.session().name(), "__Secure-session");
/// # Ok::<(), hallpass_http::CookieError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CookieConfig {
    session_name: Option<String>,
    anonymous_name: Option<String>,
    path: String,
    domain: Option<String>,
    same_site: SameSite,
    partitioned: bool,
    secure: bool,
}

impl CookieConfig {
    /// Names the cookie of sessions that have a subject.
    ///
    /// Change it when two applications share a host. Keep the prefix: a browser takes a cookie of
    /// that name only from a secure page of this very host, so that a sibling host cannot plant
    /// one. Default: `__Host-session` (OWASP ASVS 3.3.1).
    #[must_use]
    pub fn session_name(mut self, name: impl Into<String>) -> Self {
        self.session_name = Some(name.into());
        self
    }

    /// Names the cookie of anonymous sessions.
    ///
    /// Change it together with [`session_name`](Self::session_name). Default: `__Host-anon`.
    #[must_use]
    pub fn anonymous_name(mut self, name: impl Into<String>) -> Self {
        self.anonymous_name = Some(name.into());
        self
    }

    /// Limits the cookies to paths that start with this one.
    ///
    /// Change it to keep the cookies out of requests to other applications on this host. It is no
    /// protection from them: their scripts share the origin, and act through a frame. Requires
    /// names with the prefix `__Secure-`. Default: `/`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Shares the cookies with all hosts of this domain.
    ///
    /// Change it when several hosts need one login. Then each of them, and whoever takes over one
    /// of them, can read and plant the cookies. A browser ignores a cookie for a public suffix such
    /// as `co.uk`, which is not checked here. Requires names with the prefix `__Secure-`. Default:
    /// none, which means this host only (OWASP ASVS 3.3.3).
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Decides when browsers send the cookies with requests that other sites caused.
    ///
    /// `Strict` suits applications that nobody links into. `None` is for embedded ones. Default:
    /// [`SameSite::Lax`], and always written out, because what a browser assumes without the
    /// attribute also covers cross-site posts for two minutes.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Gives each site that embeds this one a cookie jar of its own (CHIPS).
    ///
    /// Change it, together with [`SameSite::None`], when the application lives in frames of other
    /// sites. Default: `false`.
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// Opens the settings that weaken the cookies.
    #[must_use]
    pub fn danger(self) -> DangerousCookieConfig {
        DangerousCookieConfig { config: self }
    }

    /// Returns whether the cookies travel over plain http.
    pub(crate) const fn is_insecure(&self) -> bool {
        !self.secure
    }

    /// Checks all settings together.
    ///
    /// # Errors
    ///
    /// A [`CookieError`] that names the settings which do not fit together.
    pub fn build(self) -> Result<Cookies, CookieError> {
        self.build_for(1)
    }

    /// Checks all settings together, for this number of accounts in one browser.
    pub(crate) fn build_for(self, accounts: u8) -> Result<Cookies, CookieError> {
        let (session, anonymous) = if self.secure {
            SECURE_NAMES
        } else {
            INSECURE_NAMES
        };
        let session = self.session_name.as_deref().unwrap_or(session);
        let anonymous = self.anonymous_name.as_deref().unwrap_or(anonymous);
        self.check_name("session_name", session)?;
        self.check_name("anonymous_name", anonymous)?;
        let others: Vec<String> = (1..accounts)
            .map(|number| format!("{session}-{number}"))
            .collect();
        for other in &others {
            self.check_name("session_name", other)?;
        }
        let mut names = others.iter().map(String::as_str).chain([session]);
        if names.any(|name| name.eq_ignore_ascii_case(anonymous)) {
            return Err(CookieError::NamesEqual);
        }
        check_path(&self.path)?;
        if let Some(domain) = &self.domain {
            check_domain(domain)?;
        }
        if self.same_site == SameSite::None && !self.secure {
            return Err(CookieError::SameSiteNoneInsecure);
        }
        if self.partitioned && !self.secure {
            return Err(CookieError::PartitionedInsecure);
        }
        Ok(self.templates(session, anonymous, &others))
    }

    fn templates(&self, session: &str, anonymous: &str, others: &[String]) -> Cookies {
        let (scope, flags) = (self.scope(), self.flags());
        let of_other = |name: &String| CookieTemplate::new(name, &scope, &flags);
        Cookies {
            session: CookieTemplate::new(session, &scope, &flags),
            anonymous: CookieTemplate::new(anonymous, &scope, &flags),
            others: others.iter().map(of_other).collect(),
        }
    }

    fn check_name(&self, field: &'static str, name: &str) -> Result<(), CookieError> {
        if !field::is_token(name.as_bytes()) {
            return Err(CookieError::NameInvalid { field });
        }
        let length = name.len();
        if length > MAX_PAIR - TOKEN_CHARS {
            return Err(CookieError::NameTooLong { field, length });
        }
        match Prefix::of(name) {
            Prefix::None if self.secure => Err(CookieError::PrefixMissing { field }),
            Prefix::None => Ok(()),
            _ if !self.secure => Err(CookieError::InsecurePrefix { field }),
            Prefix::Misspelled => Err(CookieError::PrefixMisspelled { field }),
            Prefix::Host if self.domain.is_some() => {
                Err(CookieError::PrefixForbidsDomain { field })
            }
            Prefix::Host if self.path != "/" => Err(CookieError::PrefixNeedsRootPath { field }),
            Prefix::Host | Prefix::Secure => Ok(()),
        }
    }

    fn scope(&self) -> String {
        match &self.domain {
            Some(domain) => format!("; Path={}; Domain={domain}", self.path),
            None => format!("; Path={}", self.path),
        }
    }

    fn flags(&self) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let partitioned = if self.partitioned {
            "; Partitioned"
        } else {
            ""
        };
        let same_site = self.same_site.as_str();
        format!("{secure}; HttpOnly; SameSite={same_site}{partitioned}")
    }
}

impl Default for Cookies {
    /// `__Host-session` and `__Host-anon`, as [`CookieConfig::default`] has them.
    fn default() -> Self {
        let (session, anonymous) = SECURE_NAMES;
        CookieConfig::default().templates(session, anonymous, &[])
    }
}

impl Default for CookieConfig {
    fn default() -> Self {
        Self {
            session_name: None,
            anonymous_name: None,
            path: "/".to_owned(),
            domain: None,
            same_site: SameSite::default(),
            partitioned: false,
            secure: true,
        }
    }
}

/// The settings of [`CookieConfig`] that weaken the cookies, reached by [`CookieConfig::danger`].
#[derive(Clone, Debug)]
pub struct DangerousCookieConfig {
    config: CookieConfig,
}

impl DangerousCookieConfig {
    /// Leaves out `Secure`, so that the cookies also travel over plain HTTP.
    ///
    /// For development only. Chrome and Firefox accept `Secure` cookies from `http://localhost`, so
    /// that even there it is needed only by other browsers and for other host names. Names must
    /// have no prefix; those that were not set become `session` and `anon`.
    ///
    /// # Security
    ///
    /// Whoever can read the traffic can take over the sessions.
    ///
    /// # Example: development on another machine in the room
    ///
    /// ```
    /// use hallpass_http::CookieConfig;
    ///
    /// let cookies = CookieConfig::default().danger().allow_insecure_http().build()?;
    /// assert_eq!(cookies.session().name(), "session");
    /// # Ok::<(), hallpass_http::CookieError>(())
    /// ```
    #[must_use]
    pub fn allow_insecure_http(mut self) -> CookieConfig {
        self.config.secure = false;
        self.config
    }
}

fn check_path(path: &str) -> Result<(), CookieError> {
    check_length("path", path)?;
    // A browser drops white space at the end and would match another path.
    let valid = path.starts_with('/')
        && !path.ends_with(' ')
        && path
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b';');
    valid.then_some(()).ok_or(CookieError::PathInvalid)
}

fn check_domain(domain: &str) -> Result<(), CookieError> {
    check_length("domain", domain)?;
    let valid = domain.len() <= MAX_HOST_NAME && domain.split('.').all(is_label);
    valid.then_some(()).ok_or(CookieError::DomainInvalid)
}

fn check_length(field: &'static str, text: &str) -> Result<(), CookieError> {
    let length = text.len();
    if length > MAX_ATTRIBUTE {
        return Err(CookieError::AttributeTooLong { field, length });
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

const SECURE_NAMES: (&str, &str) = ("__Host-session", "__Host-anon");
const INSECURE_NAMES: (&str, &str) = ("session", "anon");

/// Browsers ignore an attribute whose value is longer (rfc6265bis, section 5.6).
const MAX_ATTRIBUTE: usize = 1024;

/// The longest host name in text form (RFC 1035, section 2.3.4).
const MAX_HOST_NAME: usize = 253;

#[cfg(test)]
mod tests;
