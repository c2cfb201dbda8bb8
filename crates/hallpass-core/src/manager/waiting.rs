//! Waiting for two things at once, without a runtime.

use std::future::Future;
use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::task::Poll;

/// Waits for both.
pub(crate) async fn join<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let mut first = pin!(first);
    let mut second = pin!(second);
    let (mut a, mut b) = (None, None);
    poll_fn(|context| {
        if a.is_none()
            && let Poll::Ready(ready) = first.as_mut().poll(context)
        {
            a = Some(ready);
        }
        if b.is_none()
            && let Poll::Ready(ready) = second.as_mut().poll(context)
        {
            b = Some(ready);
        }
        match (a.take(), b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (first, second) => {
                (a, b) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}

/// Waits for the first, as long as `limit` does not come sooner. The limit is made only where the
/// first is not ready at once. Takes futures that are pinned already, so that waiting for one adds
/// no more than a few words to it.
pub(crate) fn race<T, L: Future<Output = ()> + Unpin>(
    mut future: impl Future<Output = T> + Unpin,
    limit: impl FnOnce() -> L + Unpin,
) -> impl Future<Output = Option<T>> {
    let mut limit = Some(limit);
    let mut waiting: Option<L> = None;
    poll_fn(move |context| {
        if let Poll::Ready(ready) = Pin::new(&mut future).poll(context) {
            return Poll::Ready(Some(ready));
        }
        if let Some(limit) = limit.take() {
            waiting = Some(limit());
        }
        match &mut waiting {
            Some(limit) => Pin::new(limit).poll(context).map(|()| None),
            None => Poll::Pending,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn both_are_waited_for() {
        assert_eq!(join(ready(1), tokio::task::yield_now()).await, (1, ()));
    }

    #[tokio::test]
    async fn what_is_ready_needs_no_limit() {
        assert_eq!(
            race(ready(1), || -> std::future::Ready<()> { panic!("asked") }).await,
            Some(1)
        );
    }

    #[tokio::test]
    async fn what_never_comes_ends_at_the_limit() {
        assert_eq!(race(pending::<u8>(), || ready(())).await, None);
    }
}
