use std::cell::Cell;
use std::collections::HashSet;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use hallpass_core::Clock;

use super::*;
use crate::ManualClock;

async fn steps(count: usize) {
    for _ in 1..count {
        step().await;
    }
}

fn binomial(n: usize, k: usize) -> usize {
    (1..=k).fold(1, |product, i| product * (n - k + i) / i)
}

fn failure(scenario: impl FnMut(&mut Schedule)) -> Failure {
    Explorer::new().try_explore(scenario).unwrap_err()
}

/// A load and a store that is based on it, with a step between them.
async fn increment(stored: &Cell<u32>) {
    let loaded = stored.get();
    step().await;
    stored.set(loaded + 1);
}

fn two_increments(schedule: &mut Schedule) {
    let stored = Cell::new(0);
    schedule.both(increment(&stored), increment(&stored));
    assert_eq!(stored.get(), 2, "an increment is lost");
}

#[test]
fn two_futures_have_as_many_schedules_as_the_binomial_coefficient() {
    for (n, m) in [(1, 1), (1, 4), (2, 2), (3, 5), (6, 6)] {
        let schedules = Explorer::new().explore(|schedule| {
            schedule.both(steps(n), steps(m));
        });
        assert_eq!(schedules, binomial(n + m, n), "{n} and {m} steps");
    }
}

#[test]
fn three_futures_have_as_many_schedules_as_the_multinomial_coefficient() {
    let schedules = Explorer::new().explore(|schedule| {
        schedule.all((0..3).map(|_| steps(3)));
    });
    assert_eq!(schedules, binomial(9, 3) * binomial(6, 3));
}

#[test]
fn no_schedule_comes_twice() {
    let mut seen = HashSet::new();
    let schedules = Explorer::new().explore(|schedule| {
        schedule.both(steps(4), steps(3));
        assert!(seen.insert(schedule.steps()), "{schedule:?}");
    });
    assert_eq!(seen.len(), schedules);
}

#[test]
fn answers_come_in_the_order_of_the_futures() {
    Explorer::new().explore(|schedule| {
        let answer = async |number: u8| {
            step().await;
            number
        };
        assert_eq!(schedule.both(answer(1), answer(2)), (1, 2));
        assert_eq!(schedule.all([answer(3), answer(4)]), [3, 4]);
    });
}

#[test]
fn a_lost_update_is_found_and_replayed() {
    let found = failure(two_increments);
    assert_eq!(found.kind(), FailureKind::Panicked);
    assert_eq!(found.schedule(), [0, 1, 0, 1]);
    assert_eq!(found.explored(), 1, "one after the other goes well");
    assert!(found.message().contains("an increment is lost"), "{found}");
    let replayed = Explorer::new().try_replay(found.schedule(), two_increments);
    assert_eq!(replayed.unwrap_err().kind(), FailureKind::Panicked);
    Explorer::new().replay(&[1, 1, 0, 0], two_increments);
}

#[test]
fn a_schedule_that_the_scenario_does_not_have_is_not_replayed() {
    for schedule in [&[0, 0, 0, 1][..], &[2], &[0, 0, 1, 1, 1]] {
        let replayed = Explorer::new().try_replay(schedule, two_increments);
        assert_eq!(replayed.unwrap_err().kind(), FailureKind::Diverged);
    }
}

#[test]
fn a_future_that_waits_for_nothing_is_a_deadlock() {
    let found = failure(|schedule| {
        schedule.both(steps(2), pending::<()>());
    });
    assert_eq!(found.kind(), FailureKind::Deadlock);
    assert_eq!(found.schedule(), [0, 0, 1]);
}

#[test]
fn a_clock_that_moves_when_nobody_can_go_on_helps_out_of_a_deadlock() {
    let schedules = Explorer::new().explore(|schedule| {
        let clock = ManualClock::default();
        let hand = clock.clone();
        schedule.when_stuck(move || {
            hand.advance(Duration::from_secs(1));
            hand.sleepers() < 2
        });
        let (first, second) = (Duration::from_secs(1), Duration::from_secs(2));
        schedule.both(clock.sleep(first), async {
            clock.sleep(first).await;
            clock.sleep(second - first).await;
        });
    });
    assert_eq!(schedules, 4);
}

#[test]
fn more_schedules_than_allowed_are_an_error() {
    let scenario = |schedule: &mut Schedule| {
        schedule.both(steps(2), steps(2));
    };
    assert_eq!(Explorer::new().max_schedules(6).explore(scenario), 6);
    let found = Explorer::new().max_schedules(5).try_explore(scenario);
    let found = found.unwrap_err();
    assert_eq!(
        (found.kind(), found.explored()),
        (FailureKind::TooManySchedules, 5)
    );
}

#[test]
fn futures_that_wake_themselves_for_ever_are_an_error() {
    let found = Explorer::new().max_steps(50).try_explore(|schedule| {
        schedule.both(steps(usize::MAX), steps(1));
    });
    assert_eq!(found.unwrap_err().kind(), FailureKind::TooManySteps);
}

#[test]
fn a_scenario_that_is_not_deterministic_is_noticed() {
    let mut count = 5;
    let found = failure(|schedule| {
        count -= 1;
        schedule.both(steps(count), steps(2));
    });
    assert_eq!(found.kind(), FailureKind::Diverged);
}

#[test]
fn what_always_holds_is_checked_after_each_step() {
    let checks = Rc::new(Cell::new(0));
    Explorer::new().replay(&[0, 1, 0, 1], |schedule| {
        let checks = Rc::clone(&checks);
        schedule.always(move || checks.set(checks.get() + 1));
        schedule.both(steps(2), steps(2));
    });
    assert_eq!(checks.get(), 4);
}

#[test]
fn a_future_that_is_done_is_dropped_at_once() {
    struct Noting<'a>(&'a Cell<bool>);
    impl Drop for Noting<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    Explorer::new().replay(&[0, 1], |schedule| {
        let is_dropped = Cell::new(false);
        let guard = Noting(&is_dropped);
        let mut first = Box::pin(async move {
            let _held = guard;
            step().await;
        });
        schedule.both(cut(1, first.as_mut()), async { assert!(!is_dropped.get()) });
        drop(first);
        assert!(is_dropped.get());
    });
}

#[test]
fn a_future_is_cut_off_after_as_many_polls_as_it_is_given() {
    let polls = Cell::new(0);
    let counted = async || {
        loop {
            polls.set(polls.get() + 1);
            step().await;
        }
    };
    for count in 0..4 {
        polls.set(0);
        assert_eq!(alone(cut::<()>(count, counted())), None);
        assert_eq!(polls.get(), count);
    }
    assert_eq!(alone(cut(2, steps(2))), Some(()));
    assert_eq!(alone(cut(1, steps(2))), None);
}

/// Between its last poll and its drop a future that is cut off can be overtaken.
#[test]
fn the_drop_of_a_future_that_is_cut_off_is_a_step_of_its_own() {
    let schedules = Explorer::new().explore(|schedule| {
        schedule.both(cut(1, pending::<()>()), steps(1));
    });
    assert_eq!(schedules, 3);
}

#[test]
fn a_future_alone_goes_on_until_it_waits_for_others() {
    assert_eq!(try_alone(steps(5)), Some(()));
    assert_eq!(try_alone(pending::<()>()), None);
}
