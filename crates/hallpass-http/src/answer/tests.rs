use std::time::Duration;

use hallpass_core::AcrMap;
use hallpass_core::AssuranceLevel;
use hallpass_core::DataError;

use super::*;
use crate::return_to::ReturnTo;
use crate::transport::TransportConfig;
use crate::transport::TransportError;

const LOGIN: Unmet = Unmet::NotLoggedIn { locked: false };
const LOCKED: Unmet = Unmet::NotLoggedIn { locked: true };
const RECENT: Unmet = Unmet::StepUp {
    level: None,
    max_age: Some(Duration::from_secs(5)),
};
const STRONG: Unmet = Unmet::StepUp {
    level: Some(AssuranceLevel::Aal2),
    max_age: None,
};
const BOTH: Unmet = Unmet::StepUp {
    level: Some(AssuranceLevel::Aal2),
    max_age: Some(Duration::from_secs(300)),
};
const ADMIN: Unmet = Unmet::Right { right: "admin" };

fn acr() -> AcrMap {
    AcrMap::new([
        ("urn:gold", AssuranceLevel::Aal3),
        ("my\"ACR", AssuranceLevel::Aal2),
        ("urn:gold", AssuranceLevel::Aal2),
        ("pwd", AssuranceLevel::Aal1),
    ])
}

fn answers(config: TransportConfig) -> Answers {
    config.build().unwrap().answers
}

fn pages() -> TransportConfig {
    TransportConfig::default()
        .login_page("/login")
        .step_up_page("/confirm?by=otp")
        .acr(acr())
}

fn page_at(path: &str) -> Asker {
    Asker {
        page: Some(ReturnTo::parse(path)),
        has_origin: false,
    }
}

/// The status and the headers, in order.
fn told(answer: &Answer) -> (u16, Vec<(&str, &str)>) {
    let fields = answer.headers().iter();
    let fields = fields.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    (answer.status().as_u16(), fields.collect())
}

/// SU-01.
#[test]
fn a_program_is_challenged_with_what_suffices() {
    let answers = answers(TransportConfig::default().acr(acr()));
    for (unmet, status, challenge) in [
        (LOGIN, 401, "Bearer"),
        (
            LOCKED,
            401,
            "Bearer error=\"insufficient_user_authentication\", error_description=\"The session is \
             locked, and one factor reopens it\"",
        ),
        (
            RECENT,
            401,
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A more recent \
             authentication is required\", max_age=\"5\"",
        ),
        (
            STRONG,
            401,
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A stronger \
             authentication is required\", acr_values=\"urn:gold my\\\"ACR\"",
        ),
        (
            BOTH,
            401,
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A stronger or \
             more recent authentication is required\", acr_values=\"urn:gold my\\\"ACR\", \
             max_age=\"300\"",
        ),
        (
            ADMIN,
            403,
            "Bearer error=\"insufficient_scope\", error_description=\"An elevation is required\", \
             scope=\"admin\"",
        ),
    ] {
        let answer = Answer::to(&Refusal::from(unmet), &answers, &Asker::default());
        assert_eq!(
            told(&answer),
            (status, vec![("www-authenticate", challenge)])
        );
        assert_eq!(answer.text(), None);
    }
}

/// SU-02.
#[test]
fn a_challenge_names_realm_and_scope_where_they_are_configured() {
    let config = TransportConfig::default()
        .realm("the \"bank\"")
        .scope("read pay");
    let answers = answers(config);
    for (unmet, challenge) in [
        (LOGIN, "Bearer realm=\"the \\\"bank\\\"\""),
        (
            RECENT,
            "Bearer realm=\"the \\\"bank\\\"\", error=\"insufficient_user_authentication\", \
             error_description=\"A more recent authentication is required\", max_age=\"5\", \
             scope=\"read pay\"",
        ),
    ] {
        let answer = Answer::to(&Refusal::from(unmet), &answers, &Asker::default());
        assert_eq!(told(&answer), (401, vec![("www-authenticate", challenge)]));
    }
}

/// SU-02.
#[test]
fn a_script_of_another_origin_may_read_the_challenge() {
    let script = Asker {
        page: None,
        has_origin: true,
    };
    let answer = Answer::to(&Refusal::from(LOGIN), &Answers::default(), &script);
    let expected = vec![
        ("www-authenticate", "Bearer"),
        ("access-control-expose-headers", "WWW-Authenticate"),
    ];
    assert_eq!(told(&answer), (401, expected));
}

