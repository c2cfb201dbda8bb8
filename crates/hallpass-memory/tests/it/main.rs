//! The contract of stores, clause by clause.

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
