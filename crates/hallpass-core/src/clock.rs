//! Where the time comes from.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "system-clock")]
use std::sync::OnceLock;
use std::time::Duration;
#[cfg(feature = "system-clock")]
use std::time::Instant;

use crate::time::Timestamp;

/// A boxed future, as the object-safe traits of this crate return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The source of time.
///
/// The engine asks it once per decision, and nothing else in hallpass reads a clock. The time it
/// tells may go backwards: the engine counts a negative age as none.
///
/// # Cancel safety
///
/// The future of [`Clock::sleep`] may be dropped at any time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;

    /// Returns how long ago some fixed moment was, to tell how long something took.
    ///
    /// Never compared with [`Clock::now`]. As that one, unless it is written anew; a clock that has
    /// a finer count, which never goes backwards, tells that.
    fn count(&self) -> Duration {
        Duration::from_millis(self.now().as_millis())
    }

    /// Returns a future that is ready once `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine, with the timer of tokio.
///
/// Its [`Clock::sleep`] must be called inside a tokio runtime that has its timer enabled.
#[cfg(feature = "system-clock")]
#[cfg_attr(docsrs_hallpass, doc(cfg(feature = "system-clock")))]
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a name for the clock of the machine, no more"
)]
pub struct SystemClock;

#[cfg(feature = "system-clock")]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks the system"
)]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        std::time::SystemTime::now().into()
    }

    fn count(&self) -> Duration {
        static FIRST: OnceLock<Instant> = OnceLock::new();

        FIRST.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[cfg(all(test, feature = "system-clock"))]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_system_clock_sleeps_on_the_timer_of_tokio() {
        SystemClock.sleep(Duration::from_secs(60)).await;
        assert!(SystemClock.now() > Timestamp::from_millis(1_700_000_000_000));
    }
}
