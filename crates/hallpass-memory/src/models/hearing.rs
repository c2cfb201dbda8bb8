//! Who hears of endings.

use std::sync::Weak;

use hallpass_core::Ending;
use hallpass_core::FeedListener;
use hallpass_core::RevocationFeed;

use super::*;

#[derive(Debug, Default)]
struct Heard(AtomicUsize);

impl FeedListener for Heard {
    fn ended(&self, _ending: &Ending) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn interrupted(&self) {}
}

fn listener(heard: &Arc<Heard>) -> Weak<dyn FeedListener> {
    let listener: Arc<dyn FeedListener> = heard.clone();
    Arc::downgrade(&listener)
}

fn publish(store: &MemoryStore) {
    ready(store.publish(&Ending::Scope(EpochScope::Everybody))).unwrap();
}

/// Others come and go meanwhile, and the list is cleared of those that are gone.
#[test]
fn a_listener_hears_of_each_ending_that_follows() {
    explore(|| {
        let store = store(1);
        let [first, second] = [(); 2].map(|()| Arc::new(Heard::default()));
        store.subscribe(listener(&first));
        store.subscribe(listener(&Arc::new(Heard::default())));
        let new = Arc::clone(&second);
        race(&store, publish, move |store| {
            store.subscribe(listener(&new));
            publish(store);
        });
        assert_eq!(first.0.load(Ordering::Relaxed), 2);
        assert!((1..=2).contains(&second.0.load(Ordering::Relaxed)));
    });
}

/// A listener that uses the store when it hears of an ending holds up nobody.
#[test]
fn a_listener_may_use_the_store() {
    #[derive(Debug)]
    struct Looks(MemoryStore, SessionRecord);

    impl FeedListener for Looks {
        fn ended(&self, _ending: &Ending) {
            assert!(!is_live(&self.0, &self.1));
            self.0.subscribe(Weak::<Heard>::new());
        }

        fn interrupted(&self) {}
    }

    let record = Cast::new().of("alice");
    explore(move || {
        let store = store_of(9, &[&record]);
        let looks = Arc::new(Looks(store.clone(), record.clone()));
        let listener: Arc<dyn FeedListener> = looks.clone();
        store.subscribe(Arc::downgrade(&listener));
        let touched = record.clone();
        let ((), touched) = race(
            &store,
            |store| {
                assert!(has_ended(&end(store, &record)));
                publish(store);
            },
            move |store| touch(store, &touched, at(2)),
        );
        assert!(matches!(touched, Touched::Applied | Touched::Gone));
        store.assert_sound();
    });
}