/// SU-06.
#[test]
fn a_page_is_sent_to_where_its_user_can_do_something_and_back() {
    let answers = answers(pages());
    for (unmet, from, location) in [
        (LOGIN, "/a", "/login?return_to=/a&reason=login"),
        (
            LOGIN,
            "/a?b=c&d=%20/#e",
            "/login?return_to=/a%3Fb%3Dc%26d%3D%2520/%23e&reason=login",
        ),
        (LOGIN, "", "/login?reason=login"),
        (LOGIN, "/login?return_to=/a", "/login?reason=login"),
        (LOGIN, "/login/", "/login?return_to=/login/&reason=login"),
        (LOCKED, "/a", "/confirm?by=otp&return_to=/a&reason=locked"),
        (LOCKED, "/confirm", "/confirm?by=otp&reason=locked"),
        (
            RECENT,
            "/a",
            "/confirm?by=otp&return_to=/a&reason=step_up&max_age=5",
        ),
        (
            BOTH,
            "",
            "/confirm?by=otp&reason=step_up&max_age=300&acr_values=urn%3Agold%20my%22ACR",
        ),
        (ADMIN, "/a", "/confirm?by=otp&return_to=/a&reason=elevate"),
    ] {
        let answer = Answer::to(&Refusal::from(unmet), &answers, &page_at(from));
        assert_eq!(told(&answer), (303, vec![("location", location)]));
    }
}

#[test]
fn a_page_that_no_configured_page_helps_is_told_as_a_program_is() {
    let login = || answers(TransportConfig::default().login_page("/login"));
    let step_up = || answers(TransportConfig::default().step_up_page("/confirm"));
    let page = page_at("/a");
    for (unmet, answers, status) in [
        (LOGIN, Answers::default(), 401),
        (LOGIN, step_up(), 401),
        (RECENT, login(), 401),
        (ADMIN, login(), 403),
        (Unmet::Impersonated, answers(pages()), 403),
    ] {
        let answer = Answer::to(&Refusal::from(unmet), &answers, &page);
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().get("location"), None);
    }
    let answer = Answer::to(&Refusal::from(LOCKED), &login(), &page);
    let location = vec![("location", "/login?return_to=/a&reason=locked")];
    assert_eq!(told(&answer), (303, location));
}

#[test]
fn nobody_is_challenged_where_no_authentication_helps() {
    let answer = Refusal::from(Unmet::Impersonated).answer();
    assert_eq!(told(&answer), (403, vec![]));
}

#[test]
fn an_error_is_told_by_its_status_and_nothing_else() {
    for (error, expected) in [
        (SessionError::Contended, (503, vec![("retry-after", "1")])),
        (SessionError::Stale, (409, vec![("retry-after", "1")])),
        (SessionError::Closed, (500, vec![])),
        (SessionError::Data(DataError::InvalidKey), (400, vec![])),
        (
            SessionError::NotLoggedIn,
            (401, vec![("www-authenticate", "Bearer")]),
        ),
        (
            SessionError::Ended,
            (401, vec![("www-authenticate", "Bearer")]),
        ),
    ] {
        let answer = Refusal::from(error).answer();
        assert_eq!(told(&answer), expected);
        assert_eq!(answer.text(), None);
    }
}

#[test]
fn an_error_about_the_login_sends_a_page_to_it() {
    for error in [SessionError::NotLoggedIn, SessionError::Ended] {
        let answer = Answer::to(&Refusal::from(error), &answers(pages()), &page_at("/a"));
        let location = vec![("location", "/login?return_to=/a&reason=login")];
        assert_eq!(told(&answer), (303, location));
    }
}

#[test]
fn a_missing_layer_is_told_to_the_developer() {
    let answer = Refusal::from(LayerMissing).answer();
    let plain = vec![("content-type", "text/plain; charset=utf-8")];
    assert_eq!(told(&answer), (500, plain));
    let text = answer.text().unwrap();
    for remedy in [
        ".layer(SessionLayer::new(manager))",
        ".wrap(SessionMiddleware::new(manager))",
    ] {
        assert!(text.contains(remedy), "{text}");
    }
    let response: http::Response<String> = answer.into_response();
    assert_eq!(response.body(), &LayerMissing.to_string());
}

#[test]
fn what_no_challenge_can_hold_does_not_build() {
    let config = TransportConfig::default;
    let named = |acr: &str| config().acr(AcrMap::new([(acr, AssuranceLevel::Aal1)]));
    for (config, field) in [
        (named(""), "acr"),
        (named("a b"), "acr"),
        (named("a\u{e4}"), "acr"),
        (named("a\n"), "acr"),
        (config().realm("a\r\nb"), "realm"),
        (config().realm("\u{e4}"), "realm"),
        (config().scope(""), "scope"),
        (config().scope("a  b"), "scope"),
        (config().scope("a\"b"), "scope"),
        (config().scope("a\\b"), "scope"),
    ] {
        let error = config.build().unwrap_err();
        assert_eq!(error, TransportError::InvalidChallenge { field });
    }
}
