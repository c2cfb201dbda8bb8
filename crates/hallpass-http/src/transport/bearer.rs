//! `Authorization: Bearer` (RFC 6750, 2.1).

use hallpass_core::SessionToken;
use http::HeaderMap;
use http::header;

/// What the `Authorization` fields hold of ours.
pub(super) enum Bearer {
    /// Nothing that looks like a token of ours: a JWT is somebody else's.
    Absent,
    /// More than one field.
    Ambiguous,
    One(SessionToken),
}

/// Finds the token. The scheme is read in any case, the token in exactly one encoding.
pub(super) fn find_bearer(headers: &HeaderMap) -> Bearer {
    let mut fields = headers.get_all(header::AUTHORIZATION).iter();
    let Some(field) = fields.next() else {
        return Bearer::Absent;
    };
    if fields.next().is_some() {
        return Bearer::Ambiguous;
    }
    let Some((scheme, rest)) = field.as_bytes().split_at_checked(SCHEME.len()) else {
        return Bearer::Absent;
    };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Bearer::Absent;
    }
    let text = rest.trim_ascii_start();
    // At least one space stands between scheme and token.
    if text.len() == rest.len() {
        return Bearer::Absent;
    }
    SessionToken::parse(text).map_or(Bearer::Absent, Bearer::One)
}

const SCHEME: &[u8] = b"Bearer";
