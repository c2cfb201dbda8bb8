//! Secrets are exposed in few places, and each of them is on a list.

use crate::tidy::Finding;
use crate::tidy::blocks;
use crate::tidy::tree::TextFile;

/// Reports each use of the accessor past the number that `allowed` gives the file.
pub(super) fn check(file: &TextFile, allowed: &[(&str, usize)]) -> Vec<Finding> {
    if !file.is_rust()
        || TEST_CRATES
            .iter()
            .any(|folder| file.path.starts_with(folder))
    {
        return Vec::new();
    }
    let allowed = allowed
        .iter()
        .find(|(path, _)| *path == file.path)
        .map_or(0, |(_, calls)| *calls);
    let message =
        format!("`{ACCESSOR}` is used more often than the list in xtask allows: {allowed}");
    blocks::code_outside_tests(file)
        .into_iter()
        .flat_map(|(number, line)| std::iter::repeat_n(number, uses(line)))
        .skip(allowed)
        .map(|number| Finding::error(&file.path, number, message.as_str()))
        .collect()
}

/// Counts calls and paths such as `SessionToken::..`, not the definition.
fn uses(line: &str) -> usize {
    line.match_indices(ACCESSOR)
        .filter(|(start, _)| {
            let before = line.get(..*start).unwrap_or_default();
            before.ends_with('.') || before.ends_with("::")
        })
        .count()
}

/// Put together here, so that this file keeps its own rule.
const ACCESSOR: &str = concat!("expose_", "secret");

/// Crates that only tests use.
const TEST_CRATES: &[&str] = &["crates/hallpass-testkit/"];

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/hallpass-http/src/carrier.rs";

    const NOTHING: [usize; 0] = [];

    fn lines(path: &str, text: &str, allowed: usize) -> Vec<usize> {
        let file = TextFile::new(path, text);
        check(&file, &[(PATH, allowed)])
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_use_past_the_allowed_number_is_reported() {
        let text = format!("a.{ACCESSOR}();\nmap(Token::{ACCESSOR});\nb.{ACCESSOR}();");

        assert_eq!(lines(PATH, &text, 3), NOTHING);
        assert_eq!(lines(PATH, &text, 1), [2, 3]);
    }

    #[test]
    fn a_file_that_is_not_listed_has_none() {
        let text = format!("a.{ACCESSOR}()");

        assert_eq!(lines("crates/hallpass-tower/src/service.rs", &text, 1), [1]);
    }

    #[test]
    fn tests_definitions_and_comments_are_not_counted() {
        let text = format!(
            "/// Call `a.{ACCESSOR}()`.\npub fn {ACCESSOR}(&self) {{}}\n\
             #[cfg(test)]\nmod tests {{\n    a.{ACCESSOR}();\n}}"
        );

        assert_eq!(
            lines("crates/hallpass-core/src/token.rs", &text, 0),
            NOTHING
        );
        let call = format!("a.{ACCESSOR}()");
        assert_eq!(lines("tests/it/main.rs", &call, 0), NOTHING);
        assert_eq!(
            lines("crates/hallpass-testkit/src/lib.rs", &call, 0),
            NOTHING
        );
    }
}
