//! The numbers of the requirements in `docs/CONFORMANCE.md`, and that no secret leaves its carrier.

#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod browser;
mod carriers;
mod endings;
mod hygiene;
mod site;
mod step_up;
mod timeouts;
mod tokens;

use std::sync::Arc;
use std::sync::Mutex;

use hallpass::Event;
use hallpass::EventSink;
use hallpass::SecureRandom;
use hallpass::SessionManager;
use hallpass::StandardPolicy;

use crate::world::World;

/// Keeps whole events: who it was, and not only what.
#[derive(Clone, Debug, Default)]
struct Witness(Arc<Mutex<Vec<Event>>>);

impl Witness {
    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl EventSink for Witness {
    fn record(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A world whose events come here in whole.
fn witnessed() -> (World, Witness) {
    let witness = Witness::default();
    let world = World::new();
    let manager = SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
        .events(witness.clone())
        .build()
        .unwrap();
    (World { manager, ..world }, witness)
}

/// A manager of this world whose secrets come from there.
fn manager_of(world: &World, random: impl SecureRandom + 'static) -> SessionManager {
    SessionManager::builder_with_clock(world.store.clone(), world.clock.clone())
        .random(random)
        .build()
        .unwrap()
}

/// A world without a limit of sessions.
fn unlimited() -> World {
    World::with(StandardPolicy::builder().no_concurrency_limit())
}
