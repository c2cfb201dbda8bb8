//! What is configured about the way of tokens.

use http::header;

use super::Transport;
use crate::answer::AnswersConfig;
use crate::clear_site_data::ClearSiteData;
use crate::cookie::CookieConfig;
use crate::cookie::CookieError;
use crate::proxies::TrustedProxies;

/// Configures how tokens travel. The default: cookies, no header, no proxy is trusted, a bare 401
/// for pages and APIs alike.
///
/// # Example: a site behind a proxy, with a login page and mobile clients
///
/// ```
/// use hallpass_http::TransportConfig;
///
/// let transport = TransportConfig::default()
///     .bearer(true)
///     .trusted_proxies("10.0.0.0/8".parse()?)
///     .login_page("/login")
///     .build()?;
/// # drop(transport);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TransportConfig {
    cookies: Option<CookieConfig>,
    bearer: bool,
    proxies: TrustedProxies,
    clear_site_data: Option<ClearSiteData>,
    pub(crate) answers: AnswersConfig,
}

/// Why a transport makes no sense. Only `build` returns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The cookies make no sense.
    #[error(transparent)]
    Cookie(#[from] CookieError),
    /// A challenge cannot hold a value.
    #[error("`{field}` has characters that a challenge cannot hold")]
    InvalidChallenge {
        /// The setting.
        field: &'static str,
    },
    /// A page is not the path of a URL.
    #[error("`{field}` must be a path of this site, such as `/login`")]
    InvalidPage {
        /// The setting.
        field: &'static str,
    },
    /// Both carriers are off.
    #[error("`no_cookies` needs `bearer`: without both, no token can travel")]
    NoCarrier,
}

impl TransportConfig {
    /// Names and attributes of the cookies. Default: [`CookieConfig::default`].
    pub fn cookies(mut self, cookies: CookieConfig) -> Self {
        self.cookies = Some(cookies);
        self
    }

    /// Neither reads nor writes cookies, for an API without browsers.
    pub fn no_cookies(mut self) -> Self {
        self.cookies = None;
        self
    }

    /// Whether tokens are read from `Authorization: Bearer` as well, for clients that keep no
    /// cookies. Such a client gets its tokens in the header
    /// [`SESSION_TOKEN`](super::SESSION_TOKEN), which it also sends, with any value, as long as it
    /// has no token yet. Default: no.
    pub const fn bearer(mut self, bearer: bool) -> Self {
        self.bearer = bearer;
        self
    }

    /// Which proxies tell the truth about address and scheme of a client. Default: none, so that
    /// only the connection counts.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// What the browser is told to forget at logout. Default: nothing but the cookies of the
    /// session.
    pub const fn clear_site_data_on_logout(mut self, clear: ClearSiteData) -> Self {
        self.clear_site_data = Some(clear);
        self
    }

    /// Checks everything together.
    ///
    /// # Errors
    ///
    /// [`TransportError`], which names the settings that do not go together.
    pub fn build(self) -> Result<Transport, TransportError> {
        if self.cookies.is_none() && !self.bearer {
            return Err(TransportError::NoCarrier);
        }
        let insecure = self.cookies.as_ref().is_some_and(CookieConfig::is_insecure);
        let mut vary = Vec::new();
        if self.cookies.is_some() {
            vary.push(header::COOKIE);
        }
        if self.bearer {
            vary.push(header::AUTHORIZATION);
        }
        Ok(Transport {
            cookies: self.cookies.map(CookieConfig::build).transpose()?,
            insecure,
            bearer: self.bearer,
            proxies: self.proxies,
            clear_site_data: self.clear_site_data,
            vary,
            answers: self.answers.build()?,
        })
    }
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            cookies: Some(CookieConfig::default()),
            bearer: false,
            proxies: TrustedProxies::none(),
            clear_site_data: None,
            answers: AnswersConfig::default(),
        }
    }
}
