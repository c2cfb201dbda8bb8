//! Encryption of the data at rest.

mod attacks;
mod keys;
mod secrets;

use std::error::Error;

use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_memory::MemoryStore;
use hallpass_stores::EncryptedStore;
use hallpass_stores::KeyRing;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::alone;

use crate::records::START;

mod conformance {
    use hallpass_memory::MemoryStore;

    use super::encrypted;
    use crate::tagged::Tagged;

    hallpass_testkit::conformance! {
        store: async { encrypted(Tagged(MemoryStore::new())) },
        peer: async |store| store.clone(),
        abilities: [index, epochs, sweep, feed, tags],
    }
}

mod conformance_step_by_step {
    use hallpass_memory::MemoryStore;
    use hallpass_testkit::SteppingStore;

    use super::encrypted;

    hallpass_testkit::conformance! {
        store: async { encrypted(SteppingStore::new(MemoryStore::new()).with_late_answers()) },
        peer: async |store| store.clone(),
        abilities: [index, epochs, sweep, feed],
    }
}

const FIRST: [u8; 32] = *b"first key: nobody may see this..";
const SECOND: [u8; 32] = *b"second key, nor may they see it.";

fn encrypted<S>(store: S) -> EncryptedStore<S> {
    let keys = KeyRing::builder().current(1, &FIRST).build().unwrap();
    EncryptedStore::new(store, keys).random(SeededRandom::new(1))
}

/// The same store, with the second key as the current one.
fn rotated(memory: &MemoryStore) -> EncryptedStore<MemoryStore> {
    let keys = KeyRing::builder().current(2, &SECOND).old(1, &FIRST);
    EncryptedStore::new(memory.clone(), keys.build().unwrap()).random(SeededRandom::new(2))
}

/// Returns the live record of a session.
fn loaded(store: &impl SessionStore, record: &SessionRecord) -> Result<SessionRecord, StoreError> {
    match alone(store.load(record.handle(), START))? {
        hallpass_core::Load::Live(record) => Ok((*record).clone()),
        other => panic!("{other:?}"),
    }
}

/// Checks that a call failed because of this, and says nothing of the data or a key.
fn assert_corrupt<T: std::fmt::Debug>(answer: Result<T, StoreError>, source: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert_eq!(
        error.source().map(ToString::to_string).as_deref(),
        Some(source)
    );
}
