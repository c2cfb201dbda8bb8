//! Runs programs at the root of the workspace.

use std::env;
use std::fmt;
use std::fmt::Display;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use crate::Result;
use crate::interrupt;

/// A command line; its `Display` can be pasted into a shell.
#[derive(Debug)]
pub(crate) struct Process {
    program: &'static str,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    ends_with_us: bool,
}

impl Process {
    pub(crate) fn new(program: &'static str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().copied().map(String::from).collect();
        Self {
            program,
            arguments,
            variables: Vec::new(),
            ends_with_us: false,
        }
    }

    pub(crate) fn cargo(arguments: &[&str]) -> Self {
        Self::new("cargo", arguments)
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().copied().map(String::from));
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Has the program asked to end when we are killed, where the system can do that.
    pub(crate) fn ends_with_us(mut self) -> Self {
        self.ends_with_us = true;
        self
    }

    /// Prints the command line, runs it with the output passed straight through, and tells whether
    /// it succeeded. After an interrupt nothing is run any more.
    pub(crate) fn succeeds(&self) -> Result<bool> {
        interrupt::check()?;
        say(format_args!("$ {self}"))?;
        let mut child = self
            .command()
            .spawn()
            .map_err(|error| self.not_started(&error))?;
        let status = {
            let _passed_on = interrupt::pass_on_to(&child);
            child.wait()?
        };
        interrupt::check()?;
        Ok(status.success())
    }

    /// As [`succeeds`](Self::succeeds), with a failure as an error that names the command.
    pub(crate) fn run(&self) -> Result {
        if self.succeeds()? {
            Ok(())
        } else {
            Err(format!("failed: {self}").into())
        }
    }

    /// Runs silently and returns what the program wrote to its standard output.
    pub(crate) fn read(&self) -> Result<String> {
        let output = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.not_started(&error))?;
        if !output.status.success() {
            return Err(format!("failed: {self}").into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Tells whether the program is there and succeeds; prints nothing.
    pub(crate) fn is_available(&self) -> bool {
        let status = self
            .command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }

    fn command(&self) -> Command {
        let mut command = if self.ends_with_us {
            hallpass_servers::command_that_ends_with_us(self.program)
        } else {
            Command::new(self.program)
        };
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            // Set by the cargo that runs this tool; another toolchain's must not find it.
            .env_remove("CARGO")
            .current_dir(root());
        command
    }

    fn not_started(&self, error: &io::Error) -> String {
        format!("cannot start: {self}: {error}")
    }
}

impl Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(self.program)?;
        for argument in &self.arguments {
            write!(f, " {}", quoted(argument))?;
        }
        Ok(())
    }
}

/// The root of the workspace: the folder above this package.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable for `cargo run`; the one of compile time may name another checkout
    // that shares the target folder.
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}

/// Writes a line to the standard output.
pub(crate) fn say(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:@,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_as_a_shell_takes_it() {
        let process = Process::cargo(&["doc", "--no-deps"])
            .variable("RUSTDOCFLAGS", "-D warnings")
            .arguments(&["it's", ""]);

        assert_eq!(
            process.to_string(),
            r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s' ''"
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_not_available() {
        assert!(!Process::new("no-such-program-of-hallpass", &[]).is_available());
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = Process::new("no-such-program-of-hallpass", &["x y"])
            .read()
            .unwrap_err();

        assert!(
            error
                .to_string()
                .starts_with("cannot start: no-such-program-of-hallpass 'x y': ")
        );
    }
}
