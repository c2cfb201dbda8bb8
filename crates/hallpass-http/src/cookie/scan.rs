//! Reading one cookie: a borrowed scan of the request's `Cookie` fields.

use std::fmt;

use http::{HeaderMap, header};

/// More octets than this in the `Cookie` fields of one request are not read.
///
/// Common servers limit a whole field to 8 KiB, so that a request this large has passed none of
/// them, or was made to cost time.
pub const MAX_COOKIE_BYTES: usize = 16 * 1024;

/// What a request says about one cookie.
///
/// `Debug` hides the value.
#[derive(Clone, Copy)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new outcome must break the carrier on purpose"
)]
pub enum Found<'h> {
    /// The request has no cookie of this name.
    Absent,
    /// The request has more than one cookie of this name.
    ///
    /// Their order says nothing about who set them: a sibling host can plant one in front of ours.
    /// None of them counts, even if all have the same value.
    Ambiguous,
    /// The value of the only cookie of this name.
    ///
    /// It may hold any octet that a header may. Whoever parses the value judges it; what is not a
    /// valid token is malformed, not absent.
    One(&'h [u8]),
    /// The request has more than [`MAX_COOKIE_BYTES`] of cookies, which were not read.
    Oversized,
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Ambiguous => "Ambiguous",
            Self::One(_) => "One(..)",
            Self::Oversized => "Oversized",
        })
    }
}

/// Looks for the cookie `name` in the headers of a request.
///
/// - All `Cookie` fields count as one, because HTTP/2 and HTTP/3 split them.
/// - Names are compared byte by byte. Only spaces and tabs in front of a name are skipped, never
///   other white space: a server that skips more can be sent a cookie that the browser did not take
///   for a `__Host-` cookie and the server does.
/// - A cookie without a name, such as `=__Host-session=x`, is ignored.
/// - A value is everything between the first `=` and the next semicolon, quotes included. So no
///   cookie has a name that holds a `=`.
/// - Deliberately not supported: quoted values that hold a semicolon, `$Version`, and commas
///   between cookies. A server that reads them can be made to see cookies that the browser does
///   not have.
///
/// # Example: a planted second cookie
///
/// ```
/// use hallpass_http::{Found, find_cookie};
/// use http::{HeaderMap, HeaderValue, header};
///
/// let mut headers = HeaderMap::new();
/// headers.append(header::COOKIE, HeaderValue::from_static("id=planted; id=mine"));
/// assert!(matches!(find_cookie(&headers, "id"), Found::Ambiguous));
/// ```
#[must_use]
pub fn find_cookie<'h>(headers: &'h HeaderMap, name: &str) -> Found<'h> {
    if name.is_empty() || name.contains('=') {
        return Found::Absent;
    }
    let fields = headers.get_all(header::COOKIE);
    if fields.iter().map(|field| field.len()).sum::<usize>() > MAX_COOKIE_BYTES {
        return Found::Oversized;
    }
    let mut found = Found::Absent;
    for field in fields {
        let mut rest = field.as_bytes();
        while !rest.is_empty() {
            let Some(value) = value_of(next_pair(&mut rest), name.as_bytes()) else {
                continue;
            };
            if let Found::One(_) = found {
                return Found::Ambiguous;
            }
            found = Found::One(value);
        }
    }
    found
}

/// Takes the bytes up to the next semicolon off the front.
fn next_pair<'h>(rest: &mut &'h [u8]) -> &'h [u8] {
    let all = *rest;
    let end = pair_end(all);
    let (pair, after) = all.split_at_checked(end).unwrap_or((all, &[]));
    *rest = after.split_first().map_or(&[], |(_semicolon, after)| after);
    pair
}

/// Returns how many bytes precede the next semicolon.
fn pair_end(bytes: &[u8]) -> usize {
    // Without an early exit inside a block, the compiler compares whole blocks at once.
    let no_semicolon =
        |block: &&[u8; 16]| block.iter().fold(true, |none, &byte| none & (byte != b';'));
    let (blocks, _) = bytes.as_chunks();
    let skipped = blocks.iter().take_while(no_semicolon).count() * 16;
    let tail = bytes.get(skipped..).unwrap_or_default();
    let end = tail.iter().position(|&byte| byte == b';');
    end.map_or(bytes.len(), |end| skipped + end)
}

