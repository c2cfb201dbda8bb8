use http::HeaderValue;
use http::Uri;
use proptest::prelude::*;

use super::*;

#[test]
fn a_path_of_this_site_is_where_to_return() {
    for path in [
        "/",
        "/a",
        "/a/b?c=d&e=//f",
        "/a//b",
        "/a?next=https://example.org/",
        "/a#b",
        "/~user/.well-known/...",
        "/%09/x",
        "/a%5cb",
        "/.a/..b/%2ea/%2e%2e%2e",
    ] {
        assert_eq!(ReturnTo::parse(path).path(), Some(path), "{path}");
    }
}

#[test]
fn what_could_lead_elsewhere_is_nowhere() {
    for text in [
        "",
        "a",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " /a",
        "\t/a",
        "\u{a0}/a",
        "/a b",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nset-cookie: x=y",
        "/a\0",
        "/a\u{7f}",
        "/\u{e4}",
        "/\u{2044}evil.example",
        "?a",
        "#a",
        "/.",
        "/..",
        "/.//evil.example",
        "/a/..//evil.example",
        "/%2e//evil.example",
        "/.%2E//evil.example",
        "/%2E%2e/a",
    ] {
        assert_eq!(ReturnTo::parse(text), ReturnTo::nowhere(), "{text:?}");
    }
}

#[test]
fn a_path_of_2048_bytes_is_the_longest() {
    for (length, is_taken) in [(2_047, true), (2_048, true), (2_049, false)] {
        let path = format!("/{}", "a".repeat(length - 1));
        assert_eq!(
            ReturnTo::parse(&path).path().is_some(),
            is_taken,
            "{length}"
        );
    }
}

#[test]
fn the_hidden_field_of_a_form_holds_the_path_or_nothing() {
    assert_eq!(ReturnTo::parse("/a?b").to_string(), "/a?b");
    assert_eq!(ReturnTo::nowhere().to_string(), "");
}

/// Resolves a target against `https://here.example/x` as the URL standard tells browsers to, as far
/// as it decides about the host: tabs and line ends go, controls and spaces around go, a backslash
/// is a slash.
fn leads_to_here(target: &str) -> bool {
    let text: String = target
        .trim_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .map(|c| if c == '\\' { '/' } else { c })
        .collect();
    let has_scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    !has_scheme && !text.starts_with("//")
}

/// Removes dot segments, as a proxy may do before the browser sees the target.
fn without_dots(target: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let (path, _query) = target.split_once(['?', '#']).unwrap_or((target, ""));
    for segment in path.split('/').skip(1) {
        match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

proptest! {
    #[test]
    fn no_text_leads_to_another_site(
        text in "([/\\\\.:?#@ \t\n\r]|//|%2e|%2E|%2f|%5c|https?:|javascript:|evil\\.example|a|\\PC){0,12}",
    ) {
        let target = ReturnTo::parse(&text);
        if let Some(path) = target.path() {
            prop_assert_eq!(path, &text);
            prop_assert!(leads_to_here(path));
            prop_assert!(leads_to_here(&without_dots(path)));
            prop_assert!(HeaderValue::from_str(path).is_ok());
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>()) {
        let target = ReturnTo::parse(&text);
        prop_assert!(target.path().is_none_or(|path| path.starts_with('/')));
    }

    #[test]
    fn what_a_browser_asks_for_can_be_returned_to(
        path in "(/[a-z0-9_~%-]{1,8}){1,5}",
        query in "[a-z0-9=&/?:@!$'()*+,;._~%-]{0,20}",
    ) {
        let target = format!("{path}?{query}");
        prop_assume!(target.parse::<Uri>().is_ok());
        prop_assume!(!path.to_ascii_lowercase().contains("%2e"));
        let returned = ReturnTo::parse(&target);
        prop_assert_eq!(returned.path(), Some(&*target));
    }
}
