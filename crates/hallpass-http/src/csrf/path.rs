//! Paths of the configuration, and how a request's path is compared with them.

use super::percent;
use super::percent::Written;

/// A path as it was configured: with a slash at its end it stands for everything below it, without
/// for itself alone.
///
/// Whoever routes a request may read its path in another way than we do: decode it, resolve
/// dots, merge slashes. So there are two comparisons, and both err on the side of checking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PathRule(String);

impl PathRule {
    /// Takes a path that has one reading only.
    pub(super) fn new(path: &str) -> Option<Self> {
        has_one_reading(path).then(|| Self(path.to_owned()))
    }

    pub(super) fn is_everything(&self) -> bool {
        self.0 == "/"
    }

    /// Returns whether the path is covered whoever reads it. For exemptions.
    pub(super) fn surely_covers(&self, path: &str) -> bool {
        self.covers(path) && has_one_reading(path)
    }

    /// Returns whether somebody could read the path as one that is covered. For what is checked.
    pub(super) fn may_cover(&self, path: &str) -> bool {
        // The rule may be written with escapes, too.
        let mut rule = normal(&self.0, Dots::Kept);
        if self.0.ends_with('/') && rule != "/" {
            rule.push('/');
        }
        let rule = Self(rule);
        self.covers(path)
            || [Dots::Kept, Dots::Resolved].into_iter().any(|dots| {
                let normal = normal(path, dots);
                // With and without a slash at the end: some routers take one for the other.
                rule.covers(&normal) || rule.covers(&(normal + "/"))
            })
    }

    fn covers(&self, path: &str) -> bool {
        path == self.0 || (self.0.ends_with('/') && path.starts_with(&self.0))
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Dots {
    Kept,
    Resolved,
}

/// Returns whether all readers of a path agree about its segments.
fn has_one_reading(path: &str) -> bool {
    let is_clear = percent::bytes(path.as_bytes()).all(|(byte, written)| match written {
        Written::Encoded => !matches!(byte, b'/' | b'\\' | b'.' | b'%' | 0..0x20 | 0x7f),
        Written::Plainly => byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'?' | b'#'),
        Written::Wrongly => false,
    });
    is_clear
        && path.starts_with('/')
        && !path.contains("//")
        && !path.split('/').any(|part| matches!(part, "." | ".."))
}

/// Decodes a path and merges its slashes. There is none at its end.
fn normal(path: &str, dots: Dots) -> String {
    let decoded = percent::decode(path.as_bytes());
    let text = String::from_utf8_lossy(&decoded);
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split(['/', '\\']) {
        match (part, dots) {
            ("", _) | (".", Dots::Resolved) => {}
            ("..", Dots::Resolved) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str) -> PathRule {
        PathRule::new(path).unwrap()
    }

    /// A rule may be written with escapes, and its path in another spelling.
    #[test]
    fn a_rule_with_escapes_covers_every_spelling() {
        let rule = rule("/d%C3%A9connexion");
        for path in [
            "/d%C3%A9connexion",
            "/d%c3%a9connexion",
            "/%64%C3%A9connexion",
            "//d%C3%A9connexion/",
        ] {
            assert!(rule.may_cover(path), "{path}");
        }
        assert!(!rule.may_cover("/d%C3%A8connexion"));
    }

    #[test]
    fn a_slash_at_the_end_stands_for_everything_below() {
        let table = [
            ("/hook", "/hook", true),
            ("/hook", "/hook/", false),
            ("/hook", "/hook/a", false),
            ("/hook", "/hooked", false),
            ("/hooks/", "/hooks/", true),
            ("/hooks/", "/hooks/a/b", true),
            ("/hooks/", "/hooks", false),
            ("/hooks/", "/hooked/a", false),
            ("/hooks/", "/Hooks/a", false),
            ("/hooks/", "/a/hooks/b", false),
        ];
        for (configured, path, expected) in table {
            assert_eq!(
                rule(configured).surely_covers(path),
                expected,
                "{configured} {path}"
            );
        }
    }

    #[test]
    fn no_path_with_a_second_reading_is_exempt() {
        let hooks = rule("/hooks/");
        for path in [
            "/hooks/../pay",
            "/hooks/./a",
            "/hooks/a/..",
            "/hooks/%2e%2e/pay",
            "/hooks/%2E./pay",
            "/hooks/..%2fpay",
            "/hooks/a%2Fb",
            "/hooks/..%5cpay",
            "/hooks/..\\pay",
            "/hooks//pay",
            "/hooks/%252e%252e/pay",
            "/hooks/%",
            "/hooks/%zz",
            "/hooks/%00",
            "/hooks/\u{fc}",
            "//hooks/a",
        ] {
            assert!(!hooks.surely_covers(path), "{path}");
        }
        assert!(hooks.surely_covers("/hooks/a%C3%BC%20,b;c=d@e"));
    }

    #[test]
    fn every_path_that_somebody_reads_as_a_checked_one_is_checked() {
        let export = rule("/export");
        for path in [
            "/export",
            "/export/",
            "//export",
            "/%65xport",
            "/%65%78%70%6f%72%74",
            "/a/../export",
            "/./export",
            "/%2e/export",
            "/a%2f..%2fexport",
            "\\export",
        ] {
            assert!(export.may_cover(path), "{path}");
        }
        for path in ["/", "", "*", "/exports", "/export/a", "/a/export"] {
            assert!(!export.may_cover(path), "{path}");
        }
        let below = rule("/admin/");
        for path in [
            "/admin",
            "/admin/a",
            "/admin/../a",
            "/%61dmin/../a",
            "/a/../admin/b",
        ] {
            assert!(below.may_cover(path), "{path}");
        }
        assert!(!below.may_cover("/administration"));
    }

    #[test]
    fn a_configured_path_has_one_reading() {
        for path in [
            "", "hooks", "*", "/a//b", "/a/../b", "/a/./b", "/a b", "/%2e", "/a?b", "/a#b", "/%",
        ] {
            assert_eq!(PathRule::new(path), None, "{path}");
        }
    }
}
