//! Requests that are no activity of the user, and pages that nobody has asked for yet.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Method;

/// Marks a request as no activity: an extension that a router or an outer layer puts into it before
/// the session is opened.
///
/// It does what [`TransportConfig::no_touch_path`](crate::TransportConfig::no_touch_path) does, for
/// who knows better than by the path.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a mark holds nothing")]
pub struct NoTouch;

/// Which requests are no activity.
#[derive(Clone, Debug, Default)]
pub(super) struct Idling {
    pub(super) header: Option<HeaderName>,
    /// # Invariant
    ///
    /// Each begins with a slash and does not end with one.
    pub(super) paths: Vec<String>,
}

impl Idling {
    pub(super) const fn reads_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    pub(super) fn includes(&self, path: &str, headers: &HeaderMap) -> bool {
        let header = self.header.as_ref();
        header.is_some_and(|name| headers.contains_key(name))
            || self.paths.iter().any(|prefix| begins_with(path, prefix))
    }
}

/// Returns whether the path is this one or below it.
fn begins_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns whether a browser fetches a page in advance. `Sec-Purpose` is the header of the Fetch
/// standard; `Purpose` is what browsers sent before it.
pub(super) fn is_prefetch(method: &Method, headers: &HeaderMap) -> bool {
    (method == Method::GET || method == Method::HEAD)
        && [SEC_PURPOSE, PURPOSE]
            .iter()
            .any(|name| headers.get(name).is_some_and(says_prefetch))
}

/// Parameters may follow: a page that is rendered in advance is `prefetch;prerender`.
fn says_prefetch(value: &HeaderValue) -> bool {
    let purpose = value.as_bytes().split(|byte| *byte == b';').next();
    purpose.is_some_and(|purpose| purpose.trim_ascii().eq_ignore_ascii_case(b"prefetch"))
}

const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_by_segments() {
        let table = [
            ("/api/poll", true),
            ("/api/poll/", true),
            ("/api/poll/inbox", true),
            ("/api/pollution", false),
            ("/api", false),
            ("/x/api/poll", false),
            ("", false),
        ];
        for (path, expected) in table {
            assert_eq!(begins_with(path, "/api/poll"), expected, "{path}");
        }
    }

    /// SES-21.
    #[test]
    fn only_a_page_that_is_fetched_in_advance_is_a_prefetch() {
        let get = Method::GET;
        let table = [
            (SEC_PURPOSE, "prefetch", &get, true),
            (SEC_PURPOSE, "prefetch;prerender", &get, true),
            (
                SEC_PURPOSE,
                "prefetch ; anonymous-client-ip",
                &Method::HEAD,
                true,
            ),
            (PURPOSE, "prefetch", &get, true),
            (PURPOSE, "Prefetch", &get, true),
            (SEC_PURPOSE, "prefetch", &Method::POST, false),
            (SEC_PURPOSE, "prefetched", &get, false),
            (SEC_PURPOSE, "prerender;prefetch", &get, false),
            (SEC_PURPOSE, "", &get, false),
        ];
        for (name, value, method, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(&name, HeaderValue::from_static(value));
            assert_eq!(is_prefetch(method, &headers), expected, "{name}: {value}");
        }
        assert!(!is_prefetch(&get, &HeaderMap::new()));
    }
}
