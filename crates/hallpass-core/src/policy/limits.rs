//! The limits of one session.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::error::ConfigError;
use crate::ratchet::Windows;

/// What happens when a login would pass the limit of concurrent sessions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "every store implements every way")]
pub enum AtLimit {
    /// The session that was used longest ago ends. Exact to one touch step.
    #[default]
    EvictLeastRecentlyUsed,
    /// The session that was created first ends.
    EvictOldest,
    /// The login is denied, with the list of active sessions.
    Reject,
}

/// How many sessions a subject may have at once (ASVS 5.0 7.1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a number and what to do about it"
)]
pub struct Concurrency {
    /// The greatest number of live sessions.
    pub max: NonZeroU32,
    /// What happens to a login beyond it.
    pub at_limit: AtLimit,
}

/// What happens when an old token of a session is presented outside of every window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine carries out each of them"
)]
pub enum OnReplay {
    /// The session ends.
    #[default]
    EndSession,
    /// All sessions of the subject end. Needs a store that is a
    /// [`SubjectIndex`](crate::SubjectIndex).
    EndSubject,
    /// Nothing but an event.
    Report,
}

/// The limits of one session. [`Limits::builder`] checks them together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    idle: Option<Duration>,
    absolute: Duration,
    lock_when_idle: bool,
    renew_every: Option<Duration>,
    windows: Windows,
    touch_step: Duration,
    concurrency: Option<Concurrency>,
    on_replay: OnReplay,
    max_elevation: Duration,
    max_impersonation: Duration,
}

impl Limits {
    /// Returns a builder that starts with the defaults.
    pub const fn builder() -> LimitsBuilder {
        LimitsBuilder::new()
    }

    /// Returns how long the session may sit unused; `None` for as long as it lives.
    #[must_use]
    pub const fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// Returns how long after the last full authentication the session ends, used or not.
    #[must_use]
    pub const fn absolute(&self) -> Duration {
        self.absolute
    }

    /// Returns whether an idle session is locked, to be reopened by one factor, instead of ended.
    #[must_use]
    pub const fn locks_when_idle(&self) -> bool {
        self.lock_when_idle
    }

    /// Returns how old a token gets before it is renewed; `None` for never.
    #[must_use]
    pub const fn renew_every(&self) -> Option<Duration> {
        self.renew_every
    }

    /// Returns the windows around a renewal.
    #[must_use]
    pub const fn windows(&self) -> Windows {
        self.windows
    }

    /// Returns how far the stored `last_seen` may lag.
    #[must_use]
    pub const fn touch_step(&self) -> Duration {
        self.touch_step
    }

    /// Returns how many sessions the subject may have; `None` for any number.
    #[must_use]
    pub const fn concurrency(&self) -> Option<Concurrency> {
        self.concurrency
    }

    /// Returns what happens after a replay.
    #[must_use]
    pub const fn on_replay(&self) -> OnReplay {
        self.on_replay
    }

    /// Returns how long an elevation lasts at the most.
    #[must_use]
    pub const fn max_elevation(&self) -> Duration {
        self.max_elevation
    }

    /// Returns how long an impersonation lasts at the most.
    #[must_use]
    pub const fn max_impersonation(&self) -> Duration {
        self.max_impersonation
    }

    pub(super) const fn needs_index(&self) -> bool {
        self.concurrency.is_some() || matches!(self.on_replay, OnReplay::EndSubject)
    }
}

/// Builds [`Limits`].
#[derive(Clone, Debug)]
#[must_use]
pub struct LimitsBuilder {
    pub(super) idle: Option<Duration>,
    pub(super) absolute: Duration,
    pub(super) lock_when_idle: bool,
    pub(super) renew_every: Option<Duration>,
    pub(super) windows: Windows,
    pub(super) touch_step: Option<Duration>,
    pub(super) concurrency: Option<Concurrency>,
    pub(super) on_replay: OnReplay,
    pub(super) max_elevation: Duration,
    pub(super) max_impersonation: Duration,
    pub(super) ceiling: Duration,
}

impl LimitsBuilder {
    pub(super) const fn new() -> Self {
        Self {
            idle: Some(minutes(30)),
            absolute: hours(12),
            lock_when_idle: false,
            renew_every: Some(minutes(15)),
            windows: Windows {
                repair: minutes(2),
                grace: minutes(5),
                max_skew: Duration::from_secs(5),
            },
            touch_step: None,
            concurrency: Some(Concurrency {
                max: FIVE,
                at_limit: AtLimit::EvictLeastRecentlyUsed,
            }),
            on_replay: OnReplay::EndSession,
            max_elevation: minutes(15),
            max_impersonation: hours(1),
            ceiling: Duration::MAX,
        }
    }

    /// How long a session may sit unused. Shorter limits the value of a stolen cookie. Default:
    /// 30 minutes (OWASP: 15 to 30 minutes for low-risk applications, 2 to 5 for high-value ones).
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// Sets no idle timeout: the absolute one alone ends the session (NIST AAL1 allows it).
    pub const fn no_idle_timeout(mut self) -> Self {
        self.idle = None;
        self
    }

