//! The bytes of records and tombstones.
//!
//! One byte of format version, then the fields in the format of `postcard`. A later version of
//! the library reads what an earlier one wrote; the other way round it is refused.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::DeserializeOwned;
use serde::de::Visitor;

use super::Binding;
use super::EpochStamp;
use super::Revision;
use super::SessionRecord;
use super::Tombstone;
use super::WriteId;
use crate::authentication::Authentication;
use crate::capacity::Elevated;
use crate::capacity::Impersonated;
use crate::client::ClientFacts;
use crate::data::DataMap;
use crate::data::Entry;
use crate::end::EndReason;
use crate::ratchet::StoredCredential;
use crate::ratchet::StoredPrevious;
use crate::store::Ending;
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::token::SessionHandle;

/// The format of all that has no other.
const FORMAT: u8 = 1;

/// The format of a record that is elevated or impersonates somebody: the fields of the first, and then
/// those of [`StoredCapacity`]. Other records are written in the first, which earlier versions of the
/// library read.
const WITH_CAPACITY: u8 = 2;

/// Bytes are not a record, or a record of a version that is not known here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the version is known, or it is not"
)]
pub enum InvalidEncoding {
    /// The version is known and the rest does not fit it.
    #[error("damaged bytes")]
    Damaged,
    /// A version that this library does not read, perhaps of a later one.
    #[error("format version {0} is not known")]
    UnknownVersion(u8),
}

impl SessionRecord {
    /// Returns the bytes of the record.
    ///
    /// # Security
    ///
    /// They hold no usable token, but the application's data as it is, and the chain key: treat
    /// them as confidential.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = encode(&StoredRecord::from(self));
        if self.elevation.is_some() || self.impersonation.is_some() {
            let capacity = StoredCapacity {
                elevation: self.elevation.as_deref().cloned(),
                impersonation: self.impersonation.as_deref().cloned(),
            };
            if let Some(format) = bytes.first_mut() {
                *format = WITH_CAPACITY;
            }
            bytes = postcard::to_extend(&capacity, bytes).unwrap_or_default();
        }
        bytes
    }

    /// Reads a record from its bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidEncoding`]; a store reports it as
    /// [`StoreErrorKind::Corrupt`](crate::StoreErrorKind::Corrupt).
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        let Some((&WITH_CAPACITY, rest)) = bytes.split_first() else {
            return decode(bytes).map(StoredRecord::into);
        };
        let (record, rest) = decode_first::<StoredRecord>(rest)?;
        let (capacity, rest) = decode_first::<StoredCapacity>(rest)?;
        if !rest.is_empty() {
            return Err(InvalidEncoding::Damaged);
        }
        let mut record = Self::from(record);
        record.elevation = capacity.elevation.map(Box::new);
        record.impersonation = capacity.impersonation.map(Box::new);
        Ok(record)
    }
}

impl Tombstone {
    /// Returns the bytes of the tombstone.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a tombstone from its bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidEncoding`]; a store reports it as
    /// [`StoreErrorKind::Corrupt`](crate::StoreErrorKind::Corrupt).
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        decode(bytes)
    }
}

impl EndReason {
    /// Returns the bytes of the reason, for stores that keep it apart from a tombstone.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a reason from its bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidEncoding`]; a store reports it as
    /// [`StoreErrorKind::Corrupt`](crate::StoreErrorKind::Corrupt).
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        decode(bytes)
    }
}

impl Ending {
    /// Returns the bytes of the ending, for feeds.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an ending from its bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidEncoding`]; a feed that meets such a message tells its listeners that endings may
    /// have been missed.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        decode(bytes)
    }
}

impl DataMap {
    /// Returns the bytes of the data, for stores around a store that keep them in another form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads data from their bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidEncoding`]; a store reports it as
    /// [`StoreErrorKind::Corrupt`](crate::StoreErrorKind::Corrupt).
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        decode(bytes)
    }
}

