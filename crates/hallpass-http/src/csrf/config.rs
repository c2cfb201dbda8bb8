//! The settings of the checks, and the one place that checks them.

use std::sync::Arc;

use http::HeaderName;

use super::Csrf;
use super::Settings;
use super::api;
use super::path::PathRule;
use super::web_origin::WebOrigin;

/// Configures which requests are let in. The default is the strictest that works for a site of its
/// own: changes only from pages of this very origin, or with a token of the session.
///
/// # Example: a site with a second one that it trusts, and a webhook
///
/// ```
/// use hallpass_http::{Carrier, CsrfConfig, CsrfDecision, CsrfRule, RequestFacts};
/// use http::{HeaderMap, HeaderValue, Method, Uri};
///
/// let csrf = CsrfConfig::default()
///     .own_origin("https://example.org")
///     .trust_origin("https://app.example")
///     .exempt("/webhooks/")
///     .build()?;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
/// let decision = csrf.judge(&RequestFacts {
///     method: &Method::POST,
///     uri: &Uri::from_static("/transfer"),
///     headers: &headers,
///     scheme: None,
///     carrier: Carrier::Cookie,
/// });
/// assert_eq!(decision, CsrfDecision::Refuse(CsrfRule::CrossSite));
/// # Ok::<(), hallpass_http::CsrfConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CsrfConfig {
    own_origins: Vec<String>,
    trusted_origins: Vec<String>,
    exempt: Vec<String>,
    checked_safe: Vec<String>,
    checked_links: Vec<String>,
    custom_header: Option<String>,
    token_header: String,
    token_field: String,
    requires_token: bool,
    allows_same_site: bool,
    allows_unproven: bool,
    is_report_only: bool,
}

/// Why the settings make no sense. Only `build` returns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfConfigError {
    /// Every path is exempt.
    #[error("`exempt` of `/` leaves nothing to check: name what is exempt")]
    EverythingExempt,
    /// A name is not one that a form field can have without escaping.
    #[error("`token_field` must be ASCII letters, digits, `-`, `.` and `_`")]
    FieldInvalid,
    /// A header is not one, or proves nothing.
    #[error(
        "`{field}` must be a header that no browser sends by itself and no page can set without \
         asking, such as `X-CSRF-Token`"
    )]
    HeaderUnfit {
        /// The setting.
        field: &'static str,
    },
    /// An origin is not one.
    #[error(
        "`{field}` must be scheme, host and port and nothing else, such as `https://example.org` \
         or `https://example.org:8443`; a host that is not ASCII is written as browsers do, \
         `xn--..`"
    )]
    OriginInvalid {
        /// The setting.
        field: &'static str,
    },
    /// A path is not one, or could be read in several ways.
    #[error(
        "`{field}` must be a path of this site such as `/hook`, or `/hooks/` for everything below \
         it, without dots, empty segments or encoded slashes"
    )]
    PathInvalid {
        /// The setting.
        field: &'static str,
    },
    /// Requests without a token are allowed, and each needs one.
    #[error("`require_token` asks for a token that `allow_unproven` does without: leave one out")]
    TokenAndUnproven,
}

impl CsrfConfig {
    /// What this site is called from outside, as `https://example.org`. May be set several times,
    /// if it has several names.
    ///
    /// Set it if a proxy changes the host of requests, or if the scheme is not https. Default: what
    /// the request is addressed to (`:authority` or `Host`), with the scheme that a trusted proxy
    /// names, or https.
    pub fn own_origin(mut self, origin: &str) -> Self {
        self.own_origins.push(origin.to_owned());
        self
    }

    /// Lets pages of another origin in, exactly as named: scheme, host and port. May be set several
    /// times. Default: none.
    ///
    /// Its cookies need `SameSite=None` for that, unless it is the same site. Whoever controls that
    /// origin acts in the name of all users.
    pub fn trust_origin(mut self, origin: &str) -> Self {
        self.trusted_origins.push(origin.to_owned());
        self
    }

