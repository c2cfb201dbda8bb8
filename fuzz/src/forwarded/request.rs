//! A request through proxies, made of arbitrary bytes.
//!
//! | Letter | Line |
//! | --- | --- |
//! | `F` | a `Forwarded` field |
//! | `H` | `F` for `Forwarded` as the header that counts |
//! | `J` | what a client puts in front of what the proxies write |
//! | `P` | the address of the peer |
//! | `S` | an `X-Forwarded-Proto` field |
//! | `T` | the list of trusted proxies |
//! | `X` | an `X-Forwarded-For` field |

use std::net::IpAddr;

use hallpass_http::ForwardedHeader;
use hallpass_http::TrustedProxies;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header;

use crate::lines::Macro;
use crate::lines::append;
use crate::lines::lines;

#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) trusted: String,
    pub(super) peer: Option<IpAddr>,
    pub(super) standard: bool,
    pub(super) forwarded: Vec<Vec<u8>>,
    pub(super) addresses: Vec<Vec<u8>>,
    pub(super) schemes: Vec<Vec<u8>>,
    pub(super) junk: Vec<Vec<u8>>,
}

impl Request {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut request = Self::default();
        for (letter, text) in lines(bytes, &MACROS) {
            let words = || String::from_utf8_lossy(&text);
            match letter {
                b'H' => request.standard = text.first() == Some(&b'F'),
                b'P' => request.peer = words().parse().ok(),
                b'T' => request.trusted = words().into_owned(),
                _ if HeaderValue::from_bytes(&text).is_err() => {}
                b'F' => request.forwarded.push(text),
                b'J' => request.junk.push(text),
                b'S' => request.schemes.push(text),
                b'X' => request.addresses.push(text),
                _ => {}
            }
        }
        request
    }

    /// Returns what is trusted, if the list is one.
    pub(super) fn proxies(&self) -> Option<TrustedProxies> {
        let header = if self.standard {
            ForwardedHeader::Forwarded
        } else {
            ForwardedHeader::XForwarded
        };
        let proxies: TrustedProxies = self.trusted.parse().ok()?;
        Some(proxies.header(header))
    }

    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        append(&mut headers, &header::FORWARDED, &self.forwarded);
        append(&mut headers, &X_FORWARDED_FOR, &self.addresses);
        append(&mut headers, &X_FORWARDED_PROTO, &self.schemes);
        headers
    }

    /// Returns the fields that count.
    pub(super) fn fields(&self) -> &[Vec<u8>] {
        if self.standard {
            &self.forwarded
        } else {
            &self.addresses
        }
    }

    /// Returns the request of a client that sends this field before any proxy sees it.
    pub(super) fn with_field(&self, junk: &[u8]) -> Self {
        let mut request = self.clone();
        for fields in request.all_fields() {
            fields.insert(0, junk.to_vec());
        }
        request
    }

    /// The same, where the first proxy appends to the field of the client.
    pub(super) fn with_elements(&self, junk: &[u8]) -> Self {
        let mut request = self.clone();
        for fields in request.all_fields() {
            if let Some(first) = fields.first_mut() {
                *first = [junk, first].join(&b", "[..]);
            }
        }
        request
    }

    fn all_fields(&mut self) -> [&mut Vec<Vec<u8>>; 3] {
        [&mut self.forwarded, &mut self.addresses, &mut self.schemes]
    }
}

/// Control characters can stand in no field.
const MACROS: [Macro; 6] = [
    (0x01, b"10.0.0.1", 1),
    (0x02, b"for=192.0.2.7;proto=https", 1),
    (0x03, b", ", 1),
    (0x04, b"10.0.0.1,", 16),
    (0x05, b"x", 1024),
    (0x06, b"for=\"[2001:db8::1]:443\"", 1),
];

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
