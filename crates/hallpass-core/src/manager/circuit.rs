//! Whether a store that does not answer is asked at all.
//!
//! A store that is away makes every request wait for a time-out, and is met with all of them when
//! it comes back. After some calls in a row without an answer the manager stops asking: calls fail
//! at once, as unavailable, and now and then one is let through to see whether the store is back.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Counts the calls in a row that had no answer.
#[derive(Debug)]
pub(super) struct Circuit {
    /// After how many the store rests; 0 for never.
    limit: u32,
    /// How many calls in a row had no answer. While it is 0 nobody takes the lock.
    unanswered: AtomicU32,
    rest: Mutex<Option<Rest>>,
}

/// The store is not asked until then, but by one.
#[derive(Clone, Copy, Debug)]
struct Rest {
    /// When the last call was given up, on the clock's own count.
    since: Duration,
    /// How long to wait from then on.
    wait: Duration,
    /// How long without the jitter, to be doubled.
    step: Duration,
    /// Somebody is asking.
    asked: bool,
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Permit<'a> {
    /// The store is asked.
    Ask,
    /// The store is asked by this call alone, to see whether it is back.
    Probe(#[expect(dead_code, reason = "its drop is what counts")] Probe<'a>),
    /// The store is not asked.
    Rest,
}

/// The one call that sees whether the store is back. Dropped without an answer, it leaves the
/// question to the next.
#[derive(Debug)]
pub(super) struct Probe<'a>(&'a Circuit);

/// What an answer changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turn {
    /// The store rests from now on.
    Away,
    /// The store answers again.
    Back,
}

impl Circuit {
    /// Lets the store rest after this many calls in a row without an answer; never for 0.
    pub(super) const fn new(limit: u32) -> Self {
        Self {
            limit,
            unanswered: AtomicU32::new(0),
            rest: Mutex::new(None),
        }
    }

    /// Decides whether to ask. `now` is the clock's count, which is read only while the store
    /// rests.
    pub(super) fn permit(&self, now: impl FnOnce() -> Duration) -> Permit<'_> {
        if self.limit == 0 || self.unanswered.load(Ordering::Relaxed) < self.limit {
            return Permit::Ask;
        }
        match &mut *self.rest() {
            None => Permit::Ask,
            Some(rest) if rest.asked || !rest.is_over(now()) => Permit::Rest,
            Some(rest) => {
                rest.asked = true;
                Permit::Probe(Probe(self))
            }
        }
    }

    /// Notes that the store answered something, be it an error of its own.
    pub(super) fn answered(&self) -> Option<Turn> {
        if self.unanswered.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut rest = self.rest();
        self.unanswered.store(0, Ordering::Relaxed);
        rest.take().map(|_rest| Turn::Back)
    }

    /// Notes that the store did not answer. `jitter` spreads the nodes, so that they do not all
    /// come back at once.
    pub(super) fn unanswered(
        &self,
        permit: &Permit<'_>,
        now: impl FnOnce() -> Duration,
        jitter: impl FnOnce() -> u8,
    ) -> Option<Turn> {
        if self.limit == 0 {
            return None;
        }
        let mut rest = self.rest();
        let count = self.unanswered.load(Ordering::Relaxed).saturating_add(1);
        self.unanswered.store(count, Ordering::Relaxed);
        match *rest {
            // One that was asked before the store rested says nothing new.
            Some(_) if !matches!(permit, Permit::Probe(_)) => None,
            Some(before) => {
                *rest = Some(Rest::of((before.step * 2).min(LONGEST), now(), jitter()));
                None
            }
            None if count < self.limit => None,
            None => {
                *rest = Some(Rest::of(SHORTEST, now(), jitter()));
                Some(Turn::Away)
            }
        }
    }

    fn rest(&self) -> MutexGuard<'_, Option<Rest>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest {
    /// Between half and all of the step.
    fn of(step: Duration, now: Duration, jitter: u8) -> Self {
        Self {
            since: now,
            wait: step / 2 + step / 2 * u32::from(jitter) / 255,
            step,
            asked: false,
        }
    }

    /// A count that goes backwards must not prolong the rest.
    fn is_over(&self, now: Duration) -> bool {
        now.checked_sub(self.since)
            .is_none_or(|rested| rested >= self.wait)
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if let Some(rest) = &mut *self.0.rest() {
            rest.asked = false;
        }
    }
}

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u32 = 3;

    fn at(millis: u64) -> impl Fn() -> Duration {
        move || Duration::from_millis(millis)
    }

    fn fail(circuit: &Circuit, millis: u64) -> Option<Turn> {
        let permit = circuit.permit(at(millis));
        assert!(!matches!(permit, Permit::Rest), "the store is asked");
        circuit.unanswered(&permit, at(millis), || 255)
    }

    fn away() -> Circuit {
        let circuit = Circuit::new(LIMIT);
        assert_eq!(fail(&circuit, 0), None);
        assert_eq!(fail(&circuit, 0), None);
        assert_eq!(fail(&circuit, 0), Some(Turn::Away));
        circuit
    }

    fn rests(circuit: &Circuit, millis: u64) -> bool {
        matches!(circuit.permit(at(millis)), Permit::Rest)
    }

    #[test]
    fn an_answer_in_between_starts_the_count_anew() {
        let circuit = Circuit::new(LIMIT);
        for _ in 0..10 {
            assert_eq!(fail(&circuit, 0), None);
            assert_eq!(fail(&circuit, 0), None);
            assert_eq!(circuit.answered(), None);
        }
    }

    #[test]
    fn a_store_that_rests_is_asked_by_one_once_the_wait_is_over() {
        let circuit = away();
        assert!(rests(&circuit, 0));
        assert!(rests(&circuit, 99));
        let probe = circuit.permit(at(100));
        assert!(matches!(probe, Permit::Probe(_)));
        assert!(rests(&circuit, 100), "one asks, and the others wait");
        assert_eq!(circuit.answered(), Some(Turn::Back));
        drop(probe);
        assert!(matches!(circuit.permit(at(100)), Permit::Ask));
    }

    #[test]
    fn each_question_without_an_answer_doubles_the_wait_up_to_five_seconds() {
        let circuit = away();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let since = now;
            while rests(&circuit, now) {
                now += 1;
            }
            waits.push(now - since);
            assert_eq!(fail(&circuit, now), None);
        }
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    }

    #[test]
    fn a_probe_that_is_dropped_leaves_the_question_to_the_next() {
        let circuit = away();
        drop(circuit.permit(at(100)));
        assert!(matches!(circuit.permit(at(100)), Permit::Probe(_)));
    }

    #[test]
    fn a_late_failure_of_an_earlier_call_does_not_prolong_the_rest() {
        let circuit = Circuit::new(LIMIT);
        let late = circuit.permit(at(0));
        for _ in 0..LIMIT {
            let _turn = fail(&circuit, 0);
        }
        assert_eq!(circuit.unanswered(&late, at(90), || 255), None);
        assert!(!rests(&circuit, 100));
    }

    #[test]
    fn a_clock_that_goes_back_does_not_prolong_the_rest() {
        let circuit = Circuit::new(1);
        assert_eq!(fail(&circuit, 1_000_000), Some(Turn::Away));
        assert!(rests(&circuit, 1_000_000));
        assert!(!rests(&circuit, 5));
    }

    #[test]
    fn without_a_limit_the_store_is_always_asked() {
        let circuit = Circuit::new(0);
        for _ in 0..100 {
            assert_eq!(fail(&circuit, 0), None);
        }
    }
}
