//! Both wrappers: the contract of stores clause by clause, and what they promise beside.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails panics, and explorations tell how many orders there are"
)]

mod encrypted;
mod migrating;
mod records;
mod tagged;
