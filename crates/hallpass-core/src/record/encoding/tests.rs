use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::authentication::AssuranceLevel;
use crate::authentication::Authentication;
use crate::client::ClientFacts;
use crate::client::ClientKind;
use crate::end::EndReason;
use crate::end::Revocation;
use crate::policy::Limits;
use crate::random::SystemRandom;
use crate::ratchet::Credential;
use crate::ratchet::PreviousCredential;
use crate::record::NewRecord;
use crate::record::WriteId;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// A record with everything in it.
fn full(data: DataMap) -> SessionRecord {
    full_with(&SystemRandom, data)
}

fn full_with(random: &dyn crate::random::SecureRandom, data: DataMap) -> SessionRecord {
    let handle = SessionHandle::from_bytes([3; 16]);
    let now = Timestamp::from_millis(1_793_000_000_000);
    let client = ClientFacts::new("192.0.2.1".parse().ok(), Some("curl/8")).with_label("work");
    let (credential, _token) = Credential::first(handle, random, client.kind(), now).unwrap();
    let (next, _token) = credential
        .broken(handle, random, ClientKind::default(), now)
        .unwrap();
    let authentication = Authentication::new(AssuranceLevel::Aal2)
        .with_method("otp")
        .at(now);
    let limits = Limits::builder().build().unwrap();
    let mut record = SessionRecord::new(
        NewRecord {
            handle,
            write_id: WriteId::from_bytes([4; 16]),
            credential: next,
            subject: Some(Subject::of_tenant("acme", "alice").unwrap()),
            authentication: Some(authentication.clone()),
            limits: &limits,
            remembered: true,
            client,
            data,
        },
        now,
    );
    record.previous = Some(Box::new(PreviousCredential::new(
        credential,
        authentication,
        now,
    )));
    record
}

fn some_data() -> DataMap {
    [
        ("cart".into(), Entry::new(b"[\"tea\"]", 2, true)),
        ("n".into(), Entry::new(b"1", 0, false)),
    ]
    .into_iter()
    .collect()
}

/// Two records are equal where their bytes are: they hold everything.
fn assert_same(left: &SessionRecord, right: &SessionRecord) {
    assert_eq!(left.encode(), right.encode());
    assert_eq!(format!("{left:?}"), format!("{right:?}"));
    assert_eq!(left.data(), right.data());
}

#[test]
fn a_record_reads_back_what_it_wrote() {
    let record = full(some_data());
    assert_same(&SessionRecord::decode(&record.encode()).unwrap(), &record);
}

/// One with everything in it that a session stands for beyond its login.
fn with_capacity() -> SessionRecord {
    let mut record = full(some_data());
    let until = Timestamp::from_millis(1_793_000_900_000);
    record.elevation = Some(Box::new(Elevated {
        authentication: Authentication::new(AssuranceLevel::Aal3),
        until,
        rights: vec!["admin".to_owned()],
    }));
    record.begin_impersonation(Impersonated {
        subject: Subject::new("bob").unwrap(),
        reason: "ticket".to_owned(),
        since: Timestamp::from_millis(1_793_000_000_000),
        until,
    });
    record
}

#[test]
fn an_elevation_and_an_impersonation_read_back() {
    let both = with_capacity();
    let mut elevated = with_capacity();
    elevated.impersonation = None;
    let mut impersonates = with_capacity();
    impersonates.elevation = None;
    for record in [both, elevated, impersonates] {
        let bytes = record.encode();
        assert_eq!(bytes.first(), Some(&WITH_CAPACITY));
        let read = SessionRecord::decode(&bytes).unwrap();
        assert_same(&read, &record);
        assert_eq!(
            (read.elevation, read.impersonation),
            (record.elevation, record.impersonation)
        );
        for length in 0..bytes.len() {
            let cut = SessionRecord::decode(&bytes[..length]);
            assert_eq!(cut.unwrap_err(), InvalidEncoding::Damaged, "{length}");
        }
        let longer = [bytes, vec![0]].concat();
        let read = SessionRecord::decode(&longer);
        assert_eq!(read.unwrap_err(), InvalidEncoding::Damaged);
    }
}

