//! What must be nowhere: the data in the store inside, a key in any text.

use hallpass_core::Create;
use hallpass_core::RecordFixture;
use hallpass_core::SessionStore;
use hallpass_core::StoreOperation;
use hallpass_core::SubjectIndex;
use hallpass_core::Write;
use hallpass_memory::MemoryStore;
use hallpass_stores::KeyRing;
use hallpass_testkit::SeededRandom;
use hallpass_testkit::SpyStore;
use hallpass_testkit::schedule::alone;

use super::FIRST;
use super::SECOND;
use super::encrypted;
use crate::records::START;
use crate::records::alice;
use crate::records::begun;
use crate::records::login;
use crate::records::next;

const NEEDLES: [&str; 4] = [
    "needle-name",
    "needle-first",
    "needle-second",
    "needle-third",
];

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

/// Names and values, by all three ways in which records go in.
#[test]
fn no_plain_data_reach_the_store_inside() {
    let store = encrypted(SpyStore::new(MemoryStore::new()));
    let random = SeededRandom::new(3);
    let fixture = RecordFixture::anonymous().data(NEEDLES[0], NEEDLES[1].as_bytes());
    let record = begun(fixture, &random, START);
    assert_eq!(
        alone(store.create(&record, START)).unwrap(),
        Create::Created
    );
    let write = next(&record, &random)
        .data("k", NEEDLES[2].as_bytes())
        .build();
    let answer = alone(store.update(&write, record.revision(), START)).unwrap();
    assert_eq!(answer, Write::Applied);
    let fixture = RecordFixture::of(&alice()).data("k", NEEDLES[3].as_bytes());
    let bound = begun(fixture, &random, START);
    let _bound = alone(store.bind(&login(&bound, None), START)).unwrap();

    let log = store.inner().log();
    let calls = [
        StoreOperation::Create,
        StoreOperation::Update,
        StoreOperation::Bind,
    ];
    assert_eq!(log.calls(), calls);
    for needle in NEEDLES {
        assert!(!holds(&log.bytes(), needle), "{needle}");
    }
    assert!(holds(&log.bytes(), "hallpass.sealed"));
    assert!(holds(&log.bytes(), "alice"), "the subject is not hidden");
}

#[test]
fn the_same_data_are_sealed_differently_each_time() {
    let store = encrypted(SpyStore::new(MemoryStore::new()));
    let random = SeededRandom::new(3);
    let record = begun(RecordFixture::anonymous().data("k", b"1"), &random, START);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let before = store.inner().log().bytes().len();
        let _any = alone(store.create(&record, START)).unwrap();
        seen.push(store.inner().log().bytes().split_off(before));
    }
    assert_eq!(seen[0].len(), seen[1].len());
    assert!(seen[0] != seen[1]);
}

/// 4 of the key's id, 24 of the nonce, 16 of the tag.
#[test]
fn sealed_data_take_44_bytes_more() {
    let store = encrypted(MemoryStore::new());
    let fixture = RecordFixture::anonymous().data("k", &[b'7'; 1_000]);
    let record = begun(fixture, &SeededRandom::new(3), START);
    assert_eq!(
        alone(store.create(&record, START)).unwrap(),
        Create::Created
    );
    let stored = super::loaded(store.inner(), &record).unwrap();
    let sealed = stored.data().get("hallpass.sealed").unwrap();
    assert_eq!(sealed.bytes().len(), record.data().encode().len() + 44);
}

/// Race 47.
#[test]
fn no_key_and_no_data_are_in_any_debug_output() {
    let builder = KeyRing::builder().current(2, &SECOND).old(1, &FIRST);
    let mut text = format!("{builder:?} {builder:#?}");
    let keys = builder.build().unwrap();
    let store = encrypted(MemoryStore::new());
    let fixture = RecordFixture::anonymous().data(NEEDLES[0], NEEDLES[1].as_bytes());
    let record = begun(fixture, &SeededRandom::new(3), START);
    let _created = alone(store.create(&record, START)).unwrap();
    text += &format!("{keys:?} {keys:#?} {store:?} {store:#?}");
    for needle in ["first key", "second key", NEEDLES[0], NEEDLES[1]] {
        assert!(!text.contains(needle), "{text}");
    }
    // As `Debug` of bytes would show them.
    for key in [FIRST, SECOND] {
        assert!(!text.contains(&format!("{:?}", &key[..4]).replace(['[', ']'], "")));
    }
    assert!(text.contains("KeyRing { current: 2, old: [1] }"));
}
