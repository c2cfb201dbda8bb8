//! The contract of stores, in each phase, and on nodes of both.

use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_testkit::SteppingStore;

use super::Stores;
use super::began_before::BeganBefore;
use super::dual;
use super::moving;
use crate::tagged::Tagged;

/// Stores that can be overtaken at each of their calls.
fn stepping() -> SteppingStore<MemoryStore> {
    SteppingStore::new(MemoryStore::new())
}

mod moving_from_an_empty_store {
    use super::*;

    hallpass_testkit::conformance! {
        store: async { moving(Tagged(MemoryStore::new()), MemoryStore::new()) },
        peer: async |store| store.clone(),
        abilities: [index, epochs, sweep, feed, tags],
    }
}

mod dual_around_an_empty_store {
    use super::*;

    hallpass_testkit::conformance! {
        store: async { dual(Tagged(MemoryStore::new()), MemoryStore::new()) },
        peer: async |store| store.clone(),
        abilities: [index, epochs, sweep, feed, tags],
    }
}

/// Every session that a test creates is one that began before.
mod moving_what_began_before {
    use super::*;

    hallpass_testkit::conformance! {
        store: async { BeganBefore(moving(Tagged(MemoryStore::new()), MemoryStore::new())) },
        peer: async |store| store.clone(),
        abilities: [index, epochs, sweep, feed, tags],
    }
}

/// The same, where every step can be overtaken, and where calls are dropped at each.
mod moving_what_began_before_step_by_step {
    use super::*;

    hallpass_testkit::conformance! {
        store: async { BeganBefore(moving(Tagged(stepping()), stepping())) },
        peer: async |store| store.clone(),
        abilities: [index, epochs, sweep, feed, tags],
    }
}

/// While the old store alone is replaced by the first phase.
mod the_old_store_beside_dual {
    use super::*;

    hallpass_testkit::conformance! {
        store: async {
            let (new, old) = (Tagged(MemoryStore::new()), MemoryStore::new());
            Either::Old(dual(new, old))
        },
        peer: async |store| match store {
            Either::Old(store) | Either::Both(store) => Either::Both(store.clone()),
        },
        abilities: [],
    }
}

/// A node that has the old store alone, or both.
#[derive(Clone, Debug)]
enum Either {
    Both(Stores<MemoryStore>),
    Old(Stores<MemoryStore>),
}

/// Forwards all that it is asked to the store that this node has.
macro_rules! either {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Either::Both($store) => $call.await,
            Either::Old(stores) => {
                let $store = stores.old_store();
                $call.await
            }
        }
    };
}

#[deny(clippy::missing_trait_methods)]
impl SessionStore for Either {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        either!(self, store => store.create(record, now))
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        either!(self, store => store.load(handle, now))
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        either!(self, store => store.update(record, expected, now))
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        either!(self, store => store.touch(touch, now))
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        either!(self, store => store.end(end, now))
    }
}
