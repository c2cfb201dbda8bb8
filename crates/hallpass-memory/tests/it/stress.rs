//! Many threads at once, and what must hold whatever they do.

mod mixed;
mod resurrection;

use std::future::Future;
use std::pin::pin;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;

use hallpass_core::End;
use hallpass_core::EndReason;
use hallpass_core::SessionRecord;
use hallpass_core::Timestamp;
use hallpass_core::Touch;

const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn touch(record: &SessionRecord, last_seen: Timestamp) -> Touch {
    Touch {
        handle: record.handle(),
        digest: record.credential().digest(),
        binding: record.binding(),
        last_seen,
        confirm: false,
    }
}

fn logout(record: &SessionRecord, now: Timestamp) -> End {
    End {
        handle: record.handle(),
        reason: EndReason::Logout,
        at: now,
        // Longer than any test takes.
        keep_until: now.saturating_add(Duration::from_secs(36_000)),
    }
}

/// Returns what a future answers that waits for nothing, as those of this store do.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the store waits for something"),
    }
}
