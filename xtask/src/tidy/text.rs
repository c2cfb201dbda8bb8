//! Rules about every text file.

use crate::tidy::DATA_FOLDERS;
use crate::tidy::Finding;
use crate::tidy::tree::TextFile;

pub(super) fn trailing_space(file: &TextFile) -> Vec<Finding> {
    if is_data(file) {
        return Vec::new();
    }
    // Not `lines`, which hides a carriage return.
    (1..)
        .zip(file.text.split('\n'))
        .filter(|(_, line)| line.ends_with(char::is_whitespace))
        .map(|(number, _)| Finding::error(&file.path, number, "trailing white space"))
        .collect()
}

/// Notes about work to do must lead to the issue that tells of it. Pages may speak about the words.
pub(super) fn open_ends(file: &TextFile) -> Vec<Finding> {
    if is_data(file) || file.has_extension("md") {
        return Vec::new();
    }
    file.lines()
        .filter_map(|(number, line)| {
            let marker = MARKERS.into_iter().find(|marker| has_word(line, marker))?;
            let message = format!("`{marker}` without an issue number: write `{marker}(#123)`");
            (!names_issue(line)).then(|| Finding::error(&file.path, number, message))
        })
        .collect()
}

/// What is not in the repository is not there for its readers.
pub(super) fn outside_folder(file: &TextFile) -> Vec<Finding> {
    if may_look_outside(&file.path) {
        return Vec::new();
    }
    file.lines()
        .filter(|(_, line)| line.contains(OUTSIDE))
        .map(|(number, _)| {
            Finding::error(
                &file.path,
                number,
                format!("`{OUTSIDE}` is not in the repository"),
            )
        })
        .collect()
}

fn is_data(file: &TextFile) -> bool {
    DATA_FOLDERS.iter().any(|folder| file.is_below(folder))
}

fn may_look_outside(path: &str) -> bool {
    let mut folders = path.split('/');
    match folders.next() {
        Some("tests") => true,
        Some("examples") => folders.nth(1) == Some("tests"),
        _ => false,
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let (before, rest) = line.split_at(start);
        let after = rest.strip_prefix(word).unwrap_or(rest);
        !before.ends_with(is_letter) && !after.starts_with(is_letter)
    })
}

fn names_issue(line: &str) -> bool {
    line.split('#')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Put together here, so that this file keeps its own rules.
const MARKERS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
const OUTSIDE: &str = concat!("../", "shared");

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn lines(findings: &[Finding]) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_line_ends_with_its_last_letter() {
        let text = "fine\nspace \ntab\t\nreturn\r\n\nfine\n";

        assert_eq!(
            lines(&trailing_space(&TextFile::new("a.md", text))),
            [2, 3, 4]
        );
        assert_eq!(
            trailing_space(&TextFile::new("fuzz/corpus/cookie/1", text)),
            []
        );
    }

    #[test]
    fn a_note_about_work_leads_to_an_issue() {
        for marker in MARKERS {
            let text =
                format!("// {marker}: later\n// {marker}(#12): later\n// {marker}S and x{marker}");
            let findings = open_ends(&TextFile::new("src/lib.rs", &text));

            assert_eq!(lines(&findings), [1]);
        }
    }

    #[test]
    fn a_page_may_speak_about_the_words() {
        let [marker, _] = MARKERS;

        assert_eq!(open_ends(&TextFile::new("CONTRIBUTING.md", marker)), []);
    }

    #[test]
    fn only_tests_look_outside_of_the_repository() {
        let found = |path: &str| lines(&outside_folder(&TextFile::new(path, OUTSIDE)));

        assert_eq!(found("docs/DESIGN.md"), [1]);
        assert_eq!(found("crates/a/tests/it/main.rs"), [1]);
        assert_eq!(found("examples/quickstart/src/main.rs"), [1]);
        assert_eq!(found("tests/it/vectors.rs"), NOTHING);
        assert_eq!(found("examples/quickstart/tests/transcript.rs"), NOTHING);
    }
}
