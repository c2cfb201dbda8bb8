//! The core of hallpass: who is this client, since when, until when, and how do I end it now.
//!
//! Applications use the facade crate `hallpass`, which re-exports what is here. Authors of stores,
//! carriers and adapters use this crate alone: it does no I/O and knows no runtime, no framework
//! and no driver.
//!
//! The path of a request, top-down:
//!
//! 1. A carrier reads a [`SessionToken`] from the request into [`Presented`].
//! 2. [`SessionManager::open`] loads the [`SessionRecord`] from the [`SessionStore`], judges the
//!    token ([`judge_token`]) and the record ([`judge_record`], by the limits of the [`Policy`]),
//!    and returns a [`Session`].
//! 3. The handler reads and changes the [`Session`].
//! 4. [`Session::finish`] commits, and says what goes to the client.
//!
//! # Features
//!
//! | Feature | Gives |
//! | --- | --- |
//! | `fixtures` | `RecordFixture`: records for the tests of stores |
//! | `system-clock` | `SystemClock`: the time of the machine, with the timer of tokio |
//! | `tracing` | `TracingSink`: writes every [`Event`] to the `tracing` subscriber |

#![cfg_attr(docsrs_hallpass, feature(doc_cfg))]
#![deny(missing_docs)]

mod authentication;
mod capacity;
mod client;
mod clock;
mod data;
mod end;
mod error;
mod event;
#[cfg(feature = "fixtures")]
mod fixture;
mod manager;
mod policy;
mod random;
mod ratchet;
mod record;
mod requirement;
mod risk;
mod session;
mod store;
mod subject;
mod time;
mod token;

pub use self::authentication::AcrMap;
pub use self::authentication::AssuranceLevel;
pub use self::authentication::Authentication;
pub use self::capacity::Elevated;
pub use self::capacity::Elevation;
pub use self::capacity::Impersonated;
pub use self::capacity::Impersonation;
pub use self::client::ClientFacts;
pub use self::client::ClientKind;
pub use self::client::Network;
pub use self::clock::BoxFuture;
pub use self::clock::Clock;
#[cfg(feature = "system-clock")]
pub use self::clock::SystemClock;
pub use self::data::Codec;
pub use self::data::DataError;
pub use self::data::DataKey;
pub use self::data::DataMap;
pub use self::data::Entry;
pub use self::data::JsonFault;
pub use self::data::Key;
pub use self::data::SessionData;
pub use self::data::Values;
pub use self::end::EndReason;
pub use self::end::Revocation;
pub use self::error::ConfigError;
pub use self::error::SessionError;
pub use self::event::Event;
pub use self::event::EventKind;
pub use self::event::EventSink;
pub use self::event::NoEvents;
pub use self::event::RefusedToken;
pub use self::event::StoreOperation;
#[cfg(feature = "tracing")]
pub use self::event::TracingSink;
#[cfg(feature = "fixtures")]
pub use self::fixture::FixtureError;
#[cfg(feature = "fixtures")]
pub use self::fixture::NextWrite;
#[cfg(feature = "fixtures")]
pub use self::fixture::RecordFixture;
pub use self::manager::ManagerBuilder;
pub use self::manager::OnOutage;
pub use self::manager::Presented;
pub use self::manager::Revoked;
pub use self::manager::SessionInfo;
pub use self::manager::SessionManager;
pub use self::policy::AtLimit;
pub use self::policy::Concurrency;
pub use self::policy::Limits;
pub use self::policy::LimitsBuilder;
pub use self::policy::OnReplay;
pub use self::policy::Policy;
pub use self::policy::PolicyFacts;
pub use self::policy::StandardPolicy;
pub use self::policy::StandardPolicyBuilder;
pub use self::policy::Standing;
pub use self::policy::judge_record;
pub use self::random::RandomUnavailable;
pub use self::random::SecureRandom;
pub use self::random::SystemRandom;
pub use self::ratchet::Credential;
pub use self::ratchet::MAX_WALK;
pub use self::ratchet::PreviousCredential;
pub use self::ratchet::Verdict;
pub use self::ratchet::Windows;
pub use self::ratchet::judge_token;
pub use self::record::Binding;
pub use self::record::EpochStamp;
pub use self::record::InvalidEncoding;
pub use self::record::Revision;
pub use self::record::SessionRecord;
pub use self::record::Tombstone;
pub use self::record::TombstoneParts;
pub use self::record::WriteId;
pub use self::requirement::Requirement;
pub use self::requirement::Unmet;
pub use self::risk::Assessment;
pub use self::risk::RiskAnswer;
pub use self::risk::RiskAssessor;
pub use self::risk::RiskSignals;
pub use self::risk::RiskSigns;
pub use self::risk::StandardRisk;
pub use self::risk::StandardRiskBuilder;
pub use self::session::CarryOver;
pub use self::session::Delivery;
pub use self::session::ExpiresIn;
pub use self::session::Finished;
pub use self::session::Flash;
pub use self::session::Instruction;
pub use self::session::Login;
pub use self::session::LoginOutcome;
pub use self::session::Renewal;
pub use self::session::Session;
pub use self::store::Bind;
pub use self::store::Bound;
pub use self::store::Create;
pub use self::store::DynStore;
pub use self::store::DynStoreBuilder;
pub use self::store::End;
pub use self::store::EndOutcome;
pub use self::store::Ending;
pub use self::store::EpochScope;
pub use self::store::Epochs;
pub use self::store::FeedListener;
pub use self::store::FeedListeners;
pub use self::store::HandleTag;
pub use self::store::HandleTags;
pub use self::store::Load;
pub use self::store::Replaced;
pub use self::store::RevocationFeed;
pub use self::store::SessionStore;
pub use self::store::StoreError;
pub use self::store::StoreErrorKind;
pub use self::store::SubjectIndex;
pub use self::store::Sweep;
pub use self::store::Swept;
pub use self::store::Touch;
pub use self::store::Touched;
pub use self::store::Write;
pub use self::subject::InvalidSubject;
pub use self::subject::Subject;
pub use self::time::Timestamp;
pub use self::token::ExposedToken;
pub use self::token::InvalidHandle;
pub use self::token::MalformedToken;
pub use self::token::SessionHandle;
pub use self::token::SessionToken;
pub use self::token::TOKEN_CHARS;
pub use self::token::TokenDigest;
