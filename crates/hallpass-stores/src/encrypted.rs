//! Encryption of the application's data at rest.

mod abilities;
mod keys;
mod sealing;

use std::sync::Arc;

use hallpass_core::Create;
use hallpass_core::DataMap;
use hallpass_core::End;
use hallpass_core::EndOutcome;
use hallpass_core::Load;
use hallpass_core::Revision;
use hallpass_core::SecureRandom;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionStore;
use hallpass_core::StoreError;
use hallpass_core::StoreErrorKind;
use hallpass_core::SystemRandom;
use hallpass_core::Timestamp;
use hallpass_core::Touch;
use hallpass_core::Touched;
use hallpass_core::Write;

pub use self::keys::KEY_BYTES;
pub use self::keys::KeyRing;
pub use self::keys::KeyRingBuilder;
pub use self::keys::KeyRingError;

use self::sealing::Fault;
use self::sealing::SEALED;

/// A store around a store, which keeps the application's data encrypted in it.
///
/// All data of a session become one entry, sealed with XChaCha20-Poly1305 under a random nonce of
/// 24 bytes. What is sealed opens in its own session only: put under another handle it is refused.
/// The store has the abilities of the one inside. Clones are the same store where those of the one
/// inside are.
///
/// # What is hidden, and what is not
///
/// | Who reads the database sees | and does not see |
/// | --- | --- |
/// | whose session it is, and how the subject authenticated | names and values of the data |
/// | what is known of the client, all times, why a session ended | their types' versions, and which come along at login |
/// | digests and the chain key of the tokens, which open nothing by themselves | |
/// | whether there are data, how much, and that they were written | |
///
/// Sealed data take 44 bytes and a name more than plain ones. The payload limit is checked by the
/// engine, which sees them plain.
///
/// Who *writes* to the database can not read the data, make others, or give one session those of
/// another. That one can put back what the same session had before, and remove all of it, because
/// an empty session is stored as empty. Against a reader who also has an old token of a family, see
/// the threats that a copy of the store brings; encryption of the data changes nothing there.
///
/// # Writes that are repeated
///
/// A write that is repeated has other bytes and the same meaning. A store recognizes it by its
/// write id and does not compare the bytes, so it is applied once.
///
/// # Errors
///
/// As the store inside, and:
///
/// - [`StoreErrorKind::Corrupt`] where data do not open: sealed with a key that is not in the ring,
///   changed, moved, or plain. A `load` then counts as [`Load::Missing`], and the user signs in
///   again; `list`, and `bind` at a limit that rejects, fail.
/// - [`StoreErrorKind::Rejected`] where there is no randomness. Nothing was changed.
///
/// # Cancel safety
///
/// As the store inside: each operation is one of its operations.
///
/// # Example: data at rest
///
/// ```
/// use hallpass_core::DynStore;
/// use hallpass_memory::MemoryStore;
/// use hallpass_stores::{EncryptedStore, KeyRing};
///
/// # let key = [7; 32];
/// let keys = KeyRing::builder().current(1, &key).build()?;
/// let store = EncryptedStore::new(MemoryStore::new(), keys);
/// let store = DynStore::builder(store).with_index().with_epochs().with_feed().build();
/// # assert!(store.has_index());
/// # Ok::<(), hallpass_stores::KeyRingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct EncryptedStore<S> {
    store: S,
    keys: KeyRing,
    random: Arc<dyn SecureRandom>,
    accepts_plain: bool,
}

impl<S> EncryptedStore<S> {
    /// Wraps a store. Plain data are refused.
    #[must_use]
    pub fn new(store: S, keys: KeyRing) -> Self {
        Self {
            store,
            keys,
            random: Arc::new(SystemRandom),
            accepts_plain: false,
        }
    }

    /// Where the nonces come from. Change it in tests only. Default: [`SystemRandom`].
    ///
    /// # Security
    ///
    /// Two nonces that are the same under one key tell what their data have in common, and let
    /// others be forged.
    #[must_use]
    pub fn random(mut self, random: impl SecureRandom + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Accepts data that are not encrypted, for the time in which sessions live that were written
    /// before encryption was switched on. Each is sealed by its next update.
    ///
    /// # Security
    ///
    /// Who can write to the database can put plain data of their choice into any session for as
    /// long as this is on. Switch it off once the longest absolute timeout is over. Default: off.
    #[must_use]
    pub const fn danger_accept_plain(mut self) -> Self {
        self.accepts_plain = true;
        self
    }

    /// Returns the store inside, which sees the data sealed.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.store
    }

    fn seal(&self, record: &SessionRecord) -> Result<SessionRecord, StoreError> {
        let data = sealing::seal(record.data(), record.handle(), &self.keys, &*self.random)?;
        Ok(record.clone().with_data(data))
    }

    fn open(&self, record: Arc<SessionRecord>) -> Result<Arc<SessionRecord>, StoreError> {
        match self.opened(&record)? {
            Some(data) => Ok(Arc::new(Arc::unwrap_or_clone(record).with_data(data))),
            None => Ok(record),
        }
    }

    fn open_all(
        &self,
        records: Vec<Arc<SessionRecord>>,
    ) -> Result<Vec<Arc<SessionRecord>>, StoreError> {
        records
            .into_iter()
            .map(|record| self.open(record))
            .collect()
    }

    /// Returns the data of a record; `None` where they are what is stored.
    fn opened(&self, record: &SessionRecord) -> Result<Option<DataMap>, StoreError> {
        let stored = record.data();
        let fault = match stored.get(SEALED) {
            Some(entry) if stored.len() == 1 => {
                return sealing::open(entry, record.handle(), &self.keys).map(Some);
            }
            Some(_) => Fault::Mixed,
            None if stored.is_empty() || self.accepts_plain => return Ok(None),
            None => Fault::Plain,
        };
        Err(StoreError::new(StoreErrorKind::Corrupt, fault))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: SessionStore> SessionStore for EncryptedStore<S> {
    async fn create(&self, record: &SessionRecord, now: Timestamp) -> Result<Create, StoreError> {
        self.store.create(&self.seal(record)?, now).await
    }

    async fn load(&self, handle: SessionHandle, now: Timestamp) -> Result<Load, StoreError> {
        match self.store.load(handle, now).await? {
            Load::Live(record) => self.open(record).map(Load::Live),
            gone @ (Load::Ended(_) | Load::Missing) => Ok(gone),
        }
    }

    async fn update(
        &self,
        record: &SessionRecord,
        expected: Revision,
        now: Timestamp,
    ) -> Result<Write, StoreError> {
        self.store.update(&self.seal(record)?, expected, now).await
    }

    async fn touch(&self, touch: &Touch, now: Timestamp) -> Result<Touched, StoreError> {
        self.store.touch(touch, now).await
    }

    async fn end(&self, end: &End, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.store.end(end, now).await
    }
}
