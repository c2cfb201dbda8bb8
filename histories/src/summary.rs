//! What a run did.

use std::fmt;

use crate::history::Answered;
use crate::history::Asked;
use crate::history::Found;
use crate::history::Operation;

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// All operations.
    pub operations: usize,
    /// Requests that found a live session.
    pub reads: usize,
    /// Values put in.
    pub inserts: usize,
    /// Numbers counted up at the end of a request.
    pub updates: usize,
    /// Numbers counted up at once.
    pub decisions: usize,
    /// Sessions that began.
    pub logins: usize,
    /// Logins that were denied.
    pub denials: usize,
    /// Sessions that ended to make room.
    pub evictions: usize,
    /// Logouts of live sessions.
    pub logouts: usize,
    /// Sessions ended from elsewhere.
    pub revocations: usize,
    /// Ends of all sessions of a subject.
    pub ends_of_all: usize,
    /// Ends of all sessions of a subject by counting.
    pub advances: usize,
    /// Lists of a subject's sessions.
    pub lists: usize,
    /// Tokens that replaced the one before, as often as they were sent.
    pub renewals: usize,
    /// Requests with a token that nobody issued.
    pub forgeries: usize,
    /// Requests that found an ended session by its token.
    pub ended: usize,
    /// Requests with an old token whose session ended because of that, before or just then.
    pub replays: usize,
    /// Changes that were refused because the session had ended meanwhile.
    pub late: usize,
    /// Requests that were dropped.
    pub dropped: usize,
    /// Answers that the store was unavailable.
    pub unavailable: usize,
    /// Answers that a write was in doubt.
    pub in_doubt: usize,
    /// Answers that too many wrote at once.
    pub contended: usize,
}

impl Summary {
    /// Counts.
    #[must_use]
    pub fn of(history: &[Operation]) -> Self {
        let mut summary = Self::default();
        for operation in history {
            summary.count(operation);
        }
        summary
    }

    fn count(&mut self, operation: &Operation) {
        self.operations += 1;
        let is_live = operation.live().is_some();
        self.reads += usize::from(is_live);
        let presented = operation.presented;
        self.forgeries += usize::from(presented.is_some_and(|presented| presented.forged));
        if let Some(opened) = &operation.opened
            && let Found::Ended(reason) = &opened.found
        {
            self.ended += 1;
            self.replays += usize::from(reason == "replayed");
        }
        if let (Some(presented), Some(delivered)) = (presented, operation.delivered) {
            let is_renewal = presented.token.handle == delivered.handle;
            self.renewals += usize::from(is_renewal);
        }
        match (&operation.asked, &operation.answered) {
            (_, Answered::Contended) => self.contended += 1,
            (_, Answered::Dropped) => self.dropped += 1,
            (_, Answered::Ended) => self.late += 1,
            (_, Answered::InDoubt) => self.in_doubt += 1,
            (_, Answered::Unavailable) => self.unavailable += 1,
            (_, Answered::Denied(_)) => self.denials += 1,
            (_, Answered::Decided(_)) => self.decisions += 1,
            (_, Answered::Listed(_)) => self.lists += 1,
            (_, Answered::Begun { evicted, .. }) => {
                self.logins += 1;
                self.evictions += evicted.len();
            }
            (Asked::Insert { .. }, Answered::Done) => self.inserts += 1,
            (Asked::Update, Answered::Done) => self.updates += 1,
            (Asked::Logout, Answered::Done) => self.logouts += 1,
            (Asked::Revoke { .. }, Answered::Done) => self.revocations += 1,
            (Asked::EndAll { .. }, Answered::Done) => self.ends_of_all += 1,
            (Asked::Advance { .. }, Answered::Done) => self.advances += 1,
            _ => {}
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = format!("{self:?}");
        let counts = counts.strip_prefix("Summary { ").unwrap_or(&counts);
        f.write_str(counts.trim_end_matches([' ', '}']))
    }
}
