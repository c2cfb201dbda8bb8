//! Whom a server runs as that refuses to run as root.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::Error;

/// A user of the system, by number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct User {
    id: u32,
    group: u32,
}

impl User {
    /// `postgres`, or `nobody` where there is none; `None` if we are not root, and servers run as
    /// whoever we are.
    pub(crate) fn for_servers() -> Result<Option<Self>, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd")
            .map_err(|error| Error::of("cannot read /etc/passwd", error))?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Self::named(name, &users))
            .map(Some)
            .ok_or_else(|| Error::new("no user `postgres` or `nobody` to run a server as"))
    }

    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.id), Some(self.group))
    }

    /// Has the command run as this user. The groups of root go, too.
    pub(crate) fn take_on(self, command: &mut Command) {
        command.uid(self.id).gid(self.group);
    }

    fn named(name: &str, users: &str) -> Option<Self> {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(name)).then_some(())?;
            let mut numbers = fields.skip(1).map(str::parse);
            Some(Self {
                id: numbers.next()?.ok()?,
                group: numbers.next()?.ok()?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres2:x:1:1::/:\npostgres:x:105:109::/:";

        assert_eq!(
            User::named("postgres", users),
            Some(User {
                id: 105,
                group: 109
            })
        );
        assert_eq!(User::named("nobody", users), None);
    }
}
