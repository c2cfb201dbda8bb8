//! What the quickstarts share: accounts, pages, settings, and what each route does, as functions
//! of a session and plain inputs. A quickstart adds its framework's routes and extractors.
//!
//! Where a function fails, the session did: an adapter turns the error into the answer.

#![expect(
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    reason = "functions of an example, which two programs call"
)]

pub mod account;
pub mod admin;
pub mod answer;
pub mod api;
pub mod assets;
pub mod data;
pub mod devices;
pub mod events;
pub mod home;
pub mod pages;
pub mod settings;
pub mod step_up;
pub mod support;

mod accounts;
mod site;
mod times;

pub use self::answer::Answer;
pub use self::site::Site;
