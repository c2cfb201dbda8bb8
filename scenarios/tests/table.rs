//! Every row of the table, as a test of its own. `docs/scenarios.md` tells how to read and to add one.

use std::process::ExitCode;

use libtest_mimic::Arguments;
use libtest_mimic::Trial;

fn main() -> ExitCode {
    let trials = hallpass_scenarios::table()
        .into_iter()
        .map(|row| Trial::test(row.name(), move || Ok(row.run()?)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
