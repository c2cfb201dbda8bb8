//! A record, spread over the columns of its row.

use hallpass_core::Revision;
use hallpass_core::SessionRecord;
use hallpass_core::Timestamp;

use crate::time::millis;
use crate::time::present;
use crate::time::span;
use crate::value::Value;

/// What the columns of a live row take from a record. Where a column says less than the bytes, as
/// with instants beyond its range, the bytes count.
pub(super) struct Columns<'a> {
    record: &'a SessionRecord,
    handle: [u8; 16],
    write_id: [u8; 16],
    digest: [u8; 32],
    bytes: Vec<u8>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(record: &'a SessionRecord) -> Self {
        Self {
            record,
            handle: record.handle().to_bytes(),
            write_id: record.write_id().to_bytes(),
            digest: record.credential().digest().to_bytes(),
            bytes: record.encode(),
        }
    }

    /// The parameters of an insert.
    pub(super) fn values(&self) -> [Value<'_>; 15] {
        let record = self.record;
        let subject = record.subject();
        [
            self.handle.as_slice().into(),
            self.write_id.as_slice().into(),
            number(record.revision()).into(),
            i64::from(record.binding().number()).into(),
            self.digest.as_slice().into(),
            millis(record.created_at()).into(),
            millis(record.last_seen()).into(),
            record.credential().confirmed_at().map(millis).into(),
            record.idle().map(span).into(),
            millis(record.absolute_deadline()).into(),
            record.locks_when_idle().into(),
            subject.and_then(|subject| subject.tenant()).into(),
            subject.map(|subject| subject.id()).into(),
            millis(record.expires_at()).into(),
            self.bytes.as_slice().into(),
        ]
    }

    /// The parameters of an update.
    pub(super) fn update(&self, expected: Revision, now: Timestamp) -> [Value<'_>; 14] {
        let record = self.record;
        [
            self.handle.as_slice().into(),
            self.write_id.as_slice().into(),
            number(record.revision()).into(),
            i64::from(record.binding().number()).into(),
            self.digest.as_slice().into(),
            self.bytes.as_slice().into(),
            millis(record.last_seen()).into(),
            record.credential().confirmed_at().map(millis).into(),
            record.idle().map(span).into(),
            millis(record.absolute_deadline()).into(),
            record.locks_when_idle().into(),
            // A lower bound is enough: a later use that is stored only moves the deadline on.
            millis(record.expires_at()).into(),
            number(expected).into(),
            present(now).into(),
        ]
    }
}

/// Returns a revision as its column has it. Nothing is written that often.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.number()).unwrap_or(i64::MAX)
}
