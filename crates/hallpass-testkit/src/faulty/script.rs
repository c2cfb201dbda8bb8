//! What happens to which call.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::future::Future;
use std::future::pending;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::StoreOperation;

use super::Fault;

type Faults = HashMap<StoreOperation, VecDeque<Fault>>;

/// The faults to come, for each operation apart. Clones are the same script.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    faults: Arc<Mutex<Faults>>,
    hanging: Arc<AtomicUsize>,
}

impl Script {
    pub(super) fn push(&self, operation: StoreOperation, fault: Fault) {
        self.faults().entry(operation).or_default().push_back(fault);
    }

    pub(super) fn len(&self) -> usize {
        self.faults().values().map(VecDeque::len).sum()
    }

    /// Makes a call, as the script says. A call that fails before it does anything is never
    /// polled.
    pub(super) async fn play<T>(
        &self,
        operation: StoreOperation,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.next(operation) {
            Fault::Fail(kind) => Err(scripted(kind)),
            Fault::FailAfter => {
                call.await?;
                Err(scripted(StoreErrorKind::Unavailable))
            }
            Fault::Hang => self.hang().await,
            Fault::HangAfter => {
                call.await?;
                self.hang().await
            }
            Fault::Pass => call.await,
        }
    }

    pub(super) fn hanging(&self) -> usize {
        self.hanging.load(Ordering::Acquire)
    }

    async fn hang<T>(&self) -> T {
        let _counted = Hanging::of(&self.hanging);
        pending().await
    }

    fn next(&self, operation: StoreOperation) -> Fault {
        let mut faults = self.faults();
        faults
            .get_mut(&operation)
            .and_then(VecDeque::pop_front)
            .unwrap_or(Fault::Pass)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a call for as long as it hangs.
struct Hanging<'a>(&'a AtomicUsize);

impl<'a> Hanging<'a> {
    fn of(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn scripted(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, "the script of the test says so")
}
