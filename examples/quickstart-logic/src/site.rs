//! What pages and routes know of the settings.

use std::time::Duration;

/// What pages and routes know of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// How long before the idle timeout a page warns, in seconds.
    pub(crate) warn_before: u64,
    /// Whether a session that nobody uses locks, instead of ending.
    pub(crate) locks: bool,
    /// How long the rights of an administrator last.
    pub(crate) elevation: Duration,
    /// How long support may act for somebody.
    pub(crate) impersonation: Duration,
}
