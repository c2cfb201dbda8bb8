//! Asserting endings again that a server may have lost.

use std::sync::Arc;
use std::sync::Weak;
use std::time::Duration;

use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use tokio::sync::watch;

use super::Inner;
use super::Safety;
use super::counting::Least;
use crate::link::backoff;
use crate::memory::Recalled;
use crate::task::Task;

impl Inner {
    /// Starts to watch over what was ended, with the first ending.
    pub(super) fn guard(self: &Arc<Self>) {
        self.guard.get_or_init(|| {
            let troubles = self.link.troubles();
            Task::spawn(watch(Arc::downgrade(self), troubles))
        });
    }

    /// Ends once more what was ended of late. Whatever is still ended stays as it is. One that the
    /// server refuses, or cannot read, does not keep the others from being asserted.
    async fn assert_endings(&self) -> Result<(), StoreError> {
        let Recalled {
            endings,
            advances,
            now,
        } = self.memory.recall();
        let mut refused = Ok(());
        for end in &endings {
            let outcome = self.end_now(end, now, Safety::Master).await;
            refused = refused.and(stands(outcome)?);
        }
        for advance in advances {
            let least = Least::Of(&advance.counts);
            let counts = self.count_up(&advance.scope, &advance.reason, least, advance.at);
            refused = refused.and(stands(counts.await)?);
        }
        refused
    }
}

/// Returns whether an ending stands, or has to be asserted later. Fails where nobody answers: then
/// nobody would answer for the next one.
fn stands<T>(answer: Result<T, StoreError>) -> Result<Result<(), StoreError>, StoreError> {
    match answer {
        Ok(_) => Ok(Ok(())),
        Err(error) => match error.kind() {
            StoreErrorKind::Unavailable => Err(error),
            // What nobody can read lives nowhere, and asking again does not help.
            StoreErrorKind::Corrupt => Ok(Ok(())),
            _ => Ok(Err(error)),
        },
    }
}

/// Waits for trouble, and then asserts everything until it was answered, and once more when a
/// failover that was under way is over.
async fn watch(inner: Weak<Inner>, mut troubles: watch::Receiver<u64>) {
    while troubles.changed().await.is_ok() {
        let Some(clock) = inner.upgrade().map(|inner| Arc::clone(&inner.clock)) else {
            return;
        };
        for is_last in [false, true] {
            let mut failures = 0;
            loop {
                let Some(inner) = inner.upgrade() else {
                    return;
                };
                // What is noted from here on may have undone what is asserted now.
                troubles.mark_unchanged();
                match inner.assert_endings().await {
                    Ok(()) => break,
                    Err(error) => tracing::debug!(%error, "can not assert endings yet"),
                }
                drop(inner);
                clock.sleep(backoff(failures)).await;
                failures = failures.saturating_add(1);
            }
            if !is_last {
                clock.sleep(SETTLED).await;
            }
        }
    }
}

/// How long after the first success a Cluster is taken to have settled.
const SETTLED: Duration = Duration::from_secs(5);
