//! The origin of a page: scheme, host and port (RFC 6454).

use std::net::Ipv6Addr;

use http::HeaderMap;
use http::Uri;
use http::header;

use crate::proxies::Scheme;

/// An origin in the one form that is compared: lower case, without a port that the scheme implies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct WebOrigin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl WebOrigin {
    /// Reads `scheme://host` or `scheme://host:port`, and nothing that has more to it: no user, no
    /// path, not even a slash at the end. `null` is none.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (scheme, authority) = split_scheme(text)?;
        Self::new(scheme, authority)
    }

    /// Reads the origin of a whole URL, as `Referer` has it.
    pub(super) fn of_url(url: &[u8]) -> Option<Self> {
        let (scheme, rest) = split_scheme(url)?;
        let authority = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next();
        Self::new(scheme, authority?)
    }

    /// Returns the origin that a request is addressed to.
    ///
    /// A browser asks for one host by one name. Where there are several, or none, nobody knows
    /// which page would be ours. Without a known scheme it is https, which is where sessions are.
    pub(super) fn of_request(
        scheme: Option<Scheme>,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<Self> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().map(|host| host.as_bytes());
        if hosts.next().is_some() {
            return None;
        }
        let scheme: &[u8] = match scheme {
            Some(Scheme::Http) => b"http",
            Some(Scheme::Https) | None => b"https",
        };
        // HTTP/2 has `:authority`, and may have `Host` as well (RFC 9113, section 8.3.1).
        let authority = uri
            .authority()
            .map(|authority| authority.as_str().as_bytes());
        let origin = Self::new(scheme, authority.or(host)?)?;
        match host {
            Some(host) if Self::new(scheme, host).as_ref() != Some(&origin) => None,
            _ => Some(origin),
        }
    }

    fn new(scheme: &[u8], authority: &[u8]) -> Option<Self> {
        let scheme = scheme_name(scheme)?;
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(digits) => Some(port_number(digits)?),
            None => None,
        };
        Some(Self {
            port: port.filter(|&port| Some(port) != default_port(&scheme)),
            host: host_name(host)?,
            scheme,
        })
    }
}

fn split_scheme(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.windows(3).position(|window| window == b"://")?;
    let (scheme, rest) = text.split_at_checked(end)?;
    Some((scheme, rest.strip_prefix(b"://")?))
}

/// Splits at the colon in front of a port, which is not one of those inside of an IPv6 address.
fn split_port(authority: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let host_end = match authority.first()? {
        b'[' => authority.iter().position(|&byte| byte == b']')? + 1,
        _ => authority
            .iter()
            .position(|&byte| byte == b':')
            .unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(host_end)?;
    match rest {
        [] => Some((host, None)),
        [b':', digits @ ..] => Some((host, Some(digits))),
        _ => None,
    }
}

/// RFC 3986, section 3.1. Applications in a shell of their own have schemes of their own.
fn scheme_name(scheme: &[u8]) -> Option<String> {
    let valid = scheme.first()?.is_ascii_alphabetic()
        && scheme
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    valid.then(|| lower_case(scheme))
}

/// Only names and addresses as browsers write them. Deliberately no percent-encoding and no user:
/// `https://example.org@attacker.test` is a URL of the latter.
fn host_name(host: &[u8]) -> Option<String> {
    if let [b'[', address @ .., b']'] = host {
        let address: Ipv6Addr = str::from_utf8(address).ok()?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let valid = (1..=MAX_HOST_NAME).contains(&host.len())
        && host
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte));
    valid.then(|| lower_case(host))
}

fn port_number(digits: &[u8]) -> Option<u16> {
    // `parse` takes a sign and zeros in front, which no browser writes.
    let valid = digits.iter().all(u8::is_ascii_digit) && !digits.starts_with(b"0");
    str::from_utf8(digits)
        .ok()
        .filter(|_| valid)
        .and_then(|digits| digits.parse().ok())
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn lower_case(ascii: &[u8]) -> String {
    ascii
        .iter()
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

/// The longest host name in text form (RFC 1035, section 2.3.4), with the dot at its end.
const MAX_HOST_NAME: usize = 254;

#[cfg(test)]
mod tests;
