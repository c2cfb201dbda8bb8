//! What must be read, as naively as can be said.

use hallpass_core::RefusedToken;
use hallpass_http::Found;
use hallpass_http::MAX_COOKIE_BYTES;
use sha2::Digest as _;
use sha2::Sha256;

use super::Facts;
use super::Seen;
use super::request::Request;

pub(super) fn read(request: &Request) -> Seen {
    let mut seen = Seen {
        is_header: request.no_cookies,
        ..Seen::default()
    };
    if request.bearer {
        match request.authorization.as_slice() {
            [] => seen.is_header |= request.wants_header,
            [field] => match bearer(field) {
                Some(token) => {
                    seen.is_header = true;
                    if request.plain_http {
                        seen.refused.push(RefusedToken::Insecure);
                    } else {
                        seen.either = Some(token);
                    }
                }
                None => seen.is_header |= request.wants_header,
            },
            _ => seen.refused.push(RefusedToken::Ambiguous),
        }
    }
    if !seen.is_header {
        read_cookies(request, &mut seen);
    }
    // Over plain http no answer carries a token, in no header either, and that is told.
    seen.is_header &= !request.plain_http;
    if request.plain_http && !seen.refused.contains(&RefusedToken::Insecure) {
        seen.refused.push(RefusedToken::Insecure);
    }
    seen
}

fn read_cookies(request: &Request, seen: &mut Seen) {
    let session = find(&request.cookies, b"__Host-session");
    let anonymous = find(&request.cookies, b"__Host-anon");
    seen.held_session = !matches!(session, Found::Absent);
    seen.held_anonymous = !matches!(anonymous, Found::Absent);
    seen.session = judged(session, request.plain_http, &mut seen.refused);
    seen.anonymous = judged(anonymous, request.plain_http, &mut seen.refused);
}

fn judged(found: Found<'_>, plain_http: bool, refused: &mut Vec<RefusedToken>) -> Option<Facts> {
    let reason = match found {
        Found::Absent => return None,
        _ if plain_http => RefusedToken::Insecure,
        Found::Ambiguous => RefusedToken::Ambiguous,
        Found::Oversized => RefusedToken::Oversized,
        Found::One(value) => match token(value) {
            Some(token) => return Some(token),
            None => RefusedToken::Malformed,
        },
    };
    if !refused.contains(&reason) {
        refused.push(reason);
    }
    None
}

/// Splits everything, looks at all names, and counts.
pub(super) fn find<'h>(fields: &'h [Vec<u8>], name: &[u8]) -> Found<'h> {
    if name.is_empty() || name.contains(&b'=') {
        return Found::Absent;
    }
    if fields.concat().len() > MAX_COOKIE_BYTES {
        return Found::Oversized;
    }
    let values: Vec<&[u8]> = fields
        .iter()
        .flat_map(|field| field.split(|&byte| byte == b';'))
        .filter_map(|pair| {
            let blanks = pair.iter().take_while(|byte| b" \t".contains(byte)).count();
            let mut halves = pair.get(blanks..)?.splitn(2, |&byte| byte == b'=');
            (halves.next()? == name).then(|| halves.next())?
        })
        .collect();
    match values.as_slice() {
        [] => Found::Absent,
        [value] => Found::One(value),
        _ => Found::Ambiguous,
    }
}

/// Gives each cookie a field of its own, as HTTP/2 does.
pub(super) fn at_boundaries(fields: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut apart = Vec::new();
    for field in fields {
        let mut rest = field.as_slice();
        while let Some(end) = rest.windows(2).position(|pair| pair == b"; ") {
            let (cookie, after) = rest.split_at(end);
            apart.push(cookie.to_vec());
            rest = after.strip_prefix(b"; ").unwrap_or_default();
        }
        apart.push(rest.to_vec());
    }
    apart
}

fn bearer(field: &[u8]) -> Option<Facts> {
    let text = str::from_utf8(field).ok()?;
    let (scheme, rest) = text.split_at_checked(6)?;
    let value = rest.trim_start_matches([' ', '\t']);
    let is_apart = value.len() < rest.len();
    (is_apart && scheme.eq_ignore_ascii_case("bearer"))
        .then(|| token(value.as_bytes()))
        .flatten()
}

/// A token is 64 characters of base64url: 16 bytes of handle, 4 of generation, 28 of secret.
fn token(text: &[u8]) -> Option<Facts> {
    let mut bits = Vec::new();
    for byte in text {
        let value = ALPHABET.iter().position(|known| known == byte)?;
        bits.extend((0..6).rev().map(|bit| (value >> bit) & 1 == 1));
    }
    let bytes: Vec<u8> = bits
        .chunks(8)
        .map(|bits| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit)))
        .collect();
    let bytes: [u8; 48] = bytes.try_into().ok().filter(|_| text.len() == 64)?;
    Some(Facts {
        handle: *bytes.first_chunk()?,
        generation: u32::from_be_bytes(*bytes.get(16..)?.first_chunk()?),
        digest: Sha256::digest(bytes).into(),
    })
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
