//! Encoded values by name.

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
/// A sorted list: sessions hold a handful of values, and a list is one allocation where a tree
/// would be a node of half a kilobyte. A clone shares the values.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DataMap(Vec<(Arc<str>, Entry)>);

impl DataMap {
    /// Returns the value with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let place = self.place(name).ok()?;
        self.0.get(place).map(|(_, entry)| entry)
    }

    /// Sets a value.
    pub fn insert(&mut self, name: Arc<str>, entry: Entry) {
        match self.place(&name) {
            Ok(place) => {
                if let Some((_, before)) = self.0.get_mut(place) {
                    *before = entry;
                }
            }
            Err(place) => self.0.insert(place, (name, entry)),
        }
    }

    /// Removes and returns a value.
    pub fn remove(&mut self, name: &str) -> Option<Entry> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Removes all values but those that are kept aside, and returns whether there were any.
    pub(crate) fn clear_own(&mut self) -> bool {
        let before = self.0.len();
        self.0.retain(|(name, _)| name.starts_with(KEPT));
        self.0.len() < before
    }

    /// Returns the same values under names that nobody asks for.
    pub(crate) fn kept_aside(&self) -> Self {
        let entries = self.0.iter();
        let entries = entries.map(|(name, entry)| (format!("{KEPT}{name}").into(), entry.clone()));
        entries.collect()
    }

    /// Returns the values that were kept aside, under their own names, and no others.
    pub(crate) fn taken_back(&self) -> Self {
        let entries = self.0.iter();
        let kept = entries.filter_map(|(name, entry)| {
            let name = name.strip_prefix(KEPT)?;
            Some((name.into(), entry.clone()))
        });
        kept.collect()
    }

    /// Returns whether there is no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many values there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the values by name, in the order of the names.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(name, entry)| (&**name, entry))
    }

    /// Returns the size that the payload limit bounds: all names and values, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.iter()
            .map(|(name, entry)| name.len() + entry.bytes.len())
            .sum()
    }

    /// Returns the values that come along at login.
    pub(crate) fn portable(&self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(_, entry)| entry.portable)
                .cloned()
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

    /// Returns where a name stands, or where it would.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

/// The beginning of the names of what is kept aside. Applications cannot name it.
const KEPT: &str = "hallpass.kept.";

impl FromIterator<(Arc<str>, Entry)> for DataMap {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Entry)>>(entries: I) -> Self {
        let mut data = Self::default();
        for (name, entry) in entries {
            data.insert(name, entry);
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_replaced_and_removed_by_name() {
        let mut data = DataMap::default();
        for name in ["b", "a", "c", "a"] {
            data.insert(name.into(), Entry::new(name.as_bytes(), 0, name == "c"));
        }
        data.insert("b".into(), Entry::new(b"2", 1, false));
        let names: Vec<_> = data.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(data.get("b").map(Entry::bytes), Some(&b"2"[..]));
        assert_eq!(data.get("d"), None);
        assert_eq!((data.len(), data.size()), (3, 6));
        assert_eq!(data.portable().len(), 1);
        assert_eq!(data.remove("a").map(|entry| entry.version()), Some(0));
        assert_eq!(data.remove("a"), None);
        data.clear();
        assert!(data.is_empty());
    }
}
