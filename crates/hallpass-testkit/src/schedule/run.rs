//! One run of a scenario.

use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Wake;
use std::task::Waker;

use super::failure::FailureKind;
use super::plan::Plan;

/// The order of the steps in one run of a scenario.
///
/// A scenario gives it the futures to interleave, once or several times in a row; futures are
/// numbered from 0, in the order in which they are given.
pub struct Schedule {
    plan: Plan,
    max_steps: usize,
    always: Option<Box<dyn FnMut()>>,
    when_stuck: Option<Box<dyn FnMut() -> bool>>,
}

/// How a run ends that can not go on. Thrown, so that it passes through the scenario, and without
/// the message of a panic.
pub(super) struct Stopped(pub(super) FailureKind);

impl Schedule {
    pub(super) fn new(plan: Plan, max_steps: usize) -> Self {
        Self {
            plan,
            max_steps,
            always: None,
            when_stuck: None,
        }
    }

    /// Checks something after each step of what is interleaved from now on.
    pub fn always(&mut self, check: impl FnMut() + 'static) {
        self.always = Some(Box::new(check));
    }

    /// Does something where no future can go on and some is not done, for instance moves a
    /// [`ManualClock`](crate::ManualClock) on to the next time-out. It returns whether it did
    /// anything; where it did not, or where that wakes nobody, it is a deadlock.
    pub fn when_stuck(&mut self, help: impl FnMut() -> bool + 'static) {
        self.when_stuck = Some(Box::new(help));
    }

    /// Interleaves two futures, and returns what both answer.
    pub fn both<A, B>(
        &mut self,
        first: impl Future<Output = A>,
        second: impl Future<Output = B>,
    ) -> (A, B) {
        let (mut a, mut b) = (None, None);
        self.run(vec![
            Task::new(async { a = Some(first.await) }),
            Task::new(async { b = Some(second.await) }),
        ]);
        match (a, b) {
            (Some(a), Some(b)) => (a, b),
            _ => stop(FailureKind::Deadlock),
        }
    }

    /// Interleaves any number of futures, and returns what each answers.
    pub fn all<T>(&mut self, futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
        let mut futures: Vec<_> = futures
            .into_iter()
            .map(|future| (Some(future), None))
            .collect();
        let tasks = futures.iter_mut().filter_map(|(future, answer)| {
            let future = future.take()?;
            Some(Task::new(async { *answer = Some(future.await) }))
        });
        self.run(tasks.collect());
        futures
            .into_iter()
            .filter_map(|(_taken, answer)| answer)
            .collect()
    }

    /// Returns who took each step so far.
    #[must_use]
    pub fn steps(&self) -> Vec<usize> {
        self.plan.schedule()
    }

    pub(super) fn into_plan(self) -> Plan {
        self.plan
    }

    fn run(&mut self, mut tasks: Vec<Task<'_>>) {
        let mut runnable = Vec::with_capacity(tasks.len());
        while tasks.iter().any(Task::is_unfinished) {
            runnable.clear();
            let awake = tasks.iter().enumerate().filter(|(_, task)| task.is_awake());
            runnable.extend(awake.map(|(number, _)| number));
            if runnable.is_empty() {
                let has_helped = self.when_stuck.as_mut().is_some_and(|help| help());
                if has_helped && tasks.iter().any(Task::is_awake) {
                    continue;
                }
                stop(FailureKind::Deadlock);
            }
            if self.plan.made() >= self.max_steps {
                stop(FailureKind::TooManySteps);
            }
            let Ok(chosen) = self.plan.choose(&runnable) else {
                stop(FailureKind::Diverged)
            };
            if let Some(task) = tasks.get_mut(chosen) {
                task.poll();
            }
            if let Some(check) = &mut self.always {
                check();
            }
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("steps", &self.steps())
            .finish_non_exhaustive()
    }
}

fn stop(kind: FailureKind) -> ! {
    resume_unwind(Box::new(Stopped(kind)))
}

/// A future, and whether something has woken it since its last poll.
struct Task<'a> {
    /// `None` once it is done. Dropped at once, as a runtime does.
    future: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    flag: Arc<Flag>,
    waker: Waker,
}

impl<'a> Task<'a> {
    fn new(future: impl Future<Output = ()> + 'a) -> Self {
        let flag = Arc::new(Flag::raised());
        Self {
            future: Some(Box::pin(future)),
            waker: Waker::from(Arc::clone(&flag)),
            flag,
        }
    }

    const fn is_unfinished(&self) -> bool {
        self.future.is_some()
    }

    fn is_awake(&self) -> bool {
        self.is_unfinished() && self.flag.is_raised()
    }

    fn poll(&mut self) {
        self.flag.lower();
        if let Some(future) = &mut self.future
            && future
                .as_mut()
                .poll(&mut Context::from_waker(&self.waker))
                .is_ready()
        {
            self.future = None;
        }
    }
}

/// Whether somebody was woken.
pub(super) struct Flag(AtomicBool);

impl Flag {
    pub(super) const fn raised() -> Self {
        Self(AtomicBool::new(true))
    }

    /// Lowers the flag, and returns whether it was raised.
    pub(super) fn lower(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }

    fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}
