//! The store on real servers: the conformance suite, and what the suite cannot see.

#![expect(clippy::panic, reason = "a test that cannot go on says so")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin;
mod conformance;
mod faults;
mod giving_up;
mod hostile;
mod logins;
mod lost_answers;
mod migrating;
mod outages;
mod plans;
mod racing;
mod records;
mod roles;
mod secrets;
mod servers;
mod sweeping;
#[cfg(feature = "tls")]
mod tls;
