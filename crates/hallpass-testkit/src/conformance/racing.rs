//! Many tasks at once.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;

use hallpass_core::BoxFuture;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

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
