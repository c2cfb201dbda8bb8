//! Who logs in, and the limits of their sessions.

use std::num::NonZeroU32;
use std::time::Duration;

use hallpass::AtLimit;
use hallpass::ConfigError;
use hallpass::Limits;
use hallpass::Policy;
use hallpass::PolicyFacts;

/// How many sessions a subject may have.
pub const LIMIT: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
/// How long a renewed token may have got lost.
pub const REPAIR: Duration = Duration::from_millis(200);
/// How long the token before is accepted.
pub const GRACE: Duration = Duration::from_millis(200);
/// How far clocks may be apart. There is only one here.
pub const SKEW: Duration = Duration::ZERO;
/// When a session of a busy subject ends, used or not.
pub(crate) const BUSY_ABSOLUTE: Duration = Duration::from_secs(8);

const RENEW_EVERY: Duration = Duration::from_secs(1);
const BUSY_IDLE: Duration = Duration::from_secs(3);

/// Whether the sessions of a subject are left alone or keep coming and going.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Group {
    /// Sessions come and go all the time, and are short.
    Busy,
    /// Sessions live long and are written, renewed and read all the time.
    Steady,
}

/// What happens to logins beyond the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "each of both, or both")]
pub enum Mode {
    /// The session that was used longest ago ends, or that which began first.
    Evict,
    /// By the subject.
    Mixed,
    /// They are denied.
    Reject,
}

impl Mode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Evict => "evict",
            Self::Mixed => "mixed",
            Self::Reject => "reject",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Evict, Self::Mixed, Self::Reject]
            .into_iter()
            .find(|mode| mode.as_str() == name)
    }

    const fn at_limits(self) -> &'static [AtLimit] {
        match self {
            Self::Evict => &[AtLimit::EvictLeastRecentlyUsed, AtLimit::EvictOldest],
            Self::Mixed => &[
                AtLimit::EvictLeastRecentlyUsed,
                AtLimit::EvictOldest,
                AtLimit::Reject,
            ],
            Self::Reject => &[AtLimit::Reject],
        }
    }
}

/// Returns the subjects of a group. Their names say what their limits are.
pub(crate) fn subjects(group: Group, mode: Mode) -> Vec<String> {
    let (name, count) = match group {
        Group::Busy => (BUSY, 2),
        Group::Steady => (STEADY, 1),
    };
    let numbers = 0..count;
    numbers
        .flat_map(|number| {
            let at_limits = mode.at_limits().iter();
            at_limits.map(move |at_limit| format!("{name}-{}-{number}", word(*at_limit)))
        })
        .collect()
}

/// Returns the group of a subject.
pub(crate) fn group_of(subject: &str) -> Group {
    if subject.starts_with(BUSY) {
        Group::Busy
    } else {
        Group::Steady
    }
}

/// Returns whether the sessions of a subject live until somebody ends them.
pub(crate) fn is_steady(subject: &str) -> bool {
    subject.starts_with(STEADY)
}

/// The limits by the names of the subjects.
#[derive(Clone, Debug)]
pub(crate) struct ByName {
    anonymous: Limits,
    subjects: Vec<(Group, AtLimit, Limits)>,
}

impl ByName {
    pub(crate) fn new() -> Result<Self, ConfigError> {
        let mut subjects = Vec::new();
        for at_limit in Mode::Mixed.at_limits() {
            for group in [Group::Busy, Group::Steady] {
                subjects.push((group, *at_limit, limits(group, *at_limit)?));
            }
        }
        let anonymous = Limits::builder()
            .no_renewal()
            .no_concurrency_limit()
            .build()?;
        Ok(Self {
            anonymous,
            subjects,
        })
    }
}

impl Policy for ByName {
    fn limits(&self, facts: &PolicyFacts<'_>) -> Limits {
        let Some(subject) = facts.subject() else {
            return self.anonymous.clone();
        };
        let found = self.subjects.iter().find(|(group, at_limit, _)| {
            group_of(subject.id()) == *group && subject.id().contains(word(*at_limit))
        });
        found.map_or_else(|| self.anonymous.clone(), |(_, _, limits)| limits.clone())
    }

    fn needs_index(&self) -> bool {
        true
    }
}

fn limits(group: Group, at_limit: AtLimit) -> Result<Limits, ConfigError> {
    let builder = Limits::builder()
        .renew_every(RENEW_EVERY)
        .repair(REPAIR)
        .grace(GRACE)
        .max_skew(SKEW)
        .concurrency(LIMIT, at_limit);
    match group {
        Group::Busy => builder.idle(BUSY_IDLE).absolute(BUSY_ABSOLUTE).build(),
        Group::Steady => builder.build(),
    }
}

const fn word(at_limit: AtLimit) -> &'static str {
    match at_limit {
        AtLimit::EvictLeastRecentlyUsed => "least-recent",
        AtLimit::EvictOldest => "oldest",
        AtLimit::Reject => "reject",
    }
}

const BUSY: &str = "busy";
const STEADY: &str = "steady";
