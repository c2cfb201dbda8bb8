//! `cargo xtask tidy`: the house rules that no compiler checks, each with the place that breaks it.

mod blocks;
mod budget;
mod comparisons;
mod conformance;
mod features;
mod links;
mod secrets;
mod source;
mod text;
mod tree;

use std::fmt;

use crate::Result;
use crate::process::say;
use crate::tidy::tree::Tree;

pub(crate) fn run() -> Result {
    let tree = Tree::read()?;
    let core = budget::core_dependencies()?;
    say(format_args!(
        "{}: {} crates in its normal dependency tree (budget {CORE_BUDGET})",
        budget::CORE,
        core.len()
    ))?;

    let mut findings = inspect(&tree);
    findings.extend(budget::over(&core, CORE_BUDGET));
    findings.sort();
    for finding in &findings {
        say(finding)?;
    }
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let warnings = findings.len() - errors;
    say(format_args!(
        "tidy: {} files; errors: {errors}; warnings: {warnings}",
        tree.paths.len()
    ))?;
    if errors == 0 {
        Ok(())
    } else {
        Err("failed: cargo xtask tidy".into())
    }
}

fn inspect(tree: &Tree) -> Vec<Finding> {
    let mut findings = features::check(tree);
    findings.extend(conformance::check(tree));
    for path in &tree.paths {
        findings.extend(source::name(path));
    }
    for file in &tree.texts {
        findings.extend(source::length(file));
        findings.extend(source::ascii(file));
        findings.extend(source::allow_attributes(file));
        findings.extend(secrets::check(file, SECRETS_EXPOSED));
        findings.extend(comparisons::check(file));
        findings.extend(text::trailing_space(file));
        findings.extend(text::open_ends(file));
        findings.extend(text::outside_folder(file));
        findings.extend(links::check(file, tree));
    }
    findings
}

/// How many calls that expose a secret each file may hold, apart from tests; no other file may
/// hold one. A new line here is a question for the review: why is the carrier not the place?
const SECRETS_EXPOSED: &[(&str, usize)] = &[("crates/hallpass-http/src/transport.rs", 2)];

/// How many crates `hallpass-core` may depend on, directly and indirectly.
const CORE_BUDGET: usize = 30;

/// Lines of a file in `crates/*/src`: past the first number it has a reason, past the second never.
const LONG_FILE: usize = 400;
const TOO_LONG_FILE: usize = 700;

/// Folders whose files are test data, kept byte for byte.
const DATA_FOLDERS: &[&str] = &["corpus", "proptest-regressions", "vectors"];

/// One place that breaks a rule.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Finding {
    path: String,
    line: usize,
    severity: Severity,
    message: String,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Severity {
    Error,
    Warning,
}

impl Finding {
    fn error(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            severity: Severity::Error,
            message: message.into(),
        }
    }

    fn warning(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            severity: Severity::Warning,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            severity,
            message,
        } = self;
        match severity {
            Severity::Error => write!(f, "{path}:{line}: {message}"),
            Severity::Warning => write!(f, "{path}:{line}: warning: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::TextFile;

    #[test]
    fn a_finding_starts_with_its_place() {
        let error = Finding::error("src/lib.rs", 3, "not so");
        let warning = Finding::warning("src/lib.rs", 3, "not quite so");

        assert_eq!(error.to_string(), "src/lib.rs:3: not so");
        assert_eq!(warning.to_string(), "src/lib.rs:3: warning: not quite so");
    }

    #[test]
    fn each_rule_about_a_file_is_asked() {
        let lines = [
            String::from("fn main() {} "),
            String::from("// \u{2192}"),
            format!("{}dead_code)]", concat!("#[", "allow(")),
            String::from(concat!("// TO", "DO later")),
            String::from(concat!("// see ../", "shared/notes")),
            String::from(concat!("token.expose_", "secret();")),
            String::from("if a.secret == b.secret {"),
        ];
        let source = TextFile::new("crates/a/src/mod.rs", &lines.join("\n"));
        let page = TextFile::new("README.md", "[gone](docs/GONE.md)");
        let requirements = "| ID | Test |\n|---|---|\n| A-01 | `gone` |";
        let requirements = TextFile::new("docs/CONFORMANCE.md", requirements);

        let findings = inspect(&Tree::from_texts(vec![source, page, requirements]));

        let mut places: Vec<_> = findings.iter().map(|f| (f.path.as_str(), f.line)).collect();
        places.sort_unstable();
        assert_eq!(
            places,
            [
                ("README.md", 1),
                ("crates/a/src/mod.rs", 1),
                ("crates/a/src/mod.rs", 1),
                ("crates/a/src/mod.rs", 2),
                ("crates/a/src/mod.rs", 3),
                ("crates/a/src/mod.rs", 4),
                ("crates/a/src/mod.rs", 5),
                ("crates/a/src/mod.rs", 6),
                ("crates/a/src/mod.rs", 7),
                ("docs/CONFORMANCE.md", 3),
            ]
        );
    }
}
