//! Tools.
#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

#[path = "private.rs"]
#[doc(hidden)]
pub mod __private;
mod clock;
pub mod conformance;
mod faulty;
mod random;
mod spy;

pub use self::clock::ManualClock;
pub use self::faulty::Fault;
pub use self::faulty::FaultyStore;
pub use self::random::FailingRandom;
pub use self::random::SeededRandom;
pub use self::spy::Call;
pub use self::spy::SpyLog;
pub use self::spy::SpyStore;
