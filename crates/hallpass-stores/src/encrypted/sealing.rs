//! The sealed form of a session's data.
//!
//! One entry: the id of the key (4 bytes, the most significant first), the nonce (24), the
//! ciphertext of [`DataMap::encode`] with its tag (16). The handle and the id of the key are
//! associated data, so what is sealed opens in its own session only.

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::aead::Payload;
use hallpass_core::DataMap;
use hallpass_core::Entry;
use hallpass_core::SecureRandom;
use hallpass_core::SessionHandle;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;

use super::keys::KeyRing;

/// The name of the sealed entry. Reserved, so no application has one like it.
pub(super) const SEALED: &str = "hallpass.sealed";

/// Seals the data of a session with the current key. No data stay no data.
pub(super) fn seal(
    data: &DataMap,
    handle: SessionHandle,
    keys: &KeyRing,
    random: &dyn SecureRandom,
) -> Result<DataMap, StoreError> {
    if data.is_empty() {
        return Ok(DataMap::default());
    }
    let key = keys.current();
    let mut nonce = XNonce::default();
    // Nothing was written yet, so a caller that asks again risks nothing.
    random
        .fill(&mut nonce)
        .map_err(|error| StoreError::new(StoreErrorKind::Rejected, error))?;
    let plain = data.encode();
    let aad = associated(key.id, handle);
    let payload = Payload {
        msg: &plain,
        aad: &aad,
    };
    let sealed = key
        .cipher
        .encrypt(&nonce, payload)
        .map_err(|_error| StoreError::new(StoreErrorKind::Rejected, TooLong))?;
    let mut bytes = Vec::with_capacity(KEY_ID + NONCE + sealed.len());
    bytes.extend_from_slice(&key.id.to_be_bytes());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    let entry = (SEALED.into(), Entry::new(&bytes, FORMAT, false));
    Ok(DataMap::from_iter([entry]))
}

/// Opens what [`seal`] has made for this session.
pub(super) fn open(
    entry: &Entry,
    handle: SessionHandle,
    keys: &KeyRing,
) -> Result<DataMap, StoreError> {
    opened(entry, handle, keys).map_err(|fault| StoreError::new(StoreErrorKind::Corrupt, fault))
}

fn opened(entry: &Entry, handle: SessionHandle, keys: &KeyRing) -> Result<DataMap, Fault> {
    if entry.version() != FORMAT {
        return Err(Fault::UnknownFormat(entry.version()));
    }
    let (id, rest) = entry.bytes().split_first_chunk().ok_or(Fault::Damaged)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(Fault::Damaged)?;
    let id = u32::from_be_bytes(*id);
    let key = keys.find(id).ok_or(Fault::UnknownKey(id))?;
    let payload = Payload {
        msg: sealed,
        aad: &associated(id, handle),
    };
    let plain = key
        .cipher
        .decrypt(nonce.into(), payload)
        .map_err(|_error| Fault::Unauthentic(id))?;
    DataMap::decode(&plain).map_err(|_error| Fault::Damaged)
}

/// What is authenticated beside the data.
fn associated(key: u32, handle: SessionHandle) -> [u8; LABEL.len() + KEY_ID + 16] {
    let mut bytes = [0; LABEL.len() + KEY_ID + 16];
    let parts = LABEL
        .iter()
        .copied()
        .chain(key.to_be_bytes())
        .chain(handle.to_bytes());
    for (byte, part) in bytes.iter_mut().zip(parts) {
        *byte = part;
    }
    bytes
}

/// Keeps what is sealed here apart from anything else that the same key may ever seal.
const LABEL: &[u8; 24] = b"hallpass session data v1";

const FORMAT: u32 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 24;

/// Why stored data are not read. Holds nothing of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the sealed data are damaged")]
    Damaged,
    #[error("there are plain data beside the sealed ones")]
    Mixed,
    #[error("the data are not encrypted, and plain data are not accepted")]
    Plain,
    #[error("the data do not open with key {0}: they were changed, moved, or sealed with another")]
    Unauthentic(u32),
    #[error("the data are sealed in format {0}, which is not known here")]
    UnknownFormat(u32),
    #[error("the data are sealed with key {0}, which is not in the ring")]
    UnknownKey(u32),
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the data are too long to be sealed")]
struct TooLong;
