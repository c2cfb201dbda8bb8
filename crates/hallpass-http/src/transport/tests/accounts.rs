//! Several accounts in one browser: each has its cookie, and no answer touches that of another.

use super::*;
use crate::clear_site_data::ClearSiteData;

fn by_path() -> TransportConfig {
    TransportConfig::default().accounts(Accounts::by_path(3, "/u"))
}

fn three() -> HeaderMap {
    let text = format!("__Host-session={TOKEN}; __Host-session-1={OTHER}; __Host-anon={TOKEN}");
    request(&[cookie(&text)])
}

fn read(transport: &Transport, path: &str, headers: &HeaderMap) -> Incoming {
    transport.read(None, &Method::GET, path, headers)
}

fn delivered(transport: &Transport, carrier: Carrier, delivery: &Delivery) -> HeaderMap {
    let mut answer = HeaderMap::new();
    let now = Timestamp::default();
    transport
        .deliver(carrier, delivery, now, &mut answer)
        .unwrap();
    answer
}

/// What an answer does to which cookie.
fn touched(answer: &HeaderMap) -> Vec<String> {
    let cookies = answer.get_all(header::SET_COOKIE).iter();
    let names = cookies.map(|cookie| {
        let text = cookie.to_str().unwrap();
        let (name, rest) = text.split_once('=').unwrap();
        let what = if rest.starts_with(';') { "-" } else { "+" };
        format!("{what}{name}")
    });
    names.collect()
}

fn logout() -> Delivery {
    let mut delivery = Delivery::default();
    delivery.session = Instruction::Remove;
    delivery.anonymous = Instruction::Remove;
    delivery.logged_out = true;
    delivery
}

fn cleared(answer: &HeaderMap) -> Option<&str> {
    answer
        .get("clear-site-data")
        .map(|value| value.to_str().unwrap())
}

/// CK-16: which account it is, is all that the choice changes.
#[test]
fn the_path_chooses_whose_cookie_is_read() {
    let transport = by_path().build().unwrap();
    for (path, expected, number) in [
        ("/inbox", Some(TOKEN), 0),
        ("/u/0/inbox", Some(TOKEN), 0),
        ("/u/1/inbox", Some(OTHER), 1),
        ("/u/2/inbox", None, 2),
    ] {
        let incoming = read(&transport, path, &three());
        assert_eq!(incoming.presented.session, expected.map(token), "{path}");
        assert_eq!(
            incoming.presented.anonymous,
            Some(token(TOKEN)),
            "one for all"
        );
        let Carrier::Account(account) = incoming.carrier else {
            panic!("{path}: {:?}", incoming.carrier)
        };
        assert_eq!(account.number(), number, "{path}");
    }
}

