//! A clock that is moved by hand.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;

use hallpass_core::BoxFuture;
use hallpass_core::Clock;
use hallpass_core::Timestamp;

/// A clock that stands still until a test moves it. Clones are the same clock.
///
/// # Example: half an hour passes at once
///
/// ```
/// use std::time::Duration;
/// use hallpass_core::Clock;
/// use hallpass_testkit::ManualClock;
///
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(1_800));
/// assert_eq!(clock.now().since(before), Duration::from_secs(1_800));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<State>>);

impl ManualClock {
    /// Where [`ManualClock::default`] starts: 2100-01-01T00:00:00Z.
    ///
    /// Far in the future, so that the expiry of a store's own server, which goes by the time of
    /// its machine, never interferes.
    pub const START: Timestamp = Timestamp::from_millis(4_102_444_800_000);

    /// Returns a clock that tells `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: start,
            tickets: 0,
            sleepers: BTreeMap::new(),
        })))
    }

    /// Moves the clock forward, and wakes who has slept long enough.
    pub fn advance(&self, duration: Duration) {
        self.turn(|now| now.saturating_add(duration));
    }

    /// Sets the clock, also backwards, and wakes who has slept long enough.
    ///
    /// A sleep lasts until the clock tells its deadline, so setting the clock back prolongs it.
    pub fn set(&self, now: Timestamp) {
        self.turn(|_before| now);
    }

    /// Returns how many sleeps wait. One that was never polled does not wait yet; one that was
    /// woken or dropped does not wait any more.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.state().sleepers.len()
    }

    fn turn(&self, to: impl FnOnce(Timestamp) -> Timestamp) {
        let due = {
            let mut state = self.state();
            state.now = to(state.now);
            state.due()
        };
        // Outside of the lock: a waker may run anything, also what asks this clock.
        for waker in due {
            waker.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Self::START)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(Sleep {
            deadline: self.now().saturating_add(duration),
            clock: self.clone(),
            ticket: None,
        })
    }
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    tickets: u64,
    /// In the order in which they are due.
    sleepers: BTreeMap<Ticket, Waker>,
}

/// When a sleep is due, and a number that no other sleep of the clock has.
type Ticket = (Timestamp, u64);

impl State {
    fn due(&mut self) -> Vec<Waker> {
        let now = self.now;
        let mut due = Vec::new();
        self.sleepers.retain(|(deadline, _), waker| {
            let waits = now < *deadline;
            if !waits {
                due.push(waker.clone());
            }
            waits
        });
        due
    }
}

struct Sleep {
    clock: ManualClock,
    deadline: Timestamp,
    /// # Invariant
    ///
    /// `Some` once the sleep has waited. It is over when the clock no longer knows the ticket.
    ticket: Option<Ticket>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.get_mut();
        let mut state = sleep.clock.state();
        match sleep.ticket {
            Some(ticket) => match state.sleepers.get_mut(&ticket) {
                Some(waker) => {
                    waker.clone_from(context.waker());
                    Poll::Pending
                }
                None => Poll::Ready(()),
            },
            None if sleep.deadline <= state.now => Poll::Ready(()),
            None => {
                state.tickets += 1;
                let ticket = (sleep.deadline, state.tickets);
                state.sleepers.insert(ticket, context.waker().clone());
                sleep.ticket = Some(ticket);
                Poll::Pending
            }
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.clock.state().sleepers.remove(&ticket);
        }
    }
}

#[cfg(test)]
mod tests;
