//! Instants, as milliseconds since the Unix epoch.

use std::fmt;
use std::time::Duration;
use std::time::SystemTime;

use serde::Deserialize;
use serde::Serialize;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
///
/// All arithmetic saturates, so that no clock and no limit can make a deadline wrap around.
///
/// # Example: a deadline
///
/// ```
/// use std::time::Duration;
/// use hallpass_core::Timestamp;
///
/// let created = Timestamp::from_millis(1_000);
/// let deadline = created.saturating_add(Duration::from_secs(2));
/// assert_eq!(deadline.as_millis(), 3_000);
/// assert_eq!(deadline.since(created), Duration::from_secs(2));
/// assert_eq!(created.since(deadline), Duration::ZERO);
/// ```
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The latest instant that can be told.
    pub const MAX: Self = Self(u64::MAX);

    /// Returns the instant that lies `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the instant that lies `duration` later, [`Timestamp::MAX`] at the latest.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// Returns the instant that lies `duration` earlier, the epoch at the earliest.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// Returns the time from `earlier` to this instant; zero where `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

impl From<SystemTime> for Timestamp {
    /// A time before the epoch counts as the epoch.
    fn from(time: SystemTime) -> Self {
        Self(
            time.duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, millis),
        )
    }
}

impl From<Timestamp> for SystemTime {
    /// An instant that the system cannot tell counts as the epoch.
    fn from(timestamp: Timestamp) -> Self {
        Self::UNIX_EPOCH
            .checked_add(Duration::from_millis(timestamp.0))
            .unwrap_or(Self::UNIX_EPOCH)
    }
}

/// Returns whole milliseconds, rounded up, so that no positive duration becomes nothing.
pub(crate) fn millis(duration: Duration) -> u64 {
    // Deliberately not by `as_nanos`: a division of 128 bits costs as much as reading the clock.
    let rest = duration.subsec_nanos().div_ceil(1_000_000);
    duration
        .as_secs()
        .saturating_mul(1_000)
        .saturating_add(u64::from(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(
            Timestamp::MAX.saturating_add(Duration::from_secs(1)),
            Timestamp::MAX
        );
        assert_eq!(
            Timestamp::from_millis(1).saturating_sub(Duration::MAX),
            Timestamp::default()
        );
        assert_eq!(
            Timestamp::from_millis(1).saturating_add(Duration::MAX),
            Timestamp::MAX
        );
    }

    /// Race 21: a lifetime below one unit never becomes nothing.
    #[test]
    fn a_part_of_a_millisecond_rounds_up() {
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_micros(1_001)), 2);
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::new(1, 999_999_999)), 2_000);
        let longest = Duration::from_millis(u64::MAX);
        assert_eq!(millis(longest), u64::MAX);
        assert_eq!(millis(longest - Duration::from_millis(1)), u64::MAX - 1);
        assert_eq!(millis(Duration::MAX), u64::MAX);
    }

    #[test]
    fn system_times_go_there_and_back() {
        let instant = Timestamp::from_millis(1_793_000_000_123);
        assert_eq!(Timestamp::from(SystemTime::from(instant)), instant);
        let before_epoch = SystemTime::UNIX_EPOCH - Duration::from_secs(9);
        assert_eq!(Timestamp::from(before_epoch), Timestamp::default());
    }
}
