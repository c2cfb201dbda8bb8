//! Where a user goes on after a login or another authentication.

use std::fmt;

/// Where the user of a page came from, to go back there afterwards.
///
/// The redirect to a login page carries it in `return_to`; the login page hands it on in a hidden
/// field, and the login redirects there. On the way it passes through the client, so that anybody
/// can have written it. It is therefore a path of this site or nothing, and never leads elsewhere
/// (CWE-601).
///
/// # Example: after the login
///
/// ```
/// use hallpass_http::ReturnTo;
///
/// assert_eq!(ReturnTo::parse("/cart?step=2").or("/"), "/cart?step=2");
/// assert_eq!(ReturnTo::parse("//evil.example/").or("/"), "/");
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReturnTo(
    /// # Invariant
    ///
    /// [`is_local`].
    Option<Box<str>>,
);

impl ReturnTo {
    /// Nowhere in particular.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self(None)
    }

    /// Reads what came back, after percent-decoding. What is not the path of this site, with a
    /// query or without, is nowhere.
    ///
    /// A path begins with one slash, has visible ASCII characters without a backslash, no segment
    /// `.` or `..`, and at most [`ReturnTo::MAX_BYTES`] of them. What a browser sends as the target
    /// of a request is like that.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(is_local(text).then(|| text.into()))
    }

    /// Returns the path and query, or `default` where nothing is known.
    #[must_use]
    pub fn or<'a>(&'a self, default: &'a str) -> &'a str {
        self.path().unwrap_or(default)
    }

    /// Returns the path and query.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// How long a path with its query may be. A longer one is nowhere.
    pub const MAX_BYTES: usize = 2_048;
}

impl fmt::Display for ReturnTo {
    /// Writes the path and query, or nothing, as for the hidden field of a form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.or(""))
    }
}

/// Returns whether a redirect to this text stays on the site, whoever resolves it and however often.
pub(crate) fn is_local(text: &str) -> bool {
    let (path, _query) = text.split_once(['?', '#']).unwrap_or((text, ""));
    text.len() <= ReturnTo::MAX_BYTES
        // Browsers leave tabs and line ends out, and read a backslash as a slash.
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && path.starts_with('/')
        && !path.starts_with("//")
        // `/.//host` becomes `//host` for whoever resolves it once before the browser does.
        && !path.split('/').any(is_dots)
}

/// Returns whether a segment stands for this folder or the one above, as URLs write it.
fn is_dots(segment: &str) -> bool {
    let mut rest = segment;
    for dots in 0..3 {
        if rest.is_empty() {
            return dots > 0;
        }
        let encoded = rest.get(..3).filter(|dot| dot.eq_ignore_ascii_case("%2e"));
        let Some(after) = rest
            .strip_prefix('.')
            .or_else(|| rest.get(encoded?.len()..))
        else {
            return false;
        };
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests;
