//! Subscriptions that are lost.

use std::sync::Arc;
use std::sync::Weak;
use std::time::Duration;

use hallpass_core::Ending;
use hallpass_core::FeedListener;
use hallpass_core::RevocationFeed;
use hallpass_redis::RedisStore;
use hallpass_servers::Proxy;
use hallpass_testkit::ManualClock;
use tokio::sync::mpsc;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::UnboundedSender;

use crate::private::Private;
use crate::records::anonymous;

/// What a listener hears; `None` where it may have missed something.
#[derive(Debug)]
struct Listener(UnboundedSender<Option<Ending>>);

impl FeedListener for Listener {
    fn ended(&self, ending: &Ending) {
        self.0.send(Some(ending.clone())).unwrap();
    }

    fn interrupted(&self) {
        self.0.send(None).unwrap();
    }
}

/// A store that hears by way of a proxy, one beside the proxy, and what the first one hears.
struct Feed {
    server: Private,
    proxy: Proxy,
    clock: ManualClock,
    _store: RedisStore,
    other: RedisStore,
    _listener: Arc<dyn FeedListener>,
    heard: UnboundedReceiver<Option<Ending>>,
}

impl Feed {
    async fn start() -> Self {
        let server = Private::start();
        let proxy = Proxy::in_front_of(&server.url()).unwrap();
        let clock = ManualClock::default();
        let builder = RedisStore::builder(&proxy.url()).clock(Arc::new(clock.clone()));
        let store = builder.connect().await.unwrap();
        let other = server.store().await;
        let (sender, heard) = mpsc::unbounded_channel();
        let listener: Arc<dyn FeedListener> = Arc::new(Listener(sender));
        let weak: Weak<dyn FeedListener> = Arc::downgrade(&listener);
        store.subscribe(weak);
        let mut feed = Self {
            server,
            proxy,
            clock,
            _store: store,
            other,
            _listener: listener,
            heard,
        };
        assert_eq!(feed.heard.recv().await, Some(None), "the line is open");
        feed.hears().await;
        feed
    }

    /// What is told arrives.
    async fn hears(&mut self) {
        let ending = Ending::Session(anonymous().handle());
        self.other.publish(&ending).await.unwrap();
        assert_eq!(self.heard.recv().await, Some(Some(ending)));
    }

    /// Waits for word of an interruption, while time goes by.
    async fn is_interrupted(&mut self) {
        loop {
            match self.heard.try_recv() {
                Ok(heard) => {
                    assert_eq!(heard, None);
                    return;
                }
                Err(_) => self.clock.advance(Duration::from_millis(1)),
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A connection that is cut: each listener hears that it may have missed something, once when it is
/// lost and once when it is back, and then hears as before.
#[tokio::test]
async fn a_subscription_that_was_cut_is_made_again() {
    let mut feed = Feed::start().await;
    feed.proxy.cut();
    feed.is_interrupted().await;
    feed.is_interrupted().await;
    feed.hears().await;
}

/// A server that is gone without a word breaks no connection: it is asked whether it is there.
#[tokio::test]
async fn a_server_that_says_nothing_is_found_out() {
    let mut feed = Feed::start().await;
    feed.proxy.hang();
    feed.is_interrupted().await;
    feed.proxy.cut();
    feed.proxy.heal().unwrap();
    feed.is_interrupted().await;
    feed.hears().await;
}

/// What cannot be read, perhaps of a later version, is an ending that nobody knows.
#[tokio::test]
async fn a_message_that_cannot_be_read_interrupts() {
    let mut feed = Feed::start().await;
    let mut connection = feed.server.connection().await;
    for message in ["", "later"] {
        let command = ["PUBLISH", "hallpass:{0}:feed", message];
        let heard: i64 = connection.ask(&command).await;
        assert_eq!(heard, 1);
        assert_eq!(feed.heard.recv().await, Some(None));
    }
    feed.hears().await;
}
