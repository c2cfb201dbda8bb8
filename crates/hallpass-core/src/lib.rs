//! Core of hallpass.
#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod authentication;
mod client;
mod clock;
mod data;
mod end;
mod error;
mod event;
#[cfg(feature = "fixtures")]
mod fixture;
mod policy;
mod random;
mod ratchet;
mod record;
mod store;
mod subject;
mod time;
mod token;

pub use self::authentication::*;
pub use self::client::*;
pub use self::clock::*;
pub use self::data::*;
pub use self::end::*;
pub use self::error::*;
pub use self::event::*;
#[cfg(feature = "fixtures")]
pub use self::fixture::*;
pub use self::policy::*;
pub use self::random::*;
pub use self::ratchet::*;
pub use self::record::*;
pub use self::store::*;
pub use self::subject::*;
pub use self::time::*;
pub use self::token::*;
