//! Cross-crate scenarios, see `it/`, and what they share with the fuzz targets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is here is for tests, and fails as they do"
)]

pub mod jar;
pub mod operations;
