//! Whom `Forwarded` and `X-Forwarded-*` make the client.

mod reference;
mod request;

use hallpass_http::Origin;
use http::HeaderMap;

use self::request::Request;

/// Resolves the origin of a request that came through proxies.
///
/// # Panics
///
/// Where somebody who is not trusted is believed, where the address stands nowhere in the request,
/// where what a client writes in front changes who it is, or where the reference disagrees.
pub fn forwarded(bytes: &[u8]) {
    let request = Request::of(bytes);
    let Some(proxies) = request.proxies() else {
        return;
    };
    let resolve = |request: &Request| proxies.resolve(request.peer, &request.headers());
    let origin = resolve(&request);
    let expected = reference::resolve(&request);
    assert_eq!(origin.address(), expected.address, "{request:?}");
    assert_eq!(origin.scheme(), expected.scheme, "{request:?}");
    assert_eq!(origin, resolve(&request), "reading changes nothing");

    let peer = proxies.resolve(request.peer, &HeaderMap::new());
    let is_named = |origin: &Origin| {
        let named = reference::addresses(request.fields());
        origin.address().is_some_and(|it| named.contains(&it))
    };
    assert!(
        origin.address() == peer.address() || is_named(&origin),
        "{origin:?} stands nowhere in {request:?}"
    );
    if request.peer.is_none() {
        assert_eq!(origin, Origin::default(), "nobody is trusted");
    }
    for junk in &request.junk {
        check_junk(&request, &origin, junk, resolve);
    }
}

/// What a client writes comes before what the proxies write, and is not reached.
fn check_junk(
    request: &Request,
    origin: &Origin,
    junk: &[u8],
    resolve: impl Fn(&Request) -> Origin,
) {
    let answer = reference::resolve(request);
    let check_address = |longer: &Request| {
        let is_reached = answer.wants_more || reference::is_too_much(longer);
        if !is_reached {
            assert_eq!(resolve(longer).address(), origin.address(), "{longer:?}");
        }
        // The nearest proxy wrote the last scheme, and it does not matter who the client is.
        if answer.scheme.is_some() && !reference::is_too_much(longer) {
            assert_eq!(resolve(longer).scheme(), origin.scheme(), "{longer:?}");
        }
    };
    check_address(&request.with_field(junk));
    // In `Forwarded`, a client can open a string that swallows what a proxy appends to the same
    // field. Then the search ends at the proxy, which hides the client and makes it nobody else.
    if !request.standard || !junk.contains(&b'"') {
        check_address(&request.with_elements(junk));
    }
}
