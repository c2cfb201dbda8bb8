//! The conformance suite: one test for each clause of the store contract.
//!
//! [`conformance!`](crate::conformance!) runs it. Each module is a clause of
//! [`SessionStore`](hallpass_core::SessionStore) or an ability, each function one test, whose
//! documentation names the clause that it holds the store to, and the race behind it: a bug that
//! shipped in a session library.
//!
//! A test takes a fresh store, passes `now` to every call, and looks into the store afterwards. It
//! panics with the clause that was broken. No test sleeps, and none depends on the time of the
//! store's server: the sessions of the suite begin in the year 2100.
//!
//! Whatever races, races in three ways: one call overtakes the other after each number of steps,
//! two calls start on two threads at the same moment, and many tasks start at once.
//!
//! # Cancel safety
//!
//! A test that is dropped leaves its tasks running until they are done, and the store as it is.

#![expect(clippy::panic, reason = "a test that finds a broken clause says so")]
#![expect(
    clippy::missing_panics_doc,
    reason = "each test panics where its clause is broken"
)]

mod bed;
mod meeting;
mod node;
mod racing;
mod suite;

pub mod durable;
pub mod epochs;
pub mod expiry;
pub mod feed;
pub mod finality;
pub mod index;
pub mod index_and_epochs;
pub mod one_winner;
pub mod overwrite;
pub mod resurrection;
pub mod sweep;
pub mod tags;
pub mod touch;

pub use self::bed::TestBed;
