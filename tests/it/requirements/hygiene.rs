//! No token leaves its carrier: not into logs, not into `Debug`, errors, answers or the store.
//!
//! Each scenario collects whatever is said anywhere, learns the tokens that were issued from the
//! answers, and in the end searches the one for the other, in every form that a token might take.

mod browser;
mod engine;
mod faults;
mod heard;
mod log;
mod needles;
mod proof;
mod web;

use std::sync::Arc;
use std::sync::Mutex;

use hallpass::Event;
use hallpass::EventSink;
use hallpass::OnOutage;
use hallpass::SessionManager;
use hallpass::SessionStore;
use hallpass::StandardPolicy;
use hallpass::StandardPolicyBuilder;
use hallpass::TracingSink;
use hallpass_testkit::SeededRandom;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;

use self::heard::Heard;
use self::needles::Needles;
use crate::world::World;

/// Writes events to the log, as an application would, and keeps how they look.
#[derive(Debug)]
struct Everything(Heard);

impl EventSink for Everything {
    fn record(&self, event: &Event) {
        TracingSink.record(event);
        self.0.debug(event);
    }
}

/// A world in which everything that is said is heard.
struct Run {
    world: World,
    heard: Heard,
    issued: Arc<Mutex<Vec<String>>>,
    _log: DefaultGuard,
}

impl Run {
    fn new() -> Self {
        Self::with(&StandardPolicy::builder(), OnOutage::Refuse)
    }

    fn with(policy: &StandardPolicyBuilder, on_outage: OnOutage) -> Self {
        let heard = Heard::default();
        let writer = heard.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let log = tracing::subscriber::set_default(subscriber);
        let world = World::new();
        let built = policy.clone().build().unwrap();
        heard.debug(policy);
        heard.debug(&built);
        let builder = SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
            .policy(built)
            .random(SeededRandom::new(7))
            .on_outage(on_outage)
            .events(Everything(heard.clone()));
        heard.debug(&builder);
        let manager = builder.build().unwrap();
        Self {
            world: World { manager, ..world },
            heard,
            issued: Arc::default(),
            _log: log,
        }
    }

    fn issue(&self, token: &str) {
        assert_eq!(token.len(), hallpass::TOKEN_CHARS);
        let mut issued = self.issued.lock().unwrap();
        if !issued.iter().any(|known| known == token) {
            issued.push(token.to_owned());
        }
    }

    /// Searches for all tokens that were issued, and returns how many they are.
    async fn assert_clean(&self) -> usize {
        let issued = self.issued.lock().unwrap().clone();
        let World { manager, store, .. } = &self.world;
        self.heard.debug(manager);
        self.heard.debug(store);
        self.heard.debug(&self.world.spy);
        self.heard.debug(&self.world.faults);
        for text in &issued {
            let token = hallpass::SessionToken::parse(text.as_bytes()).unwrap();
            self.heard.debug(&token);
            self.heard.debug(&token.expose_secret());
            self.heard.debug(&token.digest());
            let inner = self.world.faults.inner();
            let loaded = inner.load(token.handle(), manager.now()).await.unwrap();
            self.heard.debug(&loaded);
        }
        let mut said = self.heard.all();
        let stored = self.world.spy.bytes();
        assert!(!said.is_empty() && !stored.is_empty());
        said.extend(stored);
        let needles = Needles::of(&issued);
        assert_eq!(needles.found_in(&said), Vec::<String>::new());
        // The search itself: had any of the tokens been among it, it would have been found.
        for token in &issued {
            let leak = format!("at the end of a line: {}", &token[48..]);
            assert_ne!(needles.found_in(leak.as_bytes()), Vec::<String>::new());
        }
        issued.len()
    }
}
