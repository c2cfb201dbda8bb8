//! The one function that judges a record.

use std::time::Duration;

use super::Limits;
use crate::end::EndReason;
use crate::record::SessionRecord;
use crate::time::Timestamp;

/// What a record is worth at an instant.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new standing must break the engine on purpose"
)]
pub enum Standing {
    /// The session lives.
    Live {
        /// When it ends if nobody uses it any more.
        expires_at: Timestamp,
        /// The stored `last_seen` lags by more than the touch step: this request writes it.
        touch: bool,
        /// The token is old enough, and its parent is out of every window: this request renews it.
        renew: bool,
    },
    /// The idle timeout is over, the absolute one is not, and one factor reopens the session.
    Locked {
        /// When it ends.
        until: Timestamp,
    },
    /// The session is over.
    Ended(EndReason),
}

/// Judges a record at an instant.
///
/// Everything that tells a time (cookie lifetimes, store deadlines, answers of an API) comes from
/// here or from the deadlines that this reads. A deadline belongs to what is over: at
/// `expires_at` itself the session does not live any more.
pub fn judge_record(record: &SessionRecord, limits: &Limits, now: Timestamp) -> Standing {
    if !record.is_live(now) {
        return Standing::Ended(record.expiry_reason());
    }
    let absolute = record.absolute_deadline();
    let idle = record.idle_deadline();
    if idle.is_some_and(|idle| now >= idle) {
        // The store keeps it until the absolute deadline: it locks when it is idle.
        return Standing::Locked { until: absolute };
    }
    Standing::Live {
        expires_at: idle.map_or(absolute, |idle| idle.min(absolute)),
        touch: now.since(record.last_seen()) > touch_step(record, limits),
        renew: renewal_is_due(record, limits, now),
    }
}

/// Returns the touch step for this record. Its idle timeout may be that of an earlier policy, so
/// the step of the present one may be too long for it.
pub(crate) fn touch_step(record: &SessionRecord, limits: &Limits) -> Duration {
    let step = limits.touch_step();
    record.idle().map_or(step, |idle| step.min(idle / 2))
}

/// A token is renewed once it is old enough, and once its parent can not come in any more: its
/// first use lies more than the grace back. Without the second condition a child that is first
/// used late would be renewed at once, and a request with the parent, still in flight, would
/// look like a replay.
fn renewal_is_due(record: &SessionRecord, limits: &Limits, now: Timestamp) -> bool {
    let Some(renew_every) = limits.renew_every() else {
        return false;
    };
    let credential = record.credential();
    record.subject().is_some()
        && now.since(credential.renewed_at()) >= renew_every
        && parent_is_over(record, limits, now)
}

/// Returns whether no request with the parent of the current token may come in any more.
pub(crate) fn parent_is_over(record: &SessionRecord, limits: &Limits, now: Timestamp) -> bool {
    let windows = limits.windows();
    record
        .credential()
        .confirmed_at()
        .is_some_and(|confirmed| !windows.is_within(windows.grace, confirmed, now))
}

#[cfg(test)]
mod tests;
