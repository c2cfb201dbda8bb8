//! The ratchet: how a token is renewed, and what a presented token means.
//!
//! Everything here is a pure function of the stored credential, the presented token, and the
//! time. A renewal derives the next secret from the one presented, keyed by random bytes that the
//! record holds:
//!
//! ```text
//! secret[g + 1] = HMAC-SHA-256(chain_key, handle || g + 1 || secret[g]), first 28 bytes
//! ```
//!
//! So parallel requests that present the same parent get the same child; the server, which keeps
//! digests only, cannot compute a token from its store alone; the client, which lacks the chain
//! key, cannot compute its next one; and every ancestor of the current token can be walked
//! forward to it, so that a replay is told from garbage.

mod credential;
mod judge;

pub use self::credential::Credential;
pub use self::credential::PreviousCredential;
pub(crate) use self::credential::StoredCredential;
pub(crate) use self::credential::StoredPrevious;
pub use self::judge::Verdict;
pub use self::judge::Windows;
pub use self::judge::judge_token;

/// The farthest that a walk from an ancestor goes, in generations.
pub const MAX_WALK: u32 = 1_024;
