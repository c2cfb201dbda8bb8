//! Remembers what was told of a session lately, so that it is not told with each request.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::table::Table;
use crate::time::Timestamp;
use crate::time::millis;
use crate::token::SessionHandle;

const TAG_BITS: u32 = 24;
const SCORE_BITS: u32 = 7;
const TIME_BITS: u32 = 33;

/// The last score that was told of a session and when, in a table of fixed size. What was pushed
/// out by another session is told again, too early: never too late.
#[derive(Default)]
pub(super) struct Reported(Table);

impl Reported {
    /// Returns whether a score is to be told: the last time is `step` ago, or it was lower.
    pub(super) fn is_due(
        &self,
        handle: SessionHandle,
        score: u8,
        step: Duration,
        now: Timestamp,
    ) -> bool {
        let Some((place, tag)) = self.0.place(handle, TAG_BITS) else {
            return true;
        };
        let told = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |value| {
            let time = now.as_millis() & mask(TIME_BITS);
            let age = time.wrapping_sub(value) & mask(TIME_BITS);
            let is_known = value >> (SCORE_BITS + TIME_BITS) == tag && value != 0;
            let is_lower = value >> TIME_BITS & mask(SCORE_BITS) < u64::from(score);
            let is_due = !is_known || is_lower || age >= millis(step);
            is_due.then_some(tag << (SCORE_BITS + TIME_BITS) | u64::from(score) << TIME_BITS | time)
        });
        told.is_ok()
    }
}

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_told_once_in_a_step_and_when_it_rises() {
        let reported = Reported::default();
        let handle = SessionHandle::from_bytes([7; 16]);
        let is_due = |score, second: u64| {
            let now = Timestamp::from_millis(1_000_000 + 1_000 * second);
            reported.is_due(handle, score, Duration::from_secs(60), now)
        };
        let table = [
            (20, 0, true),
            (20, 59, false),
            (10, 59, false),
            (40, 59, true),
            (20, 60, false),
            (20, 119, true),
            (20, 100, true),
        ];
        for (score, second, expected) in table {
            assert_eq!(is_due(score, second), expected, "{score} at {second}");
        }
    }
}
