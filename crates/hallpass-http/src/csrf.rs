//! Whether a request was caused by a page of another site.
//!
//! A browser adds cookies to requests that any page makes it send. [`Csrf`] tells those from the
//! ones of our own pages: by what the browser says of the source, which no page can change
//! (`Sec-Fetch-Site`, then `Origin`, then `Referer`), and where it says nothing, by a token of the
//! session. It decides; an adapter asks it, and answers.

mod api;
mod config;
mod form;
mod path;
mod percent;
mod rule;
mod session;
mod token;
mod web_origin;

use std::sync::Arc;

use http::HeaderMap;
use http::HeaderName;
use http::Method;
use http::Uri;
use http::header;

use crate::field;
use crate::proxies::Scheme;
use crate::transport::Carrier;

use self::path::PathRule;
use self::web_origin::WebOrigin;

pub use self::config::CsrfConfig;
pub use self::config::CsrfConfigError;
pub use self::config::DangerousCsrfConfig;
pub use self::rule::CSRF_REFUSED;
pub use self::rule::CsrfDecision;
pub use self::rule::CsrfRule;
pub use self::session::csrf_token;
pub use self::token::CsrfToken;

/// Decides whether requests are let in. [`CsrfConfig`] builds one. Clones share the settings.
#[derive(Clone, Debug)]
pub struct Csrf(Arc<Settings>);

#[derive(Debug)]
struct Settings {
    own_origins: Vec<WebOrigin>,
    trusted_origins: Vec<WebOrigin>,
    exempt: Vec<PathRule>,
    checked_safe: Vec<PathRule>,
    checked_links: Vec<PathRule>,
    custom_header: Option<HeaderName>,
    token_header: HeaderName,
    token_field: String,
    requires_token: bool,
    allows_same_site: bool,
    allows_unproven: bool,
    is_report_only: bool,
}

/// What [`Csrf::judge`] looks at.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an adapter that leaves one of them out decides on less than all"
)]
pub struct RequestFacts<'r> {
    /// The method.
    pub method: &'r Method,
    /// The target, with the path as it was sent, before a router takes something off it.
    pub uri: &'r Uri,
    /// The headers.
    pub headers: &'r HeaderMap,
    /// How the client talks to the nearest proxy, as [`TrustedProxies`](crate::TrustedProxies) has
    /// it. `None`: nobody said, and it is taken for https.
    pub scheme: Option<Scheme>,
    /// Where the request keeps its session, as [`Transport::read`](crate::Transport::read) has it.
    pub carrier: Carrier,
}

/// What a request has in the place of a token.
#[derive(Clone, Copy, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "none, one or several: there is nothing else"
)]
pub enum SentCsrfToken<'r> {
    /// Nothing.
    Absent,
    /// Several, and none is chosen by its place.
    Ambiguous,
    /// This, which may or may not be one.
    One(&'r [u8]),
}

impl Csrf {
    /// Decides about a request before anything is loaded for it.
    ///
    /// The rules, of which the first that applies decides:
    ///
    /// 1. A safe method (`GET`, `HEAD`, `OPTIONS`, `TRACE`) is allowed, unless its path is on one
    ///    of the lists of what is checked. An opening WebSocket is checked, too: browsers let every
    ///    page open one, with the cookies.
    /// 2. A path that is exempt is allowed.
    /// 3. Credentials in a header are allowed: no browser adds them by itself.
    /// 4. Where a custom header is required, a request without it, or with a content type that a
    ///    form could have, is refused.
    /// 5. `Sec-Fetch-Site` allows `same-origin` and `none`, and refuses `same-site` and
    ///    `cross-site`, unless `Origin` is a trusted one; where links are checked, it refuses
    ///    `none` as well. An unknown value, or several, count as
    ///    none.
    /// 6. `Origin` allows this origin and trusted ones, and refuses all others and `null`.
    /// 7. The origin of `Referer` does the same.
    /// 8. The custom header, where one is required, allows.
    /// 9. A token is needed.
    ///
    /// Where a token is required in any case, what 5 to 8 allow needs it, too.
    pub fn judge(&self, request: &RequestFacts<'_>) -> CsrfDecision {
        let RequestFacts {
            method,
            uri,
            headers,
            ..
        } = *request;
        let check = match self.check(method, uri, headers) {
            Ok(check) => check,
            Err(rule) => return CsrfDecision::Allow(rule),
        };
        if request.carrier == Carrier::Header {
            return CsrfDecision::Allow(CsrfRule::HeaderCredentials);
        }
        let custom_header = self
            .0
            .custom_header
            .as_ref()
            .filter(|_| check == Check::Change);
        if let Some(name) = custom_header
            && let Err(rule) = api::check(name, request.headers)
        {
            return CsrfDecision::Refuse(rule);
        }
        let decision = self
            .judge_source(request, check)
            .unwrap_or(match custom_header {
                Some(_) => CsrfDecision::Allow(CsrfRule::CustomHeader),
                None if self.0.allows_unproven => CsrfDecision::Allow(CsrfRule::Unproven),
                None => CsrfDecision::NeedsToken,
            });
        match decision {
            CsrfDecision::Allow(_) if self.0.requires_token && check == Check::Change => {
                CsrfDecision::NeedsToken
            }
            _ => decision,
        }
    }

