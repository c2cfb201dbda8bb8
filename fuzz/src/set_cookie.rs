//! The cookies that any configuration writes.

mod date;
mod grammar;
mod settings;

use std::time::Duration;
use std::time::SystemTime;

use hallpass_core::Delivery;
use hallpass_core::Instruction;
use hallpass_core::SessionToken;
use hallpass_http::Carrier;
use hallpass_http::CookieTemplate;
use hallpass_http::Found;
use hallpass_http::SameSite;
use hallpass_http::TransportConfig;
use http::HeaderMap;
use http::HeaderValue;
use http::header;

use self::date::imf_fixdate;
use self::grammar::SetCookie;
use self::settings::Settings;

/// Builds cookies from any settings, and writes and removes them.
///
/// # Panics
///
/// Where a configuration is taken or refused otherwise than the rules say, or where a `Set-Cookie`
/// is outside of the grammar, says something that nobody asked for, or would leave the cookie of a
/// removal where it is.
pub fn set_cookie(bytes: &[u8]) {
    let settings = Settings::of(bytes);
    let built = settings.config().build();
    let refusal = built.as_ref().err();
    assert_eq!(refusal.is_none(), settings.is_valid(), "{refusal:?}");
    let (Ok(cookies), Some(now)) = (built, settings.now()) else {
        return;
    };
    assert_eq!(cookies.session().name(), settings.session_name());
    assert_eq!(cookies.anonymous().name(), settings.anonymous_name());
    for template in [cookies.session(), cookies.anonymous()] {
        check_removal(&settings, template);
        check_cookie(&settings, template, now);
    }
    check_delivery(&settings, now);
}

fn check_removal(settings: &Settings, template: &CookieTemplate) {
    let cookie = parsed(&template.remove());
    assert_eq!(cookie.name, template.name());
    assert_eq!(cookie.value, "");
    assert_eq!(cookie.get("Max-Age"), Some("0"));
    assert_eq!(cookie.get("Expires"), Some(imf_fixdate(0).as_str()));
    check_scope(settings, &cookie);
}

fn check_cookie(settings: &Settings, template: &CookieTemplate, now: SystemTime) {
    let value = settings.value.as_str();
    let max_age = settings.max_age.map(Duration::from_secs);
    let fits = !value.is_empty()
        && value
            .chars()
            .all(|c| c.is_ascii_graphic() && !"\",;\\".contains(c))
        && template.name().len() + value.len() <= 4096;
    let written = template.set(value, max_age, now);
    assert_eq!(written.is_ok(), fits, "{written:?}");
    let Ok(field) = written else {
        return;
    };
    assert!(field.is_sensitive(), "the value must stay out of logs");

    let cookie = parsed(&field);
    assert_eq!(cookie.name, template.name());
    assert_eq!(cookie.value, value);
    check_scope(settings, &cookie);
    check_lifetime(settings, &cookie);
    let removal = parsed(&template.remove());
    assert_eq!(removal.scope(), cookie.scope(), "the removal misses it");

    let mut request = HeaderMap::new();
    let sent = HeaderValue::try_from(format!("{}={}", cookie.name, cookie.value));
    request.extend(sent.ok().map(|sent| (header::COOKIE, sent)));
    let found = template.find(&request);
    assert!(
        matches!(found, Found::One(read) if read == value.as_bytes()),
        "a browser sends it back, and it reads as {found:?}"
    );
}

fn check_lifetime(settings: &Settings, cookie: &SetCookie) {
    let seconds = settings.max_age.map(|seconds| seconds.clamp(1, 34_560_000));
    let max_age = seconds.map(|seconds| seconds.to_string());
    let expires =
        seconds.map(|seconds| imf_fixdate(settings.now_seconds().saturating_add(seconds)));
    assert_eq!(cookie.get("Max-Age"), max_age.as_deref());
    assert_eq!(cookie.get("Expires"), expires.as_deref());
}

/// Everything that was asked for is there, and nothing else.
fn check_scope(settings: &Settings, cookie: &SetCookie) {
    let same_site = match settings.same_site {
        None | Some(SameSite::Lax) => "Lax",
        Some(SameSite::None) => "None",
        Some(SameSite::Strict) => "Strict",
    };
    let mut expected = vec![
        ("HttpOnly", None),
        ("Path", Some(settings.path.as_deref().unwrap_or("/"))),
        ("SameSite", Some(same_site)),
    ];
    expected.extend(
        settings
            .domain
            .as_deref()
            .map(|domain| ("Domain", Some(domain))),
    );
    expected.extend((!settings.insecure).then_some(("Secure", None)));
    expected.extend(settings.partitioned.then_some(("Partitioned", None)));
    expected.sort_unstable();
    let mut scope: Vec<_> = cookie
        .scope()
        .into_iter()
        .map(|(name, value)| (name.as_str(), value.as_deref()))
        .collect();
    scope.sort_unstable();
    assert_eq!(scope, expected);
}

/// A token goes to the browser and comes back, whatever the configuration.
fn check_delivery(settings: &Settings, now: SystemTime) {
    let config = TransportConfig::default().cookies(settings.config());
    let (Ok(transport), Ok(token)) = (config.build(), SessionToken::parse(TOKEN)) else {
        return;
    };
    let mut delivery = Delivery::default();
    delivery.session = Instruction::Set {
        token: token.clone(),
        max_age: settings.max_age.map(Duration::from_secs),
    };
    delivery.anonymous = Instruction::Remove;
    let mut answer = HeaderMap::new();
    let delivered = transport.deliver(Carrier::Cookie, &delivery, now.into(), &mut answer);
    assert_eq!(delivered, Ok(()), "a token always fits");

    let cookies: Vec<_> = answer
        .get_all(header::SET_COOKIE)
        .iter()
        .map(parsed)
        .collect();
    let [session, anonymous] = cookies.as_slice() else {
        unreachable!("two cookies were delivered: {cookies:?}");
    };
    assert_eq!(session.value.as_bytes(), TOKEN);
    assert_eq!(anonymous.get("Max-Age"), Some("0"));
    let mut request = HeaderMap::new();
    let sent = HeaderValue::try_from(format!("{}={}", session.name, session.value));
    request.extend(sent.ok().map(|sent| (header::COOKIE, sent)));
    let read = transport
        .read(None, &http::Method::GET, "/", &request)
        .presented
        .session;
    assert_eq!(read, Some(token));
}

#[track_caller]
fn parsed(field: &HeaderValue) -> SetCookie {
    let parsed = SetCookie::parse(field.as_bytes());
    assert!(parsed.is_ok(), "{parsed:?} in {}", shown(field));
    parsed.unwrap_or_else(|_| unreachable!("checked above"))
}

fn shown(field: &HeaderValue) -> String {
    field.as_bytes().escape_ascii().to_string()
}

const TOKEN: &[u8] = b"-_ECAwQFBgcICQoLDA0ODwAAAAMQERITFBUWFxgZGhscHR4fICEiIyQlJicoKSor";
