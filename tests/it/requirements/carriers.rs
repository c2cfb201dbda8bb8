//! What a request may carry a token in, and what it may not.

use axum::Router;
use axum::http::HeaderValue;
use hallpass::EventKind;
use hallpass::Network;
use hallpass::RefusedToken;
use hallpass::SessionToken;
use hallpass::StoreOperation;
use hallpass::http::TransportConfig;

use super::site::PEER;
use super::site::field;
use super::site::send;
use super::site::site;
use super::site::text;
use super::witnessed;
use crate::world::Client;
use crate::world::World;

async fn token_of(world: &World) -> String {
    let client = Client::logged_in(world, "alice").await;
    let token = client.session.unwrap().expose_secret();
    token.as_str().to_owned()
}

async fn who(site: &Router, fields: &[(&str, &[u8])]) -> String {
    text(send(site, "GET", "/who", fields, "").await).await
}

/// SES-13: the cookie of a login lasts until the browser closes, unless its user asked for more.
#[tokio::test]
async fn a_remembered_login_writes_thirty_days_and_others_no_lifetime() {
    let world = World::new();
    let site = site(&world, TransportConfig::default());
    let response = send(&site, "POST", "/login", &[], "").await;
    let cookie = field(&response, "set-cookie").unwrap();
    assert!(
        !cookie.contains("Max-Age") && !cookie.contains("Expires"),
        "{cookie}"
    );
    let response = send(&site, "POST", "/login/remembered", &[], "").await;
    let cookie = field(&response, "set-cookie").unwrap();
    assert!(cookie.contains("; Max-Age=2592000; Expires="), "{cookie}");
}

/// SES-22: what has the wrong length, or a character outside of the alphabet, reaches no store.
#[tokio::test]
async fn what_is_no_token_never_reaches_the_store() {
    let world = World::new();
    let site = site(&world, TransportConfig::default().bearer(true));
    let good = token_of(&world).await;
    world.operations();
    let good = good.as_bytes();
    let of_length =
        |length: usize| -> Vec<u8> { good.iter().copied().cycle().take(length).collect() };
    let mut values: Vec<Vec<u8>> = [0, 1, 22, 63, 65, 86, 128, 8 * 1024].map(of_length).into();
    for byte in *b"\"',\\=+/% .~\t\x7f\x80\xff" {
        for place in [0, 31, 63] {
            let mut value = good.to_vec();
            value[place] = byte;
            values.push(value);
        }
    }
    values.push([b"\"", good, b"\""].concat());
    values.push([good, b"="].concat());
    values.push("\u{ff41}".repeat(64).into_bytes());
    for value in values {
        let fields: [(&str, Vec<u8>); 3] = [
            ("cookie", [b"__Host-session=", &*value].concat()),
            ("cookie", [b"__Host-anon=", &*value].concat()),
            ("authorization", [b"Bearer ", &*value].concat()),
        ];
        for (name, field) in fields {
            // Some octets are none of HTTP, so that no server hands them on.
            if HeaderValue::from_bytes(&field).is_err() {
                continue;
            }
            let answer = who(&site, &[(name, &field)]).await;
            let shown = field.escape_ascii();
            assert_eq!(
                (answer.as_str(), world.operations()),
                ("nobody", vec![]),
                "{shown}"
            );
        }
    }
    assert_eq!(
        who(&site, &[("cookie", &[b"__Host-session=", good].concat())]).await,
        "alice"
    );
    assert_eq!(world.operations(), [StoreOperation::Load]);
}

/// SES-22: NUL and line ends are refused by the types of HTTP, and by ours as well.
#[tokio::test]
async fn octets_that_end_lines_are_no_token() {
    let world = World::new();
    let good = token_of(&world).await;
    for octet in *b"\0\r\n" {
        for place in 0..64 {
            let mut value = good.clone().into_bytes();
            value[place] = octet;
            assert!(HeaderValue::from_bytes(&value).is_err());
            assert!(SessionToken::parse(&value).is_err());
        }
    }
    let split = [good.as_bytes(), b"\r\nx: y"].concat();
    assert!(SessionToken::parse(&split).is_err());
}