    /// Leaves a path unchecked, for whoever has no session: webhooks, tokens of other protocols.
    ///
    /// `/hook` is that path alone, `/hooks/` everything below it. A path that could be read as
    /// another, with dots or encoded slashes in it, is checked all the same. Where a router takes
    /// a prefix off before the layer, it is the rest that counts. Default: none.
    pub fn exempt(mut self, path: &str) -> Self {
        self.exempt.push(path.to_owned());
        self
    }

    /// Checks a path with safe methods, too: for a `GET` that is expensive, or shows what other
    /// sites must not embed. Links from other sites to it still work in browsers that send
    /// `Sec-Fetch-Site`; in others they are refused. Written like
    /// [`exempt`](Self::exempt). Default: none.
    pub fn check_safe(mut self, path: &str) -> Self {
        self.checked_safe.push(path.to_owned());
        self
    }

    /// The same, and links from other sites, from mails and from the address bar are refused as well.
    /// Default: none.
    ///
    /// # Security
    ///
    /// A stopgap for a `GET` that changes something, which should be a `POST`: a redirect of this site
    /// counts as this site, so whoever can choose where one leads, as with
    /// [`ReturnTo`](crate::ReturnTo), can lead to it.
    pub fn check_links(mut self, path: &str) -> Self {
        self.checked_links.push(path.to_owned());
        self
    }

    /// Asks every change for a header of this name, with any value, and for a content type that no
    /// form can have: for an API of scripts, which browsers do not let pages of other sites call
    /// without asking it first. `Sec-Fetch-Site` and `Origin` are looked at all the same. Default:
    /// not asked (OWASP ASVS 3.5.2).
    ///
    /// Forms are refused, and so is a `DELETE` without a content type. What your answers to a CORS
    /// preflight allow is let in.
    pub fn require_custom_header(mut self, name: &str) -> Self {
        self.custom_header = Some(name.to_owned());
        self
    }

    /// Whether every change needs a token of the session, even if the browser says that a page of
    /// ours caused it (NIST SP 800-63B-4, 5.1). Default: no, only where the browser says nothing.
    pub const fn require_token(mut self, required: bool) -> Self {
        self.requires_token = required;
        self
    }

    /// The header that scripts send the token in. Default: `X-CSRF-Token`.
    pub fn token_header(mut self, name: &str) -> Self {
        name.clone_into(&mut self.token_header);
        self
    }

    /// The field that forms send the token in. Default: `csrf_token`.
    pub fn token_field(mut self, name: &str) -> Self {
        name.clone_into(&mut self.token_field);
        self
    }

    /// Opens the settings that weaken the checks.
    pub fn danger(self) -> DangerousCsrfConfig {
        DangerousCsrfConfig { config: self }
    }

