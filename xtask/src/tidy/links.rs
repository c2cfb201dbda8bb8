//! Relative links of the pages lead to files of the repository.

use crate::tidy::Finding;
use crate::tidy::tree::TextFile;
use crate::tidy::tree::Tree;

pub(super) fn check(file: &TextFile, tree: &Tree) -> Vec<Finding> {
    if !file.has_extension("md") {
        return Vec::new();
    }
    targets(&file.text)
        .into_iter()
        .filter(|(_, target)| is_relative(target))
        .filter(|(_, target)| !resolve(&file.path, target).is_some_and(|path| tree.has(&path)))
        .map(|(line, target)| {
            Finding::error(&file.path, line, format!("`{target}` leads to no file"))
        })
        .collect()
}

/// The targets of the links of a page, with their lines; nothing from code.
fn targets(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fence = None;
    for (number, line) in (1..).zip(page.lines()) {
        let start = line.trim_start();
        let mark = ["```", "~~~"]
            .into_iter()
            .find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(_)) => fence = mark,
            (Some(open), Some(close)) if open == close => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                let targets = targets_of_line(&without_code(line));
                found.extend(targets.into_iter().map(|target| (number, target)));
            }
        }
    }
    found
}

fn targets_of_line(line: &str) -> Vec<String> {
    let inline = line.split("](").skip(1);
    let definition = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .map(|(_, target)| target.trim_start());
    inline
        .chain(definition)
        .map(target_at_start)
        .filter(|target| !target.is_empty())
        .collect()
}

/// The target that the text starts with: up to a title, or to the end of the link.
fn target_at_start(text: &str) -> String {
    let end = if text.starts_with('<') { '>' } else { ')' };
    let text = text.strip_prefix('<').unwrap_or(text);
    let is_end = |c: char| c == end || (end == ')' && c.is_whitespace());
    text.split(is_end).next().unwrap_or_default().to_owned()
}

/// The line without its code spans.
fn without_code(line: &str) -> String {
    // Every second piece is code; without a closing mark the last one is text.
    let pieces: Vec<&str> = line.split('`').collect();
    let is_open = pieces.len().is_multiple_of(2);
    let last = pieces.len() - 1;
    pieces
        .into_iter()
        .enumerate()
        .filter(|(index, _)| index.is_multiple_of(2) || (is_open && *index == last))
        .map(|(_, piece)| piece)
        .collect()
}

fn is_relative(target: &str) -> bool {
    let has_scheme = target.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    !has_scheme && !target.starts_with('#') && !target.starts_with("//")
}

/// The path from the root of the repository, unless the target leads out of it.
fn resolve(page: &str, target: &str) -> Option<String> {
    let path = target.split(['#', '?']).next().unwrap_or_default();
    let mut folders: Vec<&str> = if path.starts_with('/') {
        Vec::new()
    } else {
        page.split('/').collect()
    };
    folders.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            name => folders.push(name),
        }
    }
    Some(folders.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_text_and_not_in_code() {
        let page = "\
See [one](a.md), [two](<b c.md> \"title\") and ![three](d.png 'title').
Not `[code](x.md)`, but [`code`](e.md#part) and a single ` [four](f.md).
```md
[fenced](y.md)
```
[five]: g.md \"title\"
";

        let found: Vec<String> = targets(page)
            .into_iter()
            .map(|(_, target)| target)
            .collect();

        assert_eq!(
            found,
            ["a.md", "b c.md", "d.png", "e.md#part", "f.md", "g.md"]
        );
    }

    #[test]
    fn a_link_starts_at_its_own_page() {
        assert_eq!(
            resolve("README.md", "docs/DESIGN.md#why"),
            Some("docs/DESIGN.md".to_owned())
        );
        assert_eq!(
            resolve("docs/DESIGN.md", "THREATS.md"),
            Some("docs/THREATS.md".to_owned())
        );
        assert_eq!(
            resolve("docs/DESIGN.md", "../README.md"),
            Some("README.md".to_owned())
        );
        assert_eq!(
            resolve("docs/DESIGN.md", "/SECURITY.md"),
            Some("SECURITY.md".to_owned())
        );
        assert_eq!(resolve("docs/DESIGN.md", "./"), Some("docs".to_owned()));
        assert_eq!(resolve("docs/DESIGN.md", "../../elsewhere.md"), None);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_reported() {
        let page = TextFile::new(
            "docs/DESIGN.md",
            "[a](THREATS.md)\n[b](https://example.org/x.md) [c](#why) [d](mailto:a@example.org)\n\
             [e](../docs)\n[f](../../elsewhere.md)",
        );
        let tree = Tree::from_texts(vec![TextFile::new("docs/DESIGN.md", "")]);

        let findings = check(&page, &tree);

        assert_eq!(
            findings,
            [
                Finding::error("docs/DESIGN.md", 1, "`THREATS.md` leads to no file"),
                Finding::error("docs/DESIGN.md", 4, "`../../elsewhere.md` leads to no file"),
            ]
        );
    }
}
