//! Requests that pretend to come from elsewhere than they do.

use proptest::prelude::*;

use super::*;

const FOREIGN: [&str; 16] = [
    "https://example.org.attacker.test",
    "https://attacker.test",
    "https://example.org:8443",
    "http://example.org",
    "https://www.example.org",
    "https://example.org.",
    "https://exampleXorg",
    "https://example.org@attacker.test",
    "https://attacker.test\\example.org",
    "https://example.org https://attacker.test",
    "https://[::1]",
    "https://EXAMPLE.ORG.ATTACKER.TEST",
    "file://",
    "null",
    "https://",
    "",
];

/// CSRF-07.
#[test]
fn no_origin_that_only_looks_like_ours_is_ours() {
    let named = csrf(CsrfConfig::default().own_origin(OURS));
    for csrf in [Csrf::default(), named] {
        for origin in FOREIGN {
            assert_eq!(
                Asked::post(&[("origin", origin)]).judged(&csrf),
                refuse(CsrfRule::Origin),
                "{origin}"
            );
            let page = format!("{origin}/a?b");
            assert_eq!(
                Asked::post(&[("referer", &page)]).judged(&csrf),
                refuse(CsrfRule::Referer),
                "{page}"
            );
        }
    }
}

/// CSRF-07: a default port is no port, and upper case is lower case.
#[test]
fn another_spelling_of_our_origin_is_ours() {
    for origin in [
        "https://example.org",
        "https://example.org:443",
        "https://EXAMPLE.org",
        "HTTPS://example.org",
    ] {
        let asked = Asked::post(&[("origin", origin)]);
        assert_eq!(
            asked.judged(&Csrf::default()),
            allow(CsrfRule::Origin),
            "{origin}"
        );
    }
}

/// No browser sends two, so nobody knows which one it meant.
#[test]
fn two_origins_are_refused_even_if_both_are_ours() {
    let two = Asked::post(&[("origin", OURS), ("origin", OURS), ("referer", OURS)]);
    assert_eq!(two.judged(&Csrf::default()), refuse(CsrfRule::Origin));
    let two = Asked::post(&[("referer", OURS), ("referer", OURS)]);
    assert_eq!(two.judged(&Csrf::default()), refuse(CsrfRule::Referer));
    let csrf = csrf(CsrfConfig::default().trust_origin("https://app.example"));
    let trusted = Asked::post(&[
        (SITE, "cross-site"),
        ("origin", "https://app.example"),
        ("origin", "https://app.example"),
    ]);
    assert_eq!(trusted.judged(&csrf), refuse(CsrfRule::CrossSite));
}

/// Trust is exact: it covers no subdomain, no other port and no other scheme.
#[test]
fn trust_in_one_origin_is_no_trust_in_its_neighbours() {
    let csrf = csrf(CsrfConfig::default().trust_origin("https://app.example:8443"));
    let table = [
        ("https://app.example:8443", allow(CsrfRule::TrustedOrigin)),
        ("https://app.example", refuse(CsrfRule::CrossSite)),
        ("http://app.example:8443", refuse(CsrfRule::CrossSite)),
        ("https://x.app.example:8443", refuse(CsrfRule::CrossSite)),
        ("https://app.example.:8443", refuse(CsrfRule::CrossSite)),
    ];
    for (origin, expected) in table {
        let asked = Asked::post(&[(SITE, "cross-site"), ("origin", origin)]);
        assert_eq!(asked.judged(&csrf), expected, "{origin}");
    }
}

/// Where the names of this site are configured, what a request is addressed to does not count.
#[test]
fn a_host_of_the_request_is_not_ours_where_ours_is_configured() {
    let config = CsrfConfig::default()
        .own_origin("https://example.org")
        .own_origin("https://example.net");
    let csrf = csrf(config);
    let table = [
        ("inner.test", "https://example.org", allow(CsrfRule::Origin)),
        ("inner.test", "https://example.net", allow(CsrfRule::Origin)),
        ("inner.test", "https://inner.test", refuse(CsrfRule::Origin)),
    ];
    for (host, origin, expected) in table {
        let mut asked = Asked::post(&[("origin", origin)]);
        let host = HeaderValue::from_static(host);
        asked.headers.insert(header::HOST, host);
        assert_eq!(asked.judged(&csrf), expected, "{origin}");
    }
    let another_of_ours = Asked::post(&[(SITE, "cross-site"), ("origin", "https://example.net")]);
    assert_eq!(another_of_ours.judged(&csrf), refuse(CsrfRule::CrossSite));
}

