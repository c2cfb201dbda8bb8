//! Caching headers that keep one client's response out of another client's hands.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::field;

/// Marks a response that depends on a session, so that no shared cache stores it.
///
/// `Vary` gains the fields in `vary` that it does not name yet, unless it is `*`. `Cache-Control`
/// gains `private` and loses `public` and `s-maxage`. What the handler said stays otherwise:
/// `no-store` is stricter and leaves the field as it is, and `max-age`, `no-cache` and the like
/// speak to the browser's own cache. `private` with a list of fields is replaced, because it lets a
/// shared cache store everything else.
///
/// A `Cache-Control` that cannot be read, because a quoted string in it does not end, becomes
/// `no-store`. `CDN-Cache-Control` is removed: where it is present, caches do not look at
/// `Cache-Control` (RFC 9213, section 2.2). Fields of single vendors, such as `Surrogate-Control`,
/// are yours to keep away from such a response.
///
/// # Example: a page that the browser may keep for a minute
///
/// ```
/// use hallpass_http::mark_private;
/// use http::{HeaderMap, HeaderValue, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
/// mark_private(&mut headers, &[header::COOKIE]);
/// assert_eq!(headers[header::CACHE_CONTROL], "max-age=60, private");
/// assert_eq!(headers[header::VARY], "cookie");
/// ```
pub fn mark_private(headers: &mut HeaderMap, vary: &[HeaderName]) {
    for name in vary {
        if !varies_by(headers, name) {
            // The usual name as it is: from any other a value has to be allocated.
            let value = match *name {
                header::COOKIE => COOKIE,
                _ => HeaderValue::from(name.clone()),
            };
            headers.append(header::VARY, value);
        }
    }
    headers.remove(&CDN_CACHE_CONTROL);
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, PRIVATE);
    } else if let Some(value) = made_private(headers) {
        headers.insert(header::CACHE_CONTROL, value);
    }
}

/// Marks a response that carries session material, so that no cache stores it at all.
///
/// `Cache-Control` becomes `no-store`, whatever it was, unless it has `no-store` among its
/// directives already. `CDN-Cache-Control` is removed, as in [`mark_private`].
pub fn mark_no_store(headers: &mut HeaderMap) {
    headers.remove(&CDN_CACHE_CONTROL);
    let has_no_store = directives(headers)
        .flatten()
        .any(|directive| directive.eq_ignore_ascii_case(b"no-store"));
    if !has_no_store {
        headers.insert(header::CACHE_CONTROL, NO_STORE);
    }
}

fn varies_by(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers
        .get_all(header::VARY)
        .iter()
        .flat_map(|field| field.as_bytes().split(|&byte| byte == b','))
        .map(field::trim)
        .any(|listed| listed == b"*" || listed.eq_ignore_ascii_case(name.as_str().as_bytes()))
}

/// Returns the new `Cache-Control`, or `None` if the present one is strict enough.
fn made_private(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut kept = Vec::new();
    let mut is_private = false;
    let mut dropped = false;
    for directive in directives(headers) {
        let Ok(directive) = directive else {
            return Some(NO_STORE);
        };
        if directive.eq_ignore_ascii_case(b"no-store") {
            return None;
        }
        if directive.eq_ignore_ascii_case(b"private") {
            is_private = true;
        } else if names_shared_caches(directive) {
            dropped = true;
            continue;
        }
        kept.push(directive);
    }
    if is_private && !dropped {
        return None;
    }
    if !is_private {
        kept.push(b"private");
    }
    // Parts of header values, joined, are a header value.
    Some(HeaderValue::from_bytes(&kept.join(&b", "[..])).unwrap_or(NO_STORE))
}

/// Returns whether the directive permits something to shared caches, or `private` only in part.
fn names_shared_caches(directive: &[u8]) -> bool {
    let name = field::split_once(directive, b'=').map_or(directive, |(name, _)| field::trim(name));
    [&b"public"[..], b"s-maxage", b"private"]
        .iter()
        .any(|shared| name.eq_ignore_ascii_case(shared))
}

fn directives(headers: &HeaderMap) -> impl Iterator<Item = Result<&[u8], field::Unterminated>> {
    headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .flat_map(|field| field::split(field.as_bytes(), b','))
}

