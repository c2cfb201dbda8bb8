//! The two names of a session: the public handle and the secret token.

mod handle;

use std::fmt;

use base64ct::Base64UrlUnpadded;
use base64ct::Encoding;
use sha2::Digest as _;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;

pub use self::handle::InvalidHandle;
pub use self::handle::SessionHandle;

/// How long a token is as text, in characters.
pub const TOKEN_CHARS: usize = 64;
const TOKEN_BYTES: usize = 48;
const HANDLE_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
pub(crate) const SECRET_BYTES: usize = 28;

/// The bearer secret of a session, which the client carries.
///
/// 48 bytes, written as 64 characters of base64url without padding: the [`SessionHandle`] (16
/// bytes), the generation (4 bytes, big endian) and 224 bits of secret. OWASP calls it the
/// session ID (ASVS 5.0 7.2.3 asks for at least 128 bits).
///
/// It has no `Display`, no `Serialize` and no order. `Debug` prints its type only, equality takes
/// constant time, and its bytes are overwritten when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionToken {
    handle: [u8; HANDLE_BYTES],
    generation: u32,
    secret: [u8; SECRET_BYTES],
}

impl SessionToken {
    pub(crate) const fn new(
        handle: SessionHandle,
        generation: u32,
        secret: [u8; SECRET_BYTES],
    ) -> Self {
        Self {
            handle: handle.to_bytes(),
            generation,
            secret,
        }
    }

    /// Reads a token from the one encoding that is accepted.
    ///
    /// Length and alphabet are checked here, before anybody asks a store (SES-22). That a token
    /// parses says nothing about whether it was ever issued.
    ///
    /// # Errors
    ///
    /// [`MalformedToken`] for everything that is not exactly 64 characters of base64url.
    pub fn parse(text: &[u8]) -> Result<Self, MalformedToken> {
        let text: &[u8; TOKEN_CHARS] = text.try_into().map_err(|_error| MalformedToken)?;
        let mut bytes = [0; TOKEN_BYTES];
        Base64UrlUnpadded::decode(text, &mut bytes).map_err(|_error| MalformedToken)?;
        let token = Self::from_bytes(&bytes);
        bytes.zeroize();
        token
    }

    /// Returns the text that goes to the client, and nowhere else.
    ///
    /// # Security
    ///
    /// Whoever holds this text holds the session. It belongs into the carrier (the cookie or the
    /// header) and into no log, no body and no URL.
    #[must_use]
    pub fn expose_secret(&self) -> ExposedToken {
        let mut bytes = self.to_bytes();
        let mut text = [0; TOKEN_CHARS];
        // 48 bytes are 64 characters, so the encoding always fits.
        let encoded = Base64UrlUnpadded::encode(&bytes, &mut text).is_ok();
        debug_assert!(encoded, "48 bytes are 64 characters");
        bytes.zeroize();
        ExposedToken(text)
    }

    /// Returns the public name of the session that the token speaks of.
    #[must_use]
    pub const fn handle(&self) -> SessionHandle {
        SessionHandle::from_bytes(self.handle)
    }

    /// Returns how often the token was renewed before it became this one.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns what a store keeps instead of the token: SHA-256 over its 48 bytes.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        // Part by part: a copy of the 48 bytes would have to be overwritten, byte by byte.
        let digest = Sha256::new()
            .chain_update(self.handle.as_slice())
            .chain_update(self.generation.to_be_bytes())
            .chain_update(self.secret.as_slice());
        TokenDigest(digest.finalize().into())
    }

    pub(crate) const fn secret(&self) -> &[u8; SECRET_BYTES] {
        &self.secret
    }

    fn from_bytes(bytes: &[u8; TOKEN_BYTES]) -> Result<Self, MalformedToken> {
        let (handle, rest) = bytes.split_first_chunk().ok_or(MalformedToken)?;
        let (generation, secret) = rest.split_first_chunk().ok_or(MalformedToken)?;
        Ok(Self {
            handle: *handle,
            generation: u32::from_be_bytes(*generation),
            secret: secret.try_into().map_err(|_error| MalformedToken)?,
        })
    }

    fn to_bytes(&self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [0; TOKEN_BYTES];
        let (handle, rest) = bytes.split_at_mut(HANDLE_BYTES);
        let (generation, secret) = rest.split_at_mut(GENERATION_BYTES);
        handle.copy_from_slice(&self.handle);
        generation.copy_from_slice(&self.generation.to_be_bytes());
        secret.copy_from_slice(&self.secret);
        bytes
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken")
    }
}

