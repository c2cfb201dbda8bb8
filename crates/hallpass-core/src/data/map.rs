//! Encoded values by name.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;
use std::sync::Arc;

use super::DataError;

/// One encoded value.
///
/// `Debug` shows its size, not its content.
#[derive(Clone, Eq, PartialEq)]
pub struct Entry {
    bytes: Arc<[u8]>,
    version: u32,
    portable: bool,
}

impl Entry {
    /// Returns a value from its JSON text, the version of its type, and whether it comes along at
    /// login.
    #[must_use]
    pub fn new(bytes: &[u8], version: u32, portable: bool) -> Self {
        Self {
            bytes: bytes.into(),
            version,
            portable,
        }
    }

    /// Returns the JSON text of the value.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the version of the type that wrote the value.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Returns whether the value comes along at login.
    #[must_use]
    pub const fn is_portable(&self) -> bool {
        self.portable
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} bytes)", self.bytes.len())
    }
}

/// The application's data: encoded values by name, each decoded only when it is asked for.
///
/// A clone shares the values, so that copying a record before a change costs little.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DataMap(BTreeMap<Arc<str>, Entry>);

impl DataMap {
    /// Returns the value with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }

    /// Sets a value.
    pub fn insert(&mut self, name: Arc<str>, entry: Entry) {
        self.0.insert(name, entry);
    }

    /// Removes and returns a value.
    pub fn remove(&mut self, name: &str) -> Option<Entry> {
        self.0.remove(name)
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the values by name, in the order of the names.
    pub fn iter(&self) -> btree_map::Iter<'_, Arc<str>, Entry> {
        self.0.iter()
    }

    /// Returns the size that the payload limit bounds: all names and values, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0
            .iter()
            .map(|(name, entry)| name.len() + entry.bytes.len())
            .sum()
    }

    /// Returns the values that come along at login.
    pub(crate) fn portable(&self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(_, entry)| entry.portable)
                .map(|(name, entry)| (Arc::clone(name), entry.clone()))
                .collect(),
        )
    }

    /// Refuses data beyond the limit, unless they are no larger than `before`: a limit that was
    /// lowered does not keep anybody from removing something.
    pub(crate) fn check_growth(&self, before: usize, limit: usize) -> Result<(), DataError> {
        let size = self.size();
        if size <= limit.max(before) {
            Ok(())
        } else {
            Err(DataError::TooLarge { size, limit })
        }
    }
}

impl<'a> IntoIterator for &'a DataMap {
    type Item = (&'a Arc<str>, &'a Entry);
    type IntoIter = btree_map::Iter<'a, Arc<str>, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(Arc<str>, Entry)> for DataMap {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Entry)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}
