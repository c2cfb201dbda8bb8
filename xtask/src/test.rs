//! `cargo xtask test`: the models, then every test of the workspace, then every doctest, with servers
//! to test with.

use crate::Result;
use crate::interrupt;
use crate::loom;
use crate::process::Process;
use crate::servers::Servers;

pub(crate) fn run(filters: &[&str]) -> Result {
    if let Some(option) = filters.iter().find(|filter| filter.starts_with('-')) {
        return Err(format!(
            "`{option}` is an option, and `test` takes only filters on test names; \
             for its options call the runner itself"
        )
        .into());
    }

    // Before the models: what is missing is said at once.
    hallpass_servers::install()?;
    // From here on a signal ends the runner and the servers, and does not end us before them.
    interrupt::watch()?;

    // A failure of one runner does not hide those of the next. The models are no ordinary tests:
    // no filter selects them, and they come first, so that the output ends with the verdict of the
    // test runners.
    let mut failed = Vec::new();
    if filters.is_empty()
        && let Err(error) = loom::run()
    {
        interrupt::check()?;
        failed.push(error.to_string());
    }
    let has_nextest = Process::cargo(&["nextest", "--version"]).is_available();
    let tests = if has_nextest {
        nextest(filters)
    } else {
        libtest(filters)
    };
    let servers = Servers::start()?;
    for runner in [tests, doctests(filters)] {
        let with_servers = servers.pass_to(runner).ends_with_us();
        if !with_servers.succeeds()? {
            failed.push(format!("failed: {with_servers}"));
        }
    }
    drop(servers);
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("; ").into())
    }
}

fn nextest(filters: &[&str]) -> Process {
    let process = Process::cargo(&[
        "nextest",
        "run",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]);
    match filters {
        [] => process,
        // A filter may match nothing but doctests.
        _ => process
            .arguments(&["--no-tests", "warn"])
            .arguments(filters),
    }
}

fn libtest(filters: &[&str]) -> Process {
    let process = Process::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"])
        .arguments(&["--lib", "--bins", "--tests", "--examples"]);
    filtered(process, filters)
}

fn doctests(filters: &[&str]) -> Process {
    let process = Process::cargo(&[
        "test",
        "--doc",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]);
    filtered(process, filters)
}

fn filtered(process: Process, filters: &[&str]) -> Process {
    match filters {
        [] => process,
        _ => process.arguments(&["--"]).arguments(filters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_filter_nothing_is_left_out() {
        assert_eq!(
            nextest(&[]).to_string(),
            "cargo nextest run --workspace --all-features --no-fail-fast"
        );
        assert_eq!(
            libtest(&[]).to_string(),
            "cargo test --workspace --all-features --no-fail-fast \
             --lib --bins --tests --examples"
        );
        assert_eq!(
            doctests(&[]).to_string(),
            "cargo test --doc --workspace --all-features --no-fail-fast"
        );
    }

    #[test]
    fn filters_reach_each_runner() {
        let filters = ["logout", "renewal"];

        assert!(
            nextest(&filters)
                .to_string()
                .ends_with(" --no-tests warn logout renewal")
        );
        assert!(
            libtest(&filters)
                .to_string()
                .ends_with(" --examples -- logout renewal")
        );
        assert!(
            doctests(&filters)
                .to_string()
                .ends_with(" --no-fail-fast -- logout renewal")
        );
    }

    #[test]
    fn an_option_is_refused() {
        let error = run(&["--release"]).unwrap_err();

        assert!(error.to_string().starts_with("`--release` is an option"));
    }
}
