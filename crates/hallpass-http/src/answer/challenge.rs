//! `WWW-Authenticate: Bearer` (RFC 6750, section 3; RFC 9470, section 3).

use hallpass_core::Unmet;
use http::HeaderValue;
use http::StatusCode;

use super::config::Answers;

/// A challenge under construction. Whatever text goes into it, it stays one challenge.
struct Challenge(String);

impl Challenge {
    fn bearer(realm: Option<&str>) -> Self {
        let challenge = Self(SCHEME.to_owned());
        match realm {
            Some(realm) => challenge.with("realm", realm),
            None => challenge,
        }
    }

    /// Adds a parameter as a quoted string (RFC 9110, section 5.6.4). What no quoted string can
    /// hold is left out.
    fn with(mut self, name: &str, value: &str) -> Self {
        let is_first = self.0.len() == SCHEME.len();
        self.0.push_str(if is_first { " " } else { ", " });
        self.0.push_str(name);
        self.0.push_str("=\"");
        for character in value.chars().filter(|c| matches!(c, ' '..='~')) {
            if matches!(character, '"' | '\\') {
                self.0.push('\\');
            }
            self.0.push(character);
        }
        self.0.push('"');
        self
    }

    fn into_value(self) -> HeaderValue {
        // Visible characters and spaces are a header value.
        HeaderValue::try_from(self.0).unwrap_or(HeaderValue::from_static(SCHEME))
    }
}

/// Returns how a client that is no page is told what is missing.
pub(super) fn challenge(answers: &Answers, unmet: &Unmet) -> (StatusCode, Option<HeaderValue>) {
    let challenge = || Challenge::bearer(answers.realm());
    match unmet {
        Unmet::NotLoggedIn { locked: false } => {
            let plain = answers.realm().map_or_else(
                || HeaderValue::from_static(SCHEME),
                |_realm| challenge().into_value(),
            );
            (StatusCode::UNAUTHORIZED, Some(plain))
        }
        Unmet::NotLoggedIn { locked: true } => {
            let description = "The session is locked, and one factor reopens it";
            let challenge = insufficient(answers, description);
            (StatusCode::UNAUTHORIZED, Some(challenge.into_value()))
        }
        Unmet::StepUp { level, max_age } => {
            let description = match (level, max_age) {
                (None, Some(_)) => "A more recent authentication is required",
                (Some(_), None) => "A stronger authentication is required",
                _ => "A stronger or more recent authentication is required",
            };
            let mut challenge = insufficient(answers, description);
            if let Some(values) = level.and_then(|level| answers.acr_values(level)) {
                challenge = challenge.with("acr_values", &values);
            }
            if let Some(max_age) = max_age {
                challenge = challenge.with("max_age", &max_age.as_secs().to_string());
            }
            if let Some(scope) = answers.scope() {
                challenge = challenge.with("scope", scope);
            }
            (StatusCode::UNAUTHORIZED, Some(challenge.into_value()))
        }
        // RFC 6750, section 3.1: more than the token gives.
        Unmet::Right { right } => {
            let challenge = challenge()
                .with("error", "insufficient_scope")
                .with("error_description", "An elevation is required")
                .with("scope", right);
            (StatusCode::FORBIDDEN, Some(challenge.into_value()))
        }
        // No authentication of whoever is there helps.
        _ => (StatusCode::FORBIDDEN, None),
    }
}

fn insufficient(answers: &Answers, description: &str) -> Challenge {
    Challenge::bearer(answers.realm())
        .with("error", INSUFFICIENT)
        .with("error_description", description)
}

/// The error code of RFC 9470.
pub(super) const INSUFFICIENT: &str = "insufficient_user_authentication";

const SCHEME: &str = "Bearer";

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header;
    use proptest::prelude::*;

    use super::*;
    use crate::answer::StepUpChallenge;

    proptest! {
        /// SU-01.
        #[test]
        fn no_text_breaks_out_of_its_parameter(realm in any::<String>(), scope in any::<String>()) {
            let challenge = Challenge::bearer(Some(&realm))
                .with("error", INSUFFICIENT)
                .with("scope", &scope);
            let mut headers = HeaderMap::new();
            headers.insert(header::WWW_AUTHENTICATE, challenge.into_value());
            let kept = |text: &str| -> String {
                text.chars().filter(|c| matches!(c, ' '..='~')).collect()
            };
            let read = StepUpChallenge::parse(&headers).unwrap();
            prop_assert_eq!(read.realm(), Some(&*kept(&realm)));
            prop_assert_eq!(read.scope(), Some(&*kept(&scope)));
            prop_assert_eq!(read.max_age(), None);
        }
    }
}
