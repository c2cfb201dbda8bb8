use std::time::SystemTime;

use proptest::prelude::*;

use super::*;

const SESSION: &str = "session_name";
const ANONYMOUS: &str = "anonymous_name";

fn named(session: &str) -> CookieConfig {
    CookieConfig::default().session_name(session)
}

fn secure_prefix() -> CookieConfig {
    named("__Secure-session").anonymous_name("__Secure-anon")
}

fn insecure() -> CookieConfig {
    CookieConfig::default().danger().allow_insecure_http()
}

fn error(config: CookieConfig) -> Option<CookieError> {
    config.build().err()
}

fn written(config: CookieConfig) -> String {
    let header = config
        .build()
        .unwrap()
        .session()
        .set("v", None, SystemTime::UNIX_EPOCH);
    header.unwrap().to_str().unwrap().to_owned()
}

/// CK-01, CK-02, CK-05, CK-06, CK-17.
#[test]
fn every_combination_writes_its_attributes_in_order() {
    let table = [
        (
            CookieConfig::default(),
            "__Host-session=v; Path=/; Secure; HttpOnly; SameSite=Lax",
        ),
        (
            named("__Host-Http-session").same_site(SameSite::Strict),
            "__Host-Http-session=v; Path=/; Secure; HttpOnly; SameSite=Strict",
        ),
        (
            secure_prefix().path("/app").domain("example.org"),
            "__Secure-session=v; Path=/app; Domain=example.org; Secure; HttpOnly; SameSite=Lax",
        ),
        (
            CookieConfig::default()
                .same_site(SameSite::None)
                .partitioned(true),
            "__Host-session=v; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        ),
        (insecure(), "session=v; Path=/; HttpOnly; SameSite=Lax"),
    ];
    for (config, expected) in table {
        assert_eq!(written(config), expected);
    }
}

/// CK-01, CK-02, CK-03, CK-04, CK-11, CK-12.
#[test]
fn a_name_that_breaks_its_promise_is_refused() {
    let field = SESSION;
    let table = [
        (named(""), CookieError::NameInvalid { field }),
        (named("__Host-a b"), CookieError::NameInvalid { field }),
        (named("__Host-a=b"), CookieError::NameInvalid { field }),
        (named("__Host-a\r\n"), CookieError::NameInvalid { field }),
        (named("__Host-\u{e9}"), CookieError::NameInvalid { field }),
        (named("session"), CookieError::PrefixMissing { field }),
        (
            named("__host-session"),
            CookieError::PrefixMisspelled { field },
        ),
        (
            named("__host-session").domain("a.org"),
            CookieError::PrefixMisspelled { field },
        ),
        (
            named("__Host-s").domain("a.org"),
            CookieError::PrefixForbidsDomain { field },
        ),
        (
            named("__Host-s").path("/a"),
            CookieError::PrefixNeedsRootPath { field },
        ),
        (
            named("__Host-Http-s").domain("a.org"),
            CookieError::PrefixForbidsDomain { field },
        ),
        (
            named("__Host-Http-s").path("/a"),
            CookieError::PrefixNeedsRootPath { field },
        ),
        (
            named("__Secure-s").path("/a"),
            CookieError::PrefixNeedsRootPath { field: ANONYMOUS },
        ),
        (
            CookieConfig::default().anonymous_name("anon"),
            CookieError::PrefixMissing { field: ANONYMOUS },
        ),
        (named("__Host-anon"), CookieError::NamesEqual),
        (named("__Host-ANON"), CookieError::NamesEqual),
    ];
    for (config, expected) in table {
        assert_eq!(error(config.clone()), Some(expected), "{config:?}");
    }
}

/// CK-08. A name of 4096 octets was accepted once, and then every answer with a token failed,
/// because no browser would have stored the cookie.
#[test]
fn a_name_that_leaves_no_room_for_a_token_is_refused() {
    let of_length = |length: usize| format!("{:a<length$}", "__Host-");
    let token = "t".repeat(TOKEN_CHARS);
    for field in [SESSION, ANONYMOUS] {
        let with = |name: String| match field {
            SESSION => CookieConfig::default().session_name(name),
            _ => CookieConfig::default().anonymous_name(name),
        };
        let cookies = with(of_length(4_032)).build().unwrap();
        for cookie in [cookies.session(), cookies.anonymous()] {
            assert!(cookie.set(&token, None, SystemTime::UNIX_EPOCH).is_ok());
        }
        let length = 4_033;
        assert_eq!(
            error(with(of_length(length))),
            Some(CookieError::NameTooLong { field, length })
        );
    }
}

/// CK-01, CK-06, CK-17.
#[test]
fn plain_http_excludes_everything_that_requires_secure() {
    let field = SESSION;
    let table = [
        (
            insecure().session_name("__Host-s"),
            CookieError::InsecurePrefix { field },
        ),
        (
            insecure().session_name("__SECURE-s"),
            CookieError::InsecurePrefix { field },
        ),
        (
            insecure().session_name("__http-s"),
            CookieError::InsecurePrefix { field },
        ),
        (
            insecure().same_site(SameSite::None),
            CookieError::SameSiteNoneInsecure,
        ),
        (
            insecure().partitioned(true),
            CookieError::PartitionedInsecure,
        ),
    ];
    for (config, expected) in table {
        assert_eq!(error(config.clone()), Some(expected), "{config:?}");
    }
    assert_eq!(insecure().build().unwrap().anonymous().name(), "anon");
}

/// CK-08, CK-11.
#[test]
fn a_path_that_a_browser_would_read_differently_is_refused() {
    let length = 1025;
    let too_long = Some(CookieError::AttributeTooLong {
        field: "path",
        length,
    });
    let invalid = Some(CookieError::PathInvalid);
    let table = [
        ("/".repeat(1024), None),
        ("/".repeat(1025), too_long),
        ("/a b/%20\"".to_owned(), None),
        (String::new(), invalid),
        ("app".to_owned(), invalid),
        ("/; Domain=evil.example".to_owned(), invalid),
        ("/\r\nSet-Cookie: a=b".to_owned(), invalid),
        ("/\0".to_owned(), invalid),
        ("/\u{7f}".to_owned(), invalid),
        ("/\u{e9}".to_owned(), invalid),
        ("/a ".to_owned(), invalid),
    ];
    for (path, expected) in table {
        assert_eq!(error(secure_prefix().path(&path)), expected, "{path}");
    }
}

/// CK-08, CK-11.
#[test]
fn a_domain_that_is_no_host_name_is_refused() {
    let length = 1025;
    let too_long = Some(CookieError::AttributeTooLong {
        field: "domain",
        length,
    });
    let invalid = Some(CookieError::DomainInvalid);
    let table = [
        ("example.org".to_owned(), None),
        ("a-1.xn--bcher-kva.example".to_owned(), None),
        (format!("{}.org", "a".repeat(63)), None),
        (format!("{}.org", "a".repeat(64)), invalid),
        ("a.".repeat(126) + "a", None),
        ("a.".repeat(126) + "aa", invalid),
        ("a".repeat(1024), invalid),
        ("a".repeat(1025), too_long),
        (String::new(), invalid),
        (".example.org".to_owned(), invalid),
        ("example.org.".to_owned(), invalid),
        ("example..org".to_owned(), invalid),
        ("-a.org".to_owned(), invalid),
        ("a-.org".to_owned(), invalid),
        ("a_b.org".to_owned(), invalid),
        ("a.org; Path=/x".to_owned(), invalid),
        ("a.org\r\n".to_owned(), invalid),
        ("b\u{fc}cher.example".to_owned(), invalid),
    ];
    for (domain, expected) in table {
        assert_eq!(error(secure_prefix().domain(&domain)), expected, "{domain}");
    }
}

proptest! {
    /// CK-11.
    #[test]
    fn no_setting_adds_an_attribute(name in ".{0,6}", path in ".{0,6}", domain in ".{0,6}") {
        let config = named(&format!("__Secure-{name}"))
            .anonymous_name("__Secure-")
            .path(format!("/{path}"))
            .domain(domain);
        if let Ok(cookies) = config.build() {
            let header = cookies.session().set("v", None, SystemTime::UNIX_EPOCH).unwrap();
            let text = header.to_str().unwrap();
            let names: Vec<_> = text
                .split("; ")
                .skip(1)
                .map(|attribute| attribute.split('=').next().unwrap())
                .collect();
            prop_assert_eq!(names, ["Path", "Domain", "Secure", "HttpOnly", "SameSite"]);
        }
    }
}
