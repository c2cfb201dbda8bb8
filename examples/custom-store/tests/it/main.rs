//! The store against the contract, against crashes, and against the guide that builds it.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod crash;
mod guide;
mod restart;
mod scratch;

/// Clauses 1 to 7, each with its tests.
mod conformance {
    use custom_store::FileStore;

    use crate::scratch::Scratch;

    hallpass_testkit::conformance! {
        store: async { FileStore::open(&Scratch::new().kept()).unwrap() },
        peer: async |store| store.clone(),
        abilities: [],
    }
}
