//! The redirect of a page to where its user can do something about it.

use std::borrow::Cow;
use std::fmt::Write;

use hallpass_core::Unmet;
use http::HeaderValue;

use super::config::Answers;
use crate::return_to::ReturnTo;

/// Returns where a page is redirected, if a configured page helps.
pub(super) fn location(
    answers: &Answers,
    unmet: &Unmet,
    return_to: &ReturnTo,
) -> Option<HeaderValue> {
    let (page, reason) = match unmet {
        Unmet::NotLoggedIn { locked: false } => (answers.login_page()?, "login"),
        // One factor is enough, which a login page gives as well.
        Unmet::NotLoggedIn { locked: true } => {
            let page = answers.step_up_page().or_else(|| answers.login_page());
            (page?, "locked")
        }
        Unmet::Right { .. } => (answers.step_up_page()?, "elevate"),
        Unmet::StepUp { .. } => (answers.step_up_page()?, "step_up"),
        _ => return None,
    };
    let mut url = page.to_owned();
    let mut separator = if page.contains('?') { '&' } else { '?' };
    let mut add = |name: &str, value: &str| {
        let _infallible = write!(url, "{separator}{name}={}", encoded(value));
        separator = '&';
    };
    let path_of = |url: &str| {
        url.split_once('?')
            .map_or(url.len(), |(path, _)| path.len())
    };
    // The page itself is no place to go back to.
    let is_page = |path: &&str| path.get(..path_of(path)) == page.get(..path_of(page));
    if let Some(path) = return_to.path().filter(|path| !is_page(path)) {
        add("return_to", path);
    }
    add("reason", reason);
    if let Unmet::StepUp { level, max_age } = unmet {
        if let Some(max_age) = max_age {
            add("max_age", &max_age.as_secs().to_string());
        }
        if let Some(values) = level.and_then(|level| answers.acr_values(level)) {
            add("acr_values", &values);
        }
    }
    HeaderValue::try_from(url).ok()
}

/// Encodes a value of a query (RFC 3986, sections 2.1 and 3.4). A slash may stay.
fn encoded(value: &str) -> Cow<'_, str> {
    let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    if value.bytes().all(is_kept) {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if is_kept(byte) {
            text.push(char::from(byte));
        } else {
            let _infallible = write!(text, "%{byte:02X}");
        }
    }
    Cow::Owned(text)
}
