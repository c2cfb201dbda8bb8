//! The policy that nearly everybody uses.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Limits;
use super::LimitsBuilder;
use super::Policy;
use super::PolicyFacts;
use super::limits::AtLimit;
use super::limits::OnReplay;
use super::limits::hours;
use super::limits::minutes;
use crate::error::ConfigError;

/// One set of limits for logged-in sessions, one for those that are remembered, and one for
/// anonymous ones.
///
/// # Example: a bank
///
/// ```
/// use std::time::Duration;
/// use hallpass_core::StandardPolicy;
///
/// let policy = StandardPolicy::builder()
///     .idle(Duration::from_secs(5 * 60))
///     .absolute(Duration::from_secs(60 * 60))
///     .build()?;
/// # drop(policy);
/// # Ok::<(), hallpass_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StandardPolicy {
    subject: Limits,
    remembered: Limits,
    anonymous: Limits,
}

impl StandardPolicy {
    /// Returns a builder that starts with the defaults: idle 30 minutes, absolute 12 hours,
    /// renewal every 15 minutes, 5 sessions per subject with the least recently used evicted,
    /// anonymous sessions idle 10 minutes.
    pub const fn builder() -> StandardPolicyBuilder {
        StandardPolicyBuilder::new(LimitsBuilder::new(), true)
    }

    /// Returns a builder with the timeouts of assurance level 1 of NIST SP 800-63B-4, 2.1.3:
    /// absolute 30 days, no idle timeout.
    pub const fn aal1() -> StandardPolicyBuilder {
        let limits = LimitsBuilder::new()
            .absolute(hours(30 * 24))
            .no_idle_timeout();
        StandardPolicyBuilder::new(limits, false)
    }

    /// Returns a builder with the timeouts of assurance level 2 of NIST SP 800-63B-4, 2.2.3:
    /// absolute 24 hours, idle 1 hour, after which one factor reopens the session.
    pub const fn aal2() -> StandardPolicyBuilder {
        let limits = LimitsBuilder::new()
            .absolute(hours(24))
            .idle(hours(1))
            .lock_when_idle(true);
        StandardPolicyBuilder::new(limits, false)
    }

    /// Returns a builder with the timeouts of assurance level 3 of NIST SP 800-63B-4, 2.3.3:
    /// absolute 12 hours and never more, idle 15 minutes.
    pub const fn aal3() -> StandardPolicyBuilder {
        let mut limits = LimitsBuilder::new().absolute(hours(12)).idle(minutes(15));
        limits.ceiling = hours(12);
        StandardPolicyBuilder::new(limits, false)
    }
}

impl Policy for StandardPolicy {
    fn limits(&self, facts: &PolicyFacts<'_>) -> Limits {
        match (facts.subject, facts.remembered) {
            (None, _) => self.anonymous.clone(),
            (Some(_), true) => self.remembered.clone(),
            (Some(_), false) => self.subject.clone(),
        }
    }

    fn needs_index(&self) -> bool {
        // Remembered sessions have the same limit and the same answer to a replay.
        self.subject.needs_index()
    }
}

/// Builds a [`StandardPolicy`].
#[derive(Clone, Debug)]
#[must_use]
pub struct StandardPolicyBuilder {
    limits: LimitsBuilder,
    remembered: Option<(Duration, Duration)>,
    /// Whether remembering means longer limits although nobody named any.
    remembers_longer: bool,
    anonymous_idle: Duration,
    anonymous_absolute: Option<Duration>,
}

impl StandardPolicyBuilder {
    const fn new(limits: LimitsBuilder, remembers_longer: bool) -> Self {
        Self {
            limits,
            remembered: None,
            remembers_longer,
            anonymous_idle: minutes(10),
            anonymous_absolute: None,
        }
    }

