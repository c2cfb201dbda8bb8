//! The token of a session for forms and scripts.

use std::fmt;

use base64ct::Base64UrlUnpadded;
use base64ct::Encoding;
use hallpass_core::RandomUnavailable;
use hallpass_core::SecureRandom;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Sha256;

/// Proves that a request comes from a page which this session was given.
///
/// 64 characters of base64url: 16 random bytes, and HMAC-SHA-256 over them under a secret of the
/// session. So each answer has another token, of which a compressed body tells nothing (BREACH),
/// all tokens of a session are good as long as its secret is, and nothing has to be stored. It
/// names neither the subject nor a time.
///
/// The secret is [`Session::derived_secret`](hallpass_core::Session::derived_secret), which changes
/// with each login: then all tokens from before are worthless.
///
/// # Security
///
/// The token belongs into a hidden field of a form or into a header of a request. In a URL it would
/// go to logs, histories and other sites, and a cookie with it would prove nothing. `Debug` prints
/// the type only.
///
/// # Example: there and back
///
/// ```
/// use hallpass_core::{RandomUnavailable, SystemRandom};
/// use hallpass_http::CsrfToken;
///
/// let secret = [7; 32];
/// let token = CsrfToken::issue(&secret, &SystemRandom)?;
/// assert!(CsrfToken::verifies(token.as_str().as_bytes(), &secret));
/// assert!(!CsrfToken::verifies(token.as_str().as_bytes(), &[8; 32]));
/// # Ok::<(), RandomUnavailable>(())
/// ```
#[derive(Clone)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// Returns a new token of the session that has this secret.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`] where the source of randomness fails.
    pub fn issue(secret: &[u8; 32], random: &dyn SecureRandom) -> Result<Self, RandomUnavailable> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce)?;
        let mut bytes = [0; TOKEN_BYTES];
        let (head, tail) = bytes.split_at_mut(NONCE_BYTES);
        head.copy_from_slice(&nonce);
        tail.copy_from_slice(&mac(secret, &[LABEL, &nonce]).finalize().into_bytes());
        Ok(Self(Base64UrlUnpadded::encode_string(&bytes)))
    }

    /// Returns whether a text is a token of the session that has this secret. Takes the same time
    /// for each text of 64 characters.
    #[must_use]
    pub fn verifies(text: &[u8], secret: &[u8; 32]) -> bool {
        let Ok(text) = <&[u8; TOKEN_CHARS]>::try_from(text) else {
            return false;
        };
        let mut bytes = [0; TOKEN_BYTES];
        if Base64UrlUnpadded::decode(text, &mut bytes).is_err() {
            return false;
        }
        let (nonce, tag) = bytes.split_at(NONCE_BYTES);
        mac(secret, &[LABEL, nonce]).verify_slice(tag).is_ok()
    }

    /// Returns the 64 characters, which need no escaping in HTML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken")
    }
}

/// Each field with its length in front, so that no byte of one can be taken for one of the next.
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn mac(secret: &[u8; 32], fields: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(secret).expect("HMAC takes keys of every length");
    for field in fields {
        mac.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(field);
    }
    mac
}

/// Tells these codes from any other that were made with the same secret.
const LABEL: &[u8] = b"hallpass csrf 1";

const NONCE_BYTES: usize = 16;
const TOKEN_BYTES: usize = 48;
const TOKEN_CHARS: usize = 64;

#[cfg(test)]
mod tests;
