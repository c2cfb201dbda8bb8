//! Who hears of endings.

use std::sync::Arc;
use std::sync::Weak;

use hallpass_core::Ending;
use hallpass_core::FeedListener;

use crate::sync::Mutex;

/// The listeners, all of them in this process.
///
/// Deliberately not the `FeedListeners` of the core: the models run this lock with all others.
#[derive(Debug, Default)]
pub(crate) struct Feed(Mutex<Vec<Weak<dyn FeedListener>>>);

impl Feed {
    pub(crate) fn subscribe(&self, listener: Weak<dyn FeedListener>) {
        let mut listeners = self.0.lock();
        // Before it grows, so that listeners who come and go do not make it grow.
        if listeners.len() == listeners.capacity() {
            listeners.retain(is_there);
        }
        listeners.push(listener);
    }

    /// Tells everybody. No lock is held meanwhile, so a listener may use the store.
    pub(crate) fn publish(&self, ending: &Ending) {
        for listener in self.listeners() {
            listener.ended(ending);
        }
    }

    fn listeners(&self) -> Vec<Arc<dyn FeedListener>> {
        let mut listeners = self.0.lock();
        listeners.retain(is_there);
        listeners.iter().filter_map(Weak::upgrade).collect()
    }
}

fn is_there(listener: &Weak<dyn FeedListener>) -> bool {
    listener.strong_count() > 0
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use hallpass_core::EpochScope;

    use super::*;

    #[derive(Debug, Default)]
    struct Heard(StdMutex<Vec<Ending>>);

    impl FeedListener for Heard {
        fn ended(&self, ending: &Ending) {
            self.0.lock().unwrap().push(ending.clone());
        }

        fn interrupted(&self) {}
    }

    fn listen(feed: &Feed) -> Arc<Heard> {
        let heard = Arc::new(Heard::default());
        let listener: Arc<dyn FeedListener> = heard.clone();
        feed.subscribe(Arc::downgrade(&listener));
        heard
    }

    #[test]
    fn every_listener_hears_of_every_ending() {
        let feed = Feed::default();
        let heard = [listen(&feed), listen(&feed)];
        feed.publish(&Ending::Scope(EpochScope::Everybody));
        for heard in heard {
            assert_eq!(
                *heard.0.lock().unwrap(),
                [Ending::Scope(EpochScope::Everybody)]
            );
        }
    }

    #[test]
    fn listeners_that_are_gone_are_forgotten() {
        let feed = Feed::default();
        let stays = listen(&feed);
        for _ in 0..1_000 {
            drop(listen(&feed));
        }
        assert!(feed.0.lock().capacity() <= 8);
        feed.publish(&Ending::Scope(EpochScope::Everybody));
        assert_eq!(feed.0.lock().len(), 1);
        assert_eq!(stays.0.lock().unwrap().len(), 1);
    }

    /// A listener asks the store, and may subscribe another.
    #[test]
    fn a_listener_may_come_back_to_the_feed() {
        #[derive(Debug)]
        struct ComesBack(Arc<Feed>);

        impl FeedListener for ComesBack {
            fn ended(&self, _ending: &Ending) {
                self.0.subscribe(Weak::<Self>::new());
            }

            fn interrupted(&self) {}
        }

        let feed = Arc::new(Feed::default());
        let listener: Arc<dyn FeedListener> = Arc::new(ComesBack(Arc::clone(&feed)));
        feed.subscribe(Arc::downgrade(&listener));
        feed.publish(&Ending::Scope(EpochScope::Everybody));
        assert_eq!(feed.0.lock().len(), 2);
    }
}