    /// How long after the last full authentication a session ends, however busy it is. Default:
    /// 12 hours. There is always one (NIST SP 800-63B-4, 2.1.3).
    pub const fn absolute(mut self, absolute: Duration) -> Self {
        self.absolute = absolute;
        self
    }

    /// Locks an idle session instead of ending it: until the absolute timeout, one factor reopens
    /// it (NIST SP 800-63B-4, 2.2.3). Default: no.
    pub const fn lock_when_idle(mut self, lock: bool) -> Self {
        self.lock_when_idle = lock;
        self
    }

    /// How old a token gets before a request renews it. Shorter finds a thief sooner. Default: 15
    /// minutes.
    pub const fn renew_every(mut self, renew_every: Duration) -> Self {
        self.renew_every = Some(renew_every);
        self
    }

    /// Never renews a token on its own.
    pub const fn no_renewal(mut self) -> Self {
        self.renew_every = None;
        self
    }

    /// How long the answer with a new token may be lost and is repaired for anyone who presents
    /// the old one. Default: 2 minutes.
    pub const fn repair(mut self, repair: Duration) -> Self {
        self.windows.repair = repair;
        self
    }

    /// How long after the first use of a new token requests with the old one may still come in.
    /// Default: 5 minutes, because proxies hold requests back.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.windows.grace = grace;
        self
    }

    /// How far the clocks of two nodes may be apart. Widens repair and grace, never an expiry.
    /// Default: 5 seconds.
    pub const fn max_skew(mut self, max_skew: Duration) -> Self {
        self.windows.max_skew = max_skew;
        self
    }

    /// How far the stored `last_seen` may lag before a request writes it. Longer writes less;
    /// a session expires at most this much early, and never late. Default: a thirtieth of the
    /// idle timeout.
    pub const fn touch_step(mut self, touch_step: Duration) -> Self {
        self.touch_step = Some(touch_step);
        self
    }

    /// How many sessions a subject may have at once, and what happens to a login beyond. Default:
    /// 5, the least recently used is evicted.
    pub const fn concurrency(mut self, max: NonZeroU32, at_limit: AtLimit) -> Self {
        self.concurrency = Some(Concurrency { max, at_limit });
        self
    }

    /// Any number of sessions for a subject.
    pub const fn no_concurrency_limit(mut self) -> Self {
        self.concurrency = None;
        self
    }

    /// What happens after a replay. Default: the session ends.
    pub const fn on_replay(mut self, on_replay: OnReplay) -> Self {
        self.on_replay = on_replay;
        self
    }

    /// How long an elevation ([`Session::elevate`](crate::Session::elevate)) lasts at the most. Default:
    /// 15 minutes.
    pub const fn max_elevation(mut self, longest: Duration) -> Self {
        self.max_elevation = longest;
        self
    }

    /// How long somebody acts for another subject
    /// ([`Session::impersonate`](crate::Session::impersonate)) at the most. Default: 1 hour.
    pub const fn max_impersonation(mut self, longest: Duration) -> Self {
        self.max_impersonation = longest;
        self
    }

    /// Checks the limits together.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the fields that do not go together.
    pub fn build(self) -> Result<Limits, ConfigError> {
        positive("absolute", self.absolute)?;
        positive("max_elevation", self.max_elevation)?;
        positive("max_impersonation", self.max_impersonation)?;
        at_most(
            ("absolute", self.absolute),
            ("the ceiling of the preset", self.ceiling),
        )?;
        if let Some(idle) = self.idle {
            positive("idle", idle)?;
            at_most(("idle", idle), ("absolute", self.absolute))?;
        }
        let busy = self.idle.unwrap_or(self.absolute);
        let touch_step = self.touch_step.unwrap_or(busy / 30);
        at_most(("touch_step", touch_step), ("half of idle", busy / 2))?;
        if let Some(renew_every) = self.renew_every {
            positive("renew_every", renew_every)?;
            at_most(
                ("repair plus grace plus twice max_skew", self.windows.span()),
                ("renew_every", renew_every),
            )?;
        }
        Ok(Limits {
            idle: self.idle,
            absolute: self.absolute,
            lock_when_idle: self.lock_when_idle && self.idle.is_some(),
            renew_every: self.renew_every,
            windows: self.windows,
            touch_step,
            concurrency: self.concurrency,
            on_replay: self.on_replay,
            max_elevation: self.max_elevation,
            max_impersonation: self.max_impersonation,
        })
    }
}

impl Default for LimitsBuilder {
    fn default() -> Self {
        Self::new()
    }
}

fn positive(field: &'static str, duration: Duration) -> Result<(), ConfigError> {
    if duration.is_zero() {
        Err(ConfigError::Zero { field })
    } else {
        Ok(())
    }
}

fn at_most(
    (smaller, low): (&'static str, Duration),
    (larger, high): (&'static str, Duration),
) -> Result<(), ConfigError> {
    if low <= high {
        Ok(())
    } else {
        Err(ConfigError::Order { smaller, larger })
    }
}

pub(super) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

pub(super) const fn hours(count: u64) -> Duration {
    minutes(count * 60)
}

const FIVE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);

#[cfg(test)]
mod tests;
