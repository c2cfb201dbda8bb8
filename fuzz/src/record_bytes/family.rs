//! A family of tokens: the ratchet, said a second time.

use hallpass_core::SessionToken;
use sha2::Digest as _;
use sha2::Sha256;

use crate::cursor::Cursor;

/// All tokens of one chain, the first one first. The last is the current one.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) chain_key: [u8; 32],
    pub(super) tokens: Vec<PlainToken>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PlainToken {
    handle: [u8; 16],
    pub(super) generation: u32,
    secret: [u8; 28],
}

impl Family {
    /// Takes a family that begins at `generation` or a little later. Few are long, because each
    /// generation costs an HMAC here and up to as many there.
    pub(super) fn take(cursor: &mut Cursor<'_>, handle: [u8; 16], generation: u32) -> Self {
        let [kind, start, length] = cursor.array();
        let start = match kind % 8 {
            0 => u32::MAX - u32::from(start % 8),
            1 => u32::from(start).saturating_mul(0x0100_0001),
            _ => u32::from(start % 4),
        };
        let length = match kind {
            0x80..0x84 => 1_020 + u32::from(length % 8),
            _ => u32::from(length % 5),
        };
        let chain_key = [cursor.byte(); 32];
        let mut token = PlainToken {
            handle,
            generation: start.max(generation),
            secret: [cursor.byte(); 28],
        };
        let mut tokens = vec![token.clone()];
        for _ in 0..length {
            let Some(child) = token.child(&chain_key) else {
                break;
            };
            tokens.push(child.clone());
            token = child;
        }
        Self { chain_key, tokens }
    }

    pub(super) fn last_generation(&self) -> u32 {
        self.tokens.last().map_or(0, |token| token.generation)
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        self.tokens
            .last()
            .map_or([0; 32], |token| Sha256::digest(token.bytes()).into())
    }
}

impl PlainToken {
    /// Returns a token that is not of the family: one bit of the secret is another one.
    pub(super) fn forged(&self) -> Self {
        let mut forged = self.clone();
        if let Some(byte) = forged.secret.last_mut() {
            *byte ^= 1;
        }
        forged
    }

    /// Returns the token with the same secret of another generation.
    pub(super) fn at(&self, generation: u32) -> Self {
        Self {
            generation,
            ..self.clone()
        }
    }

    fn child(&self, chain_key: &[u8; 32]) -> Option<Self> {
        let generation = self.generation.checked_add(1)?;
        let mut message = self.handle.to_vec();
        message.extend(generation.to_be_bytes());
        message.extend(self.secret);
        Some(Self {
            handle: self.handle,
            generation,
            secret: *hmac(chain_key, &message).first_chunk()?,
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.handle.to_vec();
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.secret);
        bytes
    }

    /// Returns the token as a client would present it, by way of its text.
    pub(super) fn presented(&self) -> Option<SessionToken> {
        let bits: Vec<bool> = self
            .bytes()
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
            .collect();
        let text: Vec<u8> = bits
            .chunks(6)
            .map(|bits| {
                bits.iter()
                    .fold(0, |value, &bit| value << 1 | usize::from(bit))
            })
            .filter_map(|value| ALPHABET.get(value).copied())
            .collect();
        SessionToken::parse(&text).ok()
    }
}

/// RFC 2104 with SHA-256.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |filler: u8| -> Vec<u8> {
        let key = key.iter().copied().chain([0; 32]);
        key.map(|byte| byte ^ filler).collect()
    };
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    Sha256::digest([pad(0x5c).as_slice(), inner.as_slice()].concat()).into()
}

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