/// Returns the value if the pair has this name.
fn value_of<'h>(mut pair: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    while let [b' ' | b'\t', rest @ ..] = pair {
        pair = rest;
    }
    pair.strip_prefix(name)?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "__Host-session";

    fn request(fields: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::COOKIE, HeaderValue::from_bytes(field).unwrap());
        }
        headers
    }

    fn show(fields: &[&[u8]]) -> String {
        match find_cookie(&request(fields), NAME) {
            Found::One(value) => format!("={}", value.escape_ascii()),
            other => format!("{other:?}"),
        }
    }

    /// CK-04, CK-11, CK-12, CK-14.
    #[test]
    fn one_field_has_one_reading() {
        let table: [(&[u8], &str); 27] = [
            (b"", "Absent"),
            (b"a=b; c=d", "Absent"),
            (b"__Host-session=v", "=v"),
            (b"a=b; __Host-session=v; c=d", "=v"),
            (b"a=b;__Host-session=v;c=d", "=v"),
            (b"; \t __Host-session=v;;", "=v"),
            (b"__Host-session=", "="),
            (b"__Host-session=a=b==", "=a=b=="),
            (b"__Host-session=\"v\"", "=\\\"v\\\""),
            (b"__Host-session=\"a;b\"", "=\\\"a"),
            (b"__Host-session=v ; a=b", "=v "),
            (
                b"__Host-session=a, __Host-session=b",
                "=a, __Host-session=b",
            ),
            (b"__Host-session=\xff\xfe", "=\\xff\\xfe"),
            (b"\xff\xc3=\xa0; __Host-session=v; \xf0", "=v"),
            (b"__Host-session", "Absent"),
            (b"__Host-session =v", "Absent"),
            (b"__host-session=v", "Absent"),
            (b"__HOST-SESSION=v", "Absent"),
            (b"__Host-session2=v", "Absent"),
            (b"x__Host-session=v", "Absent"),
            (b"a=__Host-session=v", "Absent"),
            (b"=__Host-session=evil", "Absent"),
            (b"\xe2\x80\x80__Host-session=evil", "Absent"),
            (b"\xa0__Host-session=evil", "Absent"),
            (b"$Version=1, __Host-session=evil", "Absent"),
            (b"__Host-session=a; __Host-session=b", "Ambiguous"),
            (b"__Host-session=a; __Host-session=a", "Ambiguous"),
        ];
        for (field, expected) in table {
            assert_eq!(show(&[field]), expected, "{}", field.escape_ascii());
        }
    }

    /// CK-13, CK-14.
    #[test]
    fn several_fields_count_as_one() {
        assert_eq!(show(&[b"a=b", b"__Host-session=v", b"c=d"]), "=v");
        assert_eq!(show(&[b"a=b; __Host-session=v; c=d"]), "=v");
        assert_eq!(
            show(&[b"__Host-session=v", b"a=b; __Host-session=v"]),
            "Ambiguous"
        );
        assert_eq!(show(&[]), "Absent");
    }

    /// CK-09.
    #[test]
    fn cookies_beyond_the_limit_are_not_read() {
        let own = b"__Host-session=v";
        let filler = vec![b'a'; MAX_COOKIE_BYTES - own.len()];
        assert_eq!(show(&[own, &filler]), "=v");
        assert_eq!(show(&[own, &filler, b"a"]), "Oversized");
    }

    /// CK-12.
    #[test]
    fn an_empty_name_finds_nothing() {
        assert!(matches!(find_cookie(&request(&[b"=v"]), ""), Found::Absent));
    }

    /// The scan once compared `name=` with the start of the pair, so that the value of the cookie
    /// `a` could claim to be the cookie `a=b`.
    #[test]
    fn a_name_with_an_equals_sign_finds_nothing() {
        let headers = request(&[b"a=b=c"]);
        assert!(matches!(find_cookie(&headers, "a=b"), Found::Absent));
        assert!(matches!(find_cookie(&headers, "a"), Found::One(b"b=c")));
    }

    /// SES-25.
    #[test]
    fn other_fields_are_not_read() {
        let mut headers = request(&[b"a=b"]);
        headers.insert(
            header::SET_COOKIE,
            HeaderValue::from_static("__Host-session=v"),
        );
        headers.insert(
            header::REFERER,
            HeaderValue::from_static("https://a/?__Host-session=v"),
        );
        assert!(matches!(find_cookie(&headers, NAME), Found::Absent));
    }

    /// SES-23.
    #[test]
    fn debug_output_hides_the_value() {
        let headers = request(&[b"__Host-session=topsecret"]);
        assert_eq!(format!("{:?}", find_cookie(&headers, NAME)), "One(..)");
    }

    proptest! {
        /// CK-13, CK-14.
        #[test]
        fn the_scan_agrees_with_splitting_everything(
            field in proptest::collection::vec(
                prop_oneof![
                    Just(b"__Host-session=".to_vec()),
                    Just(b"; ".to_vec()),
                    Just(b";".to_vec()),
                    proptest::collection::vec(0x20_u8..0x7f, 0..4),
                    proptest::collection::vec(0x80_u8.., 0..4),
                ],
                0..12,
            ).prop_map(|parts| parts.concat()),
        ) {
            let values: Vec<_> = field
                .split(|&byte| byte == b';')
                .filter_map(|pair| {
                    let start = pair.iter().position(|&byte| byte != b' ')?;
                    pair[start..].strip_prefix(b"__Host-session=")
                })
                .collect();
            let expected = match values[..] {
                [] => "Absent".to_owned(),
                [value] => format!("={}", value.escape_ascii()),
                _ => "Ambiguous".to_owned(),
            };
            prop_assert_eq!(show(&[&field]), expected);
        }
    }
}
