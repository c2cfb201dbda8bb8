//! The application's data in a session.

mod key;
mod map;

pub use self::key::Codec;
pub use self::key::DataKey;
pub use self::key::Key;
pub use self::key::SessionData;
pub use self::map::DataMap;
pub use self::map::Entry;

pub(crate) use self::key::checked;

/// Why a value did not go in or did not come out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The stored value is not one of the type that was asked for.
    #[error("the stored value is not of the type that was asked for")]
    Decode(#[source] serde_json::Error),
    /// The value cannot be encoded.
    #[error("the value cannot be encoded")]
    Encode(#[source] serde_json::Error),
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
