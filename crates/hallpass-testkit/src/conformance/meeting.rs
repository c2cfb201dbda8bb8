//! Two calls that meet: one overtakes the other, or both start at the very same moment.

use std::future::Future;
use std::future::poll_fn;
use std::hint::spin_loop;
use std::iter::repeat_n;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::thread;
use std::thread::ScopedJoinHandle;

use hallpass_core::SessionHandle;
use hallpass_core::SessionStore;
use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::bed::START;
use super::bed::TestBed;

/// How many steps of a call are tried, at most, when it is overtaken or dropped.
pub(super) const STEPS: usize = 8;

/// How two calls meet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meeting {
    /// On two threads that start at the same moment.
    AtOnce,
    /// The first call begins and ends after this many steps of the second.
    FirstOvertakes(usize),
    /// The second call begins and ends after this many steps of the first.
    SecondOvertakes(usize),
}

impl Meeting {
    /// Makes both calls, and returns what each answers.
    pub(super) async fn of<A: Send, B: Send>(
        self,
        first: impl Future<Output = A> + Send,
        second: impl Future<Output = B> + Send,
    ) -> (A, B) {
        match self {
            Self::AtOnce => at_once(first, second),
            Self::FirstOvertakes(steps) => {
                let (answer, another) = overtaken(steps, second, first).await;
                (another, answer)
            }
            Self::SecondOvertakes(steps) => overtaken(steps, first, second).await,
        }
    }
}

/// Returns all the ways in which two calls of this store are to meet.
///
/// A store that waits for a server is overtaken at each step. One that answers at once, without
/// waiting, has no steps to get between; its calls meet on two threads instead, many times.
pub(super) async fn meetings<S: SessionStore>(bed: &TestBed<S>) -> Vec<Meeting> {
    let nobody = SessionHandle::from_bytes(*b"nobody has this.");
    let answers_at_once = stepped(pin!(bed.here().load(nobody, START)), 1)
        .await
        .is_some();
    let duels = if answers_at_once { DUELS } else { 0 };
    let overtaking = (0..STEPS).flat_map(|steps| {
        [
            Meeting::FirstOvertakes(steps),
            Meeting::SecondOvertakes(steps),
        ]
    });
    overtaking.chain(repeat_n(Meeting::AtOnce, duels)).collect()
}

/// Lets a call take a few steps and drops it, as the engine does when a client disconnects.
pub(super) async fn dropped(steps: usize, call: impl Future) {
    let _lost = stepped(pin!(call), steps).await;
}

/// Lets the first call take a few steps, carries out the second one, and then the rest of the
/// first. Where the second has to wait for the first, or takes its time, both go on together.
async fn overtaken<A, B>(
    steps: usize,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut one = stepped(first.as_mut(), steps).await;
    let mut other = None;
    for _ in 0..HEAD_START {
        other = stepped(second.as_mut(), 1).await;
        if other.is_some() {
            break;
        }
        yield_now().await;
    }
    poll_fn(|context| {
        if one.is_none()
            && let Poll::Ready(answer) = first.as_mut().poll(context)
        {
            one = Some(answer);
        }
        if other.is_none()
            && let Poll::Ready(answer) = second.as_mut().poll(context)
        {
            other = Some(answer);
        }
        match (one.take(), other.take()) {
            (Some(answer), Some(another)) => Poll::Ready((answer, another)),
            unfinished => {
                (one, other) = unfinished;
                Poll::Pending
            }
        }
    })
    .await
}

/// Polls a call as often as this, each time when it asks for it. Returns the answer, if that was
/// enough.
async fn stepped<F: Future>(mut call: Pin<&mut F>, steps: usize) -> Option<F::Output> {
    let mut left = steps;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match call.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Makes both calls on threads of their own, which wait for each other first.
fn at_once<A: Send, B: Send>(
    first: impl Future<Output = A> + Send,
    second: impl Future<Output = B> + Send,
) -> (A, B) {
    let runtime = Handle::current();
    let arrived = AtomicUsize::new(0);
    thread::scope(|scope| {
        let one = scope.spawn(|| {
            wait_for_both(&arrived);
            runtime.block_on(first)
        });
        let other = scope.spawn(|| {
            wait_for_both(&arrived);
            runtime.block_on(second)
        });
        (joined(one), joined(other))
    })
}

/// Waits without sleeping, so that both go on within nanoseconds, but not for ever: there may be
/// one processor only, and others may need it.
fn wait_for_both(arrived: &AtomicUsize) {
    arrived.fetch_add(1, Ordering::SeqCst);
    for turn in 0..10_000 {
        if arrived.load(Ordering::SeqCst) >= 2 {
            return;
        }
        if turn % 1_000 == 999 {
            thread::yield_now();
        } else {
            spin_loop();
        }
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// How often two calls start at the same moment.
const DUELS: usize = 500;

/// How often a call is polled alone before the one that it overtakes goes on, too.
const HEAD_START: usize = 20_000;
