//! How tokens travel: from a request into the engine, and from the engine into an answer.

mod accounts;
mod bearer;
mod config;
mod quiet;
mod signed_in;

use std::net::IpAddr;

use hallpass_core::ClientFacts;
use hallpass_core::Delivery;
use hallpass_core::Instruction;
use hallpass_core::Presented;
use hallpass_core::RefusedToken;
use hallpass_core::SessionToken;
use hallpass_core::Timestamp;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::header;

use crate::answer::Answers;
use crate::caching::mark_no_store;
use crate::caching::mark_private;
use crate::clear_site_data::ClearSiteData;
use crate::cookie::CookieError;
use crate::cookie::CookieTemplate;
use crate::cookie::Cookies;
use crate::cookie::Found;
use crate::proxies::Scheme;
use crate::proxies::TrustedProxies;

use self::bearer::Bearer;
use self::bearer::find_bearer;
use self::quiet::Idling;
use self::quiet::is_prefetch;

pub use self::accounts::Account;
pub use self::accounts::Accounts;
pub use self::config::TransportConfig;
pub use self::config::TransportError;
pub use self::quiet::NoTouch;

/// The header that brings a token to a client which does not keep cookies.
///
/// In a request it says that the client keeps none: an application that takes both carriers then
/// answers a login in this header instead of a cookie. Its value does not matter. A page of another
/// site cannot set it without asking first (CORS).
pub const SESSION_TOKEN: HeaderName = HeaderName::from_static("session-token");

/// Where a request keeps its token, and so where the answer puts it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the two carriers of opaque tokens, or none"
)]
pub enum Carrier {
    /// In cookies, the one for sessions of subjects being that of one of several accounts.
    Account(Account),
    /// In cookies, one for sessions of subjects and one for anonymous ones.
    Cookie,
    /// In `Authorization: Bearer`, answered in [`SESSION_TOKEN`].
    Header,
    /// Nowhere: the request came over plain http (SES-34), or names an account that there is not. So
    /// no token is taken from it and none goes out with its answer. A login begins a session that
    /// nobody holds the token of.
    Nowhere,
}

/// How tokens travel. [`TransportConfig`] builds one.
#[derive(Clone, Debug)]
pub struct Transport {
    cookies: Option<Cookies>,
    accounts: Option<Accounts>,
    idling: Idling,
    insecure: bool,
    require_https: bool,
    bearer: bool,
    proxies: TrustedProxies,
    clear_site_data: Option<ClearSiteData>,
    vary: Vec<HeaderName>,
    pub(crate) answers: Answers,
}

/// What a request brings.
#[derive(Debug)]
#[non_exhaustive]
pub struct Incoming {
    /// What it presents.
    pub presented: Presented,
    /// Who it comes from, as far as can be trusted.
    pub client: ClientFacts,
    /// Where the token came from, and where the next one goes.
    pub carrier: Carrier,
}

