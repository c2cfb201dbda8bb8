//! Instants and durations, as programs and people read them.

use std::time::Duration;

use hallpass::Session;
use hallpass::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::site::Site;

/// How long a session still lasts, for the script that counts down and for who has no scripts.
#[derive(Debug, Default)]
pub(crate) struct Countdown {
    pub(crate) idle: Option<u64>,
    pub(crate) absolute: Option<u64>,
    pub(crate) warn_before: u64,
    pub(crate) locks: bool,
}

impl Countdown {
    pub(crate) fn of(session: &Session, site: Site) -> Self {
        let expires_in = session.expires_in();
        Self {
            idle: expires_in.and_then(|left| left.idle).map(whole_seconds),
            absolute: expires_in.map(|left| whole_seconds(left.absolute)),
            warn_before: site.warn_before,
            locks: site.locks,
        }
    }

    /// Whether activity moves the end. The idle timeout never reaches past the absolute one.
    pub(crate) fn activity_helps(&self) -> bool {
        self.absolute > self.idle
    }
}

/// A remaining time in seconds, rounded up: a page must not say that a session is over before
/// it is.
pub(crate) fn whole_seconds(left: Duration) -> u64 {
    u64::try_from(left.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// A remaining time for people. The script has the same words, down to an hour.
pub(crate) fn in_words(seconds: &u64) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes, seconds % 60) {
        (48.., ..) => format!("{} days", (seconds + DAY / 2) / DAY),
        (1.., 0, _) => format!("{hours} h"),
        (1.., _, _) => format!("{hours} h {minutes} min"),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, _, 0) => format!("{minutes} min"),
        (0, _, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// An instant for programs, as RFC 3339 has it.
pub(crate) fn rfc3339(instant: Timestamp) -> String {
    let seconds = i64::try_from(instant.as_millis() / 1_000).unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// An instant for people, in UTC.
pub(crate) fn for_people(instant: Timestamp) -> String {
    rfc3339(instant).replace('T', " ").replace('Z', " UTC")
}

const DAY: u64 = 24 * 3_600;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::in_words;
    use super::whole_seconds;

    #[test]
    fn a_remaining_time_is_rounded_up() {
        let rounded = [0, 1, 999, 1_000, 1_001].map(|ms| whole_seconds(Duration::from_millis(ms)));
        assert_eq!(rounded, [0, 1, 1, 1, 2]);
    }

    #[test]
    fn a_remaining_time_reads_as_people_say_it() {
        let seconds = [1, 60, 61, 3_599, 3_600, 43_199, 172_799, 172_800, 1_209_599];
        let words = [
            "1 s",
            "1 min",
            "1 min 1 s",
            "59 min 59 s",
            "1 h",
            "11 h 59 min",
            "47 h 59 min",
            "2 days",
            "14 days",
        ];
        assert_eq!(seconds.map(|seconds| in_words(&seconds)), words);
    }
}
