//! What a record keeps of its token, and how the next one comes out of it.

use std::fmt;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use serde::Deserialize;
use serde::Serialize;
use sha2::Sha256;
use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;
use zeroize::Zeroizing;

use super::Windows;
use crate::authentication::Authentication;
use crate::client::ClientKind;
use crate::random::RandomUnavailable;
use crate::random::SecureRandom;
use crate::random::random_bytes;
use crate::time::Timestamp;
use crate::token::SECRET_BYTES;
use crate::token::SessionHandle;
use crate::token::SessionToken;
use crate::token::TokenDigest;

/// The key of a chain of tokens: 32 random bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct ChainKey([u8; 32]);

/// What a record keeps of its token: enough to recognise it and to renew it, not to forge it.
///
/// `Debug` shows the generation and the times, no secret.
#[derive(Clone)]
pub struct Credential {
    generation: u32,
    digest: TokenDigest,
    chain_key: ChainKey,
    renewed_at: Timestamp,
    renewed_by: ClientKind,
    confirmed_at: Option<Timestamp>,
}

/// A credential whose chain was broken when the assurance of its session was raised, with the
/// assurance that its token still stands for.
#[derive(Clone, Debug)]
pub struct PreviousCredential {
    pub(super) credential: Credential,
    pub(super) replaced_at: Timestamp,
    pub(super) authentication: Authentication,
}

impl Credential {
    /// Issues the first token of a new session.
    ///
    /// It has no parent that could still be in flight, so it needs no confirmation.
    pub(crate) fn first(
        handle: SessionHandle,
        random: &dyn SecureRandom,
        client: ClientKind,
        now: Timestamp,
    ) -> Result<(Self, SessionToken), RandomUnavailable> {
        let (mut credential, token) = Self::fresh(handle, 0, random, client, now)?;
        credential.confirmed_at = Some(now);
        Ok((credential, token))
    }

    /// Breaks the chain: issues a token that nobody can derive from the one before.
    pub(crate) fn broken(
        &self,
        handle: SessionHandle,
        random: &dyn SecureRandom,
        client: ClientKind,
        now: Timestamp,
    ) -> Result<(Self, SessionToken), RandomUnavailable> {
        Self::fresh(
            handle,
            self.generation.saturating_add(1),
            random,
            client,
            now,
        )
    }

    /// Derives the child of the presented token, if that is the current one.
    pub(crate) fn renewed(
        &self,
        presented: &SessionToken,
        client: ClientKind,
        now: Timestamp,
    ) -> Option<(Self, SessionToken)> {
        if !self.matches(presented) {
            return None;
        }
        let child = self.child_of(presented)?;
        let credential = Self {
            generation: child.generation(),
            digest: child.digest(),
            chain_key: self.chain_key.clone(),
            renewed_at: now,
            renewed_by: client,
            confirmed_at: None,
        };
        Some((credential, child))
    }

    /// Returns the current token where `presented` is its parent: the same child for everybody
    /// who presents the same parent.
    pub(crate) fn child_for(&self, presented: &SessionToken) -> Option<SessionToken> {
        let child = self.child_of(presented)?;
        self.matches(&child).then_some(child)
    }

    /// Returns how often the token of this session was renewed.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the digest of the current token.
    #[must_use]
    pub const fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// Returns when the current token was issued.
    #[must_use]
    pub const fn renewed_at(&self) -> Timestamp {
        self.renewed_at
    }

    /// Returns what kind of client caused the last renewal.
    #[must_use]
    pub const fn renewed_by(&self) -> &ClientKind {
        &self.renewed_by
    }

    /// Returns when the current token was first seen in use; `None` while nobody has used it.
    #[must_use]
    pub const fn confirmed_at(&self) -> Option<Timestamp> {
        self.confirmed_at
    }

    /// Notes that the token was seen in use. Only the first time counts.
    pub(crate) fn confirm(&mut self, at: Timestamp) {
        self.confirmed_at.get_or_insert(at);
    }

    /// Returns whether `token` is the current one. Takes constant time.
    pub(super) fn matches(&self, token: &SessionToken) -> bool {
        token.generation() == self.generation && token.digest() == self.digest
    }

    /// Returns whether `token`, renewed again and again, becomes the current one.
    pub(super) fn is_descendant_of(&self, token: &SessionToken) -> bool {
        let mut walker = token.clone();
        while walker.generation() < self.generation {
            let Some(child) = self.child_of(&walker) else {
                return false;
            };
            walker = child;
        }
        self.matches(&walker)
    }

