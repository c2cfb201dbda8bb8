//! Who writes to the database.

use hallpass_core::AtLimit;
use hallpass_core::Bound;
use hallpass_core::Create;
use hallpass_core::DataMap;
use hallpass_core::Entry;
use hallpass_core::RecordFixture;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreErrorKind;
use hallpass_core::SubjectIndex;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_stores::EncryptedStore;
use hallpass_stores::KeyRing;
use hallpass_testkit::FailingRandom;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::schedule::alone;

use super::SECOND;
use super::assert_corrupt;
use super::encrypted;
use super::loaded;
use crate::records::START;
use crate::records::alice;
use crate::records::begun;
use crate::records::limit;
use crate::records::login;
use crate::records::next;

const SEALED: &str = "hallpass.sealed";
const UNAUTHENTIC: &str =
    "the data do not open with key 1: they were changed, moved, or sealed with another";
const PLAIN: &str = "the data are not encrypted, and plain data are not accepted";

fn stored(data: &[u8], seed: u64) -> (EncryptedStore<MemoryStore>, SessionRecord) {
    let store = encrypted(MemoryStore::new());
    let fixture = RecordFixture::of(&alice()).data("cart", data);
    let record = begun(fixture, &SeededRandom::new(seed), START);
    assert_eq!(
        alone(store.create(&record, START)).unwrap(),
        Create::Created
    );
    (store, record)
}

/// Returns the sealed entry as it is stored.
fn sealed(store: &EncryptedStore<MemoryStore>, record: &SessionRecord) -> Entry {
    let stored = loaded(store.inner(), record).unwrap();
    assert_eq!(stored.data().len(), 1);
    stored.data().get(SEALED).unwrap().clone()
}

/// Puts data into the store inside, past the encryption.
fn planted(store: &EncryptedStore<MemoryStore>, record: &SessionRecord, data: DataMap) {
    let write = next(record, &SeededRandom::new(77)).build().with_data(data);
    let stored = loaded(store.inner(), record).unwrap();
    let answer = alone(store.inner().update(&write, stored.revision(), START)).unwrap();
    assert_eq!(answer, Write::Applied);
}

fn entry(bytes: &[u8], version: u32) -> DataMap {
    DataMap::from_iter([(SEALED.into(), Entry::new(bytes, version, false))])
}

#[test]
fn data_moved_to_another_session_do_not_open_there() {
    let (store, record) = stored(b"\"mine\"", 3);
    let fixture = RecordFixture::of(&alice()).data("cart", b"\"another\"");
    let other = begun(fixture, &SeededRandom::new(4), START);
    assert_eq!(alone(store.create(&other, START)).unwrap(), Create::Created);
    let (first, second) = (sealed(&store, &record), sealed(&store, &other));
    planted(&store, &record, entry(second.bytes(), 1));
    planted(&store, &other, entry(first.bytes(), 1));
    assert_corrupt(loaded(&store, &record), UNAUTHENTIC);
    assert_corrupt(loaded(&store, &other), UNAUTHENTIC);
}

#[test]
fn data_of_which_any_bit_was_flipped_do_not_open() {
    let (store, record) = stored(b"\"mine\"", 3);
    let bytes = sealed(&store, &record).bytes().to_vec();
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        let (store, record) = stored(b"\"mine\"", 3);
        planted(&store, &record, entry(&flipped, 1));
        let id = u32::from_be_bytes(*flipped.first_chunk().unwrap());
        if id == 1 {
            assert_corrupt(loaded(&store, &record), UNAUTHENTIC);
        } else {
            let unknown = format!("the data are sealed with key {id}, which is not in the ring");
            assert_corrupt(loaded(&store, &record), &unknown);
        }
    }
}

#[test]
fn data_that_were_cut_short_do_not_open() {
    let (store, record) = stored(b"\"mine\"", 3);
    let bytes = sealed(&store, &record).bytes().to_vec();
    for length in 0..bytes.len() {
        let (store, record) = stored(b"\"mine\"", 3);
        planted(&store, &record, entry(&bytes[..length], 1));
        let error = if length < 28 {
            "the sealed data are damaged"
        } else {
            UNAUTHENTIC
        };
        assert_corrupt(loaded(&store, &record), error);
    }
}

#[test]
fn data_of_another_format_are_not_read() {
    let (store, record) = stored(b"\"mine\"", 3);
    let bytes = sealed(&store, &record).bytes().to_vec();
    planted(&store, &record, entry(&bytes, 2));
    let unknown = "the data are sealed in format 2, which is not known here";
    assert_corrupt(loaded(&store, &record), unknown);
}

