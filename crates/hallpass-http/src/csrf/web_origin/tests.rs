use http::HeaderValue;
use proptest::prelude::*;

use super::*;

/// The scheme, the target, the hosts, and the origin that the request is addressed to.
type Addressed = (
    Option<Scheme>,
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
);

fn parsed(text: &str) -> Option<WebOrigin> {
    WebOrigin::parse(text.as_bytes())
}

fn addressed(scheme: Option<Scheme>, uri: &str, hosts: &[&str]) -> Option<WebOrigin> {
    let mut headers = HeaderMap::new();
    for host in hosts {
        headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
    }
    WebOrigin::of_request(scheme, &uri.parse().unwrap(), &headers)
}

#[test]
fn origins_that_are_the_same_are_equal() {
    let table = [
        ("https://example.org", "https://example.org:443"),
        ("https://example.org", "HTTPS://EXAMPLE.ORG"),
        ("http://example.org", "http://example.org:80"),
        ("https://[2001:db8::1]", "https://[2001:DB8:0:0::0001]:443"),
        ("https://[::ffff:c000:201]", "https://[::ffff:192.0.2.1]"),
        ("capacitor://localhost", "Capacitor://localhost"),
    ];
    for (one, other) in table {
        assert!(parsed(one).is_some(), "{one}");
        assert_eq!(parsed(one), parsed(other), "{one} {other}");
    }
}

/// CSRF-07: exactly scheme, host and port.
#[test]
fn origins_that_differ_are_not_equal() {
    let ours = parsed("https://example.org");
    for other in [
        "http://example.org",
        "https://example.org:8443",
        "https://example.org:80",
        "http://example.org:443",
        "https://example.org.",
        "https://example.org.attacker.test",
        "https://attacker.test.example.org",
        "https://example.orgg",
        "https://xexample.org",
        "https://www.example.org",
        "https://example",
        "https://192.0.2.1",
        "https://[::1]",
        "wss://example.org",
    ] {
        assert!(parsed(other).is_some(), "{other}");
        assert_ne!(parsed(other), ours, "{other}");
    }
}

/// CSRF-07.
#[test]
fn what_is_not_exactly_an_origin_is_none() {
    for text in [
        "",
        "null",
        "NULL",
        "*",
        "example.org",
        "//example.org",
        "://example.org",
        "https:example.org",
        "https:/example.org",
        "https://",
        "https://:443",
        "https://example.org/",
        "https://example.org/a",
        "https://example.org?a",
        "https://example.org#a",
        "https://user@example.org",
        "https://example.org@attacker.test",
        "https://example.org:",
        "https://example.org:0443",
        "https://example.org:+443",
        "https://example.org:0",
        "https://example.org:65536",
        "https://example.org:443:443",
        "https://example.org:44 3",
        "https://example.org https://attacker.test",
        "https://example.org, https://attacker.test",
        " https://example.org",
        "https://example.org ",
        "https://example.org\\",
        "https://exam%70le.org",
        "https://*.example.org",
        "https://ex\u{e4}mple.org",
        "https://[::1",
        "https://::1",
        "https://[::1]x",
        "https://[::1]:",
        "https://[fe80::1%25eth0]",
        "https://[192.0.2.1]",
        "1https://example.org",
        "ht tps://example.org",
        "https://https://example.org",
    ] {
        assert_eq!(parsed(text), None, "{text}");
    }
    let long = format!("https://{}", "a".repeat(255));
    assert_eq!(parsed(&long), None);
}

