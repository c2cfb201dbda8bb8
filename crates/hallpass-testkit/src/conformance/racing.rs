//! Many tasks at once, and calls that are dropped half-way.

use std::future::Future;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hallpass_core::BoxFuture;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;
use tokio::task::yield_now;

/// How many tasks race for one thing.
pub(super) const RACERS: usize = 32;

/// How often a race is repeated, each time with other luck.
pub(super) const ROUNDS: usize = 32;

/// A task of a race, where they are not all alike.
pub(super) type Racer<T> = BoxFuture<'static, T>;

/// Starts all tasks at the same moment, and returns what each answers, in order.
pub(super) async fn race<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let start = Arc::new(Barrier::new(tasks.len()));
    let racers: Vec<_> = tasks
        .into_iter()
        .map(|task| {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                task.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(racers.len());
    for racer in racers {
        answers.push(joined(racer).await);
    }
    answers
}

/// Returns what a task answers, or panics as it did.
pub(super) async fn joined<T>(task: JoinHandle<T>) -> T {
    task.await
        .unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => panic!("a task of the test was stopped: {error}"),
        })
}

/// Polls a call a few times and drops it, as the engine does when a client disconnects. Returns
/// the answer where it was quicker.
pub(super) async fn abandoned<F: Future>(call: F, polls: usize) -> Option<F::Output> {
    let mut call = pin!(call);
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        if let Poll::Ready(answer) = polled {
            return Some(answer);
        }
        yield_now().await;
    }
    None
}
