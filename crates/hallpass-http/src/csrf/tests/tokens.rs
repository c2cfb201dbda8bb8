//! Where tokens are found, and what they decide.

use hallpass_testkit::SeededRandom;

use super::*;

/// CSRF-03, CSRF-04 and CSRF-05: only the one token of this session counts.
#[test]
fn a_token_decides_where_nothing_else_does() {
    let csrf = Csrf::default();
    let (secret, other) = ([1; 32], [2; 32]);
    let token = CsrfToken::issue(&secret, &SeededRandom::new(1)).unwrap();
    let one = SentCsrfToken::One(token.as_str().as_bytes());
    let missing = refuse(CsrfRule::TokenMissing);
    let invalid = refuse(CsrfRule::TokenInvalid);
    let table = [
        (one, Some(&secret), allow(CsrfRule::Token)),
        (one, Some(&other), invalid),
        (one, None, invalid),
        (SentCsrfToken::Absent, Some(&secret), missing),
        (SentCsrfToken::Absent, None, missing),
        (SentCsrfToken::Ambiguous, Some(&secret), invalid),
        (SentCsrfToken::One(b""), Some(&secret), invalid),
    ];
    for (sent, secret, expected) in table {
        assert_eq!(csrf.judge_token(sent, secret), expected, "{sent:?}");
    }
}

/// CSRF-03 and CSRF-04: from the header or the form, never from a cookie or the URL.
#[test]
fn a_token_is_read_from_the_header_or_the_form_alone() {
    let csrf = csrf(
        CsrfConfig::default()
            .token_header("X-Form")
            .token_field("proof"),
    );
    let asked = Asked::new(
        Method::POST,
        "/pay?proof=abc&csrf_token=abc",
        &[("cookie", "proof=abc; csrf_token=abc; x-form=abc")],
    );
    let absent = SentCsrfToken::Absent;
    assert_eq!(csrf.token_in_header(&asked.headers), absent);
    let one = Asked::post(&[("x-form", "abc")]);
    assert_eq!(
        csrf.token_in_header(&one.headers),
        SentCsrfToken::One(b"abc")
    );
    let two = Asked::post(&[("x-form", "abc"), ("x-form", "abc")]);
    assert_eq!(csrf.token_in_header(&two.headers), SentCsrfToken::Ambiguous);
    assert_eq!(csrf.token_in_form(b"proof=abc"), SentCsrfToken::One(b"abc"));
    assert_eq!(csrf.token_in_form(b"csrf_token=abc"), absent);
}

#[test]
fn a_hidden_field_holds_the_name_and_a_good_token() {
    let csrf = Csrf::default();
    let token = CsrfToken::issue(&[1; 32], &SeededRandom::new(9)).unwrap();
    let html = csrf.hidden_field(&token);
    let text = token.as_str();
    assert_eq!(
        html,
        format!(r#"<input type="hidden" name="csrf_token" value="{text}">"#)
    );
}

#[test]
fn debug_shows_no_token_that_was_sent() {
    let shown = format!("{:?}", SentCsrfToken::One(b"abc"));
    assert_eq!(shown, "One");
}
