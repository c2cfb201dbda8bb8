//! Each feature says in its manifest what it gives; those of the facade have a row in its docs.

use crate::tidy::Finding;
use crate::tidy::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .texts
        .iter()
        .filter(|file| is_library_manifest(&file.path))
    {
        for feature in features(&file.text) {
            if !feature.has_comment {
                let message = format!("no comment above the feature `{}`", feature.name);
                findings.push(Finding::error(&file.path, feature.line, message));
            }
            let docs = tree.text(FACADE_DOCS).unwrap_or_default();
            if file.path == FACADE_MANIFEST && !has_row(docs, feature.name) {
                let message = format!("no row for the feature `{}` in {FACADE_DOCS}", feature.name);
                findings.push(Finding::error(&file.path, feature.line, message));
            }
        }
    }
    findings
}

/// Whether the path is `crates/*/Cargo.toml`.
fn is_library_manifest(path: &str) -> bool {
    let folders: Vec<&str> = path.split('/').collect();
    matches!(folders.as_slice(), ["crates", _, "Cargo.toml"])
}

#[derive(Debug, Eq, PartialEq)]
struct Feature<'a> {
    name: &'a str,
    line: usize,
    has_comment: bool,
}

/// The features of a manifest, but for `default`, whose name says it all.
fn features(manifest: &str) -> Vec<Feature<'_>> {
    let mut found = Vec::new();
    let mut is_inside = false;
    let mut above = "";
    for (number, line) in (1..).zip(manifest.lines()) {
        if line.starts_with('[') {
            is_inside = line.trim_end() == "[features]";
        } else if is_inside && let Some(name) = key(line).filter(|name| *name != "default") {
            let has_comment = above.starts_with('#');
            found.push(Feature {
                name,
                line: number,
                has_comment,
            });
        }
        above = line;
    }
    found
}

/// The key that a line starts with; lines that go on with a value start with a space or a quote.
fn key(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim_end();
    let is_key = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    (!name.is_empty() && name.chars().all(is_key)).then_some(name)
}

fn has_row(docs: &str, feature: &str) -> bool {
    let quoted = format!("`{feature}`");
    docs.lines().any(|line| {
        line.strip_prefix("//!")
            .is_some_and(|text| text.trim_start().starts_with("| "))
            && line.contains(&quoted)
    })
}

const FACADE_DOCS: &str = "crates/hallpass/src/lib.rs";
const FACADE_MANIFEST: &str = "crates/hallpass/Cargo.toml";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::TextFile;

    const MANIFEST: &str = "\
[package]
name = \"hallpass\"

[features]
default = [\"memory\"]
# The in-process store.
memory = [
    \"dep:hallpass-memory\",
]
tracing = []

[dependencies]
http = \"1\"
";

    #[test]
    fn the_features_of_a_manifest_are_found_with_their_comments() {
        assert_eq!(
            features(MANIFEST),
            [
                Feature {
                    name: "memory",
                    line: 7,
                    has_comment: true
                },
                Feature {
                    name: "tracing",
                    line: 10,
                    has_comment: false
                },
            ]
        );
    }

    #[test]
    fn each_feature_of_the_facade_has_a_row() {
        let docs = "//! | Feature | Gives |\n//! | `memory` | a store |\n//! Also `tracing`.\n";
        let tree = Tree::from_texts(vec![
            TextFile::new(FACADE_MANIFEST, MANIFEST),
            TextFile::new(FACADE_DOCS, docs),
        ]);

        let messages: Vec<String> = check(&tree).iter().map(Finding::to_string).collect();

        assert_eq!(
            messages,
            [
                "crates/hallpass/Cargo.toml:10: no comment above the feature `tracing`",
                "crates/hallpass/Cargo.toml:10: no row for the feature `tracing` \
                 in crates/hallpass/src/lib.rs",
            ]
        );
    }

    #[test]
    fn other_crates_need_no_row() {
        let manifest = "[features]\n# Gives something.\nsomething = []\n";
        let file = TextFile::new("crates/hallpass-core/Cargo.toml", manifest);

        assert_eq!(check(&Tree::from_texts(vec![file])), []);
    }
}
