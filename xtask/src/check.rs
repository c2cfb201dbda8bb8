//! `cargo xtask check`: what must hold before a change is merged, apart from the tests.

use serde_json::Value;

use crate::Result;
use crate::process::Process;
use crate::process::say;
use crate::tidy;

/// How much `check` does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extent {
    /// What needs nothing but the toolchain.
    Usual,
    /// Also what needs tools that take minutes to install.
    Full,
}

pub(crate) fn run(extent: Extent) -> Result {
    let metadata = Process::cargo(&["metadata", "--no-deps", "--format-version", "1"]).read()?;
    let facade = Package::find(FACADE, &serde_json::from_str(&metadata)?)?;

    Process::cargo(&["fmt", "--all", "--check"]).run()?;
    Process::cargo(&["clippy", "--workspace", "--all-targets", "--all-features"])
        .arguments(&["--", "-D", "warnings"])
        .run()?;
    for process in feature_checks(&facade.features) {
        process.run()?;
    }
    Process::cargo(&["doc", "--workspace", "--no-deps", "--all-features"])
        .variable("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    tidy::run()?;
    if extent == Extent::Full {
        slow_checks(&facade.rust_version)?;
    }
    Ok(say("check: all passed")?)
}

/// The facade without features, then with each of them alone.
fn feature_checks(features: &[String]) -> Vec<Process> {
    let bare = || Process::cargo(&["check", "-p", FACADE, "--no-default-features"]);
    let alone = features
        .iter()
        .map(|feature| bare().arguments(&["--features", feature]));
    std::iter::once(bare()).chain(alone).collect()
}

fn slow_checks(rust_version: &str) -> Result {
    let mut missing = Vec::new();

    if Process::cargo(&["deny", "--version"]).is_available() {
        Process::cargo(&["deny", "check"]).run()?;
    } else {
        missing.push((
            "cargo deny",
            String::from("cargo install --locked cargo-deny"),
        ));
    }

    if has_toolchain(rust_version) {
        let toolchain = format!("+{rust_version}");
        Process::cargo(&[&toolchain, "check", "--workspace", "--all-features"]).run()?;
    } else {
        let command = format!("rustup toolchain install {rust_version} --profile minimal");
        missing.push(("the MSRV toolchain", command));
    }

    if Process::cargo(&["semver-checks", "--version"]).is_available() {
        semver_check()?;
    } else {
        missing.push((
            "cargo semver-checks",
            String::from("cargo install --locked cargo-semver-checks"),
        ));
    }

    for (tool, command) in &missing {
        say(format_args!(
            "not run: {tool} is not installed; install it with: {command}"
        ))?;
    }
    match missing.len() {
        0 => Ok(()),
        count => Err(format!("{count} of the full checks did not run").into()),
    }
}

/// Compares with the latest release tag, so that the answer does not depend on what is published.
fn semver_check() -> Result {
    let tags = Process::new("git", &["tag", "--list", "v*", "--sort=-version:refname"]).read()?;
    match tags.lines().next() {
        Some(tag) => Process::cargo(&["semver-checks", "--workspace", "--baseline-rev", tag]).run(),
        None => Ok(say("semver-checks: no release tag to compare with")?),
    }
}

fn has_toolchain(version: &str) -> bool {
    let installed = Process::new("rustup", &["toolchain", "list"]).read();
    installed.is_ok_and(|list| lists_toolchain(&list, version))
}

/// Whether `cargo +version` finds its toolchain in what `rustup toolchain list` printed.
fn lists_toolchain(list: &str, version: &str) -> bool {
    list.lines().any(|line| {
        line.strip_prefix(version)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ' ']))
    })
}

#[derive(Debug, Eq, PartialEq)]
struct Package {
    features: Vec<String>,
    rust_version: String,
}

impl Package {
    fn find(name: &str, metadata: &Value) -> Result<Self> {
        let missing = |what: &str| format!("`cargo metadata` names no {what} `{name}`");
        let package = metadata
            .get("packages")
            .and_then(Value::as_array)
            .and_then(|packages| {
                packages
                    .iter()
                    .find(|p| p.get("name") == Some(&name.into()))
            })
            .ok_or_else(|| missing("package"))?;
        let features = package
            .get("features")
            .and_then(Value::as_object)
            .ok_or_else(|| missing("features of"))?;
        let rust_version = package
            .get("rust_version")
            .and_then(Value::as_str)
            .ok_or_else(|| missing("rust-version of"))?;
        Ok(Self {
            features: features.keys().cloned().collect(),
            rust_version: rust_version.to_owned(),
        })
    }
}

const FACADE: &str = "hallpass";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_features_and_the_msrv_are_read_from_the_metadata() {
        let metadata = json!({ "packages": [
            { "name": "hallpass-core", "features": {}, "rust_version": "1.0" },
            { "name": "hallpass", "features": { "default": ["memory"], "memory": [] },
              "rust_version": "1.88" },
        ]});

        let package = Package::find("hallpass", &metadata).unwrap();

        assert_eq!(
            package,
            Package {
                features: vec![String::from("default"), String::from("memory")],
                rust_version: String::from("1.88"),
            }
        );
    }

    #[test]
    fn a_package_that_is_not_there_is_named() {
        let error = Package::find("hallpass", &json!({ "packages": [] })).unwrap_err();

        assert_eq!(
            error.to_string(),
            "`cargo metadata` names no package `hallpass`"
        );
    }

    #[test]
    fn each_feature_is_checked_alone_and_none_too() {
        let commands: Vec<String> = feature_checks(&[String::from("memory")])
            .iter()
            .map(Process::to_string)
            .collect();

        assert_eq!(
            commands,
            [
                "cargo check -p hallpass --no-default-features",
                "cargo check -p hallpass --no-default-features --features memory",
            ]
        );
    }

    #[test]
    fn a_toolchain_is_found_by_its_whole_version() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\n1.88-x86_64-apple-darwin\n";

        assert!(lists_toolchain(list, "1.88"));
        assert!(!lists_toolchain(list, "1.8"));
        assert!(!lists_toolchain("1.88.0-x86_64-apple-darwin", "1.88"));
    }
}
