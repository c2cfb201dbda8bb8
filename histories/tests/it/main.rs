//! Histories of several processes, recorded and checked, store by store.
//!
//! | Variable | Meaning |
//! | --- | --- |
//! | `HALLPASS_HISTORY_SECONDS` | How long each run takes. Default: 20, and 60 with the profile `ci` of nextest |
//! | `HALLPASS_HISTORY_SEED` | What the choices of the clients follow from. Default: another one each time, which is printed |
//!
//! The history of a run that failed is kept, and its folder is printed.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![expect(
    clippy::print_stdout,
    reason = "runs tell their seeds and what they did"
)]

mod run;

mod flawed;
mod memory;
