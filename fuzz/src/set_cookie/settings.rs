//! A cookie configuration made of arbitrary bytes, and when it must be accepted.
//!
//! | Letter | Line |
//! | --- | --- |
//! | `A` | the name of the anonymous cookie |
//! | `D` | the domain |
//! | `F` | flags: `l`, `n`, `s` for `SameSite`, `p` partitioned, `i` insecure |
//! | `M` | how long the browser keeps the cookie, in seconds |
//! | `P` | the path |
//! | `S` | the name of the session cookie |
//! | `T` | the present, in seconds since the epoch; with `-` in front, before it |
//! | `V` | the value |

use std::time::Duration;
use std::time::SystemTime;

use hallpass_core::TOKEN_CHARS;
use hallpass_http::CookieConfig;
use hallpass_http::SameSite;

use crate::lines::Macro;
use crate::lines::lines;

#[derive(Debug, Default)]
pub(super) struct Settings {
    session: Option<String>,
    anonymous: Option<String>,
    pub(super) path: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) same_site: Option<SameSite>,
    pub(super) partitioned: bool,
    pub(super) insecure: bool,
    pub(super) value: String,
    pub(super) max_age: Option<u64>,
    now: (bool, u64),
}

impl Settings {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut settings = Self::default();
        for (letter, text) in lines(bytes, &MACROS) {
            let text = String::from_utf8_lossy(&text).into_owned();
            match letter {
                b'A' => settings.anonymous = Some(text),
                b'D' => settings.domain = Some(text),
                b'F' => settings.set(&text),
                b'M' => settings.max_age = Some(number(&text)),
                b'P' => settings.path = Some(text),
                b'S' => settings.session = Some(text),
                b'T' => settings.now = (text.starts_with('-'), number(&text)),
                b'V' => settings.value = text,
                _ => {}
            }
        }
        settings
    }

    fn set(&mut self, flags: &str) {
        for flag in flags.chars() {
            match flag {
                'i' => self.insecure = true,
                'l' => self.same_site = Some(SameSite::Lax),
                'n' => self.same_site = Some(SameSite::None),
                'p' => self.partitioned = true,
                's' => self.same_site = Some(SameSite::Strict),
                _ => {}
            }
        }
    }

    pub(super) fn config(&self) -> CookieConfig {
        let mut config = CookieConfig::default().partitioned(self.partitioned);
        if let Some(name) = &self.session {
            config = config.session_name(name);
        }
        if let Some(name) = &self.anonymous {
            config = config.anonymous_name(name);
        }
        if let Some(path) = &self.path {
            config = config.path(path);
        }
        if let Some(domain) = &self.domain {
            config = config.domain(domain);
        }
        if let Some(same_site) = self.same_site {
            config = config.same_site(same_site);
        }
        if self.insecure {
            config = config.danger().allow_insecure_http();
        }
        config
    }

    pub(super) fn session_name(&self) -> &str {
        let default = if self.insecure {
            "session"
        } else {
            "__Host-session"
        };
        self.session.as_deref().unwrap_or(default)
    }

    pub(super) fn anonymous_name(&self) -> &str {
        let default = if self.insecure { "anon" } else { "__Host-anon" };
        self.anonymous.as_deref().unwrap_or(default)
    }

    /// Returns the present, if the system can tell it.
    pub(super) fn now(&self) -> Option<SystemTime> {
        let (before, seconds) = self.now;
        let distance = Duration::from_secs(seconds);
        if before {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        }
    }

    /// Returns the present in seconds since the epoch, which is the earliest that counts.
    pub(super) fn now_seconds(&self) -> u64 {
        let (before, seconds) = self.now;
        if before { 0 } else { seconds }
    }

    /// Returns whether the configuration makes sense.
    pub(super) fn is_valid(&self) -> bool {
        let (session, anonymous) = (self.session_name(), self.anonymous_name());
        let needs_secure = self.partitioned || self.same_site == Some(SameSite::None);
        self.fits(session)
            && self.fits(anonymous)
            && !session.eq_ignore_ascii_case(anonymous)
            && self.path.as_deref().is_none_or(is_path)
            && self.domain.as_deref().is_none_or(is_domain)
            && !(self.insecure && needs_secure)
    }

    fn fits(&self, name: &str) -> bool {
        let prefixes = ["__Host-", "__Secure-", "__Http-"];
        let lower = name.to_ascii_lowercase();
        let prefixed = prefixes
            .iter()
            .any(|prefix| lower.starts_with(&prefix.to_ascii_lowercase()));
        let spelled = prefixes.iter().any(|prefix| name.starts_with(prefix));
        let at_root = self.domain.is_none() && self.path.as_deref().is_none_or(|path| path == "/");
        let keeps_promise = if self.insecure {
            !prefixed
        } else {
            spelled && (at_root || !name.starts_with("__Host-"))
        };
        is_token(name) && name.len() + TOKEN_CHARS <= 4096 && keeps_promise
    }
}

fn is_token(name: &str) -> bool {
    let special = "!#$%&'*+-.^_`|~";
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || special.contains(c))
}

fn is_path(path: &str) -> bool {
    path.len() <= 1024
        && path.starts_with('/')
        && !path.ends_with(' ')
        && path.chars().all(|c| (' '..='~').contains(&c) && c != ';')
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Reads the digits of a text, however many, and wraps around.
fn number(text: &str) -> u64 {
    text.bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |number: u64, digit| {
            number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'))
        })
}

const MACROS: [Macro; 6] = [
    (0x01, b"__Host-", 1),
    (0x02, b"__Secure-", 1),
    (0x03, b"\n", 1),
    (0x04, b"\r\nSet-Cookie: a=b", 1),
    (0x05, b"a", 60),
    (0x06, b"b", 1000),
];
