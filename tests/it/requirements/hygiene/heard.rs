//! Whatever is said anywhere.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::Mutex;

/// Keeps what is said, once each. Clones are the same ears.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<BTreeSet<Vec<u8>>>>);

impl Heard {
    pub(super) fn note(&self, said: &[u8]) {
        self.0.lock().unwrap().insert(said.to_vec());
    }

    /// Takes note of how a value looks in a log.
    pub(super) fn debug(&self, value: &(impl fmt::Debug + ?Sized)) {
        self.note(format!("{value:?}").as_bytes());
        self.note(format!("{value:#?}").as_bytes());
    }

    /// Takes note of an error and of whatever is behind it.
    pub(super) fn error(&self, error: &dyn Error) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.debug(error);
            self.note(error.to_string().as_bytes());
            next = error.source();
        }
    }

    /// Returns everything, line by line.
    pub(super) fn all(&self) -> Vec<u8> {
        let said: Vec<_> = self.0.lock().unwrap().iter().cloned().collect();
        said.join(&b'\n')
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Heard")
    }
}

/// One call for each line of the log.
impl Write for Heard {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.note(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
