//! The keys, by their ids.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::Key;
use chacha20poly1305::KeyInit;
use chacha20poly1305::XChaCha20Poly1305;
use zeroize::Zeroizing;

/// How many bytes a key has.
pub const KEY_BYTES: usize = 32;

/// The keys of an [`EncryptedStore`](crate::EncryptedStore): the current one, which seals, and
/// older ones, which only open what was sealed before.
///
/// A key has an id, a number of your choice that stands beside what it has sealed. Ids are no
/// secret; the keys are zeroized when the last clone is dropped. `Debug` shows the ids only.
///
/// # Example: two keys
///
/// ```
/// use hallpass_stores::KeyRing;
///
/// # let (key_of_2026, key_of_2027) = ([1; 32], [2; 32]);
/// let keys = KeyRing::builder().current(2027, &key_of_2027).old(2026, &key_of_2026).build()?;
/// assert_eq!(format!("{keys:?}"), "KeyRing { current: 2027, old: [2026] }");
/// # Ok::<(), hallpass_stores::KeyRingError>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    current: Arc<SealingKey>,
    old: Arc<[SealingKey]>,
}

/// One key.
pub(super) struct SealingKey {
    pub(super) id: u32,
    /// Zeroized on drop. In a place of its own, so that no copy stays behind when the list moves.
    pub(super) cipher: Box<XChaCha20Poly1305>,
}

impl KeyRing {
    /// Starts without a key.
    pub fn builder() -> KeyRingBuilder {
        KeyRingBuilder::default()
    }

    /// Returns the key that seals.
    pub(super) fn current(&self) -> &SealingKey {
        &self.current
    }

    /// Returns the key with this id.
    pub(super) fn find(&self, id: u32) -> Option<&SealingKey> {
        if self.current.id == id {
            return Some(&self.current);
        }
        self.old.iter().find(|key| key.id == id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let old: Vec<u32> = self.old.iter().map(|key| key.id).collect();
        f.debug_struct("KeyRing")
            .field("current", &self.current.id)
            .field("old", &old)
            .finish()
    }
}

/// Builds a [`KeyRing`]. [`KeyRing::builder`] returns one.
#[derive(Default)]
#[must_use]
pub struct KeyRingBuilder {
    current: Vec<Named>,
    old: Vec<Named>,
}

struct Named {
    id: u32,
    bytes: Zeroizing<Box<[u8]>>,
}

impl KeyRingBuilder {
    /// The key that seals from now on: 32 bytes from a secure generator, never a password. Change
    /// it as often as your rules ask for, and give the one before as [`KeyRingBuilder::old`]. No
    /// default.
    pub fn current(mut self, id: u32, key: &[u8]) -> Self {
        self.current.push(Named::new(id, key));
        self
    }

    /// A key that sealed before, or that seals on other nodes already. It only opens. Leave it out
    /// once no session lives that it has sealed. Default: none.
    pub fn old(mut self, id: u32, key: &[u8]) -> Self {
        self.old.push(Named::new(id, key));
        self
    }

    /// Returns the keys.
    ///
    /// # Errors
    ///
    /// [`KeyRingError`], where there is no current key or a second one, an id is there twice, or a
    /// key is not [`KEY_BYTES`] long.
    pub fn build(self) -> Result<KeyRing, KeyRingError> {
        let current = match self.current.as_slice() {
            [] => return Err(KeyRingError::NoCurrentKey),
            [current] => current,
            [_, second, ..] => return Err(KeyRingError::SecondCurrentKey { id: second.id }),
        };
        let mut ids = vec![current.id];
        for Named { id, .. } in &self.old {
            if ids.contains(id) {
                return Err(KeyRingError::RepeatedId { id: *id });
            }
            ids.push(*id);
        }
        Ok(KeyRing {
            current: Arc::new(current.key()?),
            old: self.old.iter().map(Named::key).collect::<Result<_, _>>()?,
        })
    }
}

impl fmt::Debug for KeyRingBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = |keys: &[Named]| -> Vec<u32> { keys.iter().map(|key| key.id).collect() };
        f.debug_struct("KeyRingBuilder")
            .field("current", &ids(&self.current))
            .field("old", &ids(&self.old))
            .finish()
    }
}

impl Named {
    fn new(id: u32, key: &[u8]) -> Self {
        Self {
            id,
            bytes: Zeroizing::new(key.into()),
        }
    }

    fn key(&self) -> Result<SealingKey, KeyRingError> {
        let key = <&Key>::try_from(&**self.bytes).map_err(|_error| KeyRingError::WrongLength {
            id: self.id,
            length: self.bytes.len(),
        })?;
        Ok(SealingKey {
            id: self.id,
            cipher: Box::new(XChaCha20Poly1305::new(key)),
        })
    }
}

/// Why keys make no [`KeyRing`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// No key was named as the current one.
    #[error("there is no current key: name it with `current`")]
    NoCurrentKey,
    /// Two keys have the same id, so nobody could tell which one sealed.
    #[error("the id {id} is there twice: give each key an id of its own")]
    RepeatedId {
        /// The id.
        id: u32,
    },
    /// Two keys were named as the current one.
    #[error("key {id} is a second current key: give the one before with `old`")]
    SecondCurrentKey {
        /// The id of the second one.
        id: u32,
    },
    /// A key is too short or too long. It takes the bytes themselves, not their text.
    #[error("key {id} has {length} bytes, and a key takes {KEY_BYTES}")]
    WrongLength {
        /// The id of the key.
        id: u32,
        /// How many bytes were given.
        length: usize,
    },
}
