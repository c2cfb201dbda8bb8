//! Reading `Forwarded`, `X-Forwarded-For` and `X-Forwarded-Proto`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::{self, GetAll};
use http::{HeaderMap, HeaderValue};

use super::Scheme;
use crate::field;

/// What one element of `Forwarded` says. A malformed element says nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Hop {
    pub(super) address: Option<IpAddr>,
    pub(super) scheme: Option<Scheme>,
}

/// Returns the elements of `Forwarded`, the nearest proxy's last; none if too many.
///
/// Fields are read one by one, so that a quoted string which a client left open cannot swallow what
/// a proxy wrote into a field of its own. Within one field it makes the last element malformed,
/// which ends the search at the proxy.
pub(super) fn hops(headers: &HeaderMap) -> Vec<Hop> {
    let fields = headers.get_all(header::FORWARDED);
    if octets(&fields) > MAX_OCTETS {
        return Vec::new();
    }
    let hops: Vec<_> = fields
        .iter()
        .flat_map(|field| field::split(field.as_bytes(), b','))
        .take(MAX_ELEMENTS + 1)
        .map(|element| element.ok().and_then(hop).unwrap_or_default())
        .collect();
    if hops.len() > MAX_ELEMENTS {
        return Vec::new();
    }
    hops
}

/// Returns the elements of `X-Forwarded-For`, the nearest proxy's first; none if too many.
pub(super) fn x_addresses(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    x_elements(headers, "x-forwarded-for").map(node)
}

/// Returns the last element of `X-Forwarded-Proto`, which the nearest proxy wrote.
pub(super) fn x_scheme(headers: &HeaderMap) -> Option<Scheme> {
    x_elements(headers, "x-forwarded-proto")
        .next()
        .and_then(scheme)
}

fn x_elements<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = &'h [u8]> {
    let fields = headers.get_all(name);
    let elements = || {
        let fields = fields.iter().rev();
        fields.flat_map(|field| field.as_bytes().rsplit(|&byte| byte == b','))
    };
    let too_much = octets(&fields) > MAX_OCTETS || elements().nth(MAX_ELEMENTS).is_some();
    let count = if too_much { 0 } else { MAX_ELEMENTS };
    elements()
        .map(field::trim)
        .filter(|element| !element.is_empty())
        .take(count)
}

fn octets(fields: &GetAll<'_, HeaderValue>) -> usize {
    fields.iter().map(HeaderValue::len).sum()
}

/// Reads one element of `Forwarded`, `None` if it is malformed.
fn hop(element: &[u8]) -> Option<Hop> {
    let (mut address, mut proto) = (None, None);
    for pair in field::split(element, b';') {
        let (name, value) = field::split_once(pair.ok()?, b'=')?;
        let value = field::unquote(value)?;
        if !field::is_token(name) {
            return None;
        }
        // A parameter must not occur twice (RFC 7239, section 4).
        let repeated = if name.eq_ignore_ascii_case(b"for") {
            address.replace(node(&value)).is_some()
        } else if name.eq_ignore_ascii_case(b"proto") {
            proto.replace(scheme(&value)).is_some()
        } else {
            false
        };
        if repeated {
            return None;
        }
    }
    Some(Hop {
        address: address.flatten(),
        scheme: proto.flatten(),
    })
}

/// Reads an address with or without a port; `None` for `unknown`, `_hidden` and the like.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let address = IpAddr::from(address.parse::<Ipv6Addr>().ok()?);
        let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return fits.then(|| address.to_canonical());
    }
    let (address, port) = text.split_once(':')?;
    let address = address.parse::<Ipv4Addr>().ok()?;
    is_port(port).then_some(address.into())
}

/// Returns whether the text is a port or an obfuscated one (RFC 7239, section 6).
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            !hidden.is_empty() && hidden.bytes().all(allowed)
        }
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn scheme(text: &[u8]) -> Option<Scheme> {
    if text.eq_ignore_ascii_case(b"https") {
        return Some(Scheme::Https);
    }
    text.eq_ignore_ascii_case(b"http").then_some(Scheme::Http)
}

const MAX_ELEMENTS: usize = 64;
const MAX_OCTETS: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_node_is_an_address_with_or_without_a_port() {
        let table = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:80", Some("192.0.2.1")),
            ("192.0.2.1:_x", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("[::ffff:c000:201]:1", Some("192.0.2.1")),
            ("192.0.2.1:", None),
            ("192.0.2.1:123456", None),
            ("192.0.2.1:8o", None),
            ("192.0.2.1:_", None),
            ("192.0.2.01", None),
            ("192.0.2", None),
            ("[192.0.2.1]", None),
            ("[2001:db8::1", None),
            ("[2001:db8::1]443", None),
            ("[2001:db8::1]:", None),
            ("fe80::1%eth0", None),
            ("unknown", None),
            ("_hidden", None),
            ("", None),
            (":80", None),
        ];
        for (text, expected) in table {
            assert_eq!(node(text.as_bytes()), expected.map(ip), "{text}");
        }
    }

    #[test]
    fn an_element_of_forwarded_says_everything_or_nothing() {
        let both = |address, scheme| {
            Some(Hop {
                address: Some(ip(address)),
                scheme: Some(scheme),
            })
        };
        let https = Some(Hop {
            address: None,
            scheme: Some(Scheme::Https),
        });
        let table = [
            (
                "for=192.0.2.1;proto=https",
                both("192.0.2.1", Scheme::Https),
            ),
            (
                "Proto=HTTP; FOR=\"192.0.2.1:80\" ;by=_x",
                both("192.0.2.1", Scheme::Http),
            ),
            (
                "for=\"[2001:db8::1]:1\";proto=http",
                both("2001:db8::1", Scheme::Http),
            ),
            (
                "for=\"\\1\\92.0.2.1\";proto=\"https\"",
                both("192.0.2.1", Scheme::Https),
            ),
            (
                "for=192.0.2.1:80;proto=http",
                both("192.0.2.1", Scheme::Http),
            ),
            ("for=unknown;proto=https", https),
            ("for=\"_a;b\";proto=https", https),
            ("proto=https", https),
            ("for=192.0.2.1;for=192.0.2.2;proto=https", None),
            ("for=unknown;for=192.0.2.2;proto=https", None),
            ("for=192.0.2.1;proto=http;proto=https", None),
            ("for=192.0.2.1;proto", None),
            ("for =192.0.2.1", None),
            ("for=\"192.0.2.1\"x;proto=https", None),
            ("192.0.2.1", None),
        ];
        for (element, expected) in table {
            assert_eq!(hop(element.as_bytes()), expected, "{element}");
        }
    }
}
