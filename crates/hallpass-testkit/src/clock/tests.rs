use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::task::Wake;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn poll(sleep: &mut BoxFuture<'static, ()>, woken: &Arc<Woken>) -> Poll<()> {
    sleep
        .as_mut()
        .poll(&mut Context::from_waker(&Arc::clone(woken).into()))
}

#[test]
fn clones_are_one_clock() {
    let clock = ManualClock::new(Timestamp::from_millis(5));
    clock.clone().advance(MS);
    assert_eq!(clock.now(), Timestamp::from_millis(6));
}

#[test]
fn the_default_starts_with_the_year_2100() {
    let days = [365 * 130, (2100 - 1970) / 4].iter().sum::<u64>();
    let start = Timestamp::default().saturating_add(SECOND * 86_400 * u32::try_from(days).unwrap());
    assert_eq!(ManualClock::default().now(), start);
}

#[test]
fn the_clock_can_be_set_back() {
    let clock = ManualClock::default();
    let earlier = ManualClock::START.saturating_sub(SECOND);
    clock.set(earlier);
    assert_eq!(clock.now(), earlier);
}

#[test]
fn a_sleep_ends_at_its_deadline_and_not_before() {
    let clock = ManualClock::default();
    let woken = Arc::new(Woken::default());
    let mut sleep = clock.sleep(SECOND);
    assert_eq!(poll(&mut sleep, &woken), Poll::Pending);
    clock.advance(SECOND - MS);
    assert_eq!((woken.times(), clock.sleepers()), (0, 1));
    assert_eq!(poll(&mut sleep, &woken), Poll::Pending);
    clock.advance(MS);
    assert_eq!((woken.times(), clock.sleepers()), (1, 0));
    assert_eq!(poll(&mut sleep, &woken), Poll::Ready(()));
}

#[test]
fn a_sleep_counts_from_its_making() {
    let clock = ManualClock::default();
    let mut sleep = clock.sleep(SECOND);
    clock.advance(SECOND);
    assert_eq!(poll(&mut sleep, &Arc::default()), Poll::Ready(()));
}

#[test]
fn a_sleep_of_no_length_is_ready_at_once() {
    let clock = ManualClock::default();
    assert_eq!(
        poll(&mut clock.sleep(Duration::ZERO), &Arc::default()),
        Poll::Ready(())
    );
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn a_dropped_sleep_is_forgotten() {
    let clock = ManualClock::default();
    let woken = Arc::new(Woken::default());
    let mut sleep = clock.sleep(SECOND);
    assert_eq!(poll(&mut sleep, &woken), Poll::Pending);
    drop(sleep);
    assert_eq!(clock.sleepers(), 0);
    clock.advance(SECOND);
    assert_eq!(woken.times(), 0);
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let clock = ManualClock::default();
    let (first, second) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
    let mut sleep = clock.sleep(SECOND);
    assert_eq!(poll(&mut sleep, &first), Poll::Pending);
    assert_eq!(poll(&mut sleep, &second), Poll::Pending);
    assert_eq!(clock.sleepers(), 1);
    clock.set(ManualClock::START.saturating_add(SECOND));
    assert_eq!((first.times(), second.times()), (0, 1));
}

#[test]
fn a_sleep_that_was_woken_stays_over_when_the_clock_goes_back() {
    let clock = ManualClock::default();
    let woken = Arc::new(Woken::default());
    let mut sleep = clock.sleep(SECOND);
    assert_eq!(poll(&mut sleep, &woken), Poll::Pending);
    clock.advance(SECOND);
    clock.set(ManualClock::START);
    assert_eq!(poll(&mut sleep, &woken), Poll::Ready(()));
}

#[test]
fn a_sleep_without_end_never_wakes() {
    let clock = ManualClock::default();
    let woken = Arc::new(Woken::default());
    let mut sleep = clock.sleep(Duration::MAX);
    assert_eq!(poll(&mut sleep, &woken), Poll::Pending);
    clock.advance(SECOND * 86_400 * 365_000);
    assert_eq!(woken.times(), 0);
}

/// The engine sleeps in one task while the test moves the clock in another.
#[test]
fn tasks_sleep_and_are_woken() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let clock = ManualClock::default();
        let tasks: Vec<_> = (1..=3)
            .map(|n| tokio::spawn(clock.sleep(SECOND * n)))
            .collect();
        while clock.sleepers() < 3 {
            tokio::task::yield_now().await;
        }
        clock.advance(SECOND * 2);
        assert_eq!(clock.sleepers(), 1);
        clock.advance(SECOND);
        for task in tasks {
            task.await.unwrap();
        }
    });
}