/// CSRF-07: what stands behind the authority does not matter, what stands in it does.
#[test]
fn the_origin_of_a_url_is_that_of_its_authority() {
    let ours = parsed("https://example.org");
    for url in [
        "https://example.org",
        "https://example.org/",
        "https://example.org:443/a?b#c",
        "https://example.org?https://attacker.test/",
        "https://example.org#@attacker.test",
        "https://example.org/@attacker.test",
        "https://example.org/\u{fc}\\",
    ] {
        assert_eq!(WebOrigin::of_url(url.as_bytes()), ours, "{url}");
    }
    for url in [
        "",
        "/a",
        "about:blank",
        "about:client",
        "https://example.org.attacker.test/",
        "https://example.org@attacker.test/",
        "https://user:password@example.org/",
        "https://example.org\\@attacker.test/",
        "https://example.org:8443/",
        "http://example.org/",
        "https://attacker.test/https://example.org/",
        "https://attacker.test?https://example.org",
        "https://attacker.test#https://example.org",
        "javascript://example.org/",
        "data:text/html,https://example.org/",
    ] {
        assert_ne!(WebOrigin::of_url(url.as_bytes()), ours, "{url}");
    }
}

#[test]
fn a_request_is_addressed_to_its_authority_or_host() {
    let https = Some(Scheme::Https);
    let http = Some(Scheme::Http);
    let table: [Addressed; 17] = [
        (None, "/", &["example.org"], Some("https://example.org")),
        (https, "/", &["example.org"], Some("https://example.org")),
        (http, "/", &["example.org"], Some("http://example.org")),
        (None, "/", &["Example.ORG:443"], Some("https://example.org")),
        (http, "/", &["example.org:80"], Some("http://example.org")),
        (
            http,
            "/",
            &["example.org:443"],
            Some("http://example.org:443"),
        ),
        (
            None,
            "/",
            &["[2001:db8::1]:8443"],
            Some("https://[2001:db8::1]:8443"),
        ),
        // HTTP/2, where the scheme of the pseudo-header is that of the last hop.
        (
            None,
            "http://example.org/a",
            &[],
            Some("https://example.org"),
        ),
        (
            None,
            "https://example.org/a",
            &["example.org:443"],
            Some("https://example.org"),
        ),
        (None, "https://example.org/a", &["attacker.test"], None),
        (None, "https://a@example.org/a", &[], None),
        (None, "/", &[], None),
        (None, "/", &[""], None),
        (None, "/", &["example.org", "example.org"], None),
        (None, "/", &["example.org, attacker.test"], None),
        (None, "/", &["a@example.org"], None),
        (None, "*", &["example.org"], Some("https://example.org")),
    ];
    for (scheme, uri, hosts, expected) in table {
        assert_eq!(
            addressed(scheme, uri, hosts),
            expected.and_then(parsed),
            "{scheme:?} {uri} {hosts:?}"
        );
    }
}

proptest! {
    /// CSRF-07: nothing in front of, behind or in place of our origin is ours but another spelling
    /// of the same.
    #[test]
    fn nothing_around_an_origin_is_that_origin(before in "[ -~]{0,6}", after in "[ -~]{0,6}") {
        let ours = parsed("https://example.org");
        let text = format!("https://{before}example.org{after}");
        if parsed(&text) == ours {
            prop_assert!(before.is_empty() && ["", ":443"].contains(&&*after), "{}", text);
        }
        let url = format!("https://{before}example.org{after}");
        if WebOrigin::of_url(url.as_bytes()) == ours && before.is_empty() {
            let rest = after.strip_prefix(":443").unwrap_or(&after);
            prop_assert!(rest.is_empty() || rest.starts_with(['/', '?', '#']), "{}", url);
        }
    }

    /// What it takes for ours, a parser of URLs takes for ours.
    #[test]
    fn a_url_has_the_authority_that_the_parser_of_http_finds(url in "https?://[a-z.:@/?#0-9\\[\\]]{1,20}") {
        let (Some(origin), Ok(uri)) = (WebOrigin::of_url(url.as_bytes()), url.parse::<Uri>()) else {
            return Ok(());
        };
        let written = format!("{}://{}", uri.scheme_str().unwrap(), uri.authority().unwrap());
        prop_assert_eq!(Some(origin), parsed(&written));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = WebOrigin::parse(&bytes);
        let _ = WebOrigin::of_url(&bytes);
        let _ = WebOrigin::parse(&[b"https://[", bytes.as_slice()].concat());
    }
}
