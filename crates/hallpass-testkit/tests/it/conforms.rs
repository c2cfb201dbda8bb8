//! The reference store keeps every clause, and so does every wrapper around it.

use hallpass_core::DynStore;
use hallpass_testkit::FaultyStore;
use hallpass_testkit::SpyStore;
use hallpass_testkit::SteppingStore;

use crate::reference::ReferenceStore;

mod reference {
    hallpass_testkit::conformance! {
        store: async { super::ReferenceStore::new() },
        abilities: [index, epochs, sweep, feed],
    }
}

mod reference_with_a_peer {
    hallpass_testkit::conformance! {
        store: async { super::ReferenceStore::new() },
        peer: async |store| store.clone(),
        abilities: [feed, sweep, epochs, index],
    }
}

mod dynamic {
    hallpass_testkit::conformance! {
        store: async {
            super::DynStore::builder(super::ReferenceStore::new())
                .with_index()
                .with_epochs()
                .with_sweep()
                .with_feed()
                .build()
        },
        peer: async |store| store.clone(),
        abilities: [epochs, feed, index, sweep],
    }
}

mod spied {
    use super::*;

    hallpass_testkit::conformance! {
        store: async { SpyStore::new(ReferenceStore::new()) },
        abilities: [index, epochs, sweep, feed],
    }
}

mod faultless {
    use super::*;

    hallpass_testkit::conformance! {
        store: async { FaultyStore::new(ReferenceStore::new()) },
        abilities: [index, epochs, sweep, feed],
    }
}

mod stepping {
    use super::*;

    hallpass_testkit::conformance! {
        store: async { SteppingStore::new(ReferenceStore::new()).with_late_answers() },
        abilities: [index, epochs, sweep, feed],
    }
}

/// The macro takes no ability, and one.
mod without_abilities {
    hallpass_testkit::conformance! {
        store: async { super::DynStore::builder(super::ReferenceStore::new()).build() },
        abilities: [],
    }
}

mod with_an_index_alone {
    hallpass_testkit::conformance! {
        store: async { super::DynStore::builder(super::ReferenceStore::new()).with_index().build() },
        abilities: [index],
    }
}