    /// How long a logged-in session may sit unused. See [`LimitsBuilder::idle`].
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.limits = self.limits.idle(idle);
        self
    }

    /// No idle timeout for logged-in sessions. See [`LimitsBuilder::no_idle_timeout`].
    pub const fn no_idle_timeout(mut self) -> Self {
        self.limits = self.limits.no_idle_timeout();
        self
    }

    /// When a logged-in session ends, however busy. See [`LimitsBuilder::absolute`].
    pub const fn absolute(mut self, absolute: Duration) -> Self {
        self.limits = self.limits.absolute(absolute);
        self
    }

    /// Whether an idle session locks instead of ending. See [`LimitsBuilder::lock_when_idle`].
    pub const fn lock_when_idle(mut self, lock: bool) -> Self {
        self.limits = self.limits.lock_when_idle(lock);
        self
    }

    /// How old a token gets before it is renewed. See [`LimitsBuilder::renew_every`].
    pub const fn renew_every(mut self, renew_every: Duration) -> Self {
        self.limits = self.limits.renew_every(renew_every);
        self
    }

    /// Never renews a token on its own. See [`LimitsBuilder::no_renewal`].
    pub const fn no_renewal(mut self) -> Self {
        self.limits = self.limits.no_renewal();
        self
    }

    /// The repair window. See [`LimitsBuilder::repair`].
    pub const fn repair(mut self, repair: Duration) -> Self {
        self.limits = self.limits.repair(repair);
        self
    }

    /// The grace. See [`LimitsBuilder::grace`].
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.limits = self.limits.grace(grace);
        self
    }

    /// How far clocks may be apart. See [`LimitsBuilder::max_skew`].
    pub const fn max_skew(mut self, max_skew: Duration) -> Self {
        self.limits = self.limits.max_skew(max_skew);
        self
    }

    /// How far `last_seen` may lag, for logged-in sessions. See [`LimitsBuilder::touch_step`].
    pub const fn touch_step(mut self, touch_step: Duration) -> Self {
        self.limits = self.limits.touch_step(touch_step);
        self
    }

    /// How many sessions a subject may have. See [`LimitsBuilder::concurrency`].
    pub const fn concurrency(mut self, max: NonZeroU32, at_limit: AtLimit) -> Self {
        self.limits = self.limits.concurrency(max, at_limit);
        self
    }

    /// Any number of sessions for a subject. See [`LimitsBuilder::no_concurrency_limit`].
    pub const fn no_concurrency_limit(mut self) -> Self {
        self.limits = self.limits.no_concurrency_limit();
        self
    }

    /// How long an elevation lasts at the most. See [`LimitsBuilder::max_elevation`].
    pub const fn max_elevation(mut self, longest: Duration) -> Self {
        self.limits = self.limits.max_elevation(longest);
        self
    }

    /// How long an impersonation lasts at the most. See [`LimitsBuilder::max_impersonation`].
    pub const fn max_impersonation(mut self, longest: Duration) -> Self {
        self.limits = self.limits.max_impersonation(longest);
        self
    }

    /// What happens after a replay. See [`LimitsBuilder::on_replay`].
    pub const fn on_replay(mut self, on_replay: OnReplay) -> Self {
        self.limits = self.limits.on_replay(on_replay);
        self
    }

    /// The idle and the absolute timeout of a session whose user asked to be remembered; its
    /// cookie outlives the browser. Default: idle 14 days, absolute 30 days; with a preset of an
    /// assurance level, the same as without.
    pub const fn remember(mut self, idle: Duration, absolute: Duration) -> Self {
        self.remembered = Some((idle, absolute));
        self
    }

    /// How long an anonymous session may sit unused. Default: 10 minutes (OWASP: shorter before
    /// login than after).
    pub const fn anonymous_idle(mut self, idle: Duration) -> Self {
        self.anonymous_idle = idle;
        self
    }

    /// When an anonymous session ends, however busy. Default: as for logged-in sessions, and the
    /// idle timeout of anonymous ones at least.
    pub const fn anonymous_absolute(mut self, absolute: Duration) -> Self {
        self.anonymous_absolute = Some(absolute);
        self
    }

    /// Checks everything together.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], which names the fields that do not go together.
    pub fn build(self) -> Result<StandardPolicy, ConfigError> {
        let subject = self.limits.clone().build()?;
        let mut remembered = self.limits.clone();
        match self.remembered {
            Some((idle, absolute)) => remembered = remembered.idle(idle).absolute(absolute),
            None if self.remembers_longer => {
                remembered = remembered.idle(hours(14 * 24)).absolute(hours(30 * 24));
            }
            None => {}
        }
        // A step that was chosen for the usual idle timeout may be too long for another.
        let step = |idle: Duration| subject.touch_step().min(idle / 2);
        if let Some(idle) = remembered.idle {
            remembered.touch_step = self.limits.touch_step.map(|_chosen| step(idle));
        }
        let absolute = self
            .anonymous_absolute
            .unwrap_or_else(|| self.limits.absolute.max(self.anonymous_idle));
        let anonymous = LimitsBuilder::new()
            .idle(self.anonymous_idle)
            .absolute(absolute)
            .no_renewal()
            .no_concurrency_limit()
            .touch_step(step(self.anonymous_idle).min(self.anonymous_idle / 30))
            .build()
            .map_err(|error| ConfigError::Anonymous(Box::new(error)))?;
        Ok(StandardPolicy {
            subject,
            remembered: remembered
                .build()
                .map_err(|error| ConfigError::Remembered(Box::new(error)))?,
            anonymous,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientFacts;
    use crate::subject::Subject;

    fn limits(policy: &StandardPolicy, subject: bool, remembered: bool) -> Limits {
        let alice = Subject::new("alice").unwrap();
        let client = ClientFacts::default();
        policy.limits(&PolicyFacts {
            subject: subject.then_some(&alice),
            authentication: None,
            remembered,
            client: &client,
        })
    }

    fn timeouts(limits: &Limits) -> (Option<Duration>, Duration) {
        (limits.idle(), limits.absolute())
    }

    /// SES-08.
    #[test]
    fn aal1_has_an_overall_timeout_of_thirty_days() {
        let policy = StandardPolicy::aal1().build().unwrap();
        assert_eq!(timeouts(&limits(&policy, true, false)), (None, hours(720)));
    }

    /// SES-09.
    #[test]
    fn aal2_locks_after_an_hour_and_ends_after_a_day() {
        let policy = StandardPolicy::aal2().build().unwrap();
        let limits = limits(&policy, true, false);
        assert_eq!(timeouts(&limits), (Some(hours(1)), hours(24)));
        assert!(limits.locks_when_idle());
    }

    /// SES-08 and SES-09: whoever asks to be remembered stays within the limits of the level.
    #[test]
    fn remembering_does_not_leave_the_limits_of_a_preset() {
        for preset in [
            StandardPolicy::aal1(),
            StandardPolicy::aal2(),
            StandardPolicy::aal3(),
        ] {
            let policy = preset.build().unwrap();
            assert_eq!(limits(&policy, true, true), limits(&policy, true, false));
        }
    }

    /// SES-10: twelve hours are allowed, a second more is not.
    #[test]
    fn aal3_refuses_more_than_twelve_hours() {
        let policy = StandardPolicy::aal3().build().unwrap();
        assert_eq!(
            timeouts(&limits(&policy, true, false)),
            (Some(minutes(15)), hours(12))
        );
        assert_eq!(
            timeouts(&limits(&policy, true, true)),
            (Some(minutes(15)), hours(12))
        );
        let longer = hours(12) + Duration::from_secs(1);
        assert!(matches!(
            StandardPolicy::aal3().absolute(longer).build(),
            Err(ConfigError::Order {
                smaller: "absolute",
                ..
            })
        ));
        assert!(matches!(
            StandardPolicy::aal3().remember(hours(1), longer).build(),
            Err(ConfigError::Remembered(_))
        ));
    }

    /// Race 20 and SES-30: remembered and anonymous sessions have limits of their own.
    #[test]
    fn remembered_and_anonymous_sessions_have_limits_of_their_own() {
        let policy = StandardPolicy::builder().build().unwrap();
        assert_eq!(
            timeouts(&limits(&policy, true, true)),
            (Some(hours(336)), hours(720))
        );
        let anonymous = limits(&policy, false, true);
        assert_eq!(timeouts(&anonymous), (Some(minutes(10)), hours(12)));
        assert_eq!(anonymous.renew_every(), None);
        assert_eq!(anonymous.concurrency(), None);
    }

    /// A touch comes before half of the idle timeout is over, whichever step was chosen.
    #[test]
    fn touch_steps_fit_the_idle_timeout_that_they_are_for() {
        let policy = StandardPolicy::builder()
            .touch_step(minutes(8))
            .remember(minutes(10), hours(24))
            .build()
            .unwrap();
        assert_eq!(limits(&policy, true, false).touch_step(), minutes(8));
        assert_eq!(limits(&policy, true, true).touch_step(), minutes(5));
        let anonymous = limits(&policy, false, false);
        assert_eq!(anonymous.touch_step(), Duration::from_secs(20));
    }

    #[test]
    fn a_limit_and_the_end_of_all_sessions_need_an_index() {
        let builder = StandardPolicy::builder;
        let end_subject = |it: StandardPolicyBuilder| it.on_replay(OnReplay::EndSubject);
        for (policy, expected) in [
            (builder(), true),
            (builder().no_concurrency_limit(), false),
            (end_subject(builder().no_concurrency_limit()), true),
            (end_subject(builder()), true),
        ] {
            assert_eq!(policy.build().unwrap().needs_index(), expected);
        }
    }

    #[test]
    fn an_error_says_whose_limits_are_wrong() {
        let error = StandardPolicy::builder()
            .anonymous_idle(hours(13))
            .anonymous_absolute(hours(12))
            .build()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the limits of anonymous sessions: `idle` must not exceed `absolute`"
        );
    }
}
