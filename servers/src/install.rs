//! Installs the servers where they are missing, on Debian and what comes from it.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::process::Command;
use std::process::Stdio;

use crate::Error;
use crate::programs;

/// Installs what is [`missing`](crate::missing), if we are root and there is `apt-get`. Installs
/// nothing if nothing is missing. The services of the packages are not started meanwhile.
///
/// # Errors
///
/// Fails with one line that says what to install, if we are not root, there is no `apt-get`, or it
/// fails.
pub fn install() -> Result<(), Error> {
    let packages = programs::missing();
    if packages.is_empty() {
        return Ok(());
    }
    let advice = || programs::advice(&packages);
    let (true, Some(apt)) = (
        rustix::process::geteuid().is_root(),
        programs::in_path("apt-get"),
    ) else {
        return Err(Error::new(advice()));
    };
    let _policy = NoServices::begin(Path::new("/usr/sbin/policy-rc.d"))
        .map_err(|error| Error::of("cannot keep services from being started", error))?;
    let run = |arguments: &[&str]| {
        Command::new(&apt)
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .status()
            .is_ok_and(|status| status.success())
    };
    let install = [
        &["install", "--yes", "--no-install-recommends"],
        packages.as_slice(),
    ]
    .concat();
    // The lists of a fresh system are empty, those of an old one name what is gone.
    let is_done = run(&install) || (run(&["update"]) && run(&install));
    if !is_done {
        return Err(Error::of("apt-get failed", advice()));
    }
    match programs::missing().as_slice() {
        [] => Ok(()),
        still => Err(Error::new(programs::advice(still))),
    }
}

/// While it lives, packages that are installed start no services: scripts of packages ask this file.
/// A file of the system's owner stays as it is.
#[derive(Debug)]
struct NoServices {
    ours: Option<PathBuf>,
}

impl NoServices {
    fn begin(path: &Path) -> io::Result<Self> {
        let mut file = match File::create_new(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Ok(Self { ours: None });
            }
            created => created?,
        };
        let policy = Self {
            ours: Some(path.to_path_buf()),
        };
        // If we are killed, it forbids nothing any more, and goes when it is asked the next time.
        write!(
            file,
            "#!/bin/sh\n\
             # Written by the tests of hallpass while they install packages.\n\
             if kill -0 {} 2>/dev/null; then exit 101; fi\n\
             rm -f \"$0\"\n",
            process::id()
        )?;
        file.set_permissions(fs::Permissions::from_mode(0o755))?;
        Ok(policy)
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(path) = &self.ours {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;

    #[test]
    fn services_are_forbidden_while_packages_are_installed() {
        let folder = Folder::create().unwrap();
        let path = folder.path().join("policy-rc.d");

        let policy = NoServices::begin(&path).unwrap();
        let answer = Command::new("sh").arg(&path).status().unwrap().code();
        drop(policy);

        assert_eq!((answer, path.exists()), (Some(101), false));
    }

    #[test]
    fn the_policy_of_a_killed_installation_forbids_nothing_and_goes() {
        let folder = Folder::create().unwrap();
        let path = folder.path().join("policy-rc.d");
        let policy = NoServices::begin(&path).unwrap();
        let mut ended = Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace(&process::id().to_string(), &ended.id().to_string());
        fs::write(&path, text).unwrap();

        let answer = Command::new("sh").arg(&path).status().unwrap().code();

        assert_eq!((answer, path.exists()), (Some(0), false));
        drop(policy);
    }

    #[test]
    fn the_policy_of_the_owner_stays() {
        let folder = Folder::create().unwrap();
        let path = folder.path().join("policy-rc.d");
        fs::write(&path, "exit 104\n").unwrap();

        drop(NoServices::begin(&path).unwrap());

        assert_eq!(fs::read_to_string(&path).unwrap(), "exit 104\n");
    }
}
