//! Records, and what is done with them.

use std::num::NonZeroU32;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Concurrency;
use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::NextWrite;
use hallpass_core::RecordFixture;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_testkit::ManualClock;
use hallpass_testkit::SeededRandom;

pub(crate) const START: Timestamp = ManualClock::START;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + seconds * 1_000)
}

pub(crate) fn alice() -> Subject {
    Subject::new("alice").unwrap()
}

/// Returns the record of a session that begins now.
pub(crate) fn begun(
    fixture: RecordFixture,
    random: &SeededRandom,
    now: Timestamp,
) -> SessionRecord {
    fixture.build(random, now).unwrap().0
}

pub(crate) fn next(record: &SessionRecord, random: &SeededRandom) -> NextWrite {
    NextWrite::after(record, random).unwrap()
}

pub(crate) fn touch(record: &SessionRecord, last_seen: Timestamp) -> Touch {
    Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen,
        confirm: false,
    }
}

pub(crate) fn logout(handle: SessionHandle, now: Timestamp) -> End {
    End {
        handle,
        reason: EndReason::Logout,
        at: now,
        keep_until: at(86_400),
    }
}

pub(crate) fn login(record: &SessionRecord, limit: Option<Concurrency>) -> Bind {
    Bind {
        record: record.clone(),
        replaces: None,
        limit,
    }
}

pub(crate) fn limit(max: u32, at_limit: AtLimit) -> Option<Concurrency> {
    let max = NonZeroU32::new(max).unwrap();
    Some(Concurrency { max, at_limit })
}
