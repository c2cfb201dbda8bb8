//! One table of scenarios that keeps the adapters equal.
//!
//! A scenario is a file of `tests/scenarios`: requests over real HTTP, and what must come back, to
//! the attribute of a cookie and to the call of the store. It is run through every adapter on
//! every store, each time as a test of its own. `docs/scenarios.md` tells the format.
//!
//! From the outside in: [`table()`] reads the files, [`Scenario::play`] sends the requests of one,
//! [`mod@compare`] holds what came back against what is expected. [`mod@app`] is what runs behind
//! each adapter, once for all; [`mod@adapter`] is what is different between them.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "what is here is for tests, and fails as they do"
)]

pub mod adapter;
pub mod app;
mod client;
pub mod compare;
mod format;
mod names;
mod play;
mod stores;
mod table;
mod world;

pub use self::format::Scenario;
pub use self::stores::Kind;
pub use self::table::Row;
pub use self::table::table;
