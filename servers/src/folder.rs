//! A folder for one server, which goes with it.

use std::env;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::sync::Once;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use rustix::fs::FlockOperation;
use rustix::fs::flock;

use crate::Error;
use crate::shared_memory;
use crate::user::User;

/// A new folder under the system's folder for temporary files. Dropping it removes it.
///
/// # Invariant
///
/// The file `lock` in it is locked while its owner lives, and no child inherits the lock. So a folder
/// whose owner was killed is known by a lock that can be had.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    pub(crate) fn create() -> Result<Self, Error> {
        static SWEEP: Once = Once::new();
        SWEEP.call_once(sweep);
        let parent = env::temp_dir();
        Self::create_in(&parent)
            .map_err(|error| Error::of(format!("no folder in {}", parent.display()), error))
    }

    /// Makes a folder for data inside that belongs to the user whom the server runs as.
    pub(crate) fn data(&self, owner: Option<User>) -> Result<PathBuf, Error> {
        let path = self.path.join(DATA);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.and_then(|()| owner.map_or(Ok(()), |user| user.own(&path)))
            .map_err(|error| Error::of(format!("no folder {}", path.display()), error))?;
        Ok(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{PREFIX}{}-{count}", process::id()));
            // A server of another user passes through, and cannot list.
            match DirBuilder::new().mode(0o711).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => {
                    made?;
                    break path;
                }
            }
        };
        // Locked before it has its name: a sweep never sees an open lock of a folder in use.
        let unlocked = path.join("new-lock");
        let lock = File::create_new(&unlocked)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        fs::rename(unlocked, path.join(LOCK))?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes the folders of servers whose owners were killed. Who starts a server need not do it: the
/// first start of a process does.
pub fn sweep() {
    sweep_in(&env::temp_dir());
}

fn sweep_in(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.metadata().is_ok_and(|found| {
                found.is_dir() && found.uid() == rustix::process::geteuid().as_raw()
            });
        if is_ours && is_left(&entry.path()) {
            remove(&entry.path());
        }
    }
}

fn is_left(folder: &Path) -> bool {
    File::open(folder.join(LOCK))
        .is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok())
}

fn remove(folder: &Path) {
    shared_memory::remove(&folder.join(DATA));
    // A server that is just ending may still write a file while its folder is emptied.
    for _ in 0..10 {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}

const PREFIX: &str = "hallpass-servers-";

const LOCK: &str = "lock";

const DATA: &str = "data";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_owner() {
        let folder = Folder::create().unwrap();
        let path = folder.path().to_path_buf();
        fs::write(path.join("dump.rdb"), "data").unwrap();

        drop(folder);

        assert!(!path.exists());
    }

    #[test]
    fn a_sweep_takes_what_a_killed_owner_left_and_nothing_else() {
        let parent = Folder::create().unwrap();
        let held = Folder::create_in(parent.path()).unwrap();
        let left = parent.path().join(format!("{PREFIX}1-0"));
        let without_lock = parent.path().join(format!("{PREFIX}1-1"));
        let foreign = parent.path().join("foreign");
        for folder in [&left, &without_lock, &foreign] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(left.join(LOCK), "").unwrap();
        fs::write(foreign.join(LOCK), "").unwrap();

        sweep_in(parent.path());

        let exists = |path: &Path| path.exists();
        assert_eq!(
            [held.path(), &left, &without_lock, &foreign].map(exists),
            [true, false, true, true]
        );
    }
}
