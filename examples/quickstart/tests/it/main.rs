//! The quickstart over real HTTP: each test starts the built binary with the settings that it
//! needs and talks to it as browsers, tabs, devices and attackers do.
//!
//! What cannot be provoked from outside is shown elsewhere: a store that is down, an answer of
//! 5xx, an authentication of more than 60 seconds.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails the test"
)]

mod answer;
mod carrier;
mod client;
mod data;
mod devices;
mod elevation;
mod events;
mod forms;
mod impersonation;
mod limits;
mod locked;
mod login;
mod logout;
mod nodes;
mod pages;
mod poll;
mod reading;
mod renewal;
mod replay;
mod secrets;
mod sensitive;
mod server;
mod settings;
mod socket;
mod step_up;
mod timeouts;
mod tokens;
