//! Scenarios across the crates: the engine on a real store, and the layers on the engine.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]
#![expect(
    clippy::print_stdout,
    reason = "explorations tell how many schedules there were"
)]

mod world;

mod assurance;
mod cancelled;
mod contention;
mod csrf;
mod data;
mod elevation;
mod endings;
mod faults;
mod guards;
mod impersonation;
mod impersonation_races;
mod interleavings;
mod login;
mod lost_answers;
mod merging;
mod model;
mod operations;
mod outage;
mod outcomes;
mod quiet;
mod races;
mod ratchet_model;
mod refusals;
mod renewal;
mod requirements;
mod risk;
mod round_trips;
mod rows;
mod traces;
