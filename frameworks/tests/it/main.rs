//! Each framework over real HTTP: a cookie comes, counts, and is the same session with the next request.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod tonic;
mod visits;

use hallpass::MemoryStore;
use hallpass::SessionManager;

fn manager() -> SessionManager {
    SessionManager::builder(MemoryStore::new()).build().unwrap()
}
