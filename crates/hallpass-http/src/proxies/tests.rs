use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const FORWARDED: &str = "forwarded";
const PROXY: &str = "10.0.0.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn proxies() -> TrustedProxies {
    "10.0.0.0/8, fd00::/8".parse().unwrap()
}

fn standard() -> TrustedProxies {
    proxies().header(ForwardedHeader::Forwarded)
}

fn request(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn origin(address: &str, scheme: Option<Scheme>) -> Origin {
    Origin {
        address: Some(ip(address)),
        scheme,
    }
}

fn lines<'v>(name: &'static str, values: &[&'v str]) -> Vec<(&'static str, &'v str)> {
    values.iter().map(|value| (name, *value)).collect()
}

#[test]
fn an_untrusted_peer_speaks_for_itself_only() {
    let headers = request(&[
        (FOR, "192.0.2.7"),
        (PROTO, "https"),
        (FORWARDED, "for=192.0.2.7"),
    ]);
    for peer in ["203.0.113.9", "2001:db8::9"] {
        assert_eq!(
            proxies().resolve(Some(ip(peer)), &headers),
            origin(peer, None)
        );
        assert_eq!(
            standard().resolve(Some(ip(peer)), &headers),
            origin(peer, None)
        );
    }
    assert_eq!(
        TrustedProxies::none().resolve(Some(ip(PROXY)), &headers),
        origin(PROXY, None)
    );
    assert_eq!(proxies().resolve(None, &headers), Origin::default());
}

#[test]
fn the_walk_ends_at_the_first_address_that_is_not_a_proxy() {
    let table: [(&[&str], &str); 14] = [
        (&[], PROXY),
        (&[""], PROXY),
        (&["192.0.2.7"], "192.0.2.7"),
        (&["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        (&["6.6.6.6, 192.0.2.7, 10.9.9.9,fd00::1"], "192.0.2.7"),
        (&["6.6.6.6", "192.0.2.7", "10.9.9.9"], "192.0.2.7"),
        (&["192.0.2.7, , "], "192.0.2.7"),
        (&["10.2.2.2, 10.3.3.3"], "10.2.2.2"),
        (&["6.6.6.6, unknown, 10.3.3.3"], "10.3.3.3"),
        (&["6.6.6.6, _hidden"], PROXY),
        (&["6.6.6.6; 7.7.7.7"], PROXY),
        (&["\"6.6.6.6\""], PROXY),
        (&["[2001:db8::7]:443, ::ffff:10.1.1.1"], "2001:db8::7"),
        (&["::ffff:192.0.2.7"], "192.0.2.7"),
    ];
    for (values, expected) in table {
        let headers = request(&lines(FOR, values));
        let expected = origin(expected, None);
        assert_eq!(
            proxies().resolve(Some(ip(PROXY)), &headers),
            expected,
            "{values:?}"
        );
    }
}

#[test]
fn forwarded_is_walked_the_same_way() {
    let https = Some(Scheme::Https);
    let table: [(&[&str], Origin); 11] = [
        (&[], origin(PROXY, None)),
        (&["for=192.0.2.7;proto=https"], origin("192.0.2.7", https)),
        (
            &["for=6.6.6.6;proto=http, for=192.0.2.7;proto=https"],
            origin("192.0.2.7", https),
        ),
        (
            &["for=192.0.2.7", "for=\"[fd00::1]\";proto=https"],
            origin("192.0.2.7", https),
        ),
        (
            &["for=192.0.2.7;proto=https, for=10.1.1.1"],
            origin("192.0.2.7", None),
        ),
        (
            &["for=192.0.2.7, for=unknown;proto=https"],
            origin(PROXY, https),
        ),
        (&["for=192.0.2.7, proto=https"], origin(PROXY, https)),
        (&["for=192.0.2.7;proto=ftp"], origin("192.0.2.7", None)),
        (
            &["for=\"6.6.6.6, for=192.0.2.7;proto=https"],
            origin(PROXY, None),
        ),
        (
            &["for=\"6.6.6.6", "for=192.0.2.7;proto=https"],
            origin("192.0.2.7", https),
        ),
        (
            &["for=\"6.6.6.6, for=\"[2001:db8::7]\""],
            origin(PROXY, None),
        ),
    ];
    for (values, expected) in table {
        let headers = request(&lines(FORWARDED, values));
        assert_eq!(
            standard().resolve(Some(ip(PROXY)), &headers),
            expected,
            "{values:?}"
        );
    }
}

/// SES-34.
#[test]
fn the_scheme_is_what_the_nearest_proxy_said() {
    let table: [(&[&str], Option<Scheme>); 8] = [
        (&[], None),
        (&["https"], Some(Scheme::Https)),
        (&["HTTP"], Some(Scheme::Http)),
        (&["http, https"], Some(Scheme::Https)),
        (&["https", "http"], Some(Scheme::Http)),
        (&["https, wss"], None),
        (&["https, \"https\""], None),
        (&["https\u{e9}"], None),
    ];
    for (values, expected) in table {
        let headers = request(&lines(PROTO, values));
        let resolved = proxies().resolve(Some(ip(PROXY)), &headers);
        assert_eq!(resolved.scheme(), expected, "{values:?}");
    }
}

#[test]
fn the_header_that_was_not_chosen_is_never_read() {
    let x = request(&[(FOR, "192.0.2.7"), (PROTO, "https")]);
    assert_eq!(standard().resolve(Some(ip(PROXY)), &x), origin(PROXY, None));
    let forwarded = request(&[(FORWARDED, "for=192.0.2.7;proto=https")]);
    assert_eq!(
        proxies().resolve(Some(ip(PROXY)), &forwarded),
        origin(PROXY, None)
    );
}

#[test]
fn a_header_beyond_the_limits_counts_as_absent() {
    let ends = |name, proxies: &TrustedProxies, element: &str, count, padding| {
        let value = vec![element; count].join(",") + &" ".repeat(padding);
        let headers = request(&[(name, "192.0.2.7"), (name, value.as_str())]);
        proxies.resolve(Some(ip(PROXY)), &headers).address() == Some(ip(PROXY))
    };
    assert!(!ends(FOR, &proxies(), "10.1.1.1", 63, 0));
    assert!(ends(FOR, &proxies(), "10.1.1.1", 64, 0));
    assert!(!ends(
        FOR,
        &proxies(),
        "10.1.1.1",
        1,
        8192 - "192.0.2.710.1.1.1".len()
    ));
    assert!(ends(
        FOR,
        &proxies(),
        "10.1.1.1",
        1,
        8193 - "192.0.2.710.1.1.1".len()
    ));

    let element = "for=192.0.2.7";
    let resolve = |value: String| {
        let headers = request(&[(FORWARDED, &value)]);
        standard().resolve(Some(ip(PROXY)), &headers)
    };
    assert_eq!(
        resolve(vec![element; 64].join(",")),
        origin("192.0.2.7", None)
    );
    assert_eq!(resolve(vec![element; 65].join(",")), origin(PROXY, None));
    let padding = 8192 - element.len();
    assert_eq!(
        resolve(" ".repeat(padding) + element),
        origin("192.0.2.7", None)
    );
    assert_eq!(
        resolve(" ".repeat(padding + 1) + element),
        origin(PROXY, None)
    );

    let schemes = vec!["https"; 65].join(",");
    let headers = request(&[(FOR, "192.0.2.7"), (PROTO, &schemes)]);
    assert_eq!(
        proxies().resolve(Some(ip(PROXY)), &headers),
        origin("192.0.2.7", None)
    );
}

#[test]
fn a_mapped_address_and_a_mapped_network_are_ipv4() {
    let mapped: TrustedProxies = "::ffff:10.0.0.0/104".parse().unwrap();
    assert_eq!(mapped, "10.0.0.0/8".parse().unwrap());
    let headers = request(&[(FOR, "192.0.2.7")]);
    for peer in ["::ffff:10.0.0.1", "10.0.0.1"] {
        assert_eq!(
            mapped.resolve(Some(ip(peer)), &headers),
            origin("192.0.2.7", None)
        );
    }
    let untrusted = TrustedProxies::none().resolve(Some(ip("::ffff:192.0.2.9")), &headers);
    assert_eq!(untrusted, origin("192.0.2.9", None));
}

#[test]
fn a_list_of_proxies_is_read_whole_or_refused() {
    let networks = ["10.0.0.0/8", "192.0.2.1/32", "::1/128"].map(|net| net.parse().unwrap());
    assert_eq!(
        "10.0.0.0/8,192.0.2.1, ::1".parse(),
        Ok(TrustedProxies::new(networks))
    );
    for (list, position) in [
        ("", 1),
        ("10.0.0.0/33", 1),
        ("::1, localhost", 2),
        ("::1,", 2),
    ] {
        assert_eq!(
            list.parse::<TrustedProxies>(),
            Err(InvalidNetwork { position }),
            "{list}"
        );
    }
}

/// Networks were read with zeros in front of a number, which single addresses never were: some
/// programs read 010 as ten, others as eight, and a trusted network must be the same for all.
#[test]
fn a_network_that_others_read_as_octal_is_refused() {
    let refused = Err(InvalidNetwork { position: 1 });
    for list in ["010.0.0.0/8", "10.0.0.04/32", "::ffff:10.0.0.04/128"] {
        assert_eq!(list.parse::<TrustedProxies>(), refused, "{list}");
    }
}

proptest! {
    #[test]
    fn hostile_headers_never_panic_and_never_outlive_an_untrusted_peer(
        values in proptest::collection::vec(
            prop_oneof![
                "(for=|proto=https|\"|\\\\|,|;|10\\.0\\.0\\.1|\\[::1\\]|:80|[ -~]){0,12}"
                    .prop_map(String::into_bytes),
                proptest::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..], 0..40),
            ],
            0..4,
        ),
        peer in any::<IpAddr>(),
    ) {
        let mut headers = HeaderMap::new();
        for name in [FOR, PROTO, FORWARDED] {
            for value in &values {
                headers.append(name, HeaderValue::from_bytes(value).unwrap());
            }
        }
        for proxies in [proxies(), standard()] {
            prop_assert!(proxies.resolve(Some(ip(PROXY)), &headers).address().is_some());
            if !proxies.trusts(peer.to_canonical()) {
                let expected = Origin { address: Some(peer.to_canonical()), scheme: None };
                prop_assert_eq!(proxies.resolve(Some(peer), &headers), expected);
            }
        }
    }

    /// What a client writes in front of what its proxy appends never changes the answer to another
    /// address than the client's own, or the proxy's.
    #[test]
    fn a_client_cannot_forge_its_address(
        forged in "(for=6\\.6\\.6\\.6|6\\.6\\.6\\.6|\"|\\\\|,|;|[ -~]){0,8}",
    ) {
        let appended = format!("{forged}, 192.0.2.7");
        let x = proxies().resolve(Some(ip(PROXY)), &request(&[(FOR, &appended)]));
        prop_assert_eq!(x.address(), Some(ip("192.0.2.7")));

        for own in [
            "for=192.0.2.7",
            "for=\"[::ffff:192.0.2.7]:1\";proto=https",
            "by=\"x\";for=192.0.2.7",
        ] {
            let appended = format!("{forged}, {own}");
            let headers = request(&[(FORWARDED, &appended)]);
            let address = standard().resolve(Some(ip(PROXY)), &headers).address().unwrap();
            prop_assert!(address == ip("192.0.2.7") || address == ip(PROXY), "{}", address);
        }
    }
}
