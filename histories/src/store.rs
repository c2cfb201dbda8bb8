//! The store behind a URL.

use hallpass::DynStore;
use hallpass::MemoryStore;

use crate::Failure;

/// Opens the store at `url`. The prefix separates this run from others on the same server.
///
/// # Errors
///
/// Fails where the URL names no store that is known here, or the server does not answer.
pub async fn open(url: &str, prefix: &str) -> Result<DynStore, Failure> {
    match url.split_once(':') {
        Some(("memory", _)) => Ok(MemoryStore::new().into()),
        _ => Err(format!("no store is known for {url} (prefix {prefix})").into()),
    }
}