/// The stored form of a [`SessionRecord`]. A type of its own, so that the public one goes into no
/// answer and no log by way of serde.
#[derive(Deserialize, Serialize)]
struct StoredRecord {
    handle: SessionHandle,
    revision: Revision,
    write_id: WriteId,
    binding: Binding,
    epochs: EpochStamp,
    credential: StoredCredential,
    previous: Option<StoredPrevious>,
    subject: Option<Subject>,
    authentication: Option<Authentication>,
    created_at: Timestamp,
    last_seen: Timestamp,
    idle_millis: Option<u64>,
    absolute_deadline: Timestamp,
    lock_when_idle: bool,
    remembered: bool,
    client: ClientFacts,
    data: DataMap,
}

/// What a session stands for beyond its login.
#[derive(Deserialize, Serialize)]
struct StoredCapacity {
    elevation: Option<Elevated>,
    impersonation: Option<Impersonated>,
}

impl From<&SessionRecord> for StoredRecord {
    fn from(record: &SessionRecord) -> Self {
        Self {
            handle: record.handle,
            revision: record.revision,
            write_id: record.write_id,
            binding: record.binding,
            epochs: record.epochs,
            credential: (&record.credential).into(),
            previous: record.previous.as_deref().map(StoredPrevious::from),
            subject: record.subject.clone(),
            authentication: record.authentication.clone(),
            created_at: record.created_at,
            last_seen: record.last_seen,
            idle_millis: record.idle_millis,
            absolute_deadline: record.absolute_deadline,
            lock_when_idle: record.lock_when_idle,
            remembered: record.remembered,
            client: record.client.clone(),
            data: record.data.clone(),
        }
    }
}

impl From<StoredRecord> for SessionRecord {
    fn from(stored: StoredRecord) -> Self {
        Self {
            handle: stored.handle,
            revision: stored.revision,
            write_id: stored.write_id,
            binding: stored.binding,
            epochs: stored.epochs,
            credential: stored.credential.into(),
            previous: stored.previous.map(|previous| Box::new(previous.into())),
            subject: stored.subject,
            authentication: stored.authentication,
            created_at: stored.created_at,
            last_seen: stored.last_seen,
            idle_millis: stored.idle_millis,
            absolute_deadline: stored.absolute_deadline,
            lock_when_idle: stored.lock_when_idle,
            remembered: stored.remembered,
            client: stored.client,
            elevation: None,
            impersonation: None,
            data: stored.data,
        }
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // The types here are all of known length, so nothing can fail but the allocation.
    postcard::to_extend(value, vec![FORMAT]).unwrap_or_default()
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidEncoding> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => match decode_first(rest)? {
            (value, []) => Ok(value),
            _ => Err(InvalidEncoding::Damaged),
        },
        Some((&version, _)) => Err(InvalidEncoding::UnknownVersion(version)),
        None => Err(InvalidEncoding::Damaged),
    }
}

/// Reads a value, and returns what comes after it.
fn decode_first<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), InvalidEncoding> {
    postcard::take_from_bytes(bytes).map_err(|_error| InvalidEncoding::Damaged)
}

impl Serialize for DataMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(name, entry)| {
            (
                name,
                entry.version(),
                entry.is_portable(),
                Bytes(entry.bytes()),
            )
        }))
    }
}

impl<'de> Deserialize<'de> for DataMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries: Vec<(String, u32, bool, OwnedBytes)> = Vec::deserialize(deserializer)?;
        Ok(entries
            .into_iter()
            .map(|(name, version, portable, bytes)| {
                (name.into(), Entry::new(&bytes.0, version, portable))
            })
            .collect())
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct OwnedBytes(Vec<u8>);

impl<'de> Deserialize<'de> for OwnedBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;

        impl Visitor<'_> for BytesVisitor {
            type Value = OwnedBytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<OwnedBytes, E> {
                Ok(OwnedBytes(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(BytesVisitor)
    }
}

#[cfg(test)]
mod tests;
