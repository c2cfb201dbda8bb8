//! What tests of hallpass need: a clock that is moved by hand, randomness that repeats itself,
//! stores that take notes or fail on command, and the suite that every store has to pass.
//!
//! | For the tests of | There is |
//! | --- | --- |
//! | a store of your own | [`conformance!`]: one test for each clause of the contract |
//! | time | [`ManualClock`]: stands still until the test moves it |
//! | tokens | [`SeededRandom`]: the same on each run; [`FailingRandom`]: none to be had |
//! | what is stored, and how often | [`SpyStore`]: takes note of every call and every byte |
//! | faults | [`FaultyStore`]: fails, hangs, or loses the answer, as scripted |
//! | races | [`schedule`]: every interleaving; [`SteppingStore`]: can be overtaken at each call |
//!
//! # Example: a complete test module of a store
//!
//! ```
//! # use hallpass_core::DynStore;
//! # struct MyStore;
//! # impl MyStore {
//! #     async fn connect_to_a_new_schema() -> DynStore { unimplemented!() }
//! # }
//! #[cfg(test)]
//! mod conformance {
//!     use super::MyStore;
//!
//!     hallpass_testkit::conformance! {
//!         store: async { MyStore::connect_to_a_new_schema().await },
//!         peer: async |store| store.clone(),
//!         abilities: [index, sweep],
//!     }
//! }
//! ```
//!
//! That makes more than a hundred tests. Each one that fails says which clause is broken, and its
//! documentation in [`mod@conformance`] says what that allows.
//!
//! # What the suite finds, and what it does not
//!
//! A store that waits for a server is overtaken between each two steps of a call, so a check and a
//! write that are two steps are found on every run. A store that answers without waiting has no
//! such steps; its calls race on threads, many times, which finds the same faults nearly always.
//!
//! The suite cannot stop a server. That what was answered survives a crash, as clause 6 says, is
//! for the store's own tests.
#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

#[doc(hidden)]
pub mod __private;
mod clock;
pub mod conformance;
mod faulty;
mod random;
pub mod schedule;
mod spy;
mod stepping;

pub use self::clock::ManualClock;
pub use self::faulty::Fault;
pub use self::faulty::FaultyStore;
pub use self::random::FailingRandom;
pub use self::random::SeededRandom;
pub use self::spy::Call;
pub use self::spy::SpyLog;
pub use self::spy::SpyStore;
pub use self::stepping::SteppingStore;