impl Transport {
    /// Reads what a request brings. `peer` is the address of the connection, `path` that of the
    /// request line, before any router took something off.
    ///
    /// A token is taken from the configured carriers only, never from a URL or a body (SES-25).
    /// Where both carriers are on, a well-formed token in `Authorization: Bearer` is the only one
    /// that is looked at: whether it verifies or not, the cookies are not.
    #[must_use]
    pub fn read(
        &self,
        peer: Option<IpAddr>,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Incoming {
        let (client, is_insecure) = self.read_client(peer, headers);
        let mut presented = Presented {
            no_touch: self.idling.includes(path, headers),
            prefetch: is_prefetch(method, headers),
            ..Presented::default()
        };
        let carrier = match (
            self.read_bearer(headers, is_insecure, &mut presented),
            &self.accounts,
        ) {
            (Carrier::Cookie, Some(accounts)) => match accounts.chosen(path, headers) {
                Some(number) => Carrier::Account(self.account(number, headers)),
                None => {
                    refuse(&mut presented, RefusedToken::NoAccount);
                    Carrier::Nowhere
                }
            },
            (carrier, _) => carrier,
        };
        if let Some((cookies, cookie)) = self.cookies_of(carrier) {
            read_cookies(
                cookie,
                cookies.anonymous(),
                headers,
                is_insecure,
                &mut presented,
            );
        }
        if is_insecure {
            // Told also where nothing was sent: a login would begin a session that nobody holds.
            refuse(&mut presented, RefusedToken::Insecure);
        }
        Incoming {
            presented,
            client,
            carrier: if is_insecure {
                Carrier::Nowhere
            } else {
                carrier
            },
        }
    }

    /// Returns whether the path of a request decides anything.
    pub(crate) fn reads_paths(&self) -> bool {
        self.idling.reads_paths() || self.accounts.as_ref().is_some_and(Accounts::reads_paths)
    }

    /// Returns how the client talks to the nearest proxy, if a trusted one says so.
    pub(crate) fn scheme(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<Scheme> {
        self.proxies.resolve(peer, headers).scheme()
    }

    /// Returns who a request comes from, and whether it came over plain http.
    pub(crate) fn read_client(
        &self,
        peer: Option<IpAddr>,
        headers: &HeaderMap,
    ) -> (ClientFacts, bool) {
        let origin = self.proxies.resolve(peer, headers);
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        let is_insecure = match origin.scheme() {
            Some(Scheme::Http) => !self.insecure,
            Some(Scheme::Https) => false,
            None => self.require_https,
        };
        (ClientFacts::new(origin.address(), agent), is_insecure)
    }

    /// Returns the cookies of a carrier, and the one among them of subjects' sessions.
    fn cookies_of(&self, carrier: Carrier) -> Option<(&Cookies, &CookieTemplate)> {
        let cookies = self.cookies.as_ref()?;
        let cookie = match carrier {
            Carrier::Account(account) => cookies.of_account(account.number)?,
            Carrier::Cookie => cookies.session(),
            Carrier::Header | Carrier::Nowhere => return None,
        };
        Some((cookies, cookie))
    }

    /// Reads the header, where it is on, and returns the carrier of the request.
    fn read_bearer(
        &self,
        headers: &HeaderMap,
        is_insecure: bool,
        presented: &mut Presented,
    ) -> Carrier {
        let other = if self.cookies.is_some() {
            Carrier::Cookie
        } else {
            Carrier::Header
        };
        if !self.bearer {
            return other;
        }
        match find_bearer(headers) {
            Bearer::Absent if headers.contains_key(SESSION_TOKEN) => Carrier::Header,
            Bearer::Absent => other,
            Bearer::Ambiguous => {
                refuse(presented, RefusedToken::Ambiguous);
                other
            }
            Bearer::One(_token) if is_insecure => {
                refuse(presented, RefusedToken::Insecure);
                Carrier::Header
            }
            Bearer::One(token) => {
                presented.either = Some(token);
                Carrier::Header
            }
        }
    }

    /// Keeps shared caches away from an answer that depends on a session.
    pub fn mark_read(&self, headers: &mut HeaderMap) {
        mark_private(headers, &self.vary);
    }

    /// Writes what goes to the client.
    ///
    /// # Errors
    ///
    /// [`CookieError`] never for a configuration that was built and a token of the engine; if it
    /// comes all the same, the answer must not go out.
    pub fn deliver(
        &self,
        carrier: Carrier,
        delivery: &Delivery,
        now: Timestamp,
        headers: &mut HeaderMap,
    ) -> Result<(), CookieError> {
        match (carrier, self.cookies_of(carrier)) {
            (_, Some((cookies, cookie))) => {
                write_cookie(cookie, &delivery.session, now, headers)?;
                write_cookie(cookies.anonymous(), &delivery.anonymous, now, headers)?;
            }
            (Carrier::Header | Carrier::Cookie, None) => write_header(delivery, headers)?,
            (Carrier::Account(_) | Carrier::Nowhere, None) => {}
        }
        if delivery.session.is_something() || delivery.anonymous.is_something() {
            mark_no_store(headers);
        }
        if let Some(clear) = self.cleared(carrier).filter(|_| delivery.logged_out) {
            clear.insert_into(headers);
        }
        Ok(())
    }
}

impl Default for Transport {
    /// The cookies `__Host-session` and `__Host-anon`, as [`TransportConfig::default`] has them.
    fn default() -> Self {
        Self {
            cookies: Some(Cookies::default()),
            accounts: None,
            idling: Idling::default(),
            insecure: false,
            require_https: false,
            bearer: false,
            proxies: TrustedProxies::none(),
            clear_site_data: None,
            vary: vec![header::COOKIE],
            answers: Answers::default(),
        }
    }
}

fn read_cookies(
    session: &CookieTemplate,
    anonymous: &CookieTemplate,
    headers: &HeaderMap,
    is_insecure: bool,
    presented: &mut Presented,
) {
    let session = session.find(headers);
    let anonymous = anonymous.find(headers);
    presented.held_session = !matches!(session, Found::Absent);
    presented.held_anonymous = !matches!(anonymous, Found::Absent);
    presented.session = read_cookie(session, is_insecure, presented);
    presented.anonymous = read_cookie(anonymous, is_insecure, presented);
}

fn read_cookie(
    found: Found<'_>,
    is_insecure: bool,
    presented: &mut Presented,
) -> Option<SessionToken> {
    let reason = match (found, is_insecure) {
        (Found::Absent, _) => return None,
        (_, true) => RefusedToken::Insecure,
        (Found::Ambiguous, _) => RefusedToken::Ambiguous,
        (Found::Oversized, _) => RefusedToken::Oversized,
        (Found::One(text), _) => match SessionToken::parse(text) {
            Ok(token) => return Some(token),
            Err(_) => RefusedToken::Malformed,
        },
    };
    refuse(presented, reason);
    None
}

/// Notes a reason, once for a request.
fn refuse(presented: &mut Presented, reason: RefusedToken) {
    if !presented.refused.contains(&reason) {
        presented.refused.push(reason);
    }
}

/// The one text that a token becomes on its way to the client.
fn write_cookie(
    cookie: &CookieTemplate,
    instruction: &Instruction,
    now: Timestamp,
    headers: &mut HeaderMap,
) -> Result<(), CookieError> {
    match instruction {
        Instruction::Keep => {}
        Instruction::Remove => {
            headers.append(header::SET_COOKIE, cookie.remove());
        }
        Instruction::Set { token, max_age } => {
            let value = cookie.set(token.expose_secret().as_str(), *max_age, now.into())?;
            headers.append(header::SET_COOKIE, value);
        }
    }
    Ok(())
}

fn write_header(delivery: &Delivery, headers: &mut HeaderMap) -> Result<(), CookieError> {
    for instruction in [&delivery.session, &delivery.anonymous] {
        if let Instruction::Set { token, .. } = instruction {
            let mut value = HeaderValue::from_str(token.expose_secret().as_str())
                .map_err(|_error| CookieError::ValueInvalid)?;
            value.set_sensitive(true);
            headers.insert(SESSION_TOKEN, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
