//! Challenges to step up, for clients of APIs that send them.

use std::time::Duration;

use http::HeaderMap;
use http::StatusCode;
use http::header;

use super::challenge::INSUFFICIENT;
use crate::field;

/// What an API asks for before it answers: another authentication of the user (RFC 9470).
///
/// # Example: read a challenge
///
/// ```
/// use std::time::Duration;
///
/// use hallpass_http::StepUpChallenge;
/// use http::{HeaderMap, HeaderValue, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(
///     header::WWW_AUTHENTICATE,
///     HeaderValue::from_static(
///         r#"Bearer error="insufficient_user_authentication", acr_values="gold", max_age="5""#,
///     ),
/// );
/// let challenge = StepUpChallenge::parse(&headers).unwrap();
/// assert!(challenge.acr_values().eq(["gold"]));
/// assert_eq!(challenge.max_age(), Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StepUpChallenge {
    acr_values: Option<String>,
    max_age: Option<Duration>,
    scope: Option<String>,
    realm: Option<String>,
    description: Option<String>,
}

impl StepUpChallenge {
    /// Finds the challenge among the `WWW-Authenticate` fields of an answer. Only the schemes
    /// `Bearer` and `DPoP` have it. A parameter that occurs twice counts as absent.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .find_map(|field| challenges(field.as_bytes()).iter().find_map(Self::of))
    }

    fn of(challenge: &Challenge<'_>) -> Option<Self> {
        let knows_scheme = [&b"Bearer"[..], b"DPoP"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(challenge.scheme));
        if !knows_scheme || challenge.value("error")? != INSUFFICIENT {
            return None;
        }
        let max_age = challenge.value("max_age");
        Some(Self {
            acr_values: challenge.value("acr_values"),
            max_age: max_age.and_then(|text| seconds(&text)),
            scope: challenge.value("scope"),
            realm: challenge.value("realm"),
            description: challenge.value("error_description"),
        })
    }

    /// Returns which authentications suffice, the preferred one first.
    pub fn acr_values(&self) -> impl Iterator<Item = &str> {
        let values = self.acr_values.as_deref().unwrap_or_default();
        values.split(' ').filter(|value| !value.is_empty())
    }

    /// Returns how long ago the authentication may be.
    #[must_use]
    pub const fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// Returns the scope to ask for.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Returns the realm.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// Returns what it is about, in words for developers.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}

/// Keeps a client from sending its user to one authentication after the other for a request that
/// is challenged again and again (RFC 9470, section 4). One for each request that the user wants.
///
/// # Example: step up once
///
/// ```
/// use hallpass_http::{StepUp, StepUpGuard};
/// use http::{HeaderMap, HeaderValue, StatusCode, header};
///
/// let mut guard = StepUpGuard::default();
/// let mut headers = HeaderMap::new();
/// headers.insert(
///     header::WWW_AUTHENTICATE,
///     HeaderValue::from_static("Bearer error=insufficient_user_authentication, max_age=60"),
/// );
/// let first = guard.judge(StatusCode::UNAUTHORIZED, &headers);
/// assert!(matches!(first, StepUp::Needed(_)));
/// let second = guard.judge(StatusCode::UNAUTHORIZED, &headers);
/// assert!(matches!(second, StepUp::InVain(_)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct StepUpGuard {
    is_challenged: bool,
}

/// What an answer means to a client that can send its user to another authentication.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a client does something else about each"
)]
pub enum StepUp {
    /// The user has authenticated again, and it did not help: show the refusal.
    InVain(StepUpChallenge),
    /// Send the user there, and the request again afterwards.
    Needed(StepUpChallenge),
    /// The answer is no such challenge.
    NotAsked,
}

impl StepUpGuard {
    /// Judges an answer.
    pub fn judge(&mut self, status: StatusCode, headers: &HeaderMap) -> StepUp {
        let challenge = StepUpChallenge::parse(headers);
        match challenge.filter(|_| status == StatusCode::UNAUTHORIZED) {
            None => StepUp::NotAsked,
            Some(challenge) if self.is_challenged => StepUp::InVain(challenge),
            Some(challenge) => {
                self.is_challenged = true;
                StepUp::Needed(challenge)
            }
        }
    }
}

/// One challenge of a field, and its parameters as they came.
struct Challenge<'f> {
    scheme: &'f [u8],
    parameters: Vec<(&'f [u8], &'f [u8])>,
}

impl Challenge<'_> {
    /// Returns the value of a parameter that occurs once and can be read.
    fn value(&self, name: &str) -> Option<String> {
        let mut values = self
            .parameters
            .iter()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
        let (_, value) = values.next()?;
        if values.next().is_some() {
            return None;
        }
        String::from_utf8(field::unquote(value)?.into_owned()).ok()
    }
}

/// Splits a field into challenges. A comma stands between challenges as well as between the
/// parameters of one (RFC 9110, section 11.6.1): a word in front of a parameter begins the next.
fn challenges(value: &[u8]) -> Vec<Challenge<'_>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    for element in field::split(value, b',') {
        let Ok(mut element) = element else {
            // Nobody knows where the string ends, and so whose it is.
            challenges.pop();
            break;
        };
        let word = element
            .iter()
            .position(|byte| matches!(byte, b' ' | b'\t' | b'='))
            .unwrap_or(element.len());
        let (head, rest) = element.split_at_checked(word).unwrap_or((element, &[]));
        let rest = field::trim(rest);
        if !rest.starts_with(b"=") {
            challenges.push(Challenge {
                scheme: head,
                parameters: Vec::new(),
            });
            element = rest;
        }
        let Some(challenge) = challenges.last_mut() else {
            continue;
        };
        if let Some((name, value)) = field::split_once(element, b'=') {
            let parameter = (field::trim(name), field::trim(value));
            challenge.parameters.push(parameter);
        }
    }
    challenges
}

/// Reads a number of seconds, which has digits and nothing else.
fn seconds(text: &str) -> Option<Duration> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = is_number.then(|| text.parse().ok()).flatten();
    seconds.map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
