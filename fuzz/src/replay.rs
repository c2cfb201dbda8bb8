//! Running a target without libFuzzer.

use std::env;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::Body;

/// Runs a target on the files that the command line names, and on every file of each folder.
///
/// A finding ends the program with the panic of the target.
#[must_use]
pub fn replay(target: Body) -> ExitCode {
    let mut count = 0_usize;
    for path in env::args_os().skip(1).map(PathBuf::from) {
        match replay_all(target, &path) {
            Ok(files) => count += files,
            Err(error) => {
                eprintln!("cannot read {}: {error}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    match writeln!(io::stdout(), "{count} files replayed") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn replay_all(target: Body, path: &Path) -> io::Result<usize> {
    if !path.is_dir() {
        target(&fs::read(path)?);
        return Ok(1);
    }
    let mut count = 0;
    for entry in fs::read_dir(path)? {
        count += replay_all(target, &entry?.path())?;
    }
    Ok(count)
}