#[test]
fn an_account_that_there_is_not_is_nobody() {
    let transport = by_path()
        .clear_site_data_on_logout(ClearSiteData::on_logout())
        .build()
        .unwrap();
    for path in ["/u/3/inbox", "/u/01/inbox", "/u/x", "/u"] {
        let Incoming {
            presented, carrier, ..
        } = read(&transport, path, &three());
        assert_eq!((presented.session, presented.anonymous), (None, None));
        assert!(!presented.held_session && !presented.held_anonymous);
        assert_eq!(presented.refused, [RefusedToken::NoAccount]);
        let answer = delivered(&transport, carrier, &logout());
        assert!(touched(&answer).is_empty(), "{path}");
        assert_eq!(cleared(&answer), Some(r#""cache", "storage""#), "{path}");
    }
}

#[test]
fn an_answer_touches_the_cookie_of_its_account_alone() {
    let transport = by_path().build().unwrap();
    for (path, name) in [
        ("/", "__Host-session"),
        ("/u/1/", "__Host-session-1"),
        ("/u/2/", "__Host-session-2"),
    ] {
        let carrier = read(&transport, path, &three()).carrier;
        let mut login = Delivery::default();
        login.session = Instruction::Set {
            token: token(TOKEN),
            max_age: None,
        };
        let answer = delivered(&transport, carrier, &login);
        assert_eq!(touched(&answer), [format!("+{name}")]);
        let flags = answer.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        assert!(flags.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));
        let answer = delivered(&transport, carrier, &logout());
        assert_eq!(
            touched(&answer),
            [format!("-{name}"), "-__Host-anon".to_owned()]
        );
    }
}

/// `"cookies"` takes those of all accounts, so only the last one may send it.
#[test]
fn a_logout_clears_all_cookies_only_with_the_last_account() {
    let all = r#""cache", "cookies", "storage""#;
    let others = r#""cache", "storage""#;
    let transport = by_path()
        .bearer(true)
        .clear_site_data_on_logout(ClearSiteData::on_logout())
        .build()
        .unwrap();
    let alone = format!("__Host-session-1={OTHER}; __Host-anon={TOKEN}");
    let alone = request(&[cookie(&alone)]);
    let unreadable = request(&[cookie("__Host-session-1=x; __Host-session=garbage")]);
    let bearer = format!("Bearer {TOKEN}");
    let bearer = request(&[authorization(&bearer)]);
    for (headers, expected) in [
        (&alone, all),
        (&three(), others),
        // As a form of another site sends it: what the browser holds is not known.
        (&request(&[]), others),
        (&unreadable, others),
        (&bearer, others),
    ] {
        let carrier = read(&transport, "/u/1/logout", headers).carrier;
        let answer = delivered(&transport, carrier, &logout());
        assert_eq!(cleared(&answer), Some(expected));
    }
}

#[test]
fn a_header_chooses_whose_cookie_is_read_and_caches_know() {
    let name = HeaderName::from_static("x-account");
    let transport = TransportConfig::default()
        .accounts(Accounts::by_header(2, name.clone()))
        .build()
        .unwrap();
    let text = format!("__Host-session={TOKEN}; __Host-session-1={OTHER}");
    let headers = request(&[cookie(&text), (name, "1")]);
    let incoming = read(&transport, "/u/0/inbox", &headers);
    assert_eq!(incoming.presented.session, Some(token(OTHER)));
    let mut answer = HeaderMap::new();
    transport.mark_read(&mut answer);
    let vary: Vec<_> = answer.get_all(header::VARY).iter().collect();
    assert!(format!("{vary:?}").contains("x-account"), "{vary:?}");
}

/// For a page that lets the user choose: looking is no activity.
#[test]
fn all_accounts_of_a_browser_are_listed() {
    let transport = by_path().build().unwrap();
    let listed = transport.presented_accounts(None, &three());
    let listed: Vec<_> = listed
        .into_iter()
        .map(|incoming| {
            let Carrier::Account(account) = incoming.carrier else {
                panic!("{:?}", incoming.carrier)
            };
            let Presented {
                session,
                anonymous,
                no_touch,
                ..
            } = incoming.presented;
            (account.number(), session, anonymous, no_touch)
        })
        .collect();
    let expected = [
        (0, Some(token(TOKEN)), None, true),
        (1, Some(token(OTHER)), None, true),
    ];
    assert_eq!(listed, expected);
    assert_eq!(transport.free_account(&three()), Some(2));
    let full = "__Host-session=a; __Host-session-1=b; __Host-session-2=c";
    assert_eq!(transport.free_account(&request(&[cookie(full)])), None);
    assert_eq!(transport.free_account(&HeaderMap::new()), Some(0));
}

/// SES-34.
#[test]
fn no_account_is_listed_over_plain_http() {
    let transport = by_path()
        .trusted_proxies("127.0.0.1".parse().unwrap())
        .build()
        .unwrap();
    let mut headers = three();
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    let listed = transport.presented_accounts("127.0.0.1".parse().ok(), &headers);
    assert!(listed.is_empty(), "{listed:?}");
}

#[test]
fn without_the_option_there_is_one_account() {
    let transport = TransportConfig::default().build().unwrap();
    let incoming = read(&transport, "/u/1/inbox", &three());
    assert_eq!(incoming.presented.session, Some(token(TOKEN)));
    assert_eq!(incoming.carrier, Carrier::Cookie);
    assert_eq!(transport.presented_accounts(None, &three()).len(), 1);
}

#[test]
fn accounts_that_do_not_fit_the_rest_are_refused() {
    let refused = |config: TransportConfig| config.build().unwrap_err();
    let accounts = || Accounts::by_path(2, "/u");
    assert_eq!(
        refused(
            TransportConfig::default()
                .no_cookies()
                .bearer(true)
                .accounts(accounts())
        ),
        TransportError::AccountsWithoutCookies
    );
    assert_eq!(
        refused(TransportConfig::default().accounts(Accounts::by_path(1, "/u"))),
        TransportError::AccountCount
    );
    let meeting = CookieConfig::default()
        .session_name("__Host-s")
        .anonymous_name("__Host-S-1");
    assert_eq!(
        refused(
            TransportConfig::default()
                .cookies(meeting)
                .accounts(accounts())
        ),
        TransportError::Cookie(CookieError::NamesEqual)
    );
}
