//! Keys: plain names, and types that know theirs.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DataError;
use super::Entry;
use super::JsonFault;

/// A type that is kept in sessions under a key of its own.
///
/// # Example: a cart that comes along at login and once was a plain list
///
/// ```
/// use hallpass_core::{DataError, SessionData};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Deserialize, Serialize)]
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// impl SessionData for Cart {
///     const KEY: &'static str = "cart";
///     const VERSION: u32 = 2;
///     const PORTABLE: bool = true;
///
///     fn migrate(version: u32, stored: serde_json::Value) -> Result<Self, DataError> {
///         match version {
///             1 => serde_json::from_value(stored)
///                 .map(|items| Self { items })
///                 .map_err(DataError::from),
///             stored => Err(DataError::UnknownVersion { stored }),
///         }
///     }
/// }
/// ```
pub trait SessionData: DeserializeOwned + Serialize + Send + 'static {
    /// The name that the value has in the session. Unique within the application.
    const KEY: &'static str;

    /// The version of the type's encoding. Count it up when the encoding changes, and teach
    /// [`SessionData::migrate`] the old one. Default: 1.
    const VERSION: u32 = 1;

    /// Whether the value comes along when the client logs in. Default: no, because what an
    /// anonymous client wrote may be an attacker's.
    const PORTABLE: bool = false;

    /// Makes a value of this version from one of an earlier version.
    ///
    /// # Errors
    ///
    /// [`DataError::UnknownVersion`] for a version that the type does not know, which is what this
    /// does unless it is written anew; [`DataError::Decode`] for a value that does not fit.
    fn migrate(version: u32, stored: serde_json::Value) -> Result<Self, DataError> {
        drop(stored);
        Err(DataError::UnknownVersion { stored: version })
    }

    /// Returns the key of the type.
    #[must_use]
    fn key() -> DataKey<Self> {
        DataKey(PhantomData)
    }
}

/// The key of a type that is a [`SessionData`]. [`SessionData::key`] returns it.
pub struct DataKey<T>(PhantomData<fn() -> T>);

impl<T> Clone for DataKey<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for DataKey<T> {}

impl<T: SessionData> fmt::Debug for DataKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", T::KEY)
    }
}

/// What names a value of type `T`: a plain `&str`, or the key of a [`SessionData`].
pub trait Key<T> {
    /// Returns the name of the value.
    fn name(&self) -> &str;

    /// Returns how the value is read and written.
    fn codec(&self) -> Codec<T>;
}

impl<T> Key<T> for &str {
    fn name(&self) -> &str {
        self
    }

    fn codec(&self) -> Codec<T> {
        Codec::PLAIN
    }
}

impl<T: SessionData> Key<T> for DataKey<T> {
    fn name(&self) -> &str {
        T::KEY
    }

    fn codec(&self) -> Codec<T> {
        Codec {
            version: T::VERSION,
            portable: T::PORTABLE,
            migrate: Some(T::migrate),
        }
    }
}

type Migrate<T> = fn(u32, serde_json::Value) -> Result<T, DataError>;

/// How a value is read and written.
pub struct Codec<T> {
    version: u32,
    portable: bool,
    migrate: Option<Migrate<T>>,
}

impl<T> Codec<T> {
    /// Values without a version.
    pub(crate) const PLAIN: Self = Self {
        version: 0,
        portable: false,
        migrate: None,
    };
}

impl<T: DeserializeOwned> Codec<T> {
    /// Decodes a stored value, migrating it where it has another version.
    pub(crate) fn decode(&self, entry: &Entry) -> Result<T, DataError> {
        match self.migrate {
            Some(migrate) if entry.version() != self.version => {
                let stored = serde_json::from_slice(entry.bytes()).map_err(DataError::from)?;
                migrate(entry.version(), stored)
            }
            _ => serde_json::from_slice(entry.bytes()).map_err(DataError::from),
        }
    }
}

impl<T: Serialize> Codec<T> {
    pub(crate) fn encode(&self, value: &T) -> Result<Entry, DataError> {
        let bytes =
            serde_json::to_vec(value).map_err(|error| DataError::Encode(JsonFault::of(&error)))?;
        Ok(Entry::new(&bytes, self.version, self.portable))
    }
}

impl<T> fmt::Debug for Codec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Codec(version {})", self.version)
    }
}

/// Refuses names that no application may use.
pub(crate) fn checked(name: &str) -> Result<&str, DataError> {
    let fits = (1..=255).contains(&name.len())
        && !name.chars().any(char::is_control)
        && !name.starts_with(RESERVED);
    if fits {
        Ok(name)
    } else {
        Err(DataError::InvalidKey)
    }
}

const RESERVED: &str = "hallpass.";

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
    struct Name {
        given: String,
    }

    impl SessionData for Name {
        const KEY: &'static str = "name";
        const VERSION: u32 = 2;

        fn migrate(version: u32, stored: serde_json::Value) -> Result<Self, DataError> {
            match version {
                1 => serde_json::from_value(stored)
                    .map(|given| Self { given })
                    .map_err(DataError::from),
                stored => Err(DataError::UnknownVersion { stored }),
            }
        }
    }

    #[test]
    fn an_earlier_version_migrates_and_a_later_one_is_refused() {
        let key = Name::key().codec();
        let expected = Name {
            given: "Ada".to_owned(),
        };
        assert_eq!(
            key.decode(&Entry::new(b"\"Ada\"", 1, false)).unwrap(),
            expected
        );
        assert_eq!(
            key.decode(&key.encode(&expected).unwrap()).unwrap(),
            expected
        );
        assert!(matches!(
            key.decode(&Entry::new(b"{}", 3, false)),
            Err(DataError::UnknownVersion { stored: 3 })
        ));
    }

    #[test]
    fn names_are_bounded_and_not_ours() {
        for wrong in ["", "a\nb", "hallpass.flash", &"x".repeat(256)] {
            assert!(
                matches!(checked(wrong), Err(DataError::InvalidKey)),
                "{wrong}"
            );
        }
        assert!(checked(&"x".repeat(255)).is_ok());
    }
}
