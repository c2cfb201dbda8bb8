//! Waiting for another process, which tells nobody when it is done.

use std::thread;
use std::time::Duration;

use crate::Error;

/// Waits until the condition holds.
///
/// This is for what happens in a server on its own time, as a replica that takes over. The system's
/// clock is not asked: the tries are counted, so a process that was suspended does not give up.
///
/// # Errors
///
/// Fails if the condition does not hold within about a minute. The error names `what`.
///
/// # Example: a server that ends
///
/// ```
/// let mut child = std::process::Command::new("true").spawn()?;
///
/// hallpass_servers::eventually("the program ends", || matches!(child.try_wait(), Ok(Some(_))))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn eventually(what: &str, condition: impl FnMut() -> bool) -> Result<(), Error> {
    if holds_within(TRIES_IN_A_MINUTE, condition) {
        return Ok(());
    }
    Err(Error::new(format!("not so within a minute: {what}")))
}

/// Whether the condition holds at one of so many tries, 10 ms apart.
pub(crate) fn holds_within(tries: usize, mut condition: impl FnMut() -> bool) -> bool {
    for _ in 0..tries {
        if condition() {
            return true;
        }
        thread::sleep(STEP);
    }
    false
}

const STEP: Duration = Duration::from_millis(10);

const TRIES_IN_A_MINUTE: usize = 6_000;
