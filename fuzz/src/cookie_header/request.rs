//! A request made of arbitrary bytes.
//!
//! The bytes are lines, the first letter of a line says what it is:
//!
//! | Letter | Line |
//! | --- | --- |
//! | `A` | an `Authorization` field |
//! | `C` | a `Cookie` field |
//! | `N` | the name of a cookie to look for |
//! | `R` | a `Referer` field, which must not matter |
//! | `S` | settings: `b` bearer, `n` no cookies, `p` plain http, `t` the field `Session-Token` |

use std::net::IpAddr;
use std::net::Ipv4Addr;

use hallpass_http::IpNet;
use hallpass_http::SESSION_TOKEN;
use hallpass_http::Transport;
use hallpass_http::TransportConfig;
use hallpass_http::TrustedProxies;
use http::HeaderMap;
use http::HeaderValue;
use http::header;

use crate::lines::Macro;
use crate::lines::append;
use crate::lines::lines;

#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) cookies: Vec<Vec<u8>>,
    pub(super) authorization: Vec<Vec<u8>>,
    pub(super) names: Vec<String>,
    referers: Vec<Vec<u8>>,
    pub(super) bearer: bool,
    pub(super) no_cookies: bool,
    pub(super) plain_http: bool,
    pub(super) wants_header: bool,
}

impl Request {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut request = Self::default();
        for (letter, text) in lines(bytes, &MACROS) {
            if HeaderValue::from_bytes(&text).is_err() {
                continue;
            }
            match letter {
                b'A' => request.authorization.push(text),
                b'C' => request.cookies.push(text),
                b'N' => request
                    .names
                    .push(String::from_utf8_lossy(&text).into_owned()),
                b'R' => request.referers.push(text),
                b'S' => request.set(&text),
                _ => {}
            }
        }
        request
    }

    fn set(&mut self, letters: &[u8]) {
        self.bearer |= letters.contains(&b'b');
        self.no_cookies |= letters.contains(&b'n');
        self.plain_http |= letters.contains(&b'p');
        self.wants_header |= letters.contains(&b't');
    }

    /// Returns the transport that the settings ask for, if it makes sense.
    pub(super) fn transport(&self) -> Option<Transport> {
        let config = TransportConfig::default()
            .bearer(self.bearer)
            .trusted_proxies(TrustedProxies::new([IpNet::from(PROXY)]));
        let config = if self.no_cookies {
            config.no_cookies()
        } else {
            config
        };
        config.build().ok()
    }

    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.plain_http.then_some(PROXY)
    }

    /// Returns the fields of the request, with these cookies instead of its own.
    pub(super) fn headers(&self, cookies: &[Vec<u8>]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        append(&mut headers, &header::COOKIE, cookies);
        append(&mut headers, &header::AUTHORIZATION, &self.authorization);
        append(&mut headers, &header::REFERER, &self.referers);
        if self.plain_http {
            headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
        }
        if self.wants_header {
            headers.insert(SESSION_TOKEN, HeaderValue::from_static(""));
        }
        headers
    }
}

/// Control characters can stand in no field.
const MACROS: [Macro; 7] = [
    (0x01, b"__Host-session=", 1),
    (0x02, b"__Host-anon=", 1),
    (0x03, b"A", 64),
    (0x04, b"-_09azAZ", 8),
    (0x05, b"; ", 1),
    (0x06, b"Bearer ", 1),
    (0x07, b"x", 1024),
];

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
