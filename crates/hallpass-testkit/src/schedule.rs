//! Every interleaving of a few futures, on one thread.
//!
//! A test that races on threads finds a fault with luck, and never twice. Here the test decides
//! who goes on: an [`Explorer`] runs a scenario again and again, once for each order in which the
//! steps of its futures can happen, until there is none left. A step is one poll, and a future
//! takes part in the next one only if something has woken it. So it is exhaustive, it is the same
//! on each run, and a fault comes with the [`Schedule`] that shows it, as a list of numbers that
//! can be [replayed](Explorer::replay).
//!
//! What happens between two polls of a future is one step. A future says where it can be overtaken
//! by [`step`], and a store does so at each of its calls if it is wrapped in a
//! [`SteppingStore`](crate::SteppingStore).
//!
//! # Example: an update that is lost
//!
//! ```
//! use std::cell::Cell;
//! use hallpass_testkit::schedule::{Explorer, FailureKind, step};
//!
//! let failure = Explorer::new()
//!     .try_explore(|schedule| {
//!         let stored = Cell::new(0);
//!         let increment = async || {
//!             let loaded = stored.get();
//!             step().await;
//!             stored.set(loaded + 1);
//!         };
//!         schedule.both(increment(), increment());
//!         assert_eq!(stored.get(), 2);
//!     })
//!     .unwrap_err();
//! assert_eq!(failure.kind(), FailureKind::Panicked);
//! assert_eq!(failure.schedule(), [0, 1, 0, 1]);
//! ```
//!
//! # Example: two requests on one store
//!
//! ```
//! use hallpass_core::{DynStore, SessionManager, SessionStore};
//! use hallpass_testkit::{ManualClock, SteppingStore};
//! use hallpass_testkit::schedule::Explorer;
//!
//! async fn request(manager: &SessionManager) { /* opens a session, changes it, finishes it */ }
//!
//! fn no_order_of_two_requests_breaks_it(store: impl SessionStore + Clone) {
//!     Explorer::new().explore(|schedule| {
//!         // A scenario makes all that it needs anew.
//!         let store = DynStore::builder(SteppingStore::new(store.clone())).build();
//!         let manager = SessionManager::builder_with_clock(store, ManualClock::default())
//!             .build()
//!             .unwrap();
//!         schedule.both(request(&manager), request(&manager));
//!         // Look at what is stored.
//!     });
//! }
//! ```
//!
//! # What a scenario owes
//!
//! It must do the same whenever the same choices are made: no threads, no clock but a
//! [`ManualClock`](crate::ManualClock), no randomness but a [`SeededRandom`](crate::SeededRandom),
//! no iteration over a `HashMap` that matters, and everything made anew. Where it does not, the
//! explorer notices that another set of futures can go on, and says so.
//!
//! The number of schedules grows as the binomial coefficient: two futures of `n` and `m` steps have
//! `(n + m)! / (n! * m!)`. Two of five steps are 252, two of ten are 184 756. Choose few points.

mod explorer;
mod failure;
mod plan;
mod run;

use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use self::run::Flag;

pub use self::explorer::Explorer;
pub use self::failure::Failure;
pub use self::failure::FailureKind;
pub use self::run::Schedule;

/// Lets others go first: a point at which a future can be overtaken, and at which it can be
/// dropped.
///
/// # Cancel safety
///
/// The future may be dropped at any time.
pub async fn step() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a future this often at the most, and then drops it, as a server does with a handler whose
/// client goes away. Returns the answer if there was one by then.
///
/// The drop is a step of its own, so that others may go on between the last poll and the drop.
///
/// # Cancel safety
///
/// If the future is dropped, so is the one inside.
pub async fn cut<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut left = polls;
    let mut future = pin!(future);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        let poll = future.as_mut().poll(context).map(Some);
        if left == 0 && poll.is_pending() {
            context.waker().wake_by_ref();
        }
        poll
    })
    .await
}

/// Runs a future to its end with nobody beside it: what a scenario prepares, and what it looks at
/// afterwards.
///
/// # Panics
///
/// Where the future waits for something that nobody does. [`try_alone`] tells instead.
#[expect(clippy::panic, reason = "a test that can not go on fails")]
pub fn alone<T>(future: impl Future<Output = T>) -> T {
    try_alone(future).unwrap_or_else(|| panic!("the future waits for something that nobody does"))
}

/// Runs a future for as long as it can go on with nobody beside it. Returns `None`, and drops it,
/// where it waits for something that nobody does.
pub fn try_alone<T>(future: impl Future<Output = T>) -> Option<T> {
    let flag = Arc::new(Flag::raised());
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    while flag.lower() {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return Some(answer);
        }
    }
    None
}

#[cfg(test)]
mod tests;