impl PartialEq for SessionToken {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes().ct_eq(&other.to_bytes()).into()
    }
}

impl Eq for SessionToken {}

/// A text is not a token. Deliberately says no more: a client learns nothing from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a session token")]
#[non_exhaustive]
pub struct MalformedToken;

/// The text of a token, on its way into a carrier.
///
/// `Debug` prints the type only; the characters are overwritten when it is dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ExposedToken([u8; TOKEN_CHARS]);

impl ExposedToken {
    /// Returns the 64 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The alphabet of base64url is ASCII, so this is never the default.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for ExposedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExposedToken")
    }
}

/// The SHA-256 digest of a token, which is what a store keeps of it.
///
/// The secret has 224 random bits, so no slow hash is needed. Equality takes constant time
/// (SES-24, SES-31); `Debug` prints the type only.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Returns a digest from the bytes that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes that a store keeps.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Returns the digest as numbers, which are compared in a fraction of the time of bytes.
    fn words(&self) -> [u64; 4] {
        let (words, _) = self.0.as_chunks();
        let mut words = words.iter().copied().map(u64::from_ne_bytes);
        std::array::from_fn(|_place| words.next().unwrap_or_default())
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest")
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.words().ct_eq(&other.words()).into()
    }
}

impl Eq for TokenDigest {}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> SessionToken {
        SessionToken::new(SessionHandle::from_bytes([7; 16]), 3, [9; SECRET_BYTES])
    }

    #[test]
    fn a_token_reads_back_what_it_wrote() {
        let text = token().expose_secret();
        let read = SessionToken::parse(text.as_str().as_bytes()).unwrap();
        assert_eq!(text.as_str().len(), TOKEN_CHARS);
        assert_eq!(read, token());
        assert_eq!(read.handle(), SessionHandle::from_bytes([7; 16]));
        assert_eq!(read.generation(), 3);
    }

    /// SES-22: every wrong length, and every character outside of the alphabet.
    #[test]
    fn only_one_encoding_is_accepted() {
        let text = token().expose_secret();
        let good = text.as_str().as_bytes();
        for length in (0..TOKEN_CHARS).chain([TOKEN_CHARS + 1, 8 * 1024]) {
            let wrong: Vec<u8> = good.iter().copied().cycle().take(length).collect();
            assert_eq!(
                SessionToken::parse(&wrong),
                Err(MalformedToken),
                "length {length}"
            );
        }
        for place in 0..TOKEN_CHARS {
            for character in *b"=+/ \0\r\n\";,%.\x7f\x80\xff" {
                let mut wrong = good.to_vec();
                wrong[place] = character;
                assert_eq!(
                    SessionToken::parse(&wrong),
                    Err(MalformedToken),
                    "{character:?}"
                );
            }
        }
    }

    /// SES-02: nothing of a token can be changed without changing its digest.
    #[test]
    fn each_bit_counts() {
        let digest = token().digest();
        let bytes = token().to_bytes();
        for bit in 0..TOKEN_BYTES * 8 {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(
                SessionToken::from_bytes(&changed).unwrap().digest(),
                digest,
                "bit {bit}"
            );
        }
    }

    /// Race 47.
    #[test]
    fn debug_shows_no_secret() {
        let shown = format!(
            "{:?} {:?} {:?}",
            token(),
            token().digest(),
            token().expose_secret()
        );
        assert_eq!(shown, "SessionToken TokenDigest ExposedToken");
    }
}
