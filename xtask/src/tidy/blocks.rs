//! Which lines of a Rust file count for a rule.
//!
//! The files are formatted by rustfmt, so a block ends at the closing brace that stands under the
//! first letter of the line that opened it. No parser is needed for that.

use crate::tidy::tree::TextFile;

/// The lines of code with their numbers: no comment lines, and no bodies of `macro_rules!`.
pub(super) fn code_outside_macros(file: &TextFile) -> Vec<(usize, &str)> {
    let mut skip = Skip::default();
    code(file)
        .filter(|(_, line)| {
            let starts = line.trim_start().starts_with("macro_rules!");
            !skip.covers(line, starts)
        })
        .collect()
}

/// The lines of code with their numbers: no comment lines, and nothing under `#[cfg(test)]`.
pub(super) fn code_outside_tests(file: &TextFile) -> Vec<(usize, &str)> {
    if is_test_file(file) {
        return Vec::new();
    }
    let mut skip = Skip::default();
    code(file)
        .filter(|(_, line)| {
            let starts = line.trim_start().starts_with("#[cfg(test)]");
            !skip.covers(line, starts)
        })
        .collect()
}

fn is_test_file(file: &TextFile) -> bool {
    file.is_below("tests") || file.path.ends_with("/tests.rs")
}

fn code(file: &TextFile) -> impl Iterator<Item = (usize, &str)> {
    file.lines()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Follows an item from its first line to its last.
#[derive(Debug, Default)]
enum Skip {
    #[default]
    Outside,
    /// The item has begun at this depth; its body has not.
    Head { depth: usize },
    /// In the body, which ends with a line that starts like this.
    Body { end: String },
}

impl Skip {
    fn covers(&mut self, line: &str, starts: bool) -> bool {
        let indent = line.len() - line.trim_start().len();
        if starts && matches!(self, Self::Outside) {
            *self = Self::Head { depth: indent };
        }
        match self {
            Self::Outside => return false,
            Self::Head { .. } if line.ends_with('{') => {
                *self = Self::Body {
                    end: format!("{}}}", " ".repeat(indent)),
                };
            }
            // An item without a body, or a field; what stands deeper belongs to an attribute.
            Self::Head { depth } if indent == *depth && line.ends_with([';', '}', ',']) => {
                *self = Self::Outside;
            }
            Self::Head { .. } => {}
            Self::Body { end } if line.starts_with(end.as_str()) => *self = Self::Outside,
            Self::Body { .. } => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn numbers(lines: Vec<(usize, &str)>) -> Vec<usize> {
        lines.into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn the_body_of_a_macro_is_left_out() {
        let lines = [
            "before();",
            "    macro_rules! twice {",
            "        ($a:expr) => {",
            "            $a",
            "        };",
            "    }",
            "after();",
        ];
        let file = TextFile::new("src/lib.rs", &lines.join("\n"));

        assert_eq!(numbers(code_outside_macros(&file)), [1, 7]);
    }

    #[test]
    fn what_is_only_compiled_for_tests_is_left_out() {
        let lines = [
            "#[cfg(test)]",
            "mod fixtures;",
            "mod real;",
            "#[cfg(test)]",
            "#[expect(",
            "    clippy::panic,",
            "    reason = \"a test\"",
            ")]",
            "mod tests {",
            "    fn helper() {",
            "    }",
            "}",
            "struct S {",
            "    #[cfg(test)]",
            "    fixture: u8,",
            "    real: u8,",
            "}",
        ];
        let file = TextFile::new("src/lib.rs", &lines.join("\n"));

        assert_eq!(numbers(code_outside_tests(&file)), [3, 13, 16, 17]);
    }

    #[test]
    fn a_file_of_tests_has_no_other_lines() {
        for path in ["crates/a/tests/it/main.rs", "crates/a/src/state/tests.rs"] {
            let file = TextFile::new(path, "fn helper() {}");

            assert_eq!(numbers(code_outside_tests(&file)), NOTHING);
        }
    }

    #[test]
    fn comments_are_left_out() {
        let file = TextFile::new("src/lib.rs", "//! page\n    // why\ncode();");

        assert_eq!(numbers(code_outside_macros(&file)), [3]);
    }
}
