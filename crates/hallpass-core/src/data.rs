//! The application's data in a session.

mod key;
mod map;
mod values;

pub use self::key::Codec;
pub use self::key::DataKey;
pub use self::key::Key;
pub use self::key::SessionData;
pub use self::map::DataMap;
pub use self::map::Entry;
pub use self::values::Values;

pub(crate) use self::key::checked;

/// Why a value did not go in or did not come out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The stored value is not one of the type that was asked for.
    #[error("the stored value is not of the type that was asked for")]
    Decode(#[source] JsonFault),
    /// The value cannot be encoded.
    #[error("the value cannot be encoded")]
    Encode(#[source] JsonFault),
    /// The name of a key is empty, longer than 255 bytes, holds control characters, or starts
    /// with `hallpass.`, which is the library's own.
    #[error("a key takes 1 to 255 bytes, without control characters, and not `hallpass.` in front")]
    InvalidKey,
    /// The session would hold more than the payload limit allows. Nothing was changed.
    #[error("the session would hold {size} bytes, and the payload limit is {limit}")]
    TooLarge {
        /// The size that the data would have, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The stored value has a version that the type neither has nor can migrate.
    #[error("the stored value has version {stored}, which its type can not migrate")]
    UnknownVersion {
        /// The version of the stored value.
        stored: u32,
    },
}

impl From<serde_json::Error> for DataError {
    /// For [`SessionData::migrate`]: a stored value that does not fit.
    fn from(error: serde_json::Error) -> Self {
        Self::Decode(JsonFault::of(&error))
    }
}

/// Where a JSON text does not fit. Deliberately without what stands there, which is somebody's
/// data: an error ends up in logs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{category:?} fault at line {line}, column {column}")]
#[non_exhaustive]
pub struct JsonFault {
    category: serde_json::error::Category,
    line: usize,
    column: usize,
}

impl JsonFault {
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        Self {
            category: error.classify(),
            line: error.line(),
            column: error.column(),
        }
    }
}