const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");
const COOKIE: HeaderValue = HeaderValue::from_static("cookie");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const PRIVATE: HeaderValue = HeaderValue::from_static("private");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(name: &HeaderName, fields: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(name, HeaderValue::from_str(field).unwrap());
        }
        headers
    }

    fn all(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
        let fields = headers.get_all(name).iter();
        fields
            .map(|field| field.to_str().unwrap().to_owned())
            .collect()
    }

    /// SES-26.
    #[test]
    fn a_response_that_reads_a_session_is_private_unless_it_is_stricter() {
        let table: [(&[&str], &[&str]); 20] = [
            (&[], &["private"]),
            (&[""], &["private"]),
            (&["private"], &["private"]),
            (&["Private, max-age=5"], &["Private, max-age=5"]),
            (&["no-store"], &["no-store"]),
            (&["No-Store, public"], &["No-Store, public"]),
            (&["public", "no-store"], &["public", "no-store"]),
            (&["no-cache"], &["no-cache, private"]),
            (&["public"], &["private"]),
            (&["public, private"], &["private"]),
            (
                &["PUBLIC, max-age=60, S-MaxAge=9"],
                &["max-age=60, private"],
            ),
            (
                &["public, max-age=60", "must-revalidate"],
                &["max-age=60, must-revalidate, private"],
            ),
            (
                &["s-maxage=\"9\", no-cache=\"a, b\""],
                &["no-cache=\"a, b\", private"],
            ),
            (
                &["x=\"public, no-store\""],
                &["x=\"public, no-store\", private"],
            ),
            (
                &["x=\"a\\\", no-store\", y"],
                &["x=\"a\\\", no-store\", y, private"],
            ),
            (&["private=\"set-cookie\""], &["private"]),
            (&["private=\"set-cookie\", private"], &["private"]),
            (&["no-store=1"], &["no-store=1, private"]),
            (&["max-age=60, x=\"a, public"], &["no-store"]),
            (
                &["publicity, x-private"],
                &["publicity, x-private, private"],
            ),
        ];
        for (fields, expected) in table {
            let mut headers = response(&header::CACHE_CONTROL, fields);
            mark_private(&mut headers, &[]);
            assert_eq!(
                all(&headers, &header::CACHE_CONTROL),
                expected,
                "{fields:?}"
            );
        }
    }

    /// SES-26.
    #[test]
    fn a_response_that_sets_a_cookie_is_not_stored() {
        let table: [(&[&str], &[&str]); 6] = [
            (&[], &["no-store"]),
            (&["public, max-age=60", "immutable"], &["no-store"]),
            (&["private"], &["no-store"]),
            (&["private, No-Store"], &["private, No-Store"]),
            (&["x=\"a, no-store\""], &["no-store"]),
            (&["x=\"a, no-store"], &["no-store"]),
        ];
        for (fields, expected) in table {
            let mut headers = response(&header::CACHE_CONTROL, fields);
            mark_no_store(&mut headers);
            assert_eq!(
                all(&headers, &header::CACHE_CONTROL),
                expected,
                "{fields:?}"
            );
        }
    }

    #[test]
    fn vary_gains_what_it_does_not_name() {
        let table: [(&[&str], &[&str]); 6] = [
            (&[], &["cookie", "authorization"]),
            (&["Cookie"], &["Cookie", "authorization"]),
            (&["accept , COOKIE"], &["accept , COOKIE", "authorization"]),
            (
                &["accept", "authorization, cookie"],
                &["accept", "authorization, cookie"],
            ),
            (&["*"], &["*"]),
            (&["x-cookie"], &["x-cookie", "cookie", "authorization"]),
        ];
        for (fields, expected) in table {
            let mut headers = response(&header::VARY, fields);
            let vary = [header::COOKIE, header::AUTHORIZATION, header::COOKIE];
            mark_private(&mut headers, &vary);
            assert_eq!(all(&headers, &header::VARY), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_field_for_one_kind_of_cache_does_not_overrule_ours() {
        let name = CDN_CACHE_CONTROL;
        for mark in [
            |headers: &mut HeaderMap| mark_private(headers, &[]),
            mark_no_store,
        ] {
            let mut headers = response(&name, &["max-age=600", "public"]);
            mark(&mut headers);
            assert_eq!(all(&headers, &name), Vec::<String>::new());
        }
    }

    proptest! {
        #[test]
        fn marking_twice_changes_nothing_more(
            fields in proptest::collection::vec(
                "(public|private|no-store|a=\"|\"|, |[ -~]){0,8}",
                0..3,
            ),
        ) {
            let fields: Vec<_> = fields.iter().map(String::as_str).collect();
            let mut once = response(&header::CACHE_CONTROL, &fields);
            mark_private(&mut once, &[header::COOKIE]);
            let mut twice = once.clone();
            mark_private(&mut twice, &[header::COOKIE]);
            prop_assert_eq!(once, twice);
        }
    }
}
