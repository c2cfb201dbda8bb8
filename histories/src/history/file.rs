//! Histories on disk: one file per process, one line per operation.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::Operation;

/// Writes the history of one process.
#[derive(Debug)]
pub(crate) struct Recorder(Mutex<BufWriter<File>>);

impl Recorder {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(BufWriter::new(File::create(path)?))))
    }

    pub(crate) fn record(&self, operation: &Operation) -> io::Result<()> {
        let mut line = serde_json::to_vec(operation)?;
        line.push(b'\n');
        let Self(file) = self;
        file.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&line)
    }

    pub(crate) fn flush(&self) -> io::Result<()> {
        let Self(file) = self;
        file.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// Reads the history of one process, and adds it to those of others.
pub(crate) fn read(path: &Path, history: &mut Vec<Operation>) -> io::Result<()> {
    for line in BufReader::new(File::open(path)?).lines() {
        history.push(serde_json::from_str(&line?)?);
    }
    Ok(())
}
