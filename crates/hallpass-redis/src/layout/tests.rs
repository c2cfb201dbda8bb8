use std::time::Duration;

use hallpass_core::Ending;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::Revocation;
use hallpass_testkit::SeededRandom;

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(4_000_000_000_000 + seconds * 1_000)
}

fn built(fixture: RecordFixture) -> SessionRecord {
    fixture.build(&SeededRandom::new(7), at(0)).unwrap().0
}

fn alice() -> Subject {
    Subject::of_tenant("acme", "alice").unwrap()
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let longest = Subject::of_tenant(&"t".repeat(255), &"i".repeat(255)).unwrap();
    for fixture in [
        RecordFixture::anonymous(),
        RecordFixture::of(&alice()).data("cart", b"[1]"),
        RecordFixture::of(&longest).lock_when_idle(),
        RecordFixture::of(&alice()).timeouts(None, Duration::MAX),
        RecordFixture::anonymous().timeouts(Some(Duration::from_millis(1)), Duration::MAX),
    ] {
        let before = built(fixture);
        let after = read_record(&record(&before)).unwrap();
        assert_eq!(after.encode(), before.encode());
    }
}

/// The positions that the scripts count on.
#[test]
fn every_field_has_its_place() {
    let record_of_alice = built(RecordFixture::of(&alice()));
    let bytes = record(&record_of_alice);
    assert_eq!(&bytes[..2], b"L\0");
    assert_eq!(&bytes[2..10], &1_u64.to_be_bytes());
    assert_eq!(&bytes[10..26], &record_of_alice.write_id().to_bytes());
    assert_eq!(&bytes[26..30], &1_u32.to_be_bytes());
    let digest = record_of_alice.credential().digest();
    assert_eq!(&bytes[30..62], &digest.to_bytes());
    assert_eq!(&bytes[62..70], &eight(at(0)));
    assert_eq!(&bytes[70..78], &(at(0).as_millis() + 1).to_be_bytes());
    assert_eq!(&bytes[78..86], &600_001_u64.to_be_bytes());
    assert_eq!(&bytes[86..94], &eight(at(3_600)));
    assert_eq!(&bytes[94..102], &eight(at(0)));
    assert_eq!(&bytes[102..166], &[0; 64]);
    let mut names = vec![22];
    names.extend_from_slice(keys::tenant_name("acme").as_bytes());
    names.push(22);
    names.extend_from_slice(keys::subject_name(&alice()).as_bytes());
    names.extend_from_slice(&[0, 12]);
    names.extend_from_slice(&keys::spelled(&alice()));
    names.extend_from_slice(&record_of_alice.encode());
    assert_eq!(&bytes[166..], &names);
}

#[test]
fn what_a_touch_has_written_counts() {
    let random = SeededRandom::new(7);
    let (first, token) = RecordFixture::anonymous().build(&random, at(0)).unwrap();
    let next = NextWrite::after(&first, &random).unwrap();
    let mut bytes = record(&next.renewed(&token, at(1)).build());
    assert_eq!(&bytes[70..78], &[0; 8]);
    bytes[62..70].copy_from_slice(&eight(at(9)));
    bytes[70..78].copy_from_slice(&(at(8).as_millis() + 1).to_be_bytes());
    let read = read_record(&bytes).unwrap();
    assert_eq!(read.last_seen(), at(9));
    assert_eq!(read.credential().confirmed_at(), Some(at(8)));
}

#[test]
fn the_epochs_are_those_of_the_head() {
    let mut bytes = record(&built(RecordFixture::of(&alice())));
    bytes[102..126]
        .copy_from_slice(&[[0; 7].as_slice(), &[1], &[0; 7], &[2], &[0; 7], &[3]].concat());
    let expected = EpochStamp {
        everybody: 1,
        tenant: 2,
        subject: 3,
    };
    assert_eq!(read_record(&bytes).unwrap().epochs(), expected);
}

#[test]
fn a_tombstone_is_read_as_it_was_written() {
    let reason = EndReason::Revoked(Revocation::by("op").because("lost"));
    let of_alice = built(RecordFixture::of(&alice()).timeouts(None, Duration::MAX));
    let handle = of_alice.handle();
    for before in [
        Tombstone::of(&of_alice, reason.clone(), at(5)),
        Tombstone::of(&built(RecordFixture::anonymous()), EndReason::Idle, at(5)),
        Tombstone::unknown(handle, reason, Timestamp::MAX, Timestamp::MAX),
    ] {
        let Ok(Load::Ended(after)) = read(before.handle(), &tombstone(&before)) else {
            panic!("a tombstone was read as something else");
        };
        assert_eq!(after, before);
    }
}

/// Whatever is in the way of a key of ours, nothing panics, and nothing lives by accident.
#[test]
fn what_was_cut_or_is_something_else_is_damaged() {
    let record = record(&built(RecordFixture::of(&alice())));
    let ended = tombstone(&Tombstone::of(
        &built(RecordFixture::of(&alice())),
        EndReason::Logout,
        at(1),
    ));
    let handle = SessionHandle::from_bytes([1; 16]);
    for bytes in [&record, &ended] {
        for end in 0..bytes.len() {
            assert!(read(handle, &bytes[..end]).is_err(), "{end}");
        }
    }
    let ending = Ending::Session(handle).encode();
    assert!(read(handle, &ending).is_err());
}

#[test]
fn a_record_is_fresh_while_its_marks_are_those_of_the_server() {
    let mut of_alice = record(&built(RecordFixture::of(&alice())));
    of_alice[126..134].copy_from_slice(b"bucket 1");
    of_alice[134..142].copy_from_slice(b"alike. 1");
    let mut anonymous = record(&built(RecordFixture::anonymous()));
    anonymous[126..134].copy_from_slice(b"bucket 1");
    let fresh = |bytes: &[u8], bucket, alike: &[u8; 8]| {
        let marks = Marks {
            bucket,
            alike: *alike,
        };
        is_fresh(bytes, &read_record(bytes).unwrap(), marks)
    };
    assert!(fresh(&of_alice, Some(*b"bucket 1"), b"alike. 1"));
    assert!(!fresh(&of_alice, Some(*b"bucket 1"), b"alike. 2"));
    assert!(!fresh(&of_alice, Some(*b"bucket 2"), b"alike. 1"));
    assert!(!fresh(&of_alice, None, b"alike. 1"));
    assert!(fresh(&anonymous, Some(*b"bucket 1"), b"alike. 2"));
    assert!(!fresh(&anonymous, Some(*b"bucket 2"), &[0; 8]));
    assert!(!fresh(&anonymous, None, &[0; 8]));
}
