//! Rows of `docs/CONFORMANCE.md` that have no test elsewhere: cookies in a browser, and races.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod app;

mod cookies;
mod dropped;
mod ended;
mod expiry;
mod handles;
mod identity;
mod late;
mod limits;
mod responses;
mod tenants;
