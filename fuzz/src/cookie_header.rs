//! Cookies and `Authorization` of a request, and which tokens are read from them.

mod reference;
mod request;

use hallpass_core::RefusedToken;
use hallpass_core::SessionToken;
use hallpass_http::Carrier;
use hallpass_http::Found;
use hallpass_http::Incoming;
use hallpass_http::MAX_COOKIE_BYTES;
use hallpass_http::find_cookie;

use self::request::Request;

/// Reads the tokens of a request.
///
/// # Panics
///
/// Where a token is found that does not stand in the request as a whole, where one is found or
/// refused otherwise than the reference does (CK-12, CK-14), or where it matters how the cookies
/// are spread over several fields (CK-13).
pub fn cookie_header(bytes: &[u8]) {
    let request = Request::of(bytes);
    let Some(transport) = request.transport() else {
        return;
    };
    let read = |cookies: &[Vec<u8>]| {
        let headers = request.headers(cookies);
        Seen::of(&transport.read(request.peer(), &http::Method::GET, "/", &headers))
    };
    let seen = read(&request.cookies);
    assert_eq!(seen, read(&request.cookies), "reading changes nothing");
    assert_eq!(seen, reference::read(&request), "the reference disagrees");

    let joined = [request.cookies.join(&b"; "[..])];
    let split = reference::at_boundaries(&request.cookies);
    if joined.concat().len() <= MAX_COOKIE_BYTES {
        assert_eq!(seen, read(&joined), "CK-13: joined into one field");
        assert_eq!(seen, read(&split), "CK-13: each cookie in its field");
    }
    for name in &request.names {
        check_name(&request, name);
    }
}

fn check_name(request: &Request, name: &str) {
    let headers = request.headers(&request.cookies);
    let found = find_cookie(&headers, name);
    let expected = reference::find(&request.cookies, name.as_bytes());
    assert_eq!(described(found), described(expected), "cookie {name:?}");
}

fn described(found: Found<'_>) -> String {
    match found {
        Found::One(value) => format!("={}", value.escape_ascii()),
        other => format!("{other:?}"),
    }
}

/// What was read, in a form that can be compared and printed.
#[derive(Debug, Default, Eq, PartialEq)]
struct Seen {
    session: Option<Facts>,
    anonymous: Option<Facts>,
    either: Option<Facts>,
    held_session: bool,
    held_anonymous: bool,
    refused: Vec<RefusedToken>,
    is_header: bool,
}

impl Seen {
    fn of(incoming: &Incoming) -> Self {
        let presented = &incoming.presented;
        Self {
            session: presented.session.as_ref().map(Facts::of),
            anonymous: presented.anonymous.as_ref().map(Facts::of),
            either: presented.either.as_ref().map(Facts::of),
            held_session: presented.held_session,
            held_anonymous: presented.held_anonymous,
            refused: presented.refused.clone(),
            is_header: incoming.carrier == Carrier::Header,
        }
    }
}

/// What can be told of a token. The digest covers all of its bytes.
#[derive(Debug, Eq, PartialEq)]
struct Facts {
    handle: [u8; 16],
    generation: u32,
    digest: [u8; 32],
}

impl Facts {
    fn of(token: &SessionToken) -> Self {
        Self {
            handle: token.handle().to_bytes(),
            generation: token.generation(),
            digest: token.digest().to_bytes(),
        }
    }
}
