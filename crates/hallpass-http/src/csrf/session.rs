//! Tokens of sessions, and the way of a request through the checks.

use std::net::IpAddr;

use hallpass_core::ClientFacts;
use hallpass_core::EventKind;
use hallpass_core::Session;
use hallpass_core::SessionError;
use hallpass_core::SessionManager;
use http::HeaderMap;
use http::Method;
use http::Uri;

use super::Csrf;
use super::CsrfDecision;
use super::CsrfRule;
use super::CsrfToken;
use super::RequestFacts;
use super::SentCsrfToken;
use crate::slot::SessionSlot;

/// Returns a token of the session, for a form or a script of the page that is being answered.
///
/// A client without a session gets an anonymous one, so that login forms are protected, too
/// (CSRF-11): ask for a token only where there is a form. The tokens of a page are good until the
/// next login, and those of the login page until the login.
///
/// # Errors
///
/// As [`Session::begin`]; [`SessionError::Random`] without randomness;
/// [`SessionError::Contended`], which asks to try again, where a browser fetches the page in advance
/// and has no session: it drops such an answer, and asks again when its user comes (SES-21).
///
/// # Cancel safety
///
/// As [`Session::begin`].
///
/// # Example: a form
///
/// ```
/// use hallpass_core::{Session, SessionError};
/// use hallpass_http::{Csrf, csrf_token};
///
/// async fn transfer(csrf: &Csrf, session: &Session) -> Result<String, SessionError> {
///     let hidden = csrf.hidden_field(&csrf_token(session).await?);
///     Ok(format!(r#"<form method="post">{hidden}<button>Transfer</button></form>"#))
/// }
/// ```
pub async fn csrf_token(session: &Session) -> Result<CsrfToken, SessionError> {
    let random = session.manager().random();
    let secret = match session.derived_secret(PURPOSE) {
        Some(secret) => secret,
        None => {
            session.begin().await?;
            session
                .derived_secret(PURPOSE)
                .ok_or(SessionError::Contended)?
        }
    };
    Ok(CsrfToken::issue(&secret, random)?)
}

/// How an adapter takes a request through the checks: [`begin_check`](Self::begin_check), and if a
/// token is needed, [`finish_check`](Self::finish_check). Both tell the event of a refusal.
impl Csrf {
    /// Decides about a request whose session is in this place, and opens nothing.
    pub fn begin_check(
        &self,
        slot: &SessionSlot,
        peer: Option<IpAddr>,
        (method, uri, headers): (&Method, &Uri, &HeaderMap),
    ) -> CsrfDecision {
        if let Some(rule) = self.unchecked(method, uri, headers) {
            return CsrfDecision::Allow(rule);
        }
        let transport = slot.transport();
        let incoming = transport.read(peer, method, uri.path(), headers);
        let decision = self.judge(&RequestFacts {
            method,
            uri,
            headers,
            scheme: transport.scheme(peer, headers),
            carrier: incoming.carrier,
        });
        self.tell(slot.manager(), &incoming.client, decision);
        decision
    }

    /// Decides about a request that needs a token, and opens its session for that.
    ///
    /// # Errors
    ///
    /// As [`SessionSlot::open`].
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any time.
    pub async fn finish_check(
        &self,
        slot: &SessionSlot,
        peer: Option<IpAddr>,
        (method, headers): (&Method, &HeaderMap),
        sent: SentCsrfToken<'_>,
    ) -> Result<CsrfDecision, SessionError> {
        let session = slot.open_from(method, headers, peer).await?;
        let secret = session.derived_secret(PURPOSE);
        let decision = self.judge_token(sent, secret.as_ref());
        let (client, _is_insecure) = slot.transport().read_client(peer, headers);
        self.tell(slot.manager(), &client, decision);
        Ok(decision)
    }

    /// Returns why a request is stopped, if it is. Nothing is where refusals are only reported.
    #[must_use]
    pub fn stops(&self, decision: CsrfDecision) -> Option<CsrfRule> {
        match decision {
            CsrfDecision::Refuse(rule) if !self.is_report_only() => Some(rule),
            CsrfDecision::Allow(_) | CsrfDecision::NeedsToken | CsrfDecision::Refuse(_) => None,
        }
    }

    fn tell(&self, manager: &SessionManager, client: &ClientFacts, decision: CsrfDecision) {
        if let CsrfDecision::Refuse(rule) = decision {
            let event = EventKind::CrossSite {
                rule: rule.as_str(),
                refused: !self.is_report_only(),
            };
            manager.report(event, client);
        }
    }
}

/// What the secret of a session is derived for.
const PURPOSE: &str = "csrf";
