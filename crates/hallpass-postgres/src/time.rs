//! Instants and durations as the columns have them: milliseconds in 63 bits.

use std::time::Duration;

use hallpass_core::Timestamp;

/// Returns an instant as a column has it. The latest one stands for all later ones.
pub(crate) fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the present as statements compare it: before the latest instant, so that a deadline that
/// is never reached lies ahead.
pub(crate) fn present(now: Timestamp) -> i64 {
    millis(now).min(i64::MAX - 1)
}

/// Returns a duration as a column has it.
pub(crate) fn span(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the instant in a column.
pub(crate) fn instant(column: i64) -> Timestamp {
    match u64::try_from(column) {
        Ok(_) if column == i64::MAX => Timestamp::MAX,
        Ok(millis) => Timestamp::from_millis(millis),
        Err(_negative) => Timestamp::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Race 21.
    #[test]
    fn an_instant_comes_back_to_the_millisecond() {
        for at in [0, 1, 4_102_444_800_001, i64::MAX as u64 - 1, u64::MAX] {
            let at = Timestamp::from_millis(at);
            assert_eq!(instant(millis(at)), at);
        }
    }

    #[test]
    fn the_latest_deadline_lies_ahead_of_any_present() {
        assert!(present(Timestamp::MAX) < millis(Timestamp::MAX));
        assert_eq!(span(Duration::MAX), i64::MAX);
    }
}