    /// Derives a secret for a purpose. It stays the same over renewals, and is another one after the
    /// chain was broken.
    ///
    /// A key of its own comes first, so that no text can be taken for a step of the ratchet. Each part
    /// comes with its length, so that no byte can move from one to the next.
    pub(crate) fn derive(&self, parts: [&[u8]; 3]) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.chain_key.0).ok()?;
        mac.update(b"hallpass derived secrets");
        let key = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        let mut mac = Hmac::<Sha256>::new_from_slice(&*key).ok()?;
        for part in parts {
            let length = u64::try_from(part.len()).ok()?;
            mac.update(&length.to_be_bytes());
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().into())
    }

    fn child_of(&self, parent: &SessionToken) -> Option<SessionToken> {
        let generation = parent.generation().checked_add(1)?;
        // HMAC takes keys of every length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.chain_key.0).ok()?;
        mac.update(&parent.handle().to_bytes());
        mac.update(&generation.to_be_bytes());
        mac.update(parent.secret());
        let mut output = Zeroizing::new([0; 32]);
        output.copy_from_slice(&mac.finalize().into_bytes());
        let secret: [u8; SECRET_BYTES] = *output.first_chunk()?;
        Some(SessionToken::new(parent.handle(), generation, secret))
    }

    fn fresh(
        handle: SessionHandle,
        generation: u32,
        random: &dyn SecureRandom,
        client: ClientKind,
        now: Timestamp,
    ) -> Result<(Self, SessionToken), RandomUnavailable> {
        let token = SessionToken::new(handle, generation, random_bytes(random)?);
        let credential = Self {
            generation,
            digest: token.digest(),
            chain_key: ChainKey(random_bytes(random)?),
            renewed_at: now,
            renewed_by: client,
            confirmed_at: None,
        };
        Ok((credential, token))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("generation", &self.generation)
            .field("renewed_at", &self.renewed_at)
            .field("confirmed_at", &self.confirmed_at)
            .finish_non_exhaustive()
    }
}

impl PreviousCredential {
    /// Keeps `credential`, which stood for `authentication` until `replaced_at`.
    pub(crate) const fn new(
        credential: Credential,
        authentication: Authentication,
        replaced_at: Timestamp,
    ) -> Self {
        Self {
            credential,
            replaced_at,
            authentication,
        }
    }

    /// Derives a secret for who holds a token of this chain.
    pub(crate) fn derive(&self, parts: [&[u8]; 3]) -> Option<[u8; 32]> {
        self.credential.derive(parts)
    }

    /// Returns what the old token still stands for.
    #[must_use]
    pub const fn authentication(&self) -> &Authentication {
        &self.authentication
    }

    /// Notes that the assurance was raised once more, from the same old token.
    pub(crate) const fn replaced_again(&mut self, at: Timestamp) {
        self.replaced_at = at;
    }

    /// Returns whether nobody has used the token that came with the raise. One that was renewed
    /// meanwhile was used before.
    pub(crate) fn is_successor_unused(&self, current: &Credential) -> bool {
        current.confirmed_at().is_none() && current.renewed_at() == self.replaced_at
    }

    /// Returns whether an answer that carried the old token may have been under way when the
    /// assurance was raised, and reach the client after that with the raised token: the client
    /// looks like the one that it was for.
    pub(super) fn may_arrive_late(&self, client: &ClientKind, windows: Windows) -> bool {
        let credential = &self.credential;
        let is_over = credential.confirmed_at().is_some_and(|confirmed| {
            !windows.is_within(windows.grace, confirmed, self.replaced_at)
        });
        credential.generation() > 0 && !is_over && client.looks_like(credential.renewed_by())
    }

    pub(crate) const fn authentication_mut(&mut self) -> &mut Authentication {
        &mut self.authentication
    }
}

/// The stored form of a [`Credential`]. A type of its own, so that the public one, which holds a
/// key, goes into no answer and no log by way of serde.
#[derive(Deserialize, Serialize)]
pub(crate) struct StoredCredential {
    generation: u32,
    digest: [u8; 32],
    chain_key: [u8; 32],
    renewed_at: Timestamp,
    renewed_by: ClientKind,
    confirmed_at: Option<Timestamp>,
}

impl From<&Credential> for StoredCredential {
    fn from(credential: &Credential) -> Self {
        Self {
            generation: credential.generation,
            digest: credential.digest.to_bytes(),
            chain_key: credential.chain_key.0,
            renewed_at: credential.renewed_at,
            renewed_by: credential.renewed_by.clone(),
            confirmed_at: credential.confirmed_at,
        }
    }
}

impl From<StoredCredential> for Credential {
    fn from(stored: StoredCredential) -> Self {
        Self {
            generation: stored.generation,
            digest: TokenDigest::from_bytes(stored.digest),
            chain_key: ChainKey(stored.chain_key),
            renewed_at: stored.renewed_at,
            renewed_by: stored.renewed_by,
            confirmed_at: stored.confirmed_at,
        }
    }
}

/// The stored form of a [`PreviousCredential`].
#[derive(Deserialize, Serialize)]
pub(crate) struct StoredPrevious {
    credential: StoredCredential,
    replaced_at: Timestamp,
    authentication: Authentication,
}

impl From<&PreviousCredential> for StoredPrevious {
    fn from(previous: &PreviousCredential) -> Self {
        Self {
            credential: (&previous.credential).into(),
            replaced_at: previous.replaced_at,
            authentication: previous.authentication.clone(),
        }
    }
}

impl From<StoredPrevious> for PreviousCredential {
    fn from(stored: StoredPrevious) -> Self {
        Self::new(
            stored.credential.into(),
            stored.authentication,
            stored.replaced_at,
        )
    }
}

#[cfg(test)]
mod tests;
