//! The data of a session outside of one, with types.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DataError;
use super::DataMap;
use super::Entry;
use super::Key;
use super::checked;

/// Values by name, which a login begins with or which were there before it.
///
/// What the library keeps for itself is not among them.
#[derive(Clone, Default, PartialEq)]
pub struct Values(DataMap);

#[expect(
    clippy::needless_pass_by_value,
    reason = "keys are names, handed over like them"
)]
impl Values {
    pub(crate) const fn new(data: DataMap) -> Self {
        Self(data)
    }

    pub(crate) fn into_data(self) -> DataMap {
        self.0
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter()
    }

    /// Returns a value; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`DataError`] where the key is not allowed, or the value is of another type.
    pub fn get<T: DeserializeOwned>(&self, key: impl Key<T>) -> Result<Option<T>, DataError> {
        let entry = self.0.get(checked(key.name())?);
        entry.map(|entry| key.codec().decode(entry)).transpose()
    }

    /// Sets a value.
    ///
    /// # Errors
    ///
    /// [`DataError`] where the key is not allowed, or the value cannot be encoded.
    pub fn insert<T: Serialize>(&mut self, key: impl Key<T>, value: T) -> Result<(), DataError> {
        let name = checked(key.name())?;
        self.0.insert(name.into(), key.codec().encode(&value)?);
        Ok(())
    }

    /// Removes a value, and returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`DataError::InvalidKey`] where the key is not allowed.
    pub fn remove(&mut self, name: &str) -> Result<bool, DataError> {
        Ok(self.0.remove(checked(name)?).is_some())
    }

    /// Takes over a value as it is stored, whatever its type, in place of one of this name; nothing
    /// where the others have none. Returns whether they had one.
    ///
    /// # Errors
    ///
    /// [`DataError::InvalidKey`] where the key is not allowed.
    pub fn keep(&mut self, name: &str, others: &Self) -> Result<bool, DataError> {
        self.keep_as(name, name, others)
    }

    /// Does what [`Values::keep`] does, under another name.
    ///
    /// # Errors
    ///
    /// As [`Values::keep`].
    pub fn keep_as(&mut self, name: &str, theirs: &str, others: &Self) -> Result<bool, DataError> {
        let entry = others.0.get(checked(theirs)?);
        let name: Arc<str> = checked(name)?.into();
        Ok(entry
            .map(|entry| self.0.insert(name, entry.clone()))
            .is_some())
    }

    /// Returns the names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.0.iter().map(|(name, _)| name);
        names.filter(|name| checked(name).is_ok())
    }
}

impl fmt::Debug for Values {
    /// Writes the names: the values are somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_and_ours_are_out_of_reach() {
        let entry = Entry::new(b"1", 3, true);
        let ours = (Arc::from("hallpass.flash"), entry.clone());
        let stored = [ours.clone(), ("n".into(), entry.clone())];
        let before = Values::new(stored.into_iter().collect());
        assert_eq!(before.names().collect::<Vec<_>>(), ["n"]);
        assert_eq!(format!("{before:?}"), r#"{"n"}"#);
        let mut after = Values::default();
        assert!(after.keep_as("m", "n", &before).unwrap());
        assert!(!after.keep("absent", &before).unwrap());
        after.insert("x", 2).unwrap();
        assert_eq!(after.get::<u8>("m").unwrap(), Some(1));
        assert!(after.remove("x").unwrap() && !after.remove("x").unwrap());
        assert_eq!(
            after.clone().into_data().get("m"),
            Some(&entry),
            "with its version, and portable as before"
        );
        for refused in [
            after.keep("hallpass.flash", &before),
            after.keep_as("m", "hallpass.flash", &before),
            after.keep_as("hallpass.flash", "n", &before),
            after.remove("hallpass.flash"),
            after.insert("hallpass.flash", 1).map(|()| true),
            before.get::<u8>("hallpass.flash").map(|_| true),
        ] {
            assert!(matches!(refused, Err(DataError::InvalidKey)));
        }
        assert!(before.into_data().get(&ours.0).is_some());
    }
}
