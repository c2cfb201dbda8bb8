//! Waiting for a network, which is the one thing here that is about the time of this machine.

use std::future::Future;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::PostgresError;

/// Until when an operation waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(timeout).unwrap_or(now + FOREVER))
    }

    /// Waits for a future until then.
    pub(crate) async fn of<T>(self, future: impl Future<Output = T>) -> Result<T, PostgresError> {
        tokio::time::timeout_at(self.0, future)
            .await
            .map_err(|_elapsed| PostgresError::timed_out())
    }
}

/// Pauses between attempts: each is up to twice as long as the one before.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    first: Duration,
    most: Duration,
}

impl Backoff {
    /// For connections.
    pub(crate) const fn reconnecting() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(5))
    }

    /// For statements that lost against another one.
    pub(crate) const fn repeating() -> Self {
        Self::new(Duration::from_millis(1), Duration::from_millis(32))
    }

    const fn new(first: Duration, most: Duration) -> Self {
        Self {
            next: first,
            first,
            most,
        }
    }

    pub(crate) const fn reset(&mut self) {
        self.next = self.first;
    }

    pub(crate) async fn pause(&mut self) {
        let longest = self.next;
        self.next = (longest * 2).min(self.most);
        pause(longest / 2 + jitter(longest / 2)).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a pause of the network, which decides nothing about a session"
)]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Returns a duration up to `most`, another one each time, so that nodes that failed together do not
/// come back together. Needs no secrecy.
fn jitter(most: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8);
    most.mul_f64(f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX))
}

/// Some decades: an instant has an end.
const FOREVER: Duration = Duration::from_secs(1_000_000_000);
