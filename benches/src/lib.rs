//! What the benches and the tests of costs share: one application, with sessions and without.

#![deny(missing_docs)]

mod app;

pub use self::app::App;
pub use self::app::DATA_BYTES;
pub use self::app::Work;