/// What an earlier version of the library reads is written in its format.
#[test]
fn a_record_without_either_is_written_as_version_1() {
    let mut record = with_capacity();
    record.settle(Timestamp::from_millis(u64::MAX));
    assert_eq!(record.encode(), full_like(&record).encode());
    assert_eq!(record.encode().first(), Some(&FORMAT));
}

/// The same record, as if it had never stood for more.
fn full_like(record: &SessionRecord) -> SessionRecord {
    let mut plain = record.clone();
    plain.data = some_data();
    plain
}

#[test]
fn a_tombstone_reads_back_what_it_wrote() {
    let reason = EndReason::Revoked(Revocation::by("support").because("stolen"));
    let tombstone = Tombstone::of(&full(some_data()), reason, Timestamp::from_millis(9));
    assert_eq!(Tombstone::decode(&tombstone.encode()), Ok(tombstone));
}

#[test]
fn a_record_of_an_unknown_version_is_refused() {
    let mut bytes = full(some_data()).encode();
    for version in [0, 3, 255] {
        bytes[0] = version;
        let expected = InvalidEncoding::UnknownVersion(version);
        assert_eq!(SessionRecord::decode(&bytes).unwrap_err(), expected);
        assert_eq!(Tombstone::decode(&bytes).unwrap_err(), expected);
    }
}

#[test]
fn damaged_bytes_are_refused() {
    let bytes = full(some_data()).encode();
    for length in 0..bytes.len() {
        let cut = SessionRecord::decode(&bytes[..length]);
        assert_eq!(cut.unwrap_err(), InvalidEncoding::Damaged, "{length}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(
        SessionRecord::decode(&longer).unwrap_err(),
        InvalidEncoding::Damaged
    );
}

/// What version 1 wrote stays readable, byte for byte: a field that moves fails here.
#[test]
fn the_bytes_of_version_1_stay_as_they_are() {
    #[derive(Debug)]
    struct Sevens;

    impl crate::random::SecureRandom for Sevens {
        fn fill(&self, destination: &mut [u8]) -> Result<(), crate::random::RandomUnavailable> {
            destination.fill(7);
            Ok(())
        }
    }

    let golden = include_bytes!("record-v1.bin");
    let record = full_with(&Sevens, some_data());
    assert_eq!(record.encode(), golden);
    assert_same(&SessionRecord::decode(golden).unwrap(), &record);
}

/// Race 47.
#[test]
fn debug_of_a_record_shows_neither_data_nor_secrets() {
    let data: DataMap = [("k".into(), Entry::new(b"\"very private\"", 0, false))]
        .into_iter()
        .collect();
    let shown = format!("{:?}", full(data));
    assert!(!shown.contains("private"), "{shown}");
    assert!(
        shown.contains("TokenDigest") || !shown.contains("digest"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn any_data_go_there_and_back(
        entries in prop::collection::btree_map(
            "\\PC{1,20}",
            (prop::collection::vec(any::<u8>(), 0..200), any::<u32>(), any::<bool>()),
            0..8,
        ),
    ) {
        let data: DataMap = entries
            .into_iter()
            .map(|(name, (bytes, version, portable))| {
                (name.into(), Entry::new(&bytes, version, portable))
            })
            .collect();
        let record = full(data);
        assert_same(&SessionRecord::decode(&record.encode()).unwrap(), &record);
    }

    #[test]
    fn hostile_bytes_are_refused_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut framed = vec![FORMAT];
        framed.extend(&bytes);
        let _garbage = SessionRecord::decode(&framed);
        let mut damaged = full(some_data()).encode();
        for (place, value) in flips {
            let place = place.index(damaged.len());
            damaged[place] ^= value;
        }
        // It may decode to another record; what must not happen is a panic or a huge allocation.
        let _either = SessionRecord::decode(&damaged);
        let _either = Tombstone::decode(&damaged);
    }

    #[test]
    fn deadlines_are_never_lost_in_the_encoding(idle in 1..10_000_000_u64) {
        let mut record = full(DataMap::default());
        record.last_seen = Timestamp::from_millis(idle);
        let read = SessionRecord::decode(&record.encode()).unwrap();
        prop_assert_eq!(read.expires_at(), record.expires_at());
        prop_assert_eq!(read.idle(), Some(Duration::from_secs(1_800)));
    }
}
