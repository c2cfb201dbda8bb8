//! Methods by headers, with settings that change the answer.

use super::*;

const METHODS: [&str; 10] = [
    "GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "PURGE",
];

type Row = (&'static [(&'static str, &'static str)], CsrfDecision);

/// What each change is answered, by its headers. `Host` is `example.org`.
const ROWS: [Row; 27] = [
    // CSRF-06: what the browser says of the source decides.
    (&[(SITE, "same-origin")], allow(CsrfRule::SameOrigin)),
    (&[(SITE, "none")], allow(CsrfRule::User)),
    (&[(SITE, "same-site")], refuse(CsrfRule::SameSite)),
    (&[(SITE, "cross-site")], refuse(CsrfRule::CrossSite)),
    (
        &[(SITE, "same-origin"), ("origin", "null")],
        allow(CsrfRule::SameOrigin),
    ),
    (
        &[(SITE, "cross-site"), ("origin", OURS)],
        refuse(CsrfRule::CrossSite),
    ),
    (
        &[(SITE, "cross-site"), ("origin", "https://app.example")],
        allow(CsrfRule::TrustedOrigin),
    ),
    (
        &[(SITE, "same-site"), ("origin", "https://app.example")],
        allow(CsrfRule::TrustedOrigin),
    ),
    (
        &[(SITE, "cross-site"), ("referer", "https://app.example/")],
        refuse(CsrfRule::CrossSite),
    ),
    (
        &[(SITE, "cross-site"), (MODE, "navigate"), (DEST, "document")],
        refuse(CsrfRule::CrossSite),
    ),
    // CSRF-08: what the standard does not know, or several, count as none.
    (&[(SITE, "weird")], CsrfDecision::NeedsToken),
    (&[(SITE, "")], CsrfDecision::NeedsToken),
    (&[(SITE, "Same-Origin")], CsrfDecision::NeedsToken),
    (
        &[(SITE, "same-origin, cross-site")],
        CsrfDecision::NeedsToken,
    ),
    (
        &[(SITE, "same-origin"), (SITE, "same-origin")],
        CsrfDecision::NeedsToken,
    ),
    (
        &[(SITE, "weird"), ("origin", OURS)],
        allow(CsrfRule::Origin),
    ),
    (
        &[(SITE, "weird"), ("origin", "https://attacker.test")],
        refuse(CsrfRule::Origin),
    ),
    (
        &[
            (SITE, "same-origin"),
            (SITE, "none"),
            ("origin", "https://attacker.test"),
        ],
        refuse(CsrfRule::Origin),
    ),
    // CSRF-07: `Origin`, then `Referer`, then nothing.
    (&[("origin", OURS)], allow(CsrfRule::Origin)),
    (
        &[("origin", "https://app.example")],
        allow(CsrfRule::Origin),
    ),
    (&[("origin", "null")], refuse(CsrfRule::Origin)),
    (
        &[("origin", "https://attacker.test"), ("referer", OURS)],
        refuse(CsrfRule::Origin),
    ),
    (
        &[("origin", OURS), ("referer", "https://attacker.test/")],
        allow(CsrfRule::Origin),
    ),
    (
        &[("referer", "https://example.org/a?b")],
        allow(CsrfRule::Referer),
    ),
    (
        &[("referer", "https://app.example/a")],
        allow(CsrfRule::Referer),
    ),
    (
        &[("referer", "https://attacker.test/https://example.org/")],
        refuse(CsrfRule::Referer),
    ),
    (&[], CsrfDecision::NeedsToken),
];

fn config() -> CsrfConfig {
    CsrfConfig::default().trust_origin("https://app.example")
}

/// CSRF-01, CSRF-06, CSRF-07 and CSRF-08; that all safe methods are let in is CSRF-02.
#[test]
fn every_change_is_judged_by_its_headers_and_no_safe_method_is() {
    let csrf = csrf(config());
    for method in METHODS {
        let is_safe = ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method);
        for (headers, decision) in ROWS {
            let asked = Asked::new(method.parse().unwrap(), "/pay", headers);
            let expected = if is_safe {
                allow(CsrfRule::SafeMethod)
            } else {
                decision
            };
            assert_eq!(asked.judged(&csrf), expected, "{method} {headers:?}");
        }
    }
}

/// What each setting changes of the matrix, and nothing else of it.
fn with_setting(csrf: &Csrf, changed: impl Fn(CsrfDecision) -> CsrfDecision) {
    for (headers, decision) in ROWS {
        let expected = changed(decision);
        assert_eq!(Asked::post(headers).judged(csrf), expected, "{headers:?}");
    }
}

/// CSRF-06: the one row that the setting is about.
#[test]
fn only_the_danger_lets_other_origins_of_the_site_in() {
    let csrf = csrf(config().danger().allow_same_site());
    let same_site = allow(CsrfRule::SameSite);
    for (headers, decision) in ROWS {
        let is_same_site = headers.contains(&(SITE, "same-site"));
        let expected = if is_same_site { same_site } else { decision };
        assert_eq!(Asked::post(headers).judged(&csrf), expected, "{headers:?}");
    }
}

/// CSRF-07: to let in what proves nothing is the decision of the application.
#[test]
fn only_the_danger_lets_in_what_nothing_tells_of() {
    let csrf = csrf(config().danger().allow_unproven());
    with_setting(&csrf, |decision| match decision {
        CsrfDecision::NeedsToken => allow(CsrfRule::Unproven),
        decided => decided,
    });
}

#[test]
fn a_required_token_takes_nothing_from_what_is_refused() {
    let csrf = csrf(config().require_token(true));
    with_setting(&csrf, |decision| match decision {
        CsrfDecision::Allow(_) => CsrfDecision::NeedsToken,
        decided => decided,
    });
}

/// CSRF-12: the decisions are the same, so that as much is told as would be refused.
#[test]
fn report_only_changes_no_decision() {
    let csrf = csrf(config().danger().report_only());
    assert!(csrf.is_report_only());
    with_setting(&csrf, |decision| decision);
}
