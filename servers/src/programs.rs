//! Where the programs of the servers are.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::Error;

/// Which of the programs that the tests of the workspace need are not there, by the names of their
/// Debian packages.
///
/// PostgreSQL is looked for in `PATH`, then in `/usr/lib/postgresql/*/bin`, the newest first. Valkey
/// does in place of Redis.
#[must_use]
pub fn missing() -> Vec<&'static str> {
    let needed = [
        ("redis-server", redis().is_err()),
        (
            "postgresql",
            postgres("initdb").is_err() || postgres("postgres").is_err(),
        ),
        ("pgbouncer", pgbouncer().is_err()),
    ];
    needed
        .into_iter()
        .filter_map(|(package, is_missing)| is_missing.then_some(package))
        .collect()
}

/// The one line that says what to install for these packages.
pub(crate) fn advice(packages: &[&str]) -> String {
    let is_mac = cfg!(target_os = "macos");
    let command = if is_mac { "brew" } else { "apt-get" };
    let names: Vec<&str> = packages
        .iter()
        .map(|package| match *package {
            "redis-server" if is_mac => "redis",
            "postgresql" if is_mac => "postgresql@17",
            other => other,
        })
        .collect();
    let names = names.join(" ");
    format!("servers for the tests are missing: {command} install {names}")
}

/// A server and the program that speaks to it.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) server: PathBuf,
    pub(crate) client: PathBuf,
}

/// Redis, or Valkey where there is no Redis.
pub(crate) fn redis() -> Result<Pair, Error> {
    pair("redis-server", "redis-cli")
        .or_else(valkey)
        .ok_or_else(|| Error::new(advice(&["redis-server"])))
}

pub(crate) fn valkey() -> Option<Pair> {
    pair("valkey-server", "valkey-cli")
}

/// A program of PostgreSQL.
pub(crate) fn postgres(name: &str) -> Result<PathBuf, Error> {
    in_path(name)
        .or_else(|| in_versions(Path::new("/usr/lib/postgresql"), name))
        .ok_or_else(|| Error::new(advice(&["postgresql"])))
}

pub(crate) fn pgbouncer() -> Result<PathBuf, Error> {
    // Debian has it in a folder that is not in everybody's `PATH`.
    in_path("pgbouncer")
        .or_else(|| program(Path::new("/usr/sbin/pgbouncer")))
        .ok_or_else(|| Error::new(advice(&["pgbouncer"])))
}

pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).find_map(|folder| program(&folder.join(name)))
}

fn pair(server: &str, client: &str) -> Option<Pair> {
    Some(Pair {
        server: in_path(server)?,
        client: in_path(client)?,
    })
}

/// The program in `<folder>/<version>/bin` of the highest version.
fn in_versions(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name().and_then(OsStr::to_str)?.parse().ok()?;
            Some((version, path))
        })
        .collect();
    versions.sort_by_key(|(version, _)| Reverse(*version));
    versions
        .into_iter()
        .find_map(|(_, path)| program(&path.join("bin").join(name)))
}

fn program(path: &Path) -> Option<PathBuf> {
    path.is_file().then(|| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    #[test]
    fn the_newest_version_that_has_the_program_is_taken() {
        let folder = Folder::create().unwrap();
        for version in ["9", "15", "16", "common"] {
            fs::create_dir_all(folder.path().join(version).join("bin")).unwrap();
        }
        for version in ["9", "15", "common"] {
            fs::write(folder.path().join(version).join("bin/initdb"), "").unwrap();
        }

        assert_eq!(
            in_versions(folder.path(), "initdb"),
            Some(folder.path().join("15/bin/initdb"))
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_advice_is_one_line_that_can_be_pasted() {
        assert_eq!(
            advice(&["redis-server", "pgbouncer"]),
            "servers for the tests are missing: apt-get install redis-server pgbouncer"
        );
    }
}
