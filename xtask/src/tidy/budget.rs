//! How much the core depends on.

use std::collections::BTreeSet;

use crate::Result;
use crate::process::Process;
use crate::tidy::Finding;

pub(super) const CORE: &str = "hallpass-core";

/// The names of the crates that the core depends on, directly and indirectly, without dev and build
/// dependencies and without its optional features.
pub(super) fn core_dependencies() -> Result<BTreeSet<String>> {
    let listing = Process::cargo(&["tree", "-p", CORE, "-e", "normal,no-proc-macro"])
        .arguments(&["--prefix", "none", "--no-dedupe"])
        .read()?;
    Ok(names(&listing))
}

pub(super) fn over(dependencies: &BTreeSet<String>, budget: usize) -> Option<Finding> {
    let count = dependencies.len();
    (count > budget).then(|| {
        let path = format!("crates/{CORE}/Cargo.toml");
        let message = format!("{count} crates in the dependency tree, {budget} are the budget");
        Finding::error(&path, 1, message)
    })
}

fn names(listing: &str) -> BTreeSet<String> {
    listing
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != CORE)
        .map(String::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
hallpass-core v0.1.0 (/src/crates/hallpass-core)
sha2 v0.11.1
cfg-if v1.0.5
subtle v2.6.1
serde_derive v1.0.0 (proc-macro)
cfg-if v1.0.5
";

    #[test]
    fn each_dependency_counts_once_and_the_core_does_not() {
        let expected = ["cfg-if", "serde_derive", "sha2", "subtle"].map(String::from);

        assert_eq!(names(LISTING), BTreeSet::from(expected));
    }

    #[test]
    fn the_budget_may_be_spent_but_not_exceeded() {
        let dependencies = names(LISTING);

        assert_eq!(over(&dependencies, 4), None);
        assert_eq!(
            over(&dependencies, 3).map(|finding| finding.message),
            Some(String::from(
                "4 crates in the dependency tree, 3 are the budget"
            ))
        );
    }
}
