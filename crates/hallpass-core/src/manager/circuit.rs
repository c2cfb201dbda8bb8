//! Whether a store that does not answer is asked at all.
//!
//! A store that is away makes every request wait for a time-out, and is met with all of them when
//! it comes back. After some calls in a row without an answer, over a second at least, the manager
//! stops asking: calls fail at once, as unavailable, and now and then one is let through to see
//! whether the store is back. A store of which only a part is away, one node of several, answers
//! the others in between, and goes on being asked.

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
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the first of the calls in a row was given up, on the clock's own count.
    since: Duration,
    rest: Option<Rest>,
    /// How many have been let through to see.
    probes: u64,
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
    /// Who is asking, and since when.
    probe: Option<(u64, Duration)>,
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
pub(super) struct Probe<'a> {
    circuit: &'a Circuit,
    number: u64,
}

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
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            unanswered: AtomicU32::new(0),
            state: Mutex::default(),
        }
    }

    /// Decides whether to ask. `now` is the clock's count, which is read only while the store
    /// rests.
    pub(super) fn permit(&self, now: impl FnOnce() -> Duration) -> Permit<'_> {
        if self.limit == 0 || self.unanswered.load(Ordering::Relaxed) < self.limit {
            return Permit::Ask;
        }
        let mut state = self.state();
        let State { rest, probes, .. } = &mut *state;
        match rest {
            None => Permit::Ask,
            Some(rest) => {
                let now = now();
                if !rest.may_be_asked(now) {
                    return Permit::Rest;
                }
                *probes += 1;
                rest.probe = Some((*probes, now));
                Permit::Probe(Probe {
                    circuit: self,
                    number: *probes,
                })
            }
        }
    }

    /// Notes that the store answered something, be it an error of its own.
    pub(super) fn answered(&self) -> Option<Turn> {
        if self.unanswered.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut state = self.state();
        self.unanswered.store(0, Ordering::Relaxed);
        state.rest.take().map(|_rest| Turn::Back)
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
        let now = now();
        let mut state = self.state();
        let count = self.unanswered.load(Ordering::Relaxed).saturating_add(1);
        self.unanswered.store(count, Ordering::Relaxed);
        if count == 1 {
            state.since = now;
        }
        match state.rest {
            // One that was asked before the store rested says nothing new.
            Some(_) if !matches!(permit, Permit::Probe(_)) => None,
            Some(before) => {
                let step = (before.step * 2).min(LONGEST);
                state.rest = Some(Rest::of(step, now, jitter()));
                None
            }
            None if count < self.limit || !has_passed(PATIENCE, state.since, now) => None,
            None => {
                state.rest = Some(Rest::of(SHORTEST, now, jitter()));
                Some(Turn::Away)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest {
    /// Between half and all of the step.
    fn of(step: Duration, now: Duration, jitter: u8) -> Self {
        Self {
            since: now,
            wait: step / 2 + step / 2 * u32::from(jitter) / 255,
            step,
            probe: None,
        }
    }

    /// Whoever asks may be a future that its task does not poll any more, and must not keep all
    /// others from asking.
    fn may_be_asked(&self, now: Duration) -> bool {
        match self.probe {
            Some((_, asked)) => has_passed(LONGEST, asked, now),
            None => has_passed(self.wait, self.since, now),
        }
    }
}

/// A count that goes backwards must not prolong anything.
fn has_passed(time: Duration, since: Duration, now: Duration) -> bool {
    now.checked_sub(since).is_none_or(|passed| passed >= time)
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if let Some(rest) = &mut self.circuit.state().rest
            && rest.probe.is_some_and(|(number, _)| number == self.number)
        {
            rest.probe = None;
        }
    }
}

/// For how long nobody was answered before the store rests.
const PATIENCE: Duration = Duration::from_secs(1);
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

    /// Rests since [`AWAY`].
    fn away() -> Circuit {
        let circuit = Circuit::new(LIMIT);
        assert_eq!(fail(&circuit, 0), None);
        assert_eq!(fail(&circuit, 500), None);
        assert_eq!(fail(&circuit, AWAY), Some(Turn::Away));
        circuit
    }

    const AWAY: u64 = 1_000;

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
        assert!(rests(&circuit, AWAY));
        assert!(rests(&circuit, AWAY + 99));
        let probe = circuit.permit(at(AWAY + 100));
        assert!(matches!(probe, Permit::Probe(_)));
        assert!(rests(&circuit, AWAY + 100), "one asks, the others wait");
        assert_eq!(circuit.answered(), Some(Turn::Back));
        drop(probe);
        assert!(matches!(circuit.permit(at(AWAY + 100)), Permit::Ask));
    }

    #[test]
    fn each_question_without_an_answer_doubles_the_wait_up_to_five_seconds() {
        let circuit = away();
        let mut now = AWAY;
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
    fn a_part_that_is_away_does_not_let_the_rest_of_the_store_rest() {
        let circuit = Circuit::new(LIMIT);
        for second in 0..100 {
            for _ in 0..10 {
                assert_eq!(fail(&circuit, second * 1_000), None);
            }
            assert_eq!(circuit.answered(), None);
        }
    }

    #[test]
    fn calls_that_fail_together_are_one_sign_and_not_five() {
        let circuit = Circuit::new(LIMIT);
        for _ in 0..100 {
            assert_eq!(fail(&circuit, 0), None);
        }
        assert_eq!(fail(&circuit, 999), None);
        assert_eq!(fail(&circuit, 1_000), Some(Turn::Away));
    }

    #[test]
    fn a_probe_that_is_dropped_leaves_the_question_to_the_next() {
        let circuit = away();
        drop(circuit.permit(at(AWAY + 100)));
        assert!(matches!(circuit.permit(at(AWAY + 100)), Permit::Probe(_)));
    }

    #[test]
    fn a_probe_that_nobody_polls_keeps_nobody_from_asking() {
        let circuit = away();
        let forgotten = circuit.permit(at(AWAY + 100));
        assert!(rests(&circuit, AWAY + 5_099));
        let next = circuit.permit(at(AWAY + 5_100));
        assert!(matches!(next, Permit::Probe(_)));
        drop(forgotten);
        assert!(rests(&circuit, AWAY + 5_100), "the second still asks");
    }

    #[test]
    fn a_late_failure_of_an_earlier_call_does_not_prolong_the_rest() {
        let circuit = Circuit::new(LIMIT);
        let late = circuit.permit(at(0));
        for millis in [0, 500, AWAY] {
            let _turn = fail(&circuit, millis);
        }
        assert_eq!(circuit.unanswered(&late, at(AWAY + 90), || 255), None);
        assert!(!rests(&circuit, AWAY + 100));
    }

    #[test]
    fn a_clock_that_goes_back_does_not_prolong_the_rest() {
        let circuit = Circuit::new(2);
        assert_eq!(fail(&circuit, 1_000_000), None);
        assert_eq!(fail(&circuit, 1_001_000), Some(Turn::Away));
        assert!(rests(&circuit, 1_001_000));
        assert!(!rests(&circuit, 5));
    }

    #[test]
    fn without_a_limit_the_store_is_always_asked() {
        let circuit = Circuit::new(0);
        for second in 0..100 {
            assert_eq!(fail(&circuit, 1_000 * second), None);
        }
    }
}
