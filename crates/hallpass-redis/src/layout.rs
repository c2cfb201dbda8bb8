//! The bytes of what is stored: a head that scripts read and write by position, then what the core
//! made of the record.
//!
//! | Position | Length | Of a record |
//! | --- | --- | --- |
//! | 0 | 1 | `L` |
//! | 1 | 1 | 1 where it locks when it is idle |
//! | 2 | 8 | revision |
//! | 10 | 16 | write id |
//! | 26 | 4 | binding |
//! | 30 | 32 | digest |
//! | 62 | 8 | last seen |
//! | 70 | 8 | confirmed at, plus one; 0 for never |
//! | 78 | 8 | idle timeout, plus one; 0 for none |
//! | 86 | 8 | absolute deadline |
//! | 94 | 8 | created at |
//! | 102 | 24 | the epochs of its beginning |
//! | 126 | 16 | the marks under which it was last compared with them |
//! | 142 | 8 | until when updates wait for a login that replaces it |
//! | 150 | 16 | the write id of that login |
//! | 166 | 1 + n | name of the tenant, empty without one |
//! | | 1 + n | name of the subject, empty without one |
//! | | 2 + n | the subject as it is spelled |
//! | | | the bytes of the record |
//!
//! | Position | Length | Of a tombstone |
//! | --- | --- | --- |
//! | 0 | 1 | `T` |
//! | 1 | 8 | ended at |
//! | 9 | 8 | kept until |
//! | 17 | 1 + n | digest, empty where nothing was known |
//! | | 2 + n | the subject as it is spelled, empty without one |
//! | | | the bytes of the reason |
//!
//! Numbers have their greatest byte first. The scripts compute with doubles, so what they write is
//! exact below 2^53, which is for milliseconds the year 287396. What is beyond, a deadline of
//! [`Timestamp::MAX`], they copy as it is.

use std::sync::Arc;

use hallpass_core::EndReason;
use hallpass_core::EpochStamp;
use hallpass_core::Load;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::Timestamp;
use hallpass_core::TokenDigest;
use hallpass_core::Tombstone;
use hallpass_core::TombstoneParts;

use crate::keys;

/// The stored bytes are not what this version writes.
#[derive(Debug, thiserror::Error)]
#[error("the stored bytes are damaged, or of a later version")]
pub(crate) struct Damaged;

