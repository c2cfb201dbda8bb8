//! The files of the repository: those that git tracks, and new ones that it does not ignore.

use std::collections::BTreeSet;
use std::fs;

use crate::Result;
use crate::process::Process;
use crate::process::root;

#[derive(Debug)]
pub(super) struct Tree {
    /// Every file, relative to the root, with `/` between the folders.
    pub(super) paths: BTreeSet<String>,
    /// The files that are UTF-8 text.
    pub(super) texts: Vec<TextFile>,
}

#[derive(Debug)]
pub(super) struct TextFile {
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    pub(super) fn read() -> Result<Self> {
        let listing = Process::new(
            "git",
            &[
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ],
        )
        .read()?;
        let root = root();
        let mut paths = BTreeSet::new();
        let mut texts = Vec::new();
        for path in listing.split_terminator('\0') {
            // A file may be tracked and deleted, or listed once for each side of a conflict.
            let is_file = fs::symlink_metadata(root.join(path)).is_ok_and(|found| found.is_file());
            if !is_file || !paths.insert(path.to_owned()) {
                continue;
            }
            match String::from_utf8(fs::read(root.join(path))?) {
                Ok(text) if !text.contains('\0') => texts.push(TextFile::new(path, &text)),
                _ => {}
            }
        }
        Ok(Self { paths, texts })
    }

    #[cfg(test)]
    pub(super) fn from_texts(texts: Vec<TextFile>) -> Self {
        let paths = texts.iter().map(|file| file.path.clone()).collect();
        Self { paths, texts }
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    }

    /// Whether there is a file of this path, or a folder with files in it.
    pub(super) fn has(&self, path: &str) -> bool {
        let is_inside = |file: &String| {
            file.strip_prefix(path)
                .is_some_and(|rest| path.is_empty() || rest.starts_with('/'))
        };
        self.paths.contains(path) || self.paths.iter().any(is_inside)
    }
}

impl TextFile {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, found)| found == extension)
    }

    /// The lines with their numbers, from one.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    /// Whether one of the folders above the file has this name.
    pub(super) fn is_below(&self, folder: &str) -> bool {
        self.path
            .split('/')
            .rev()
            .skip(1)
            .any(|name| name == folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_there_when_a_file_is_in_it() {
        let tree = Tree::from_texts(vec![TextFile::new("docs/DESIGN.md", "")]);

        assert!(tree.has("docs/DESIGN.md"));
        assert!(tree.has("docs"));
        assert!(tree.has(""));
        assert!(!tree.has("doc"));
        assert!(!tree.has("docs/design.md"));
    }

    #[test]
    fn the_folders_of_a_file_do_not_include_its_name() {
        let file = TextFile::new("crates/a/tests/it/tests.rs", "");

        assert!(file.is_below("tests"));
        assert!(!file.is_below("tests.rs"));
    }
}
