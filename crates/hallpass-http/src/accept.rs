//! Telling a browser's page request from everything else.

use http::{HeaderMap, Method, header};

use crate::field;

/// Returns whether a browser is about to show the answer to this request as a page.
///
/// Such a request is better answered with a redirect to a login page than with a bare 401, which
/// suits scripts and other programs. True if the method is one that a navigation can have (`GET`,
/// `HEAD`, `POST`), `Accept` names `text/html` with a weight above zero, and `Sec-Fetch-Mode` is
/// `navigate` or absent. Wildcards such as `*/*` do not count, because programs send them.
///
/// This is a matter of manners: a client can claim to be either, so no protection may depend on it.
///
/// # Example: a script of the page asks in the background
///
/// ```
/// use hallpass_http::prefers_page;
/// use http::{HeaderMap, HeaderValue, Method, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::ACCEPT, HeaderValue::from_static("text/html, */*;q=0.8"));
/// assert!(prefers_page(&Method::GET, &headers));
///
/// headers.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
/// assert!(!prefers_page(&Method::GET, &headers));
/// ```
#[must_use]
pub fn prefers_page(method: &Method, headers: &HeaderMap) -> bool {
    let can_navigate = [Method::GET, Method::HEAD, Method::POST].contains(method);
    can_navigate
        && headers
            .get_all("sec-fetch-mode")
            .iter()
            .all(|mode| mode == "navigate")
        && headers
            .get_all(header::ACCEPT)
            .iter()
            .flat_map(|field| field::split(field.as_bytes(), b','))
            .flatten()
            .any(accepts_html)
}

fn accepts_html(range: &[u8]) -> bool {
    let mut parts = field::split(range, b';').flatten();
    let is_html = parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case(b"text/html"));
    is_html
        && parts
            .filter_map(|parameter| field::split_once(parameter, b'='))
            .filter(|(name, _)| field::trim(name).eq_ignore_ascii_case(b"q"))
            .all(|(_, weight)| is_positive(field::trim(weight)))
}

/// Returns whether a weight is above zero. One that is not a number is not.
fn is_positive(weight: &[u8]) -> bool {
    weight
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b'.')
        && weight.iter().any(|byte| matches!(byte, b'1'..=b'9'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn request(accept: &[&str], modes: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in accept {
            headers.append(header::ACCEPT, HeaderValue::from_str(field).unwrap());
        }
        for mode in modes {
            headers.append("sec-fetch-mode", HeaderValue::from_str(mode).unwrap());
        }
        headers
    }

    #[test]
    fn only_a_range_that_names_html_and_wants_it_counts() {
        let table: [(&[&str], bool); 15] = [
            (&[], false),
            (&[""], false),
            (&["*/*"], false),
            (&["text/*"], false),
            (&["application/json"], false),
            (&["application/xhtml+xml"], false),
            (&["text/html"], true),
            (&["Text/HTML;level=1; Q=0.3"], true),
            (&["application/json, text/html;q=0.001"], true),
            (&["application/json", "text/html"], true),
            (&["text/html;q=0"], false),
            (&["text/html; q=0.000, */*"], false),
            (&["text/html;q=none"], false),
            (&["text/html;q=-1"], false),
            (&["a/b;c=\", text/html\""], false),
        ];
        for (accept, expected) in table {
            assert_eq!(
                prefers_page(&Method::GET, &request(accept, &[])),
                expected,
                "{accept:?}"
            );
        }
    }

    #[test]
    fn a_browser_that_says_how_it_fetches_is_believed() {
        let table: [(&[&str], bool); 6] = [
            (&["navigate"], true),
            (&["cors"], false),
            (&["no-cors"], false),
            (&["Navigate"], false),
            (&[""], false),
            (&["navigate", "cors"], false),
        ];
        for (modes, expected) in table {
            let headers = request(&["text/html"], modes);
            assert_eq!(prefers_page(&Method::GET, &headers), expected, "{modes:?}");
        }
    }

    #[test]
    fn only_methods_of_a_navigation_count() {
        let table = [
            (Method::GET, true),
            (Method::HEAD, true),
            (Method::POST, true),
            (Method::PUT, false),
            (Method::DELETE, false),
            (Method::OPTIONS, false),
        ];
        for (method, expected) in table {
            assert_eq!(
                prefers_page(&method, &request(&["text/html"], &[])),
                expected,
                "{method}"
            );
        }
    }
}
