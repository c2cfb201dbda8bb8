//! Every test of the suite is run by the macro.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A test that is written and not listed would never run, and nobody would notice.
#[test]
fn the_macro_lists_every_test_of_the_suite() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let mut written = BTreeSet::new();
    collect(&root, None, &mut written);

    let macros = fs::read_to_string(root.join("suite.rs")).unwrap();
    let mut listed = BTreeSet::new();
    let mut module = None;
    for line in macros.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("$crate::__tests! { ")
            && let Some(name) = rest.strip_suffix(':')
        {
            module = Some(name);
        } else if line == "}" {
            module = None;
        } else if let Some(module) = module {
            assert!(
                listed.insert(format!("{module}::{line}")),
                "{line} is listed twice"
            );
        }
    }
    assert_eq!(written, listed);
}

/// Collects the tests below a folder under the name of the module that offers them.
fn collect(folder: &Path, module: Option<&str>, written: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = module.unwrap_or(&stem);
        if path.is_dir() {
            collect(&path, Some(module), written);
        } else if !["bed", "meeting", "node", "racing", "suite"].contains(&module) {
            let source = fs::read_to_string(&path).unwrap();
            written.extend(
                source
                    .lines()
                    .filter_map(|line| line.strip_prefix("pub async fn "))
                    .filter_map(|line| line.split(['<', '(']).next())
                    .map(|name| format!("{module}::{name}")),
            );
        }
    }
}
