//! The committed inputs.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Returns the folder of this package. Another checkout may share what was compiled.
pub(crate) fn root() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// Returns the inputs of a target, in the order of their names.
pub(crate) fn inputs(target: &str) -> Vec<Input> {
    let paths = children(&root().join("corpus").join(target));
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        Input { path, bytes }
    };
    paths.into_iter().map(read).collect()
}

/// Returns the targets that have a corpus.
pub(crate) fn names() -> Vec<String> {
    let names = children(&root().join("corpus")).into_iter();
    names
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    paths.sort();
    paths
}