/// The key of another ring under the same id, and the same key under another id.
#[test]
fn a_wrong_key_opens_nothing() {
    let (store, record) = stored(b"\"mine\"", 3);
    let keys = KeyRing::builder().current(1, &SECOND).build().unwrap();
    let other = EncryptedStore::new(store.inner().clone(), keys);
    assert_corrupt(loaded(&other, &record), UNAUTHENTIC);

    let keys = KeyRing::builder()
        .current(7, &super::FIRST)
        .build()
        .unwrap();
    let other = EncryptedStore::new(store.inner().clone(), keys);
    let unknown = "the data are sealed with key 1, which is not in the ring";
    assert_corrupt(loaded(&other, &record), unknown);

    let keys = KeyRing::builder()
        .current(7, &super::FIRST)
        .build()
        .unwrap();
    let other = EncryptedStore::new(store.inner().clone(), keys);
    let mut bytes = sealed(&store, &record).bytes().to_vec();
    bytes[..4].copy_from_slice(&7_u32.to_be_bytes());
    planted(&store, &record, entry(&bytes, 1));
    let unauthentic = UNAUTHENTIC.replace("key 1", "key 7");
    assert_corrupt(loaded(&other, &record), &unauthentic);
}

#[test]
fn plain_data_are_refused_wherever_records_come_out() {
    let (store, record) = stored(b"\"mine\"", 3);
    planted(&store, &record, record.data().clone());
    assert_corrupt(loaded(&store, &record), PLAIN);
    assert_corrupt(alone(store.list(&alice(), START)), PLAIN);
    let another = begun(RecordFixture::of(&alice()), &SeededRandom::new(8), START);
    let bind = login(&another, limit(1, AtLimit::Reject));
    assert_corrupt(alone(store.bind(&bind, START)), PLAIN);
}

#[test]
fn plain_data_beside_sealed_ones_are_refused() {
    let (store, record) = stored(b"\"mine\"", 3);
    let mut both = entry(sealed(&store, &record).bytes(), 1);
    both.insert("role".into(), Entry::new(b"\"admin\"", 0, false));
    planted(&store, &record, both);
    let store = store.danger_accept_plain();
    assert_corrupt(
        loaded(&store, &record),
        "there are plain data beside the sealed ones",
    );
}

#[test]
fn plain_data_from_before_are_accepted_on_request_and_sealed_by_the_next_write() {
    let memory = MemoryStore::new();
    let random = SeededRandom::new(3);
    let fixture = RecordFixture::of(&alice()).data("cart", b"\"plain\"");
    let record = begun(fixture, &random, START);
    assert_eq!(
        alone(memory.create(&record, START)).unwrap(),
        Create::Created
    );
    let store = encrypted(memory.clone()).danger_accept_plain();

    let found = loaded(&store, &record).unwrap();
    assert_eq!(found.data(), record.data());
    let listed = alone(store.list(&alice(), START)).unwrap();
    assert_eq!(listed[0].data(), record.data());
    let write = next(&found, &random).build();
    let answer = alone(store.update(&write, found.revision(), START)).unwrap();
    assert_eq!(answer, Write::Applied);

    assert_eq!(
        loaded(&encrypted(memory), &record).unwrap().data(),
        record.data()
    );
}

/// Who is denied at the limit is told of the sessions as they are.
#[test]
fn the_sessions_that_deny_a_login_are_opened() {
    let (store, record) = stored(b"\"mine\"", 3);
    let another = begun(RecordFixture::of(&alice()), &SeededRandom::new(8), START);
    let bind = login(&another, limit(1, AtLimit::Reject));
    let Bound::Denied { active } = alone(store.bind(&bind, START)).unwrap() else {
        panic!("there is no room");
    };
    assert_eq!(active.len(), 1);
    assert_eq!(active[0].data(), record.data());
}

#[test]
fn an_empty_session_is_stored_as_empty() {
    let store = encrypted(MemoryStore::new());
    let record = begun(RecordFixture::anonymous(), &SeededRandom::new(3), START);
    assert_eq!(
        alone(store.create(&record, START)).unwrap(),
        Create::Created
    );
    assert_eq!(
        *loaded(store.inner(), &record).unwrap().data(),
        DataMap::default()
    );
    assert_eq!(*loaded(&store, &record).unwrap().data(), DataMap::default());
}

/// Nothing is stored with a weaker nonce, and nothing was changed.
#[test]
fn without_randomness_nothing_is_written() {
    let memory = MemoryStore::new();
    let store = encrypted(memory.clone()).random(FailingRandom::new());
    let fixture = RecordFixture::anonymous().data("cart", b"1");
    let record = begun(fixture, &SeededRandom::new(3), START);
    let error = alone(store.create(&record, START)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Rejected);
    assert!(memory.is_empty());
}
