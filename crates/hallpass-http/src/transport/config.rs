//! What is configured about the way of tokens.

use http::HeaderName;
use http::header;

use super::Accounts;
use super::Transport;
use super::quiet::Idling;
use crate::answer::AnswersConfig;
use crate::clear_site_data::ClearSiteData;
use crate::cookie::CookieConfig;
use crate::cookie::CookieError;
use crate::proxies::TrustedProxies;
use crate::return_to::is_local;

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
    accounts: Option<Accounts>,
    no_touch_header: Option<HeaderName>,
    no_touch_paths: Vec<String>,
    require_https: bool,
    clear_site_data: Option<ClearSiteData>,
    pub(crate) answers: AnswersConfig,
}

/// Why a transport makes no sense. Only `build` returns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The number of accounts is out of bounds.
    #[error("`accounts` takes 2 to 10 accounts")]
    AccountCount,
    /// Several accounts, and no cookies to keep them in.
    #[error("`accounts` needs cookies: leave out `no_cookies`")]
    AccountsWithoutCookies,
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
    /// Nobody can say that a request came over https.
    #[error(
        "`require_https` needs `trusted_proxies`, which say how a request came, and excludes \
         `allow_insecure_http`"
    )]
    NoScheme,
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

    /// Lets one browser be signed in to several accounts at once. Default: to one.
    pub fn accounts(mut self, accounts: Accounts) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// Names a header that marks a request as no activity of the user, whatever its value is, for
    /// pages that poll by script: such a request does not keep the session alive (race 22). A
    /// client can only shorten its own session by it. Default: none.
    pub fn no_touch_header(mut self, name: HeaderName) -> Self {
        self.no_touch_header = Some(name);
        self
    }

    /// Marks requests for this path, and for all below it, as no activity of the user. May be said
    /// several times. `/api/poll` is also `/api/poll/inbox`, and not `/api/polls`. Default: none.
    pub fn no_touch_path(mut self, path: &str) -> Self {
        self.no_touch_paths.push(path.to_owned());
        self
    }

    /// Whether a token travels only with requests of which a trusted proxy says that they came over
    /// https. Where a proxy ends TLS and nothing else may reach the application, this refuses
    /// what went around it. Default: no, only what a proxy says came over plain http is refused.
    pub const fn require_https(mut self, yes: bool) -> Self {
        self.require_https = yes;
        self
    }

    /// What the browser is told to forget at logout. With several accounts, its cookies only with
    /// the last of them: it clears those of all accounts. Default: nothing but the cookies of the
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
        if let Some(accounts) = &self.accounts {
            accounts.check()?;
            if self.cookies.is_none() {
                return Err(TransportError::AccountsWithoutCookies);
            }
        }
        let count = self.accounts.as_ref().map_or(1, Accounts::max);
        let insecure = self.cookies.as_ref().is_some_and(CookieConfig::is_insecure);
        if self.require_https && (insecure || self.proxies.is_empty()) {
            return Err(TransportError::NoScheme);
        }
        let mut vary = Vec::new();
        if self.cookies.is_some() {
            vary.push(header::COOKIE);
        }
        if self.bearer {
            vary.push(header::AUTHORIZATION);
        }
        vary.extend(self.accounts.as_ref().and_then(Accounts::header).cloned());
        let paths = self.no_touch_paths.iter().map(|path| no_touch_path(path));
        let idling = Idling {
            paths: paths.collect::<Result<_, _>>()?,
            header: self.no_touch_header,
        };
        let cookies = self.cookies.map(|cookies| cookies.build_for(count));
        Ok(Transport {
            cookies: cookies.transpose()?,
            accounts: self.accounts,
            idling,
            require_https: self.require_https,
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
            accounts: None,
            no_touch_header: None,
            no_touch_paths: Vec::new(),
            require_https: false,
            clear_site_data: None,
            answers: AnswersConfig::default(),
        }
    }
}

/// A slash at the end, and everything below `/`, would be easy to write and hard to mean.
fn no_touch_path(path: &str) -> Result<String, TransportError> {
    let field = "no_touch_path";
    if !is_local(path) || path.ends_with('/') || path.contains(['?', '#']) {
        return Err(TransportError::InvalidPage { field });
    }
    Ok(path.to_owned())
}
