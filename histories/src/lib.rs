//! Proves from recorded histories what hallpass promises.
//!
//! A [`Crowd`] of processes, each with its own manager and its own connections, plays clients on one
//! store for a while, as fast as it is told, with the same sessions. Each operation is recorded: what
//! was asked, what was answered, and when. Afterwards [`check`] looks for operations that contradict
//! each other: a change that was acknowledged and is not seen, a session that is seen after its end
//! was acknowledged, more sessions than the limit, a token that should have been refused.
//!
//! What a run does follows from its seed; in which order the processes come to do it does not. So a
//! seed plays the same choices again, and rarely the same race. The history is what is left of
//! a failure: it is kept, and the answer of the checker names the operations in it.

mod cast;
mod checker;
mod crowd;
mod hammer;
mod history;
mod settings;
mod store;
mod summary;
mod wall;

use std::error::Error;

pub use self::cast::GRACE;
pub use self::cast::LIMIT;
pub use self::cast::Mode;
pub use self::cast::REPAIR;
pub use self::cast::SKEW;
pub use self::checker::Contradiction;
pub use self::checker::Rule;
pub use self::checker::Terms;
pub use self::checker::Verdict;
pub use self::checker::check;
pub use self::crowd::Crowd;
pub use self::hammer::hammer;
pub use self::history::Answered;
pub use self::history::Asked;
pub use self::history::Found;
pub use self::history::Nanos;
pub use self::history::Opened;
pub use self::history::Operation;
pub use self::history::Presented;
pub use self::history::Seen;
pub use self::history::TokenName;
pub use self::settings::PATIENCE;
pub use self::settings::Settings;
pub use self::store::open;
pub use self::summary::Summary;

/// Why a run did not come about.
pub type Failure = Box<dyn Error + Send + Sync>;
