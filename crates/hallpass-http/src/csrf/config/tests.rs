use super::*;

fn error(config: CsrfConfig) -> Option<CsrfConfigError> {
    config.build().err()
}

#[test]
fn the_default_is_what_an_untouched_configuration_builds() {
    let built = CsrfConfig::default().build().unwrap();
    assert_eq!(format!("{built:?}"), format!("{:?}", Csrf::default()));
    assert_eq!(built.token_field(), "csrf_token");
    assert_eq!(built.token_header(), "x-csrf-token");
    assert!(!built.is_report_only());
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let config = CsrfConfig::default;
    let origin = |field| Some(CsrfConfigError::OriginInvalid { field });
    let path = |field| Some(CsrfConfigError::PathInvalid { field });
    let header = |field| Some(CsrfConfigError::HeaderUnfit { field });
    let table = [
        (config().own_origin("example.org"), origin("own_origin")),
        (config().own_origin("https://a/"), origin("own_origin")),
        (config().trust_origin("null"), origin("trust_origin")),
        (config().trust_origin("https://*.a"), origin("trust_origin")),
        (config().exempt("hooks"), path("exempt")),
        (config().exempt("/a/../b"), path("exempt")),
        (
            config().exempt("/"),
            Some(CsrfConfigError::EverythingExempt),
        ),
        (config().check_safe("/a//b"), path("check_safe")),
        (config().check_links(""), path("check_links")),
        (
            config().require_custom_header("Content-Type"),
            header("require_custom_header"),
        ),
        (config().token_header("a b"), header("token_header")),
        (
            config().token_field("a&b"),
            Some(CsrfConfigError::FieldInvalid),
        ),
        (
            config().token_field(""),
            Some(CsrfConfigError::FieldInvalid),
        ),
        (
            config().require_token(true).danger().allow_unproven(),
            Some(CsrfConfigError::TokenAndUnproven),
        ),
    ];
    for (config, expected) in table {
        assert_eq!(error(config.clone()), expected, "{config:?}");
    }
    assert_eq!(error(config().check_safe("/").check_links("/")), None);
}

/// CSRF-10 and CSRF-04: a header that goes along by itself proves nothing, the cookie least of
/// all.
#[test]
fn no_header_that_a_browser_sends_by_itself_is_taken() {
    for name in [
        "Accept",
        "Authorization",
        "Content-Type",
        "Cookie",
        "If-None-Match",
        "Origin",
        "Proxy-Anything",
        "Range",
        "Referer",
        "Sec-Fetch-Site",
        "User-Agent",
    ] {
        let field = "token_header";
        assert_eq!(
            error(CsrfConfig::default().token_header(name)),
            Some(CsrfConfigError::HeaderUnfit { field }),
            "{name}"
        );
    }
    for name in ["X-CSRF-Token", "x-requested-with", "Requested-By"] {
        assert_eq!(
            error(CsrfConfig::default().require_custom_header(name)),
            None,
            "{name}"
        );
    }
}

#[test]
fn every_message_is_lower_case_without_a_full_stop() {
    let field = "exempt";
    let all = [
        CsrfConfigError::EverythingExempt,
        CsrfConfigError::FieldInvalid,
        CsrfConfigError::HeaderUnfit { field },
        CsrfConfigError::OriginInvalid { field },
        CsrfConfigError::PathInvalid { field },
        CsrfConfigError::TokenAndUnproven,
    ];
    for error in all {
        let text = error.to_string();
        assert!(text.starts_with('`'), "{text}");
        assert!(!text.ends_with(['.', ' ']), "{text}");
        assert!(!text.contains("  "), "{text}");
    }
}
