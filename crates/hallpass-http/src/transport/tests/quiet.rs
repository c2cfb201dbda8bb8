//! What is read of a request besides its tokens.

use super::*;

/// Race 22: marked by path or by header, and off unless that is configured.
#[test]
fn a_poll_is_marked_by_path_or_by_header() {
    let name = HeaderName::from_static("x-background");
    let transport = TransportConfig::default()
        .no_touch_header(name.clone())
        .no_touch_path("/api/poll")
        .no_touch_path("/events")
        .build()
        .unwrap();
    let marked = request(&[(name, "0")]);
    let is_no_touch = |transport: &Transport, path, headers| {
        let incoming = transport.read(None, &Method::GET, path, headers);
        incoming.presented.no_touch
    };
    for (path, headers, expected) in [
        ("/", &HeaderMap::new(), false),
        ("/", &marked, true),
        ("/api/poll", &HeaderMap::new(), true),
        ("/events/1", &HeaderMap::new(), true),
        ("/api/polls", &HeaderMap::new(), false),
    ] {
        assert_eq!(is_no_touch(&transport, path, headers), expected, "{path}");
        assert!(!is_no_touch(&Transport::default(), path, headers), "{path}");
    }
    for wrong in ["", "/", "api", "/api/", "/api?x", "/api#x", "//api"] {
        let field = "no_touch_path";
        assert_eq!(
            TransportConfig::default()
                .no_touch_path(wrong)
                .build()
                .unwrap_err(),
            TransportError::InvalidPage { field },
            "{wrong}"
        );
    }
}

/// SES-21.
#[test]
fn a_page_fetched_in_advance_is_marked() {
    let headers = request(&[(HeaderName::from_static("sec-purpose"), "prefetch")]);
    let read = |method| both().read(None, method, "/", &headers).presented.prefetch;
    assert!(read(&Method::GET) && !read(&Method::POST));
}

/// SES-34: where all clients come through a proxy, what comes around it carries no token.
#[test]
fn a_token_that_came_around_the_proxy_is_refused_if_https_is_required() {
    let config = || TransportConfig::default().require_https(true);
    let proxies = || "127.0.0.1".parse().unwrap();
    let transport = config().trusted_proxies(proxies()).build().unwrap();
    let text = format!("__Host-session={TOKEN}");
    let proto = HeaderName::from_static("x-forwarded-proto");
    let encrypted = request(&[cookie(&text), (proto, "https")]);
    let silent = request(&[cookie(&text)]);
    for (peer, headers, is_read) in [
        ("127.0.0.1", &encrypted, true),
        ("127.0.0.1", &silent, false),
        ("192.0.2.1", &encrypted, false),
    ] {
        let incoming = transport.read(peer.parse().ok(), &Method::GET, "/", headers);
        assert_eq!(incoming.presented.session.is_some(), is_read, "{peer}");
        let is_nowhere = incoming.carrier == Carrier::Nowhere;
        assert_eq!(is_nowhere, !is_read, "{peer}");
    }
    assert_eq!(config().build().unwrap_err(), TransportError::NoScheme);
    let insecure = CookieConfig::default().danger().allow_insecure_http();
    let contradiction = config().trusted_proxies(proxies()).cookies(insecure);
    assert_eq!(contradiction.build().unwrap_err(), TransportError::NoScheme);
}
