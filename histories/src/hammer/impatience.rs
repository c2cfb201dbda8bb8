//! Clients that do not wait for the answer.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Waits for a future, and drops it once it was not ready this many times.
///
/// Deliberately not after some time: a store on the same machine answers within one tick of any
/// timer, and what is to be met is the middle of a request, at each of its steps.
pub(crate) async fn with_patience<T>(future: impl Future<Output = T>, times: u32) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
