//! Developer commands of hallpass: `cargo xtask test`, `servers`, `loom`, `check` and `tidy`.
//!
//! Each command prints what it runs, so that a step that failed can be repeated by hand.

mod check;
mod interrupt;
mod loom;
mod process;
mod servers;
mod test;
mod tidy;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use crate::check::Extent;
use crate::process::say;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[&str]) -> Result {
    match arguments {
        ["test", filters @ ..] => test::run(filters),
        ["servers"] => servers::run(),
        ["loom"] => loom::run(),
        ["check"] => check::run(Extent::Usual),
        ["check", "--full"] => check::run(Extent::Full),
        ["tidy"] => tidy::run(),
        ["help" | "--help" | "-h"] => Ok(say(USAGE)?),
        _ => Err(USAGE.into()),
    }
}

const USAGE: &str = "\
usage: cargo xtask <command>

  test [FILTER]...  runs every test and doctest, or those whose name contains a filter
  servers           starts the servers that tests need, and keeps them until it is interrupted
  loom              runs the models of the memory store's locks, in every order of their threads
  check             formatting, lints, features, documentation and house rules
  check --full      the same, then licenses and advisories, the MSRV and API compatibility
  tidy              house rules only";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_is_answered_with_the_usage() {
        let error = dispatch(&["tset"]).unwrap_err();

        assert_eq!(error.to_string(), USAGE);
    }

    #[test]
    fn an_unknown_option_is_answered_with_the_usage() {
        let error = dispatch(&["check", "--fast"]).unwrap_err();

        assert_eq!(error.to_string(), USAGE);
    }
}
