//! What a spy has seen.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use hallpass_core::SessionHandle;
use hallpass_core::StoreOperation;

/// One call of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests compare whole calls")]
pub struct Call {
    /// The operation.
    pub operation: StoreOperation,
    /// The session, where the operation is about one.
    pub handle: Option<SessionHandle>,
}

/// The calls of a [`SpyStore`](crate::SpyStore), in the order in which they began. Clones are the
/// same log.
///
/// `Debug` shows the calls and how many bytes were written, not which.
#[derive(Clone, Default)]
pub struct SpyLog(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    calls: Vec<Call>,
    bytes: Vec<u8>,
}

impl SpyLog {
    /// Returns the operations so far.
    #[must_use]
    pub fn calls(&self) -> Vec<StoreOperation> {
        self.notes()
            .calls
            .iter()
            .map(|call| call.operation)
            .collect()
    }

    /// Returns the operations so far, each with its session.
    #[must_use]
    pub fn details(&self) -> Vec<Call> {
        self.notes().calls.clone()
    }

    /// Returns the operations since the last time, and forgets them. The bytes stay.
    #[must_use]
    pub fn take(&self) -> Vec<StoreOperation> {
        mem::take(&mut self.notes().calls)
            .into_iter()
            .map(|call| call.operation)
            .collect()
    }

    /// Returns everything that was ever given to the store to keep: the encoded records of
    /// `create`, `update` and `bind`, the digests of `touch`, the tombstones of `end`.
    ///
    /// Search it for the tokens that were issued: none of them may be in it, neither as text nor
    /// as bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.notes().bytes.clone()
    }

    pub(super) fn call(&self, operation: StoreOperation, handle: Option<SessionHandle>) {
        self.notes().calls.push(Call { operation, handle });
    }

    pub(super) fn write(&self, operation: StoreOperation, handle: SessionHandle, bytes: &[u8]) {
        let mut notes = self.notes();
        notes.calls.push(Call {
            operation,
            handle: Some(handle),
        });
        notes.bytes.extend_from_slice(bytes);
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SpyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let notes = self.notes();
        f.debug_struct("SpyLog")
            .field("calls", &notes.calls)
            .field("bytes", &notes.bytes.len())
            .finish()
    }
}
