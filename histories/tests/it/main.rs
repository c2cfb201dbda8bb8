//! Histories of several processes, recorded and checked, store by store.
//!
//! | Variable | Meaning |
//! | --- | --- |
//! | `HALLPASS_HISTORY_SECONDS` | How long each run takes. Default: 20 in memory and 10 on a server; with the profile `ci` of nextest 60 in memory and on one Redis, 30 on the others |
//! | `HALLPASS_HISTORY_SEED` | What the choices of the clients follow from. Default: another one each time, which is printed |
//!
//! A run that meets a fault takes 9 to 14 seconds, whatever is set, and prints a row of the table in
//! `docs/OPERATIONS.md`.
//!
//! The history of a run that failed is kept, and its folder is printed.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![expect(
    clippy::print_stdout,
    reason = "runs tell their seeds and what they did"
)]

mod run;

mod faults;
mod flawed;
mod memory;
mod servers;
