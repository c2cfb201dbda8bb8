//! What the keys are called.
//!
//! `{prefix}:{<bucket>}:<kind>:<name>`. A Redis Cluster keeps keys with the same text in braces on
//! one node, so whatever one script touches has one bucket.

use base64ct::Base64UrlUnpadded;
use base64ct::Encoding;
use hallpass_core::HandleTag;
use hallpass_core::SessionHandle;
use hallpass_core::Subject;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Digest;
use sha2::Sha256;

/// Makes the keys of a store.
pub(crate) struct Keys {
    prefix: Box<str>,
    tags: Hmac<Sha256>,
    buckets: u16,
}

/// The keys of one bucket begin with this.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Bucket(String);

impl Keys {
    /// Returns the keys under a prefix that was checked, on a Cluster or elsewhere. `tag_key` is
    /// the secret of the tags; without one they are made from the prefix, which is no secret.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    pub(crate) fn new(prefix: &str, tag_key: Option<&[u8]>, is_cluster: bool) -> Self {
        let key = tag_key.unwrap_or(prefix.as_bytes());
        let mut tags = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
        tags.update(b"hallpass-redis tag");
        Self {
            prefix: prefix.into(),
            tags,
            buckets: if is_cluster { CLUSTER_BUCKETS } else { 1 },
        }
    }

    /// Returns what the handles of a subject's sessions begin with.
    pub(crate) fn tag(&self, subject: &Subject) -> HandleTag {
        let mut mac = self.tags.clone();
        mac.update(&spelled(subject));
        let [first, second, ..]: [u8; 32] = mac.finalize().into_bytes().into();
        HandleTag::from_bytes([first, second])
    }

    /// Returns the bucket of a session.
    pub(crate) fn bucket_of(&self, handle: SessionHandle) -> Bucket {
        self.bucket(HandleTag::of(handle))
    }

    /// Returns the bucket of a subject, which is that of the sessions with its tag.
    pub(crate) fn bucket_of_subject(&self, subject: &Subject) -> Bucket {
        self.bucket(self.tag(subject))
    }

    /// Returns all buckets.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = Bucket> {
        (0..self.buckets).map(|number| self.numbered(number))
    }

    /// Returns the channel that endings are told on.
    pub(crate) fn channel(&self) -> String {
        format!("{}feed", self.numbered(0).0)
    }

    fn bucket(&self, tag: HandleTag) -> Bucket {
        // The buckets are a power of two, so no bits are more likely than others.
        self.numbered(u16::from_be_bytes(tag.to_bytes()) % self.buckets)
    }

    fn numbered(&self, number: u16) -> Bucket {
        Bucket(format!("{}:{{{number}}}:", self.prefix))
    }
}

impl Bucket {
    /// The record or the tombstone of a session.
    pub(crate) fn session(&self, handle: SessionHandle) -> String {
        format!("{}s:{handle}", self.0)
    }

    /// The set of the handles of a subject.
    pub(crate) fn index(&self, subject: &Subject) -> String {
        format!("{}i:{}", self.0, subject_name(subject))
    }

    /// The counters of everybody and of tenants. Its name without the last letter is what the
    /// names of all keys of the bucket begin with, which the scripts count on.
    pub(crate) fn epochs(&self) -> String {
        format!("{}e", self.0)
    }

    /// The mark of the bucket: changes with each of its counters.
    pub(crate) fn mark(&self) -> String {
        format!("{}g", self.0)
    }

    /// The mark of the subjects whose handles begin alike, which is told from 12 bits of the tag.
    pub(crate) fn alike(&self, tag: HandleTag) -> String {
        let handle = tag.put_on(SessionHandle::from_bytes([0; 16])).to_string();
        let (beginning, _rest) = handle.split_at(2);
        format!("{}h:{beginning}", self.0)
    }

    /// The counter of a subject.
    pub(crate) fn epoch(&self, subject: &Subject) -> String {
        format!("{}e:{}", self.0, subject_name(subject))
    }
}

/// Returns the name of a subject in keys: a hash, so that it is bounded, shows nobody's name, and
/// differs wherever tenant or id do.
pub(crate) fn subject_name(subject: &Subject) -> String {
    name(&spelled(subject))
}

/// Returns the name of a tenant in the fields of counters.
pub(crate) fn tenant_name(tenant: &str) -> String {
    name(tenant.as_bytes())
}

/// Returns a subject so that two of them differ wherever tenant or id do: whether there is a
/// tenant, and each with its length in front.
pub(crate) fn spelled(subject: &Subject) -> Vec<u8> {
    let mut bytes = Vec::new();
    match subject.tenant() {
        Some(tenant) => {
            bytes.push(1);
            put(&mut bytes, tenant);
        }
        None => bytes.push(0),
    }
    put(&mut bytes, subject.id());
    bytes
}

/// Reads a subject that was spelled.
pub(crate) fn read(bytes: &[u8]) -> Option<Subject> {
    let (&has_tenant, rest) = bytes.split_first()?;
    let (tenant, rest) = match has_tenant {
        0 => (None, rest),
        1 => take(rest).map(|(tenant, rest)| (Some(tenant), rest))?,
        _ => return None,
    };
    let (id, []) = take(rest)? else {
        return None;
    };
    match tenant {
        Some(tenant) => Subject::of_tenant(tenant, id).ok(),
        None => Subject::new(id).ok(),
    }
}

/// How many buckets there are on a Cluster. Enough to spread evenly over many nodes, and few
/// enough to write to all of them.
const CLUSTER_BUCKETS: u16 = 1_024;

/// How long the names of subjects and tenants are.
pub(crate) const NAME_CHARS: usize = 22;

fn put(bytes: &mut Vec<u8>, text: &str) {
    // Both parts of a subject take 255 bytes at most.
    bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(text.as_bytes());
}

fn take(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(length))?;
    Some((str::from_utf8(text).ok()?, rest))
}

/// Half of the hash: a subject that shares the name of another one cannot be looked for, and two
/// that share one would both be somebody's own choice.
fn name(bytes: &[u8]) -> String {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let (half, _rest) = hash.split_at(16);
    Base64UrlUnpadded::encode_string(half)
}

#[cfg(test)]
mod tests;
