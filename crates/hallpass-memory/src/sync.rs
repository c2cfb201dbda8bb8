//! The locks and atomics of the store, in one place, so that a model checker can put its own here.
//!
//! Who holds a lock takes only those that come later: that of the [round](crate::collection), of a
//! shard of the [index](crate::index), of a [shard](crate::shard) of records, of the
//! [scopes](crate::epochs) of the epochs. No two of one kind are held at once. So nobody can wait
//! for each other in a circle. That of the [listeners](crate::feed) is held alone.
//!
//! # Under the model checker
//!
//! `cargo xtask loom` builds the tests with `cfg(hallpass_loom)`. Then the types are those of loom,
//! and the tests in `models` run each order in which threads can come to them. What is not here
//! is as it always is:
//!
//! - `Arc` and `Weak`. What an `Arc` of the store holds never changes, and nothing depends on which
//!   thread drops the last one. Listeners are `Weak<dyn FeedListener>` in the public interface, and
//!   loom has no `Weak`.
//! - Hashing, whose keys are constants there: each run of a model has to take the same locks.
//!
//! loom takes a sequentially consistent access for one that acquires and releases, and shows a
//! relaxed load each value that it may see. So what holds there, holds with that weaker order; the
//! argument in [`epochs`](crate::epochs) needs the stronger one only for threads that share nothing
//! else, and no model has such threads. That the counts of [`places`](crate::places) are relaxed
//! is covered, but for one thing: loom does not let a store move before an earlier load of its
//! thread.

use std::sync::PoisonError;
use std::sync::TryLockError;

#[cfg(all(test, hallpass_loom))]
use loom::sync as types;
#[cfg(not(all(test, hallpass_loom)))]
use std::sync as types;

pub(crate) use self::types::MutexGuard;
pub(crate) use self::types::RwLockReadGuard;
pub(crate) use self::types::RwLockWriteGuard;
pub(crate) use self::types::atomic::AtomicU64;
pub(crate) use self::types::atomic::AtomicUsize;
pub(crate) use self::types::atomic::Ordering;

/// A mutex that is not poisoned.
///
/// Nothing that runs under one panics: no code of the application does. If something did all the
/// same, a store that refuses every session from then on would be the worse answer.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(types::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(types::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the mutex unless somebody holds it.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// A lock for many readers, not poisoned either.
#[derive(Debug, Default)]
pub(crate) struct RwLock<T>(types::RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
