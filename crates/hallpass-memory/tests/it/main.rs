//! The contract of stores, clause by clause, and under stress.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

mod stress;

mod memory {
    use hallpass_memory::MemoryStore;

    hallpass_testkit::conformance! {
        store: async { MemoryStore::new() },
        abilities: [index, epochs, sweep, feed],
    }
}

/// The same store, erased: nothing gets lost on the way.
mod dynamic {
    use hallpass_core::DynStore;
    use hallpass_memory::MemoryStore;

    hallpass_testkit::conformance! {
        store: async { DynStore::from(MemoryStore::new()) },
        abilities: [index, epochs, sweep, feed],
    }
}
