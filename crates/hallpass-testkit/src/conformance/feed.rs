//! The contract of [`RevocationFeed`]: every node hears of endings.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::time::Duration;

use hallpass_core::Ending;
use hallpass_core::EpochScope;
use hallpass_core::FeedListener;
use hallpass_core::RecordFixture;
use hallpass_core::RevocationFeed;
use hallpass_core::StoreOperation;
use tokio::task::spawn_blocking;

use super::bed::START;
use super::bed::TestBed;
use super::bed::member;
use super::bed::subject;
use super::node::Node;
use super::node::answered;
use super::racing::joined;

const HEARD: &str = "clause 1 of `RevocationFeed` (every listener hears)";
const FORGOTTEN: &str = "clause 2 of `RevocationFeed` (listeners that are gone are forgotten)";

/// Clause 1: a listener hears of every kind of ending, as it was published, by whichever node.
pub async fn a_listener_hears_of_sessions_and_scopes<S: RevocationFeed>(bed: &TestBed<S>) {
    let ear = Ear::on(bed.here());
    for ending in endings(bed) {
        for node in [bed.here(), bed.there()] {
            publish(node, &ending).await;
            ear.hears(node, &ending).await;
        }
    }
}

/// Clause 1: every listener on every node hears, also those of the node that publishes.
pub async fn every_listener_on_every_node_hears<S: RevocationFeed>(bed: &TestBed<S>) {
    let ears = [
        Ear::on(bed.here()),
        Ear::on(bed.here()),
        Ear::on(bed.there()),
    ];
    for ending in endings(bed) {
        publish(bed.here(), &ending).await;
        for ear in &ears {
            ear.hears(bed.here(), &ending).await;
        }
    }
}

/// Clause 2: a store does not keep a listener alive, and the others hear on without it.
pub async fn a_listener_that_is_gone_is_forgotten<S: RevocationFeed>(bed: &TestBed<S>) {
    let stays = Ear::on(bed.here());
    let goes = Ear::on(bed.here());
    let gone = Arc::downgrade(&goes.listener);
    for (n, ending) in endings(bed).into_iter().enumerate() {
        publish(bed.there(), &ending).await;
        stays.hears(bed.there(), &ending).await;
        if n == 0 {
            goes.hears(bed.there(), &ending).await;
        }
    }
    drop(goes);
    for ending in endings(bed) {
        publish(bed.there(), &ending).await;
        stays.hears(bed.there(), &ending).await;
    }
    assert!(
        gone.upgrade().is_none(),
        "{FORGOTTEN}: the store keeps it alive"
    );
}

/// Publishing where nobody listens is no fault.
pub async fn nobody_has_to_listen<S: RevocationFeed>(bed: &TestBed<S>) {
    for ending in endings(bed) {
        publish(bed.here(), &ending).await;
    }
}

fn endings<S: RevocationFeed>(bed: &TestBed<S>) -> Vec<Ending> {
    let (record, _token) = bed.build(RecordFixture::anonymous(), START);
    vec![
        Ending::Session(record.handle()),
        Ending::Scope(EpochScope::Everybody),
        Ending::Scope(EpochScope::Subject(subject("acme/al\u{ed}ce"))),
        Ending::Scope(EpochScope::Subject(member("acme", "al\u{ed}ce"))),
        Ending::Scope(EpochScope::Tenant("\u{c4}cme, \"Ltd\"".to_owned())),
    ]
}

async fn publish<S: RevocationFeed>(node: &Node<S>, ending: &Ending) {
    answered(StoreOperation::Publish, node.store().publish(ending).await);
}

/// A listener, and what it has heard.
struct Ear {
    listener: Arc<Listener>,
    heard: Arc<Mutex<Receiver<Option<Ending>>>>,
}

impl Ear {
    fn on<S: RevocationFeed>(node: &Node<S>) -> Self {
        let (sender, heard) = mpsc::channel();
        let listener = Arc::new(Listener(sender));
        let weak: Weak<Listener> = Arc::downgrade(&listener);
        node.store().subscribe(weak);
        Self {
            listener,
            heard: Arc::new(Mutex::new(heard)),
        }
    }

    /// Waits until the ending is heard. Where the way was interrupted instead, `node` publishes
    /// the ending again: one of the two has to come.
    async fn hears<S: RevocationFeed>(&self, node: &Node<S>, ending: &Ending) {
        loop {
            let heard = Arc::clone(&self.heard);
            let next = spawn_blocking(move || {
                heard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .recv_timeout(PATIENCE)
            });
            match joined(next).await {
                Ok(Some(heard)) if heard == *ending => return,
                Ok(Some(_repeated)) => {}
                Ok(None) => publish(node, ending).await,
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {
                    panic!("{HEARD}: a listener heard nothing of {ending:?} in {PATIENCE:?}");
                }
            }
        }
    }
}

#[derive(Debug)]
struct Listener(Sender<Option<Ending>>);

impl FeedListener for Listener {
    fn ended(&self, ending: &Ending) {
        let _deaf = self.0.send(Some(ending.clone()));
    }

    fn interrupted(&self) {
        let _deaf = self.0.send(None);
    }
}

/// How long a listener waits for what must come. No test of a healthy store waits this long.
const PATIENCE: Duration = Duration::from_secs(10);
