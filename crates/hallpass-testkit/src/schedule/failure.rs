//! Why an exploration stopped.

use std::error::Error;
use std::fmt;

/// Why an exploration stopped before it was done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    kind: FailureKind,
    schedule: Vec<usize>,
    explored: usize,
    message: String,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FailureKind {
    /// Some future is not done, and none can go on.
    Deadlock,
    /// The same choices led elsewhere: the scenario is not deterministic, or the schedule to
    /// replay is not one of it.
    Diverged,
    /// The scenario panicked: one of its assertions does not hold.
    Panicked,
    /// There are more schedules than were allowed.
    TooManySchedules,
    /// One schedule has more steps than were allowed: the futures may wake each other for ever.
    TooManySteps,
}

impl Failure {
    pub(super) const fn new(
        kind: FailureKind,
        schedule: Vec<usize>,
        explored: usize,
        message: String,
    ) -> Self {
        Self {
            kind,
            schedule,
            explored,
            message,
        }
    }

    /// Returns what kind of failure it was.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Returns the schedule that shows it: which future took each step. Give it to
    /// [`Explorer::replay`](super::Explorer::replay).
    #[must_use]
    pub fn schedule(&self) -> &[usize] {
        &self.schedule
    }

    /// Returns how many schedules went well before.
    #[must_use]
    pub const fn explored(&self) -> usize {
        self.explored
    }

    /// Returns the message of the panic; empty where there was none.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FailureKind::Deadlock => "some future is not done, and none can go on",
            FailureKind::Diverged => "the scenario does not do the same each time",
            FailureKind::Panicked => "the scenario panicked",
            FailureKind::TooManySchedules => "there are more schedules than were allowed",
            FailureKind::TooManySteps => "the schedule has more steps than were allowed",
        };
        let Self {
            schedule, explored, ..
        } = self;
        write!(f, "schedule {schedule:?}, after {explored} others: {what}")?;
        if self.message.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.message)
        }
    }
}

impl Error for Failure {}
