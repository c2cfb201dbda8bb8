//! What the tests store.

use std::num::NonZeroU32;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Concurrency;
use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::HandleTag;
use hallpass_core::HandleTags;
use hallpass_core::RandomUnavailable;
use hallpass_core::RecordFixture;
use hallpass_core::Replaced;
use hallpass_core::SecureRandom;
use hallpass_core::SessionHandle;
use hallpass_core::SessionRecord;
use hallpass_core::SessionToken;
use hallpass_core::Subject;
use hallpass_core::SystemRandom;
use hallpass_core::Timestamp;
use hallpass_core::Touch;

/// Far in the future, so that the expiry of the server never interferes.
pub(crate) const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(4_102_444_800_000 + seconds * 1_000)
}

pub(crate) fn alice() -> Subject {
    Subject::of_tenant("acme", "alice").unwrap()
}

pub(crate) fn anonymous() -> SessionRecord {
    built(RecordFixture::anonymous()).0
}

/// A session that began at 0, with its token.
pub(crate) fn built(fixture: RecordFixture) -> (SessionRecord, SessionToken) {
    fixture.build(&SystemRandom, at(0)).unwrap()
}

/// A session of a subject that began at 0, named as the engine names it for this store.
pub(crate) fn of(store: &impl HandleTags, subject: &Subject) -> SessionRecord {
    named(store, subject, RecordFixture::of(subject)).0
}

/// A session of a subject that began at 0, named as the engine names it for this store.
pub(crate) fn named(
    store: &impl HandleTags,
    subject: &Subject,
    fixture: RecordFixture,
) -> (SessionRecord, SessionToken) {
    let tag = store.handle_tag(subject).unwrap();
    let (record, token) = fixture.build(&Tagged(tag), at(0)).unwrap();
    assert_eq!(HandleTag::of(record.handle()), tag);
    (record, token)
}

pub(crate) fn login(record: &SessionRecord, replaced: Option<&SessionRecord>) -> Bind {
    Bind {
        record: record.clone(),
        replaces: replaced.map(|replaced| Replaced {
            handle: replaced.handle(),
            revision: replaced.revision(),
        }),
        limit: None,
    }
}

pub(crate) const fn limit(max: NonZeroU32, at_limit: AtLimit) -> Option<Concurrency> {
    Some(Concurrency { max, at_limit })
}

pub(crate) fn end(handle: SessionHandle, reason: EndReason, now: Timestamp) -> End {
    End {
        handle,
        reason,
        at: now,
        keep_until: at(86_400),
    }
}

pub(crate) fn touch(record: &SessionRecord, now: Timestamp) -> Touch {
    Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen: now,
        confirm: true,
    }
}

/// Random bytes, but for the first two of whatever is asked for, the name first of all.
#[derive(Debug)]
struct Tagged(HandleTag);

impl SecureRandom for Tagged {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomUnavailable> {
        SystemRandom.fill(destination)?;
        if let Some(first) = destination.first_chunk_mut() {
            *first = self.0.to_bytes();
        }
        Ok(())
    }
}
