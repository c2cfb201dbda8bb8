//! The testkit, tested: the suite accepts a correct store and every wrapper around it, and catches
//! broken ones.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails panics"
)]

mod conforms;
mod faulty;
mod flawed;
mod listing;
mod reference;
mod spy;
mod stepping;
mod suite_catches;
