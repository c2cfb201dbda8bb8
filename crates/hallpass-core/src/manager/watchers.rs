//! Who on this node waits for the end of which session.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::task::Waker;

use super::change::lock;
use crate::store::Ending;
use crate::store::FeedListener;
use crate::subject::Subject;
use crate::token::SessionHandle;

/// The waiters of this node by session. Waking one is a hint: it asks the store.
#[derive(Default)]
pub(crate) struct Watchers {
    waiters: Mutex<HashMap<SessionHandle, Vec<Arc<Waiter>>>>,
}

#[derive(Default)]
struct Waiter {
    subject: Option<Subject>,
    woken: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// One waiter, entered until it is dropped.
pub(crate) struct Watch<'a> {
    watchers: &'a Watchers,
    handle: SessionHandle,
    waiter: Arc<Waiter>,
}

impl Watchers {
    /// Enters a waiter. What ends from now on wakes it.
    pub(crate) fn watch(&self, handle: SessionHandle, subject: Option<&Subject>) -> Watch<'_> {
        let waiter = Arc::new(Waiter {
            subject: subject.cloned(),
            ..Waiter::default()
        });
        lock(&self.waiters)
            .entry(handle)
            .or_default()
            .push(Arc::clone(&waiter));
        Watch {
            watchers: self,
            handle,
            waiter,
        }
    }

    /// Wakes who waits for what ended.
    pub(crate) fn wake(&self, ending: &Ending) {
        let waiters = lock(&self.waiters);
        match ending {
            Ending::Session(handle) => {
                waiters
                    .get(handle)
                    .into_iter()
                    .flatten()
                    .for_each(|waiter| waiter.wake());
            }
            Ending::Scope(scope) => waiters
                .values()
                .flatten()
                .filter(|waiter| scope.holds(waiter.subject.as_ref()))
                .for_each(|waiter| waiter.wake()),
        }
    }
}

impl FeedListener for Watchers {
    fn ended(&self, ending: &Ending) {
        self.wake(ending);
    }

    fn interrupted(&self) {
        lock(&self.waiters)
            .values()
            .flatten()
            .for_each(|waiter| waiter.wake());
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watchers({} sessions)", lock(&self.waiters).len())
    }
}

impl Waiter {
    fn wake(&self) {
        self.woken.store(true, Ordering::Release);
        if let Some(waker) = lock(&self.waker).take() {
            waker.wake();
        }
    }
}

impl Watch<'_> {
    /// Waits until something ended since the last time.
    pub(crate) fn woken(&self) -> impl Future<Output = ()> + Send + '_ {
        poll_fn(|context| {
            // The waker goes in first: a wake between the two is not lost.
            *lock(&self.waiter.waker) = Some(context.waker().clone());
            if self.waiter.woken.swap(false, Ordering::AcqRel) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut waiters = lock(&self.watchers.waiters);
        if let Some(entered) = waiters.get_mut(&self.handle) {
            entered.retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
            if entered.is_empty() {
                waiters.remove(&self.handle);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EpochScope;

    fn is_woken(watch: &Watch<'_>) -> bool {
        watch.waiter.woken.load(Ordering::Acquire)
    }

    #[test]
    fn an_ending_wakes_exactly_who_waits_for_it() {
        let watchers = Watchers::default();
        let alice = Subject::of_tenant("acme", "alice").unwrap();
        let [one, two, three] = [1, 2, 3].map(|byte| SessionHandle::from_bytes([byte; 16]));
        let first = watchers.watch(one, Some(&alice));
        let second = watchers.watch(two, None);
        watchers.wake(&Ending::Session(three));
        assert!(!is_woken(&first) && !is_woken(&second));
        watchers.wake(&Ending::Scope(EpochScope::Tenant("acme".to_owned())));
        assert!(is_woken(&first) && !is_woken(&second));
        watchers.wake(&Ending::Session(two));
        assert!(is_woken(&second));
    }

    #[test]
    fn who_stopped_waiting_is_forgotten() {
        let watchers = Watchers::default();
        let handle = SessionHandle::from_bytes([1; 16]);
        let first = watchers.watch(handle, None);
        drop(watchers.watch(handle, None));
        assert_eq!(lock(&watchers.waiters).get(&handle).map(Vec::len), Some(1));
        drop(first);
        assert!(lock(&watchers.waiters).is_empty());
    }
}