    /// Checks everything together.
    ///
    /// # Errors
    ///
    /// [`CsrfConfigError`], which names the settings that do not go together.
    pub fn build(self) -> Result<Csrf, CsrfConfigError> {
        if self.requires_token && self.allows_unproven {
            return Err(CsrfConfigError::TokenAndUnproven);
        }
        let exempt = paths("exempt", &self.exempt)?;
        if exempt.iter().any(PathRule::is_everything) {
            return Err(CsrfConfigError::EverythingExempt);
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if self.token_field.is_empty() || !self.token_field.bytes().all(is_plain) {
            return Err(CsrfConfigError::FieldInvalid);
        }
        Ok(Csrf(Arc::new(Settings {
            own_origins: origins("own_origin", &self.own_origins)?,
            trusted_origins: origins("trust_origin", &self.trusted_origins)?,
            exempt,
            checked_safe: paths("check_safe", &self.checked_safe)?,
            checked_links: paths("check_links", &self.checked_links)?,
            custom_header: self
                .custom_header
                .map(|name| header_name("require_custom_header", &name))
                .transpose()?,
            token_header: header_name("token_header", &self.token_header)?,
            token_field: self.token_field,
            requires_token: self.requires_token,
            allows_same_site: self.allows_same_site,
            allows_unproven: self.allows_unproven,
            is_report_only: self.is_report_only,
        })))
    }
}

impl Default for CsrfConfig {
    fn default() -> Self {
        Self {
            own_origins: Vec::new(),
            trusted_origins: Vec::new(),
            exempt: Vec::new(),
            checked_safe: Vec::new(),
            checked_links: Vec::new(),
            custom_header: None,
            token_header: TOKEN_HEADER.as_str().to_owned(),
            token_field: TOKEN_FIELD.to_owned(),
            requires_token: false,
            allows_same_site: false,
            allows_unproven: false,
            is_report_only: false,
        }
    }
}

impl Default for Csrf {
    /// As [`CsrfConfig::default`] has it.
    fn default() -> Self {
        Self(Arc::new(Settings {
            own_origins: Vec::new(),
            trusted_origins: Vec::new(),
            exempt: Vec::new(),
            checked_safe: Vec::new(),
            checked_links: Vec::new(),
            custom_header: None,
            token_header: TOKEN_HEADER,
            token_field: TOKEN_FIELD.to_owned(),
            requires_token: false,
            allows_same_site: false,
            allows_unproven: false,
            is_report_only: false,
        }))
    }
}

/// The settings of [`CsrfConfig`] that weaken the checks, reached by [`CsrfConfig::danger`].
#[derive(Clone, Debug)]
#[must_use]
pub struct DangerousCsrfConfig {
    config: CsrfConfig,
}

impl DangerousCsrfConfig {
    /// Lets pages of every origin of the same site in, as far as the browser names the site.
    ///
    /// # Security
    ///
    /// Whoever takes over one host of the domain, a forgotten one for example, acts in the name of
    /// all users. Prefer [`CsrfConfig::trust_origin`] for the hosts that need it.
    pub fn allow_same_site(mut self) -> CsrfConfig {
        self.config.allows_same_site = true;
        self.config
    }

    /// Lets requests in that neither tell what caused them nor have a token, as those of programs
    /// and of browsers from before 2020 do.
    ///
    /// # Security
    ///
    /// Whoever gets such a browser to leave its headers out, for instance by an extension or a
    /// proxy, is not stopped.
    pub fn allow_unproven(mut self) -> CsrfConfig {
        self.config.allows_unproven = true;
        self.config
    }

    /// Tells what would be refused, and refuses nothing: for the time in which you find out what
    /// your users and programs send.
    ///
    /// # Security
    ///
    /// Nothing is protected.
    pub fn report_only(mut self) -> CsrfConfig {
        self.config.is_report_only = true;
        self.config
    }
}

fn origins(field: &'static str, texts: &[String]) -> Result<Vec<WebOrigin>, CsrfConfigError> {
    let invalid = CsrfConfigError::OriginInvalid { field };
    let origins = texts.iter().map(|text| WebOrigin::parse(text.as_bytes()));
    origins.map(|origin| origin.ok_or(invalid)).collect()
}

fn paths(field: &'static str, texts: &[String]) -> Result<Vec<PathRule>, CsrfConfigError> {
    let invalid = CsrfConfigError::PathInvalid { field };
    let paths = texts.iter().map(|text| PathRule::new(text));
    paths.map(|path| path.ok_or(invalid)).collect()
}

fn header_name(field: &'static str, name: &str) -> Result<HeaderName, CsrfConfigError> {
    HeaderName::from_bytes(name.as_bytes())
        .ok()
        .filter(|name| !api::is_unfit(name))
        .ok_or(CsrfConfigError::HeaderUnfit { field })
}

const TOKEN_FIELD: &str = "csrf_token";
const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

#[cfg(test)]
mod tests;
