//! Folders that are gone when their test is over.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

/// A folder that no other test uses, with the name of a file in it.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static USED: AtomicUsize = AtomicUsize::new(0);
        let number = USED.fetch_add(1, Ordering::Relaxed);
        let name = format!("custom-store-{}-{number}", process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // A process that had the same number may have been killed.
        let _left = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder.join("sessions.txt"))
    }

    /// Keeps the folder until the thread of the test ends.
    pub(crate) fn kept(self) -> PathBuf {
        thread_local! {
            static KEPT: RefCell<Vec<Scratch>> = const { RefCell::new(Vec::new()) };
        }
        let path = self.0.clone();
        KEPT.with_borrow_mut(|kept| kept.push(self));
        path
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the next version of the file is written.
    pub(crate) fn new_path(&self) -> PathBuf {
        self.0.with_file_name("sessions.txt.new")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.parent().unwrap()
    }

    pub(crate) fn read(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Where the test removed it, there is nothing to remove.
        let _removed = fs::remove_dir_all(self.folder());
    }
}
