//! Rules about Rust files.

use crate::tidy::Finding;
use crate::tidy::LONG_FILE;
use crate::tidy::TOO_LONG_FILE;
use crate::tidy::blocks;
use crate::tidy::tree::TextFile;

pub(super) fn name(path: &str) -> Option<Finding> {
    let folder = path
        .strip_suffix("mod.rs")
        .filter(|rest| rest.ends_with('/'))?;
    let module = folder.trim_end_matches('/');
    Some(Finding::error(
        path,
        1,
        format!("no `mod.rs`: name the file `{module}.rs`"),
    ))
}

pub(super) fn length(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    if !is_library(&file.path) || lines <= LONG_FILE {
        return None;
    }
    if lines > TOO_LONG_FILE {
        let message = format!("{lines} lines, and no file has more than {TOO_LONG_FILE}");
        return Some(Finding::error(&file.path, lines, message));
    }
    let message = format!("{lines} lines; past {LONG_FILE} a file needs a reason");
    Some(Finding::warning(&file.path, lines, message))
}

/// Whether the path is `crates/*/src/**.rs`.
fn is_library(path: &str) -> bool {
    let mut folders = path.split('/');
    folders.next() == Some("crates") && folders.nth(1) == Some("src") && path.ends_with(".rs")
}

pub(super) fn ascii(file: &TextFile) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    file.lines()
        .filter_map(|(number, line)| {
            let foreign = line.chars().find(|c| !c.is_ascii())?;
            let message = format!("U+{:04X} is not ASCII", u32::from(foreign));
            Some(Finding::error(&file.path, number, message))
        })
        .collect()
}

pub(super) fn allow_attributes(file: &TextFile) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    blocks::code_outside_macros(file)
        .into_iter()
        .filter(|(_, line)| {
            let line = line.trim_start();
            let is_conditional =
                line.starts_with("#[cfg_attr(") || line.starts_with("#![cfg_attr(");
            ALLOW.iter().any(|attribute| line.contains(attribute))
                || (is_conditional && line.contains(" allow("))
        })
        .map(|(number, _)| {
            let message = "`allow` outside of a macro: use `#[expect(.., reason = \"..\")]`";
            Finding::error(&file.path, number, message)
        })
        .collect()
}

/// Put together here, so that this file keeps its own rule.
const ALLOW: [&str; 2] = [concat!("#[", "allow("), concat!("#![", "allow(")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::Severity;

    #[test]
    fn a_module_is_never_called_mod() {
        let finding = name("crates/a/src/session/mod.rs").unwrap();

        assert_eq!(
            finding.message,
            "no `mod.rs`: name the file `crates/a/src/session.rs`"
        );
        assert_eq!(name("crates/a/src/session/cmod.rs"), None);
    }

    #[test]
    fn a_file_is_long_past_the_first_limit_and_too_long_past_the_second() {
        let severity = |path: &str, lines: usize| {
            length(&TextFile::new(path, &"\n".repeat(lines))).map(|finding| finding.severity)
        };

        assert_eq!(severity("crates/a/src/lib.rs", LONG_FILE), None);
        assert_eq!(
            severity("crates/a/src/lib.rs", LONG_FILE + 1),
            Some(Severity::Warning)
        );
        assert_eq!(
            severity("crates/a/src/b/c.rs", TOO_LONG_FILE),
            Some(Severity::Warning)
        );
        assert_eq!(
            severity("crates/a/src/b/c.rs", TOO_LONG_FILE + 1),
            Some(Severity::Error)
        );
        assert_eq!(
            severity("crates/a/tests/it/main.rs", TOO_LONG_FILE + 1),
            None
        );
    }

    #[test]
    fn the_first_foreign_character_of_a_line_is_named() {
        let findings = ascii(&TextFile::new(
            "src/lib.rs",
            "fine\n// a \u{2192} b \u{2026}",
        ));

        assert_eq!(
            findings,
            [Finding::error("src/lib.rs", 2, "U+2192 is not ASCII")]
        );
        assert_eq!(ascii(&TextFile::new("README.md", "\u{2192}")), []);
    }

    #[test]
    fn an_allow_is_refused_in_each_of_its_forms() {
        let [outer, inner] = ALLOW;
        let conditional = concat!("#[cfg_attr(test, ", "allow(dead_code))]");
        for line in [
            format!("    {outer}dead_code)]"),
            format!("{inner}dead_code, reason = \"..\")]"),
            format!("fn f({outer}unused)] a: u8) {{}}"),
            String::from(conditional),
        ] {
            let findings = allow_attributes(&TextFile::new("src/lib.rs", &line));

            assert_eq!(findings.len(), 1, "{line}");
        }
    }

    #[test]
    fn an_allow_inside_a_macro_or_a_comment_stays() {
        let [outer, _] = ALLOW;
        let text = format!(
            "// {outer}dead_code)]\nmacro_rules! m {{\n    () => {{\n        {outer}dead_code)]\n    }};\n}}"
        );

        assert_eq!(allow_attributes(&TextFile::new("src/lib.rs", &text)), []);
    }
}
