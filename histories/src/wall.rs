//! The clock of the records.

use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use crate::history::Nanos;

/// Returns the present instant, by the clock that all processes of the machine share.
///
/// Deliberately not the clock of the engine, which counts in milliseconds: the order of a hundred
/// operations would be unknown.
#[expect(
    clippy::disallowed_methods,
    reason = "records need nanoseconds that processes can compare"
)]
pub(crate) fn now() -> Nanos {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| {
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    })
}