    /// Returns the rule by which a request is let in whatever its source, if there is one: the first
    /// two of [`judge`](Self::judge). Nothing else of the request has to be read then.
    #[must_use]
    pub fn unchecked(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<CsrfRule> {
        self.check(method, uri, headers).err()
    }

    /// Decides about a request that needs a token. `secret` is that of its session, or `None` if it
    /// has no session with a secret.
    pub fn judge_token(&self, sent: SentCsrfToken<'_>, secret: Option<&[u8; 32]>) -> CsrfDecision {
        match (sent, secret) {
            (SentCsrfToken::Absent, _) => CsrfDecision::Refuse(CsrfRule::TokenMissing),
            (SentCsrfToken::One(text), Some(secret)) if CsrfToken::verifies(text, secret) => {
                CsrfDecision::Allow(CsrfRule::Token)
            }
            _ => CsrfDecision::Refuse(CsrfRule::TokenInvalid),
        }
    }

    /// Returns what the request has in the header for tokens. Where that is
    /// [`SentCsrfToken::Absent`], the form may have one.
    #[must_use]
    pub fn token_in_header<'r>(&self, headers: &'r HeaderMap) -> SentCsrfToken<'r> {
        let mut tokens = headers.get_all(&self.0.token_header).iter();
        match (tokens.next(), tokens.next()) {
            (None, _) => SentCsrfToken::Absent,
            (Some(token), None) => SentCsrfToken::One(token.as_bytes()),
            (Some(_), Some(_)) => SentCsrfToken::Ambiguous,
        }
    }

    /// Returns what a body of the type `application/x-www-form-urlencoded` has in the field for
    /// tokens. It is the caller who limits its length.
    #[must_use]
    pub fn token_in_form<'r>(&self, body: &'r [u8]) -> SentCsrfToken<'r> {
        form::field(&self.0.token_field, body)
    }

    /// Returns whether the body of a request is a form that
    /// [`token_in_form`](Self::token_in_form) reads. Others, such as `multipart/form-data`, have
    /// their token in the header.
    #[must_use]
    pub fn is_form(headers: &HeaderMap) -> bool {
        form::is_urlencoded(headers)
    }

    /// Returns a hidden field with a token, as HTML for a form of this site.
    #[must_use]
    pub fn hidden_field(&self, token: &CsrfToken) -> String {
        let (name, value) = (&self.0.token_field, token.as_str());
        format!(r#"<input type="hidden" name="{name}" value="{value}">"#)
    }

    /// Returns the name of the form field for tokens.
    #[must_use]
    pub fn token_field(&self) -> &str {
        &self.0.token_field
    }

    /// Returns the name of the header for tokens.
    #[must_use]
    pub fn token_header(&self) -> &HeaderName {
        &self.0.token_header
    }

    /// Returns whether refusals are told and not enforced.
    #[must_use]
    pub fn is_report_only(&self) -> bool {
        self.0.is_report_only
    }

    /// Returns how a request is checked, or the rule by which it is not.
    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Check, CsrfRule> {
        let path = uri.path();
        let may_cover = |rule: &PathRule| rule.may_cover(path);
        let safe = [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE];
        let check = if !safe.contains(method) {
            Check::Change
        } else if opens_websocket(headers) || self.0.checked_links.iter().any(may_cover) {
            Check::Visit
        } else if self.0.checked_safe.iter().any(may_cover) {
            Check::VisitButLinks
        } else {
            return Err(CsrfRule::SafeMethod);
        };
        if self.0.exempt.iter().any(|rule| rule.surely_covers(path)) {
            return Err(CsrfRule::Exempt);
        }
        Ok(check)
    }

    /// Decides by what the browser says of the source, or not at all if it says nothing.
    fn judge_source(&self, request: &RequestFacts<'_>, check: Check) -> Option<CsrfDecision> {
        let headers = request.headers;
        let rule = match only(headers, &SEC_FETCH_SITE) {
            Some(b"same-origin") => return Some(CsrfDecision::Allow(CsrfRule::SameOrigin)),
            // A link in a mail is opened like an address that somebody types.
            Some(b"none") if check == Check::Visit => CsrfRule::User,
            Some(b"none") => return Some(CsrfDecision::Allow(CsrfRule::User)),
            Some(b"same-site") if self.0.allows_same_site => {
                return Some(CsrfDecision::Allow(CsrfRule::SameSite));
            }
            Some(b"same-site") => CsrfRule::SameSite,
            Some(b"cross-site") => CsrfRule::CrossSite,
            Some(_) | None => return self.judge_origin(request),
        };
        let origin = only(headers, &header::ORIGIN).and_then(WebOrigin::parse);
        Some(
            if origin.is_some_and(|origin| self.0.trusted_origins.contains(&origin)) {
                CsrfDecision::Allow(CsrfRule::TrustedOrigin)
            } else if check == Check::VisitButLinks && is_link(request) {
                CsrfDecision::Allow(CsrfRule::Navigation)
            } else {
                CsrfDecision::Refuse(rule)
            },
        )
    }

    /// Decides by `Origin`, or else by `Referer`. Either one refuses if it cannot be read: it is
    /// there, and does not say that we are the source.
    fn judge_origin(&self, request: &RequestFacts<'_>) -> Option<CsrfDecision> {
        let (name, rule) = [
            (header::ORIGIN, CsrfRule::Origin),
            (header::REFERER, CsrfRule::Referer),
        ]
        .into_iter()
        .find(|(name, _)| request.headers.contains_key(name))?;
        let text = only(request.headers, &name);
        let origin = match rule {
            CsrfRule::Referer => text.and_then(WebOrigin::of_url),
            _ => text.and_then(WebOrigin::parse),
        };
        let is_ours = origin.is_some_and(|origin| self.is_ours(&origin, request));
        Some(if is_ours {
            CsrfDecision::Allow(rule)
        } else {
            CsrfDecision::Refuse(rule)
        })
    }

    /// Whether an origin is trusted, or is what the request is addressed to.
    fn is_ours(&self, origin: &WebOrigin, request: &RequestFacts<'_>) -> bool {
        if self.0.trusted_origins.contains(origin) || self.0.own_origins.contains(origin) {
            return true;
        }
        self.0.own_origins.is_empty()
            && WebOrigin::of_request(request.scheme, request.uri, request.headers).as_ref()
                == Some(origin)
    }
}

impl std::fmt::Debug for SentCsrfToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Ambiguous => "Ambiguous",
            Self::One(_) => "One",
        })
    }
}

/// How a request is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Check {
    /// Its method is one that changes something.
    Change,
    /// Its method changes nothing, and it is checked all the same.
    Visit,
    /// The same, but people may come by a link from elsewhere.
    VisitButLinks,
}

/// Returns whether somebody follows a link, so that the answer becomes the page that is shown.
///
/// Stricter than what OWASP suggests: not only objects are left out, but frames as well, which are
/// pages of another site around the answer.
fn is_link(request: &RequestFacts<'_>) -> bool {
    request.method == Method::GET
        && only(request.headers, &SEC_FETCH_MODE) == Some(b"navigate")
        && only(request.headers, &SEC_FETCH_DEST) == Some(b"document")
}

fn opens_websocket(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::UPGRADE)
        .iter()
        .flat_map(|protocols| field::split(protocols.as_bytes(), b','))
        .flatten()
        .any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

/// Returns the value of a header that is there once.
fn only<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Option<&'r [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests;
