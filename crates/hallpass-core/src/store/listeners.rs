//! Who hears of endings from a feed.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::Weak;

use super::Ending;
use super::FeedListener;

/// The listeners of one process, for stores that have a
/// [`RevocationFeed`](crate::RevocationFeed): it forgets those that are gone, and tells the others
/// without holding a lock, so that a listener may use the store.
///
/// # Example: a feed that somebody else's message drives
///
/// ```
/// use hallpass_core::{Ending, FeedListeners};
///
/// fn heard(listeners: &FeedListeners, message: &[u8]) {
///     match Ending::decode(message) {
///         Ok(ending) => listeners.ended(&ending),
///         // Something ended, and that is all that is known.
///         Err(_unreadable) => listeners.interrupted(),
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct FeedListeners(Mutex<Vec<Weak<dyn FeedListener>>>);

impl FeedListeners {
    /// Adds a listener, for as long as somebody else holds it.
    pub fn add(&self, listener: Weak<dyn FeedListener>) {
        let mut listeners = self.lock();
        // Before it grows, so that listeners who come and go do not make it grow.
        if listeners.len() == listeners.capacity() {
            listeners.retain(is_there);
        }
        listeners.push(listener);
    }

    /// Tells everybody of an ending.
    pub fn ended(&self, ending: &Ending) {
        for listener in self.all() {
            listener.ended(ending);
        }
    }

    /// Tells everybody that endings may have been missed.
    pub fn interrupted(&self) {
        for listener in self.all() {
            listener.interrupted();
        }
    }

    fn all(&self) -> Vec<Arc<dyn FeedListener>> {
        let mut listeners = self.lock();
        listeners.retain(is_there);
        listeners.iter().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<dyn FeedListener>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_there(listener: &Weak<dyn FeedListener>) -> bool {
    listener.strong_count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EpochScope;

    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<Option<Ending>>>);

    impl FeedListener for Heard {
        fn ended(&self, ending: &Ending) {
            self.0.lock().unwrap().push(Some(ending.clone()));
        }

        fn interrupted(&self) {
            self.0.lock().unwrap().push(None);
        }
    }

    fn listen(listeners: &FeedListeners) -> Arc<Heard> {
        let heard = Arc::new(Heard::default());
        let listener: Arc<dyn FeedListener> = heard.clone();
        listeners.add(Arc::downgrade(&listener));
        heard
    }

    const EVERYBODY: Ending = Ending::Scope(EpochScope::Everybody);

    #[test]
    fn every_listener_hears_of_endings_and_interruptions() {
        let listeners = FeedListeners::default();
        let heard = [listen(&listeners), listen(&listeners)];
        listeners.ended(&EVERYBODY);
        listeners.interrupted();
        for heard in heard {
            assert_eq!(*heard.0.lock().unwrap(), [Some(EVERYBODY), None]);
        }
    }

    #[test]
    fn listeners_that_are_gone_are_forgotten() {
        let listeners = FeedListeners::default();
        let stays = listen(&listeners);
        for _ in 0..1_000 {
            drop(listen(&listeners));
        }
        assert!(listeners.lock().capacity() <= 8);
        listeners.ended(&EVERYBODY);
        assert_eq!(listeners.lock().len(), 1);
        assert_eq!(stays.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_listener_may_add_another_one() {
        #[derive(Debug)]
        struct ComesBack(Arc<FeedListeners>);

        impl FeedListener for ComesBack {
            fn ended(&self, _ending: &Ending) {
                self.0.add(Weak::<Heard>::new());
            }

            fn interrupted(&self) {}
        }

        let listeners = Arc::new(FeedListeners::default());
        let listener: Arc<dyn FeedListener> = Arc::new(ComesBack(Arc::clone(&listeners)));
        listeners.add(Arc::downgrade(&listener));
        listeners.ended(&EVERYBODY);
        assert_eq!(listeners.lock().len(), 2);
    }
}
