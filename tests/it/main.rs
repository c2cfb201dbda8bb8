//! Scenarios across the crates: the engine on a real store, and the layers on the engine.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod world;

mod assurance;
mod data;
mod endings;
mod login;
mod model;
mod operations;
mod outcomes;
mod races;
mod ratchet_model;
mod renewal;
mod requirements;
mod rows;
mod traces;
