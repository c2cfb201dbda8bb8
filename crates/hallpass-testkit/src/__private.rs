//! What the macros need, and nobody else.

use std::future::Future;

use tokio::runtime::Builder;

pub use hallpass_core::SessionStore;

/// The traits behind the names of the abilities.
pub mod abilities {
    pub use hallpass_core::Epochs as epochs;
    pub use hallpass_core::HandleTags as tags;
    pub use hallpass_core::RevocationFeed as feed;
    pub use hallpass_core::SubjectIndex as index;
    pub use hallpass_core::Sweep as sweep;
}

/// Runs a test on a runtime of its own, with all its drivers and more than one thread.
///
/// # Panics
///
/// Where the test does.
#[expect(
    clippy::expect_used,
    reason = "a machine without threads runs no tests"
)]
pub fn run(test: impl Future<Output = ()>) {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .expect("a runtime for the test")
        .block_on(test);
}

const THREADS: usize = 4;
