//! What went wrong with a server, in one line.

use std::error;
use std::fmt;
use std::fmt::Display;

/// Why a server could not be found, started, asked or stopped. One line that can be shown as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// What was tried, and what the system said to it.
    pub(crate) fn of(what: impl Display, cause: impl Display) -> Self {
        Self(format!("{what}: {cause}"))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Error {}