/// SES-25: a token counts in the carrier that is configured, and nowhere else.
#[tokio::test]
async fn a_token_outside_of_its_carrier_is_ignored() {
    let world = World::new();
    let token = token_of(&world).await;
    let site = site(&world, TransportConfig::default());
    world.operations();
    let cookie = |name: &str| format!("{name}={token}");
    let bearer = format!("Bearer {token}");
    let path = format!("/who?sid={token}&session={token}&__Host-session={token}");
    let body = format!("sid={token}&__Host-session={token}");
    let other_fields = [
        ("authorization", bearer.clone()),
        ("session-token", token.clone()),
        ("x-session", token.clone()),
        ("cookie2", cookie("__Host-session")),
        ("referer", format!("https://example.org/?sid={token}")),
        ("cookie", cookie("session")),
        ("cookie", cookie("__host-session")),
        ("cookie", cookie("__HOST-SESSION")),
        ("cookie", cookie("__Secure-session")),
        ("cookie", format!("x=__Host-session={token}")),
    ];
    for (name, value) in &other_fields {
        let fields = [
            (*name, value.as_bytes()),
            ("content-type", b"application/x-www-form-urlencoded"),
        ];
        let response = send(&site, "POST", &path, &fields, &body).await;
        assert_eq!(text(response).await, "nobody", "{name}");
        assert_eq!(world.operations(), [], "{name}");
    }
    assert_eq!(
        who(&site, &[("cookie", cookie("__Host-session").as_bytes())]).await,
        "alice"
    );
}

/// SES-29: of a hundred wrong tokens in a minute, each event tells the network that it came from,
/// and one tells that they are many.
#[tokio::test]
async fn a_hundred_wrong_tokens_are_a_hundred_events_with_their_source() {
    let (world, witness) = witnessed();
    let site = site(&world, TransportConfig::default());
    let source = Network::of(PEER.parse().unwrap());
    let unknown = [b"__Host-session=".as_slice(), &[b'A'; 64]].concat();
    for (value, kind) in [
        (unknown.as_slice(), EventKind::Unknown),
        (
            b"__Host-session=garbage",
            EventKind::Refused(RefusedToken::Malformed),
        ),
    ] {
        for _ in 0..100 {
            who(&site, &[("cookie", value)]).await;
        }
        let told: Vec<_> = witness
            .take()
            .into_iter()
            .map(|event| (event.kind, event.client.and_then(|client| client.network())))
            .collect();
        let many = (EventKind::ManyUnknown { count: 100 }, Some(source));
        let (of_all, of_each): (Vec<_>, Vec<_>) = told.into_iter().partition(|told| *told == many);
        assert_eq!(of_each, vec![(kind, Some(source)); 100]);
        assert_eq!(of_all.len(), usize::from(value == unknown.as_slice()));
    }
}

/// SES-34: over plain http, as the proxy says, a token is ignored wherever it is, and told.
#[tokio::test]
async fn a_token_over_plain_http_is_ignored_and_told() {
    let world = World::new();
    let token = token_of(&world).await;
    let transport = TransportConfig::default()
        .bearer(true)
        .trusted_proxies(PEER.parse().unwrap());
    let site = site(&world, transport);
    let (cookie, anonymous) = (
        format!("__Host-session={token}"),
        format!("__Host-anon={token}"),
    );
    let bearer = format!("Bearer {token}");
    world.operations();
    world.events.take();
    for (name, value) in [
        ("cookie", &cookie),
        ("cookie", &anonymous),
        ("authorization", &bearer),
    ] {
        let fields = [(name, value.as_bytes()), ("x-forwarded-proto", b"http")];
        assert_eq!(who(&site, &fields).await, "nobody", "{name}");
        assert_eq!(world.operations(), [], "{name}");
        assert_eq!(
            world.events.take(),
            [EventKind::Refused(RefusedToken::Insecure)],
            "{name}"
        );
    }
    let fields = [
        ("cookie", cookie.as_bytes()),
        ("x-forwarded-proto", b"https"),
    ];
    assert_eq!(who(&site, &fields).await, "alice");
}

/// SES-34: no token goes out in clear, wherever the client would keep it.
#[tokio::test]
async fn no_token_goes_out_over_plain_http() {
    let world = World::new();
    let transport = TransportConfig::default()
        .bearer(true)
        .trusted_proxies(PEER.parse().unwrap());
    let site = site(&world, transport);
    for (scheme, expected) in [("http", 0), ("https", 1)] {
        for carrier in ["session-token", "accept"] {
            let fields: [(&str, &[u8]); 2] =
                [("x-forwarded-proto", scheme.as_bytes()), (carrier, b"*/*")];
            let response = send(&site, "POST", "/login", &fields, "").await;
            assert_eq!(response.status(), 200);
            let headers = response.headers();
            let tokens = headers.get_all("set-cookie").iter().count()
                + headers.get_all("session-token").iter().count();
            assert_eq!(tokens, expected, "{scheme} {carrier}");
        }
    }
}