/// CSRF-07: a page over plain http, which anybody on the way can write, is not the one over https.
#[test]
fn the_scheme_of_the_request_is_part_of_our_origin() {
    let table = [
        (None, "https://example.org", allow(CsrfRule::Origin)),
        (None, "http://example.org", refuse(CsrfRule::Origin)),
        (
            Some(Scheme::Https),
            "http://example.org",
            refuse(CsrfRule::Origin),
        ),
        (
            Some(Scheme::Http),
            "http://example.org",
            allow(CsrfRule::Origin),
        ),
        (
            Some(Scheme::Http),
            "https://example.org",
            refuse(CsrfRule::Origin),
        ),
    ];
    for (scheme, origin, expected) in table {
        let mut asked = Asked::post(&[("origin", origin)]);
        asked.scheme = scheme;
        assert_eq!(
            asked.judged(&Csrf::default()),
            expected,
            "{scheme:?} {origin}"
        );
    }
}

/// HTTP/2 and HTTP/3 have `:authority`, with or without `Host`.
#[test]
fn the_authority_of_the_request_is_our_host() {
    let mut asked = Asked::new(
        Method::POST,
        "https://example.org:443/pay",
        &[("origin", OURS)],
    );
    assert_eq!(asked.judged(&Csrf::default()), allow(CsrfRule::Origin));
    asked.headers.remove(header::HOST);
    assert_eq!(asked.judged(&Csrf::default()), allow(CsrfRule::Origin));
    let host = HeaderValue::from_static("attacker.test");
    asked.headers.insert(header::HOST, host);
    assert_eq!(asked.judged(&Csrf::default()), refuse(CsrfRule::Origin));
    asked.uri = "/pay".parse().unwrap();
    asked.headers.remove(header::HOST);
    assert_eq!(asked.judged(&Csrf::default()), refuse(CsrfRule::Origin));
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("same-origin".to_owned()),
        Just("none".to_owned()),
        Just("same-site".to_owned()),
        Just("cross-site".to_owned()),
        Just("https://example.org".to_owned()),
        Just("https://attacker.test".to_owned()),
        Just("null".to_owned()),
        "[ -~]{0,30}",
    ]
}

proptest! {
    /// CSRF-01: whatever else it says, a change that a browser of today tells the source of, and
    /// that is another, is refused.
    #[test]
    fn nothing_a_page_can_add_lets_a_cross_site_change_in(
        origin in value(),
        referer in value(),
        mode in value(),
        path in "/[a-z./%]{0,12}",
    ) {
        prop_assume!(path.parse::<Uri>().is_ok());
        let headers = [
            (SITE, "cross-site"),
            ("origin", &*origin),
            ("referer", &*referer),
            (MODE, &*mode),
            (DEST, "document"),
            ("content-type", "text/plain"),
            ("cookie", "csrf_token=a"),
        ];
        let asked = Asked::new(Method::POST, &path, &headers);
        prop_assert_eq!(asked.judged(&Csrf::default()), refuse(CsrfRule::CrossSite));
    }

    /// CSRF-07: without `Sec-Fetch-Site` a change is let in only by an origin that is ours.
    #[test]
    fn without_fetch_metadata_only_our_origin_lets_a_change_in(
        origin in proptest::option::of(value()),
        referer in proptest::option::of(value()),
    ) {
        let mut headers = Vec::new();
        headers.extend(origin.as_deref().map(|origin| ("origin", origin)));
        headers.extend(referer.as_deref().map(|referer| ("referer", referer)));
        let decision = Asked::post(&headers).judged(&Csrf::default());
        let expected = match (origin.as_deref(), referer.as_deref()) {
            (Some(OURS), _) => allow(CsrfRule::Origin),
            (Some(_), _) => refuse(CsrfRule::Origin),
            (None, Some(OURS)) => allow(CsrfRule::Referer),
            (None, Some(_)) => refuse(CsrfRule::Referer),
            (None, None) => CsrfDecision::NeedsToken,
        };
        prop_assert_eq!(decision, expected);
    }
}
