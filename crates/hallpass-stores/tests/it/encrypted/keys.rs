//! Key rings, and how keys are changed.

use hallpass_core::Create;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_stores::EncryptedStore;
use hallpass_stores::KEY_BYTES;
use hallpass_stores::KeyRing;
use hallpass_stores::KeyRingError;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::alone;

use super::FIRST;
use super::SECOND;
use super::assert_corrupt;
use super::encrypted;
use super::loaded;
use super::rotated;
use crate::records::START;
use crate::records::begun;
use crate::records::next;

#[test]
fn a_ring_that_makes_no_sense_is_refused() {
    let built = |ring: hallpass_stores::KeyRingBuilder| ring.build().map(drop);
    let ring = KeyRing::builder;
    assert_eq!(built(ring()), Err(KeyRingError::NoCurrentKey));
    assert_eq!(
        built(ring().old(1, &FIRST)),
        Err(KeyRingError::NoCurrentKey)
    );
    assert_eq!(
        built(ring().current(1, &FIRST).current(2, &SECOND)),
        Err(KeyRingError::SecondCurrentKey { id: 2 })
    );
    assert_eq!(
        built(ring().current(1, &FIRST).old(1, &SECOND)),
        Err(KeyRingError::RepeatedId { id: 1 })
    );
    assert_eq!(
        built(ring().current(3, &FIRST).old(1, &SECOND).old(1, &SECOND)),
        Err(KeyRingError::RepeatedId { id: 1 })
    );
    for length in [0, 1, KEY_BYTES - 1, KEY_BYTES + 1, 2 * KEY_BYTES] {
        let key = vec![7; length];
        assert_eq!(
            built(ring().current(1, &key)),
            Err(KeyRingError::WrongLength { id: 1, length })
        );
        assert_eq!(
            built(ring().current(1, &FIRST).old(2, &key)),
            Err(KeyRingError::WrongLength { id: 2, length })
        );
    }
    assert_eq!(built(ring().current(1, &FIRST).old(2, &SECOND)), Ok(()));
}

#[test]
fn an_old_key_opens_and_the_next_write_seals_with_the_current_one() {
    let memory = MemoryStore::new();
    let before = encrypted(memory.clone());
    let random = SeededRandom::new(3);
    let fixture = RecordFixture::anonymous().data("cart", b"[1]");
    let record = begun(fixture, &random, START);
    assert_eq!(
        alone(before.create(&record, START)).unwrap(),
        Create::Created
    );

    let after = rotated(&memory);
    assert_eq!(loaded(&after, &record).unwrap().data(), record.data());
    let write = next(&record, &random).data("cart", b"[1,2]").build();
    let answer = alone(after.update(&write, record.revision(), START)).unwrap();
    assert_eq!(answer, Write::Applied);

    let keys = KeyRing::builder().current(2, &SECOND).build().unwrap();
    let alone_with_second = EncryptedStore::new(memory, keys);
    assert_eq!(
        loaded(&alone_with_second, &record).unwrap().data(),
        write.data()
    );
    let unknown = "the data are sealed with key 2, which is not in the ring";
    assert_corrupt(loaded(&before, &record), unknown);
}

/// A write whose answer was lost has other bytes when it comes again.
#[test]
fn a_repeated_write_is_applied_once_although_its_bytes_differ() {
    let memory = MemoryStore::new();
    let store = encrypted(memory.clone());
    let random = SeededRandom::new(3);
    let record = begun(RecordFixture::anonymous(), &random, START);
    assert_eq!(
        alone(store.create(&record, START)).unwrap(),
        Create::Created
    );
    let write = next(&record, &random).data("n", b"1").build();
    for store in [&store, &rotated(&memory)] {
        let answer = alone(store.update(&write, record.revision(), START)).unwrap();
        assert_eq!(answer, Write::Applied);
        let stored = loaded(store, &record).unwrap();
        assert_eq!(stored.encode(), write.encode());
    }
}