/// Returns what is stored of a record that begins or is written. The script puts the epochs in.
pub(crate) fn record(record: &SessionRecord) -> Vec<u8> {
    let data = record.encode();
    let mut bytes = Vec::with_capacity(HEAD + NAMES + data.len());
    bytes.push(b'L');
    bytes.push(u8::from(record.locks_when_idle()));
    bytes.extend_from_slice(&record.revision().number().to_be_bytes());
    bytes.extend_from_slice(&record.write_id().to_bytes());
    bytes.extend_from_slice(&record.binding().number().to_be_bytes());
    bytes.extend_from_slice(&record.credential().digest().to_bytes());
    bytes.extend_from_slice(&eight(record.last_seen()));
    let confirmed_at = record.credential().confirmed_at().map(Timestamp::as_millis);
    bytes.extend_from_slice(&plus_one(confirmed_at).to_be_bytes());
    let idle = record
        .idle()
        .map(|idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
    bytes.extend_from_slice(&plus_one(idle).to_be_bytes());
    bytes.extend_from_slice(&eight(record.absolute_deadline()));
    bytes.extend_from_slice(&eight(record.created_at()));
    bytes.extend_from_slice(&[0; 24 + 16 + 24]);
    let subject = record.subject();
    let tenant = subject.and_then(Subject::tenant).map(keys::tenant_name);
    let name = subject.map(keys::subject_name);
    for name in [tenant, name] {
        put_short(&mut bytes, name.unwrap_or_default().as_bytes());
    }
    put_long(&mut bytes, &subject.map(keys::spelled).unwrap_or_default());
    bytes.extend_from_slice(&data);
    bytes
}

/// Returns what is stored of a session that ended.
pub(crate) fn tombstone(tombstone: &Tombstone) -> Vec<u8> {
    let mut bytes = vec![b'T'];
    bytes.extend_from_slice(&eight(tombstone.ended_at()));
    bytes.extend_from_slice(&eight(tombstone.keep_until()));
    let digest = tombstone.digest().map(TokenDigest::to_bytes);
    put_short(&mut bytes, digest.as_ref().map_or(&[], |digest| digest));
    let subject = tombstone.subject().map(keys::spelled).unwrap_or_default();
    put_long(&mut bytes, &subject);
    bytes.extend_from_slice(&tombstone.reason().encode());
    bytes
}

/// Reads what is stored under a handle.
pub(crate) fn read(handle: SessionHandle, bytes: &[u8]) -> Result<Load, Damaged> {
    match bytes.first() {
        Some(b'L') => read_record(bytes).map(|record| Load::Live(Arc::new(record))),
        Some(b'T') => read_tombstone(handle, bytes).map(Load::Ended),
        _ => Err(Damaged),
    }
}

/// Reads a record.
pub(crate) fn read_record(bytes: &[u8]) -> Result<SessionRecord, Damaged> {
    let mut rest = Reader(bytes);
    let [b'L'] = rest.array()? else {
        return Err(Damaged);
    };
    let _skipped: [u8; 61] = rest.array()?;
    let last_seen = Timestamp::from_millis(rest.number()?);
    let confirmed_at = rest.number()?.checked_sub(1).map(Timestamp::from_millis);
    let _skipped: [u8; 24] = rest.array()?;
    let epochs = EpochStamp {
        everybody: rest.number()?,
        tenant: rest.number()?,
        subject: rest.number()?,
    };
    let _checked_and_frozen: [u8; 40] = rest.array()?;
    let _tenant = rest.short()?;
    let _subject = rest.short()?;
    let _owner = rest.long()?;
    let record = SessionRecord::decode(rest.0).map_err(|_error| Damaged)?;
    Ok(record
        .with_activity(last_seen, confirmed_at)
        .stamped(epochs))
}

/// Reads what stays of a session.
pub(crate) fn read_tombstone(handle: SessionHandle, bytes: &[u8]) -> Result<Tombstone, Damaged> {
    let mut rest = Reader(bytes);
    let [b'T'] = rest.array()? else {
        return Err(Damaged);
    };
    let ended_at = Timestamp::from_millis(rest.number()?);
    let keep_until = Timestamp::from_millis(rest.number()?);
    let digest = match rest.short()? {
        [] => None,
        digest => Some(TokenDigest::from_bytes(
            digest.try_into().map_err(|_error| Damaged)?,
        )),
    };
    let subject = match rest.long()? {
        [] => None,
        spelled => Some(keys::read(spelled).ok_or(Damaged)?),
    };
    let reason = EndReason::decode(rest.0).map_err(|_error| Damaged)?;
    Ok(Tombstone::from_parts(TombstoneParts {
        handle,
        digest,
        subject,
        reason,
        ended_at,
        keep_until,
    }))
}

/// The marks under which a record was last compared with the counters that it is subject to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Marks {
    /// That of the bucket; `None` where it was lost.
    pub(crate) bucket: Option<[u8; 8]>,
    /// That of the subjects whose handles begin alike; zeros where there is none.
    pub(crate) alike: [u8; 8],
}

/// Returns whether what is stored is a record that no counter concerns which was counted up since
/// it was compared.
pub(crate) fn is_fresh(bytes: &[u8], record: &SessionRecord, marks: Marks) -> bool {
    let checked = bytes.get(126..134);
    let alike = bytes.get(134..142);
    let is_alike = record.subject().is_none() || alike == Some(&marks.alike);
    checked.is_some() && checked == marks.bucket.as_ref().map(<[u8; 8]>::as_slice) && is_alike
}

/// Returns an instant as scripts take it.
pub(crate) const fn eight(at: Timestamp) -> [u8; 8] {
    at.as_millis().to_be_bytes()
}

/// What is read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*array)
    }

    fn number(&mut self) -> Result<u64, Damaged> {
        self.array().map(u64::from_be_bytes)
    }

    fn short(&mut self) -> Result<&'a [u8], Damaged> {
        let [length] = self.array()?;
        self.take(length.into())
    }

    fn long(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.array().map(u16::from_be_bytes)?;
        self.take(length.into())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// The length of the part of the head whose positions are fixed.
const HEAD: usize = 166;

/// The usual length of the rest of the head.
const NAMES: usize = 4 + 2 * keys::NAME_CHARS + 32;

fn plus_one(number: Option<u64>) -> u64 {
    number.map_or(0, |number| number.saturating_add(1))
}

fn put_short(bytes: &mut Vec<u8>, part: &[u8]) {
    // Names and digests: 32 bytes at most.
    bytes.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(part);
}

fn put_long(bytes: &mut Vec<u8>, part: &[u8]) {
    // A spelled subject: 513 bytes at most.
    bytes.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(part);
}

#[cfg(test)]
mod tests;
