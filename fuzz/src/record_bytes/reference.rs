//! What a record and a token are worth, by the tables of `docs/DESIGN.md`, in numbers so wide that
//! nothing can overflow.

use std::time::Duration;

use hallpass_core::EndReason;
use hallpass_core::Limits;
use hallpass_core::MAX_WALK;
use hallpass_core::SessionRecord;
use hallpass_core::Standing;
use hallpass_core::Timestamp;
use hallpass_core::Verdict;
use hallpass_core::Windows;

use super::family::PlainToken;
use super::plain::Plain;
use super::plain::PlainCredential;
use super::plain::PlainKind;

/// The deadlines of a record, in milliseconds.
#[derive(Debug)]
pub(super) struct Deadlines {
    idle: Option<u128>,
    absolute: u128,
    locks: bool,
}

impl Deadlines {
    pub(super) fn of(record: &SessionRecord) -> Self {
        let last_seen = wide(record.last_seen());
        let idle = record.idle().map(|idle| last_seen + idle.as_millis());
        Self {
            // A deadline that cannot be told is the last instant that can.
            idle: idle.map(|idle| idle.min(u64::MAX.into())),
            absolute: wide(record.absolute_deadline()),
            locks: record.locks_when_idle(),
        }
    }

    pub(super) fn end(&self) -> u128 {
        match self.idle {
            Some(idle) if !self.locks => idle.min(self.absolute),
            _ => self.absolute,
        }
    }

    pub(super) fn reason(&self) -> EndReason {
        match self.idle {
            Some(idle) if !self.locks && idle <= self.absolute => EndReason::Idle,
            _ => EndReason::Absolute,
        }
    }
}

pub(super) fn standing(record: &SessionRecord, limits: &Limits, now: Timestamp) -> Standing {
    let deadlines = Deadlines::of(record);
    let at = wide(now);
    if at >= deadlines.end() {
        return Standing::Ended(deadlines.reason());
    }
    if deadlines.idle.is_some_and(|idle| at >= idle) {
        return Standing::Locked {
            until: record.absolute_deadline(),
        };
    }
    let end = deadlines
        .absolute
        .min(deadlines.idle.unwrap_or(deadlines.absolute));
    let half = record.idle().map(|idle| idle.as_nanos() / 2);
    let step = limits.touch_step().as_nanos();
    let credential = record.credential();
    let is_old = limits
        .renew_every()
        .is_some_and(|every| age(now, credential.renewed_at()) >= every.as_nanos());
    let grace = limits.windows().grace.as_nanos() + limits.windows().max_skew.as_nanos();
    let parent_is_over = credential
        .confirmed_at()
        .is_some_and(|confirmed| age(now, confirmed) > grace);
    Standing::Live {
        expires_at: Timestamp::from_millis(u64::try_from(end).unwrap_or(u64::MAX)),
        touch: age(now, record.last_seen()) > half.map_or(step, |half| half.min(step)),
        renew: record.subject().is_some() && is_old && parent_is_over,
    }
}

/// A token that is presented, and what is known of it without any digest.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) token: &'a PlainToken,
    /// Of the chain that the generation of the token belongs to.
    pub(super) is_of_family: bool,
    pub(super) client: &'a PlainKind,
    pub(super) windows: Windows,
    pub(super) max_walk: u32,
    pub(super) now: u64,
}

pub(super) fn verdict(record: &Plain, case: &Case<'_>) -> Verdict {
    let Some(previous) = &record.previous else {
        return of_chain(&record.credential, case);
    };
    if case.token.generation > previous.credential.generation {
        return of_chain(&record.credential, case);
    }
    let then = Case {
        now: case.now.min(previous.replaced_at),
        ..*case
    };
    let verdict = of_chain(&previous.credential, &then);
    if !verdict.is_accepted() {
        return verdict;
    }
    let is_last = case.token.generation == previous.credential.generation;
    let current = &record.credential;
    let windows = &case.windows;
    if current.confirmed_at.is_none() && current.renewed_at == previous.replaced_at {
        let longest = windows.repair.max(windows.grace);
        return if is_within(previous.replaced_at, longest, case) {
            Verdict::Outranked { late: false }
        } else if case.client.looks_like(&current.renewed_by) {
            Verdict::Outranked { late: true }
        } else {
            Verdict::Unknown
        };
    }
    let is_raised = current.renewed_at == previous.replaced_at;
    let is_in_use = |at| is_raised && is_within(at, windows.grace, case);
    if current.confirmed_at.is_some_and(is_in_use) {
        return Verdict::Outranked { late: false };
    }
    let old = &previous.credential;
    let used_before = old
        .confirmed_at
        .map(|at| previous.replaced_at.saturating_sub(at));
    let grace = windows.grace.as_nanos() + windows.max_skew.as_nanos();
    let was_settled = used_before.is_some_and(|age| u128::from(age) * 1_000_000 > grace);
    let may_be_late = is_raised && is_last && old.generation > 0 && !was_settled;
    if may_be_late && case.client.looks_like(&old.renewed_by) {
        Verdict::Outranked { late: true }
    } else {
        Verdict::Replayed
    }
}

fn of_chain(credential: &PlainCredential, case: &Case<'_>) -> Verdict {
    let distance = i64::from(credential.generation) - i64::from(case.token.generation);
    let reach = i64::from(case.max_walk.min(MAX_WALK));
    match (distance, credential.confirmed_at) {
        _ if !case.is_of_family => Verdict::Unknown,
        (..0, _) => Verdict::Unknown,
        (0, confirmed_at) => Verdict::Current {
            confirm: confirmed_at.is_none(),
        },
        (distance, _) if distance > reach => Verdict::Unknown,
        (2.., _) => Verdict::Replayed,
        (_, None) if is_within(credential.renewed_at, case.windows.repair, case) => {
            Verdict::Repaired { late: false }
        }
        (_, None) if case.client.looks_like(&credential.renewed_by) => {
            Verdict::Repaired { late: true }
        }
        (_, Some(confirmed_at)) if is_within(confirmed_at, case.windows.grace, case) => {
            Verdict::Grace
        }
        _ => Verdict::Replayed,
    }
}

fn is_within(start: u64, window: Duration, case: &Case<'_>) -> bool {
    let age = u128::from(case.now.saturating_sub(start)) * 1_000_000;
    age <= window.as_nanos() + case.windows.max_skew.as_nanos()
}

/// Returns the age in nanoseconds. A negative one counts as none.
fn age(now: Timestamp, start: Timestamp) -> u128 {
    wide(now).saturating_sub(wide(start)) * 1_000_000
}

fn wide(instant: Timestamp) -> u128 {
    instant.as_millis().into()
}
