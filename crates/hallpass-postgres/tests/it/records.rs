//! What the tests put into a store.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Concurrency;
use hallpass_core::Create;
use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::SessionToken;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_postgres::PostgresStore;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

/// Returns the instant this many seconds after the beginning.
pub(crate) const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(ManualClock::START.as_millis() + seconds * 1_000)
}

pub(crate) fn subject(id: &str) -> Subject {
    Subject::new(id).unwrap()
}

/// Returns a record that begins now, with its token. No two are the same.
pub(crate) fn built(fixture: RecordFixture) -> (SessionRecord, SessionToken) {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let random = SeededRandom::new(SEED.fetch_add(1, Ordering::Relaxed));
    fixture.build(&random, at(0)).unwrap()
}

pub(crate) fn of(id: &str) -> SessionRecord {
    built(RecordFixture::of(&subject(id))).0
}

/// Stores a record, and returns it.
pub(crate) async fn begun(store: &PostgresStore, fixture: RecordFixture) -> SessionRecord {
    let (record, _token) = built(fixture);
    assert_eq!(store.create(&record, at(0)).await.unwrap(), Create::Created);
    record
}

pub(crate) fn touch(record: &SessionRecord, seconds: u64) -> Touch {
    Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen: at(seconds),
        confirm: true,
    }
}

pub(crate) fn end(handle: SessionHandle, seconds: u64) -> End {
    End {
        handle,
        reason: EndReason::Logout,
        at: at(seconds),
        keep_until: at(86_400),
    }
}

/// Returns the login with this record within a limit of three.
pub(crate) fn login(record: SessionRecord, at_limit: AtLimit) -> Bind {
    Bind {
        record,
        replaces: None,
        limit: Some(Concurrency {
            max: 3.try_into().unwrap(),
            at_limit,
        }),
    }
}
