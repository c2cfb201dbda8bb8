//! The middleware and the extractors, over real HTTP and in process.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod csrf;
mod errors;
mod guards;
mod outcomes;
mod refusals;
mod site;
mod streams;
