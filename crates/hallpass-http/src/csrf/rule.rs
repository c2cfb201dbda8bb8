//! What decides about a request, and how.

use http::HeaderMap;
use http::HeaderValue;
use http::header;

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter that overlooks one of them lets a forged request through"
)]
pub enum CsrfDecision {
    /// It may go on, by this rule.
    Allow(CsrfRule),
    /// A token decides: [`Csrf::judge_token`](super::Csrf::judge_token) is asked next. Only now
    /// does the session have to be opened.
    NeedsToken,
    /// It is refused, by this rule. Where
    /// [`Csrf::is_report_only`](super::Csrf::is_report_only), it is told and goes on.
    Refuse(CsrfRule),
}

impl CsrfDecision {
    /// Names in `Vary` what decided, so that no cache gives the answer of one source to another.
    /// Nothing where the source was not looked at.
    pub fn mark_vary(self, headers: &mut HeaderMap) {
        let (Self::Allow(rule) | Self::Refuse(rule)) = self else {
            return;
        };
        if let Some(names) = rule.vary() {
            headers.append(header::VARY, HeaderValue::from_static(names));
        }
    }
}

/// The rule that decided about a request.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum CsrfRule {
    /// The type of its body is one that a page of another site can send without asking first, or
    /// it has none, or more than one.
    ContentType,
    /// `Sec-Fetch-Site`: another site caused it.
    CrossSite,
    /// The header that no page of another site can set without asking first.
    CustomHeader,
    /// Its path is on the list of exemptions.
    Exempt,
    /// Its credentials are in a header, which no browser adds by itself.
    HeaderCredentials,
    /// Somebody follows a link from another site to a path whose safe methods are checked.
    Navigation,
    /// `Origin` is, or is not, that of this site or of a trusted one.
    Origin,
    /// The origin of `Referer` is, or is not, that of this site or of a trusted one.
    Referer,
    /// Its method changes nothing.
    SafeMethod,
    /// `Sec-Fetch-Site`: this very origin caused it.
    SameOrigin,
    /// `Sec-Fetch-Site`: another origin of the same site caused it.
    SameSite,
    /// The token of its session.
    Token,
    /// A token that is not that of its session, or several.
    TokenInvalid,
    /// No header tells what caused it, or a token is asked for in any case, and there is none.
    TokenMissing,
    /// Another site caused it whose `Origin` is trusted.
    TrustedOrigin,
    /// No header tells what caused it, and the configuration allows that.
    Unproven,
    /// `Sec-Fetch-Site`: the user caused it, by the address bar or a bookmark.
    User,
}

impl CsrfRule {
    /// Returns the rule as one lower-case word, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContentType => "content_type",
            Self::CrossSite => "cross_site",
            Self::CustomHeader => "custom_header",
            Self::Exempt => "exempt",
            Self::HeaderCredentials => "header_credentials",
            Self::Navigation => "navigation",
            Self::Origin => "origin",
            Self::Referer => "referer",
            Self::SafeMethod => "safe_method",
            Self::SameOrigin => "same_origin",
            Self::SameSite => "same_site",
            Self::Token => "token",
            Self::TokenInvalid => "token_invalid",
            Self::TokenMissing => "token_missing",
            Self::TrustedOrigin => "trusted_origin",
            Self::Unproven => "unproven",
            Self::User => "user",
        }
    }

    const fn vary(self) -> Option<&'static str> {
        match self {
            Self::Exempt | Self::HeaderCredentials | Self::SafeMethod => None,
            // Beside them a link may be let in, or be what is refused.
            Self::CrossSite | Self::Navigation | Self::SameSite => {
                Some("Sec-Fetch-Site, Origin, Sec-Fetch-Mode, Sec-Fetch-Dest")
            }
            Self::Referer
            | Self::Token
            | Self::TokenInvalid
            | Self::TokenMissing
            | Self::Unproven => Some("Sec-Fetch-Site, Origin, Referer"),
            Self::ContentType
            | Self::CustomHeader
            | Self::Origin
            | Self::SameOrigin
            | Self::TrustedOrigin
            | Self::User => Some("Sec-Fetch-Site, Origin"),
        }
    }
}

/// What a refused request is told, with 403, unless the application has words of its own.
pub const CSRF_REFUSED: &str = "This request was refused: it does not come from a page of this site, \
     or that page is too old. Go back, load the page again, and try once more.\n";
