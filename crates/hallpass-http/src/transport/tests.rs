mod accounts;
mod quiet;

use std::time::Duration;

use super::*;
use crate::cookie::CookieConfig;

const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODwAAAAAQERITFBUWFxgZGhscHR4fICEiIyQlJicoKSor";
const OTHER: &str = "AAECAwQFBgcICQoLDA0ODwAAAAEQERITFBUWFxgZGhscHR4fICEiIyQlJicoKSor";

fn token(text: &str) -> SessionToken {
    SessionToken::parse(text.as_bytes()).unwrap()
}

fn request(fields: &[(HeaderName, &str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn cookie(value: &str) -> (HeaderName, &str) {
    (header::COOKIE, value)
}

fn authorization(value: &str) -> (HeaderName, &str) {
    (header::AUTHORIZATION, value)
}

fn both() -> Transport {
    TransportConfig::default().bearer(true).build().unwrap()
}

#[test]
fn each_cookie_goes_into_its_own_place() {
    let text = format!("__Host-session={TOKEN}; __Host-anon={OTHER}");
    let incoming = both().read(None, &Method::GET, "/", &request(&[cookie(&text)]));
    assert_eq!(incoming.presented.session, Some(token(TOKEN)));
    assert_eq!(incoming.presented.anonymous, Some(token(OTHER)));
    assert_eq!(incoming.carrier, Carrier::Cookie);
}

#[test]
fn a_well_formed_token_in_the_header_is_the_only_one_looked_at() {
    let cookies = format!("__Host-session={OTHER}");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let text = format!("{scheme} {TOKEN}");
        let incoming = both().read(
            None,
            &Method::GET,
            "/",
            &request(&[cookie(&cookies), authorization(&text)]),
        );
        assert_eq!(incoming.presented.either, Some(token(TOKEN)));
        assert_eq!(incoming.presented.session, None);
        assert_eq!(incoming.carrier, Carrier::Header);
    }
}

#[test]
fn somebody_elses_credentials_are_left_alone() {
    let cookies = format!("__Host-session={TOKEN}");
    for text in [
        "Basic dTpw",
        "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
        "Bearer",
        "",
    ] {
        let incoming = both().read(
            None,
            &Method::GET,
            "/",
            &request(&[cookie(&cookies), authorization(text)]),
        );
        assert_eq!(incoming.presented.session, Some(token(TOKEN)), "{text}");
        assert_eq!(incoming.presented.refused, [], "{text}");
    }
    let glued = format!("Bearer{TOKEN}");
    assert_eq!(
        both()
            .read(None, &Method::GET, "/", &request(&[authorization(&glued)]))
            .presented
            .either,
        None
    );
}

/// SES-25.
#[test]
fn a_carrier_that_is_off_carries_nothing() {
    let bearer = format!("Bearer {TOKEN}");
    let cookies = format!("__Host-session={TOKEN}");
    let headers = request(&[cookie(&cookies), authorization(&bearer)]);
    let only_cookies =
        TransportConfig::default()
            .build()
            .unwrap()
            .read(None, &Method::GET, "/", &headers);
    assert_eq!(only_cookies.presented.either, None);
    assert_eq!(only_cookies.presented.session, Some(token(TOKEN)));
    let only_header = TransportConfig::default()
        .no_cookies()
        .bearer(true)
        .build()
        .unwrap();
    let headers = request(&[cookie(&cookies)]);
    assert_eq!(
        only_header
            .read(None, &Method::GET, "/", &headers)
            .presented
            .session,
        None
    );
}

/// Race 35 and CK-14, and hostile values: each is refused with its reason.
#[test]
fn what_is_not_one_token_is_refused_with_its_reason() {
    let twice = format!("__Host-session={TOKEN}; __Host-session={OTHER}");
    let again = format!("__Host-session={TOKEN}; __Host-session={TOKEN}");
    let huge = format!("__Host-session={TOKEN}; x={}", "y".repeat(64 * 1024));
    for (text, reason) in [
        (twice.as_str(), RefusedToken::Ambiguous),
        (again.as_str(), RefusedToken::Ambiguous),
        (huge.as_str(), RefusedToken::Oversized),
        ("__Host-session=", RefusedToken::Malformed),
        ("__Host-session=garbage", RefusedToken::Malformed),
    ] {
        let incoming = both().read(None, &Method::GET, "/", &request(&[cookie(text)]));
        assert_eq!(incoming.presented.session, None);
        assert!(incoming.presented.refused.contains(&reason), "{reason:?}");
    }
}

/// SES-34: a proxy that is trusted says that the client came over plain http.
#[test]
fn cookies_over_plain_http_are_refused() {
    let transport = TransportConfig::default()
        .trusted_proxies("127.0.0.1".parse().unwrap())
        .build()
        .unwrap();
    let text = format!("__Host-session={TOKEN}");
    let proto = HeaderName::from_static("x-forwarded-proto");
    let peer = "127.0.0.1".parse().ok();
    let plain = request(&[cookie(&text), (proto.clone(), "http")]);
    let incoming = transport.read(peer, &Method::GET, "/", &plain);
    assert_eq!(incoming.presented.session, None);
    assert_eq!(incoming.presented.refused, [RefusedToken::Insecure]);
    let encrypted = request(&[cookie(&text), (proto, "https")]);
    assert_eq!(
        transport
            .read(peer, &Method::GET, "/", &encrypted)
            .presented
            .session,
        Some(token(TOKEN))
    );
}

#[test]
fn a_token_goes_back_where_it_came_from() {
    let mut delivery = Delivery::default();
    delivery.session = Instruction::Set {
        token: token(TOKEN),
        max_age: None,
    };
    delivery.anonymous = Instruction::Remove;
    let mut answer = HeaderMap::new();
    both()
        .deliver(
            Carrier::Cookie,
            &delivery,
            Timestamp::default(),
            &mut answer,
        )
        .unwrap();
    let cookies: Vec<_> = answer.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(
        cookies,
        [
            &format!("__Host-session={TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax"),
            "__Host-anon=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; \
             HttpOnly; SameSite=Lax",
        ]
    );
    assert_eq!(answer.get(header::CACHE_CONTROL).unwrap(), "no-store");

    let mut answer = HeaderMap::new();
    both()
        .deliver(
            Carrier::Header,
            &delivery,
            Timestamp::default(),
            &mut answer,
        )
        .unwrap();
    assert_eq!(answer.get(SESSION_TOKEN).unwrap(), TOKEN);
    assert_eq!(answer.get(header::SET_COOKIE), None);
    assert_eq!(answer.get(header::CACHE_CONTROL).unwrap(), "no-store");
}

#[test]
fn nothing_to_deliver_writes_nothing() {
    let mut answer = HeaderMap::new();
    let delivery = Delivery::default();
    both()
        .deliver(
            Carrier::Cookie,
            &delivery,
            Timestamp::default(),
            &mut answer,
        )
        .unwrap();
    assert!(answer.is_empty());
}

/// CK-10.
#[test]
fn a_cookie_lives_four_hundred_days_at_the_most() {
    let mut delivery = Delivery::default();
    let max_age = Some(Duration::from_secs(500 * 86_400));
    delivery.session = Instruction::Set {
        token: token(TOKEN),
        max_age,
    };
    let mut answer = HeaderMap::new();
    both()
        .deliver(
            Carrier::Cookie,
            &delivery,
            Timestamp::default(),
            &mut answer,
        )
        .unwrap();
    let text = answer.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(text.contains("Max-Age=34560000;"), "{text}");
}

#[test]
fn the_browser_forgets_at_logout_if_that_is_configured() {
    let clear = ClearSiteData::default().cache();
    let transport = TransportConfig::default()
        .clear_site_data_on_logout(clear)
        .build()
        .unwrap();
    let mut delivery = Delivery::default();
    let mut answer = HeaderMap::new();
    transport
        .deliver(
            Carrier::Cookie,
            &delivery,
            Timestamp::default(),
            &mut answer,
        )
        .unwrap();
    assert!(answer.is_empty());
    delivery.logged_out = true;
    transport
        .deliver(
            Carrier::Cookie,
            &delivery,
            Timestamp::default(),
            &mut answer,
        )
        .unwrap();
    assert_eq!(answer.get("clear-site-data").unwrap(), "\"cache\"");
}

#[test]
fn a_transport_without_a_carrier_or_with_a_foreign_page_is_refused() {
    assert_eq!(
        TransportConfig::default().no_cookies().build().unwrap_err(),
        TransportError::NoCarrier
    );
    for wrong in [
        "",
        "login",
        "//evil.example",
        "https://evil.example/",
        "/a\r\nb",
        "/ ",
    ] {
        assert_eq!(
            TransportConfig::default()
                .login_page(wrong)
                .build()
                .unwrap_err(),
            TransportError::InvalidPage {
                field: "login_page"
            },
            "{wrong}"
        );
    }
    let names = CookieConfig::default()
        .session_name("x")
        .anonymous_name("y");
    assert!(matches!(
        TransportConfig::default().cookies(names).build(),
        Err(TransportError::Cookie(_))
    ));
}

/// A client that keeps no cookies says so before it has a token.
#[test]
fn a_client_without_cookies_asks_for_its_first_token_in_the_header() {
    let asks = request(&[(SESSION_TOKEN, "?")]);
    assert_eq!(
        both().read(None, &Method::GET, "/", &asks).carrier,
        Carrier::Header
    );
    assert_eq!(
        both()
            .read(None, &Method::GET, "/", &HeaderMap::new())
            .carrier,
        Carrier::Cookie
    );
    let only_cookies = TransportConfig::default().build().unwrap();
    assert_eq!(
        only_cookies.read(None, &Method::GET, "/", &asks).carrier,
        Carrier::Cookie
    );
}

/// SES-34.
#[test]
fn a_bearer_token_over_plain_http_is_refused() {
    let transport = TransportConfig::default()
        .bearer(true)
        .trusted_proxies("127.0.0.1".parse().unwrap())
        .build()
        .unwrap();
    let bearer = format!("Bearer {TOKEN}");
    let proto = HeaderName::from_static("x-forwarded-proto");
    let headers = request(&[authorization(&bearer), (proto, "http")]);
    let incoming = transport.read("127.0.0.1".parse().ok(), &Method::GET, "/", &headers);
    assert_eq!(incoming.presented.either, None);
    assert_eq!(incoming.presented.refused, [RefusedToken::Insecure]);
}

/// What is there is removed at logout, also where it is no token or more than one.
#[test]
fn a_place_that_holds_something_is_told_from_an_empty_one() {
    let twice = format!("__Host-session={TOKEN}; __Host-session={OTHER}");
    for text in [twice.as_str(), "__Host-session=garbage"] {
        let presented = both()
            .read(None, &Method::GET, "/", &request(&[cookie(text)]))
            .presented;
        assert_eq!(
            (presented.held_session, presented.held_anonymous),
            (true, false),
            "{text}"
        );
    }
}
