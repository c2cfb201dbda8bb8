//! The locks and atomics of the store, in one place, so that a model checker can put its own here.
//!
//! Who holds a lock takes only those that come later: that of the [round](crate::collection), of a
//! shard of the [index](crate::index), of a [shard](crate::shard) of records, of the
//! [scopes](crate::epochs) of the epochs. No two of one kind are held at once. So nobody can wait
//! for each other in a circle.

use std::sync::PoisonError;
use std::sync::TryLockError;

pub(crate) use std::sync::MutexGuard;
pub(crate) use std::sync::RwLockReadGuard;
pub(crate) use std::sync::RwLockWriteGuard;
pub(crate) use std::sync::atomic::AtomicU64;
pub(crate) use std::sync::atomic::AtomicUsize;
pub(crate) use std::sync::atomic::Ordering;

/// A mutex that is not poisoned.
///
/// Nothing that runs under one panics: no code of the application does. If something did all the
/// same, a store that refuses every session from then on would be the worse answer.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
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
pub(crate) struct RwLock<T>(std::sync::RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
