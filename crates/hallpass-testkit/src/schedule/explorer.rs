//! All schedules, one after the other.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use super::failure::Failure;
use super::failure::FailureKind;
use super::plan::Plan;
use super::run::Schedule;
use super::run::Stopped;

/// Runs a scenario once for each order in which the steps of its futures can happen.
///
/// # Example: two futures of three steps each
///
/// ```
/// use hallpass_testkit::schedule::{Explorer, step};
///
/// async fn three_steps() {
///     step().await;
///     step().await;
/// }
///
/// let schedules = Explorer::new().explore(|schedule| {
///     schedule.both(three_steps(), three_steps());
/// });
/// assert_eq!(schedules, 20);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Explorer {
    max_schedules: usize,
    max_steps: usize,
}

impl Explorer {
    /// Returns an explorer with the defaults: 100 000 schedules of 10 000 steps.
    pub const fn new() -> Self {
        Self {
            max_schedules: 100_000,
            max_steps: 10_000,
        }
    }

    /// How many schedules there may be. Where there are more, the exploration fails: it never
    /// passes for complete without being so. Default: 100 000.
    pub const fn max_schedules(mut self, max: usize) -> Self {
        self.max_schedules = max;
        self
    }

    /// How many steps one schedule may have. Default: 10 000.
    pub const fn max_steps(mut self, max: usize) -> Self {
        self.max_steps = max;
        self
    }

    /// Runs the scenario with every schedule, and returns how many there are.
    ///
    /// # Panics
    ///
    /// With the schedule, where one fails. [`Explorer::try_explore`] tells instead.
    #[expect(clippy::panic, reason = "a test that fails panics")]
    pub fn explore(self, scenario: impl FnMut(&mut Schedule)) -> usize {
        self.try_explore(scenario)
            .unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Runs the scenario with every schedule, and returns how many there are.
    ///
    /// # Errors
    ///
    /// [`Failure`], at the first schedule that fails, and where there are too many.
    pub fn try_explore(self, mut scenario: impl FnMut(&mut Schedule)) -> Result<usize, Failure> {
        let mut plan = Plan::default();
        let mut explored = 0;
        loop {
            if explored >= self.max_schedules {
                let kind = FailureKind::TooManySchedules;
                return Err(Failure::new(kind, Vec::new(), explored, String::new()));
            }
            plan = self.run(plan, explored, &mut scenario)?;
            explored += 1;
            match plan.next() {
                Some(next) => plan = next,
                None => return Ok(explored),
            }
        }
    }

    /// Runs the scenario once, with the schedule of a [`Failure`]. Where it says no more, the first
    /// future that can go on does.
    ///
    /// # Panics
    ///
    /// Where the schedule fails. [`Explorer::try_replay`] tells instead.
    #[expect(clippy::panic, reason = "a test that fails panics")]
    pub fn replay(self, schedule: &[usize], scenario: impl FnMut(&mut Schedule)) {
        self.try_replay(schedule, scenario)
            .unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// Runs the scenario once, with the schedule of a [`Failure`].
    ///
    /// # Errors
    ///
    /// [`Failure`], also where it is no schedule of this scenario.
    pub fn try_replay(
        self,
        schedule: &[usize],
        mut scenario: impl FnMut(&mut Schedule),
    ) -> Result<(), Failure> {
        self.run(Plan::following(schedule), 0, &mut scenario)
            .map(drop)
    }

    fn run(
        self,
        plan: Plan,
        explored: usize,
        scenario: &mut impl FnMut(&mut Schedule),
    ) -> Result<Plan, Failure> {
        let mut schedule = Schedule::new(plan, self.max_steps);
        // What the scenario left half-done is its own, and made anew for the next run.
        let ran = catch_unwind(AssertUnwindSafe(|| scenario(&mut schedule)));
        let plan = schedule.into_plan();
        let failed = |kind, message| Failure::new(kind, plan.schedule(), explored, message);
        match ran {
            Ok(()) if plan.is_repeated() => Ok(plan),
            Ok(()) => Err(failed(FailureKind::Diverged, String::new())),
            Err(thrown) => Err(match thrown.downcast::<Stopped>() {
                Ok(stopped) => failed(stopped.0, String::new()),
                Err(panic) => failed(FailureKind::Panicked, message(&*panic)),
            }),
        }
    }
}

impl Default for Explorer {
    fn default() -> Self {
        Self::new()
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        (None, None) => String::new(),
    }
}
