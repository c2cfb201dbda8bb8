//! The servers start, answer, survive what is done to them, and leave nothing behind.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod cluster;
mod owner;
mod postgres;
mod proxy;
mod redis;

use std::path::PathBuf;
use std::process::Command;

/// Whether a process runs. One that has ended and that nobody waits for does not.
fn runs(pid: u32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !matches!(state.trim().chars().next(), None | Some('Z'))
}

/// The folders for servers that a process has.
fn folders_of(pid: u32) -> Vec<PathBuf> {
    let prefix = format!("hallpass-servers-{pid}-");
    std::fs::read_dir(std::env::temp_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().expect("entries have names");
            name.to_string_lossy().starts_with(&prefix)
        })
        .collect()
}
