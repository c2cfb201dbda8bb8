//! What the unit tests share.

use std::future::Future;
use std::num::NonZeroU32;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;

use hallpass_core::AtLimit;
use hallpass_core::Bind;
use hallpass_core::Concurrency;
use hallpass_core::EndReason;
use hallpass_core::RecordFixture;
use hallpass_core::Replaced;
use hallpass_core::Revocation;
use hallpass_core::SessionRecord;
use hallpass_core::Subject;
use hallpass_core::SystemRandom;
use hallpass_core::Timestamp;

use crate::MemoryStore;
use crate::places::Places;

/// The idle timeout of the fixtures, and half of it.
pub(crate) const IDLE: Duration = Duration::from_secs(600);
pub(crate) const HALF: Duration = Duration::from_secs(300);

pub(crate) const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn subject(id: &str) -> Subject {
    Subject::new(id).unwrap()
}

pub(crate) fn anonymous() -> SessionRecord {
    built(RecordFixture::anonymous(), at(0))
}

/// A session of a subject that began at 0.
pub(crate) fn of(id: &str) -> SessionRecord {
    built(RecordFixture::of(&subject(id)), at(0))
}

pub(crate) fn of_tenant(tenant: &str, id: &str) -> SessionRecord {
    built(
        RecordFixture::of(&Subject::of_tenant(tenant, id).unwrap()),
        at(0),
    )
}

pub(crate) fn built(fixture: RecordFixture, now: Timestamp) -> SessionRecord {
    fixture.build(&SystemRandom, now).unwrap().0
}

pub(crate) fn login(record: &SessionRecord) -> Bind {
    Bind {
        record: record.clone(),
        replaces: None,
        limit: None,
    }
}

pub(crate) fn limited(record: &SessionRecord, max: u32, at_limit: AtLimit) -> Bind {
    let limit = Concurrency {
        max: NonZeroU32::new(max).unwrap(),
        at_limit,
    };
    Bind {
        limit: Some(limit),
        ..login(record)
    }
}

pub(crate) fn replacing(record: &SessionRecord, replaced: &SessionRecord) -> Bind {
    let replaces = Replaced {
        handle: replaced.handle(),
        revision: replaced.revision(),
    };
    Bind {
        replaces: Some(replaces),
        ..login(record)
    }
}

pub(crate) fn revoked() -> EndReason {
    EndReason::Revoked(Revocation::by("test"))
}

pub(crate) fn places(capacity: usize, reserved_percent: u8) -> Places {
    Places::new(NonZeroUsize::new(capacity).unwrap(), reserved_percent)
}

/// A store with so many places, none of which is reserved.
pub(crate) fn store(capacity: usize) -> MemoryStore {
    MemoryStore::with(places(capacity, 0))
}

/// Says that something is over when it is dropped, also by a panic: whoever waits for it must not
/// wait for ever.
pub(crate) struct OverWhenDropped<'a>(pub(crate) &'a AtomicBool);

impl Drop for OverWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Returns what a future answers that waits for nothing.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the store waits for something"),
    }
}
