//! The public name of a session.

use std::fmt;
use std::str::FromStr;

use base64ct::Base64UrlUnpadded;
use base64ct::Encoding;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use super::HANDLE_BYTES;

const HANDLE_CHARS: usize = 22;

/// The public, non-secret name of a session: 16 bytes, written as 22 characters of base64url.
///
/// It is safe to log and to show in a list of devices. Knowing it opens nothing: it is no
/// credential, and nobody can do with it what the subject could not do anyway.
///
/// # Example: there and back
///
/// ```
/// use hallpass_core::SessionHandle;
///
/// let handle: SessionHandle = "AAECAwQFBgcICQoLDA0ODw".parse()?;
/// assert_eq!(handle.to_string(), "AAECAwQFBgcICQoLDA0ODw");
/// # Ok::<(), hallpass_core::InvalidHandle>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionHandle([u8; HANDLE_BYTES]);

impl SessionHandle {
    /// Returns the handle with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; HANDLE_BYTES]) -> Self {
        Self(bytes)
    }

    /// Returns the 16 bytes of the handle.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; HANDLE_BYTES] {
        self.0
    }
}

impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionHandle({self})")
    }
}

impl fmt::Display for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; HANDLE_CHARS];
        f.write_str(Base64UrlUnpadded::encode(&self.0, &mut text).unwrap_or_default())
    }
}

impl FromStr for SessionHandle {
    type Err = InvalidHandle;

    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        if text.len() != HANDLE_CHARS {
            return Err(InvalidHandle);
        }
        let mut bytes = [0; HANDLE_BYTES];
        Base64UrlUnpadded::decode(text, &mut bytes).map_err(|_error| InvalidHandle)?;
        let handle = Self(bytes);
        // The last character carries four bits that no byte uses: one encoding, not sixteen.
        if handle.to_string() == text {
            Ok(handle)
        } else {
            Err(InvalidHandle)
        }
    }
}

impl Serialize for SessionHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for SessionHandle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            Deserialize::deserialize(deserializer).map(Self)
        }
    }
}

/// A text is not a handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a session handle")]
#[non_exhaustive]
pub struct InvalidHandle;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_text_names_a_handle() {
        let handle = SessionHandle::from_bytes([0; HANDLE_BYTES]);
        assert_eq!(handle.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!("AAAAAAAAAAAAAAAAAAAAAA".parse(), Ok(handle));
        for wrong in [
            "",
            "AAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAA==",
        ] {
            assert_eq!(
                wrong.parse::<SessionHandle>(),
                Err(InvalidHandle),
                "{wrong}"
            );
        }
    }

    /// Race 12: what a device list shows is not a token.
    #[test]
    fn a_handle_is_not_a_token() {
        let handle = SessionHandle::from_bytes([5; HANDLE_BYTES]).to_string();
        assert!(crate::SessionToken::parse(handle.as_bytes()).is_err());
    }
}
