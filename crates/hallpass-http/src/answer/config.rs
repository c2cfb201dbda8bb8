//! What is configured about the answers to requests that go no further.

use hallpass_core::AcrMap;
use hallpass_core::AssuranceLevel;

use crate::return_to::is_local;
use crate::transport::Transport;
use crate::transport::TransportConfig;
use crate::transport::TransportError;

/// The settings, as they were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswersConfig(Answers);

/// The settings, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    login_page: Option<Box<str>>,
    step_up_page: Option<Box<str>>,
    acr: AcrMap,
    realm: Option<Box<str>>,
    scope: Option<Box<str>>,
}

impl AnswersConfig {
    pub(crate) fn build(self) -> Result<Answers, TransportError> {
        let Self(answers) = self;
        for (field, page) in [
            ("login_page", answers.login_page()),
            ("step_up_page", answers.step_up_page()),
        ] {
            if page.is_some_and(|page| !is_local(page) || page.contains('#')) {
                return Err(TransportError::InvalidPage { field });
            }
        }
        let are_words = answers.acr.values_for(AssuranceLevel::Aal1).all(is_word);
        let is_scope = |scope: &str| scope.split(' ').all(is_scope_token);
        for (field, is_valid) in [
            ("acr", are_words),
            ("realm", answers.realm().is_none_or(is_text)),
            ("scope", answers.scope().is_none_or(is_scope)),
        ] {
            if !is_valid {
                return Err(TransportError::InvalidChallenge { field });
            }
        }
        Ok(answers)
    }
}

impl Answers {
    pub(crate) const fn has_pages(&self) -> bool {
        self.login_page.is_some() || self.step_up_page.is_some()
    }

    pub(crate) fn login_page(&self) -> Option<&str> {
        self.login_page.as_deref()
    }

    pub(crate) fn step_up_page(&self) -> Option<&str> {
        self.step_up_page.as_deref()
    }

    pub(super) fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    pub(super) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Returns the names of what suffices, each once, the preferred one first.
    pub(super) fn acr_values(&self, level: AssuranceLevel) -> Option<String> {
        let mut values: Vec<&str> = Vec::new();
        for value in self.acr.values_for(level) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        (!values.is_empty()).then(|| values.join(" "))
    }
}

impl TransportConfig {
    /// Where a page that needs a login is redirected (303). The redirect carries
    /// `?return_to=..&reason=..`: see [`ReturnTo`](crate::ReturnTo), and `reason` is `login`, or
    /// `locked` where one factor reopens the session and there is no step-up page. Default: pages
    /// get 401, as APIs do.
    pub fn login_page(mut self, path: &str) -> Self {
        self.answers.0.login_page = Some(path.into());
        self
    }

    /// Where a page that needs another authentication is redirected (303). The redirect carries
    /// `?return_to=..&reason=..`, where `reason` is `step_up`, with `max_age` and `acr_values` of
    /// what is asked for; `locked` where one factor reopens the session; or `elevate` where a right
    /// is missing. Default: pages get a challenge, as APIs do.
    pub fn step_up_page(mut self, path: &str) -> Self {
        self.answers.0.step_up_page = Some(path.into());
        self
    }

    /// The names of assurance levels, for the `acr_values` of challenges (RFC 9470). Default: none,
    /// so that a challenge tells only how recent an authentication has to be.
    pub fn acr(mut self, acr: AcrMap) -> Self {
        self.answers.0.acr = acr;
        self
    }

    /// The `realm` that challenges name (RFC 9110, section 11.5). Default: none.
    pub fn realm(mut self, realm: &str) -> Self {
        self.answers.0.realm = Some(realm.into());
        self
    }

    /// The `scope` that a client asks for when it sends its user to another authentication
    /// (RFC 9470, section 3). Default: none.
    pub fn scope(mut self, scope: &str) -> Self {
        self.answers.0.scope = Some(scope.into());
        self
    }
}

impl Transport {
    /// Returns where a page goes that needs a login.
    #[must_use]
    pub fn login_page(&self) -> Option<&str> {
        self.answers.login_page()
    }

    /// Returns where a page goes that needs another authentication.
    #[must_use]
    pub fn step_up_page(&self) -> Option<&str> {
        self.answers.step_up_page()
    }
}

/// Returns whether one value of a list that is separated by spaces can hold this.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns whether a quoted string can hold this.
fn is_text(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// RFC 6749, section 3.3.
fn is_scope_token(text: &str) -> bool {
    is_word(text) && !text.contains(['"', '\\'])
}
