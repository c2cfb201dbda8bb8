//! A field of a form.

use http::HeaderMap;
use http::header;

use super::SentCsrfToken;
use super::percent;

/// Finds the value of a field in an `application/x-www-form-urlencoded` body.
///
/// Names are decoded, so that no second field hides behind an escape. The value is not: the
/// characters of a token are never encoded.
pub(super) fn field<'b>(name: &str, body: &'b [u8]) -> SentCsrfToken<'b> {
    let mut found = SentCsrfToken::Absent;
    for pair in body.split(|&byte| byte == b'&') {
        let end = pair.iter().position(|&byte| byte == b'=');
        let (key, value) = pair
            .split_at_checked(end.unwrap_or(pair.len()))
            .unwrap_or((pair, &[]));
        if !is_named(key, name) {
            continue;
        }
        if found != SentCsrfToken::Absent {
            return SentCsrfToken::Ambiguous;
        }
        found = SentCsrfToken::One(value.strip_prefix(b"=").unwrap_or_default());
    }
    found
}

/// Returns whether the body of a request is a form that [`field`] can read.
pub(super) fn is_urlencoded(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    types
        .next()
        .filter(|_| types.next().is_none())
        .is_some_and(|kind| essence(kind.as_bytes()).eq_ignore_ascii_case(URLENCODED))
}

/// Returns a content type without its parameters.
pub(super) fn essence(content_type: &[u8]) -> &[u8] {
    let end = content_type.iter().position(|&byte| byte == b';');
    let essence = content_type.split_at_checked(end.unwrap_or(content_type.len()));
    essence
        .map_or(content_type, |(essence, _)| essence)
        .trim_ascii()
}

fn is_named(key: &[u8], name: &str) -> bool {
    // A plus is a space in a form, and no name that the configuration takes has one.
    percent::bytes(key).map(|(byte, _)| byte).eq(name.bytes())
}

pub(super) const URLENCODED: &[u8] = b"application/x-www-form-urlencoded";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "csrf_token";

    /// CSRF-03: the token is read from the body; the first and only field of its name.
    #[test]
    fn the_one_field_of_the_name_is_found() {
        let one = SentCsrfToken::One;
        let table: [(&str, SentCsrfToken<'_>); 20] = [
            ("", SentCsrfToken::Absent),
            ("a=b", SentCsrfToken::Absent),
            ("csrf_token=abc", one(b"abc")),
            ("a=b&csrf_token=abc&c=d", one(b"abc")),
            ("&&csrf_token=abc&", one(b"abc")),
            ("csrf_token", one(b"")),
            ("csrf_token=", one(b"")),
            ("csrf_token=a=b", one(b"a=b")),
            ("csrf%5Ftoken=abc", one(b"abc")),
            ("csrf_token=%61bc", one(b"%61bc")),
            ("CSRF_TOKEN=abc", SentCsrfToken::Absent),
            ("csrf_token+=abc", SentCsrfToken::Absent),
            ("+csrf_token=abc", SentCsrfToken::Absent),
            ("xcsrf_token=abc", SentCsrfToken::Absent),
            ("a=csrf_token=abc", SentCsrfToken::Absent),
            ("a=b;csrf_token=abc", SentCsrfToken::Absent),
            ("csrf_token=abc&csrf_token=abc", SentCsrfToken::Ambiguous),
            ("csrf_token=abc&csrf_token", SentCsrfToken::Ambiguous),
            ("csrf_token=a&%63srf_token=b", SentCsrfToken::Ambiguous),
            ("csrf_token&csrf_token=b", SentCsrfToken::Ambiguous),
        ];
        for (body, expected) in table {
            assert_eq!(field(NAME, body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn only_one_content_type_is_a_form() {
        let table: [(&[&str], bool); 7] = [
            (&[], false),
            (&["application/x-www-form-urlencoded"], true),
            (&["Application/X-WWW-Form-Urlencoded ; charset=utf-8"], true),
            (&["multipart/form-data; boundary=x"], false),
            (&["application/json"], false),
            (&["application/x-www-form-urlencoded2"], false),
            (
                &["application/x-www-form-urlencoded", "application/json"],
                false,
            ),
        ];
        for (types, expected) in table {
            let mut headers = HeaderMap::new();
            for kind in types {
                headers.append(header::CONTENT_TYPE, kind.parse().unwrap());
            }
            assert_eq!(is_urlencoded(&headers), expected, "{types:?}");
        }
    }

    proptest! {
        #[test]
        fn a_field_is_found_among_any_others(
            before in "[a-z=%+&]{0,20}",
            value in "[A-Za-z0-9_-]{1,64}",
            after in "[a-z=%+&]{0,20}",
        ) {
            let body = format!("{before}&csrf_token={value}&{after}");
            let found = field(NAME, body.as_bytes());
            prop_assert_eq!(found, SentCsrfToken::One(value.as_bytes()));
        }

        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = field(NAME, &body);
        }
    }
}
