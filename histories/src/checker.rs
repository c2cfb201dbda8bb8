//! Looks for operations that contradict each other.

mod answers;
mod data;
mod endings;
mod index;
mod limit;
mod ratchet;
#[cfg(test)]
mod tests;
mod vanished;

use std::fmt;
use std::time::Duration;

use crate::cast;
use crate::history::Nanos;
use crate::history::Operation;

use self::index::Index;

/// What was promised to the history.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Terms {
    /// How many sessions a subject may have.
    pub limit: usize,
    /// How long the token before is accepted, once a token is in use, the skew included.
    pub grace: Duration,
    /// How much the records and the engine may disagree about the time: the engine counts in
    /// milliseconds.
    pub tolerance: Duration,
}

impl Terms {
    /// Returns the terms with another grace.
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            limit: cast::LIMIT.get() as usize,
            grace: cast::GRACE + cast::SKEW,
            tolerance: Duration::from_millis(2),
        }
    }
}

/// What must not be.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Rule {
    /// An answer is one of those that are allowed, and about what was asked.
    AllowedAnswer,
    /// A session that has ended, as who ended it was told, is not seen, and not written.
    EndedIsFinal,
    /// No more sessions of a subject live than the limit says.
    Limit,
    /// What was acknowledged, or seen, is seen from then on.
    NothingLost,
    /// Nothing is seen that nobody put in, or that was refused, or twice.
    NothingMadeUp,
    /// No token is accepted that was never issued.
    OnlyIssuedTokens,
    /// No token is accepted that a newer one has replaced for good.
    OnlyRecentTokens,
    /// A session that was seen to have ended, whether who ended it was told so or not, is not seen
    /// alive later, and not written.
    SeenToEndIsFinal,
}

/// Operations that contradict each other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Contradiction {
    /// The rule that is broken.
    pub rule: Rule,
    /// How.
    pub because: String,
    /// The operations that show it: the one that must not be comes last.
    pub operations: Vec<Operation>,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}: {}", self.rule, self.because)?;
        for operation in &self.operations {
            writeln!(f, "    {operation}")?;
        }
        Ok(())
    }
}

/// What the checker found.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// Everything that must not be.
    pub contradictions: Vec<Contradiction>,
}

impl Verdict {
    /// Returns how often a rule was broken.
    #[must_use]
    pub fn count(&self, rule: Rule) -> usize {
        self.contradictions
            .iter()
            .filter(|contradiction| contradiction.rule == rule)
            .count()
    }

    fn add(&mut self, rule: Rule, because: impl Into<String>, operations: &[&Operation]) {
        self.contradictions.push(Contradiction {
            rule,
            because: because.into(),
            operations: operations.iter().copied().cloned().collect(),
        });
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.contradictions.len();
        writeln!(f, "{found} contradictions, of which the first:")?;
        let told = self.contradictions.iter().take(TOLD);
        for contradiction in told {
            write!(f, "{contradiction}")?;
        }
        Ok(())
    }
}

/// Checks a history: those of all processes, in any order.
#[must_use]
pub fn check(history: &[Operation], terms: &Terms) -> Verdict {
    let index = Index::of(history);
    let mut verdict = Verdict::default();
    answers::check(&index, &mut verdict);
    data::check(&index, &mut verdict);
    endings::check(&index, &mut verdict);
    limit::check(&index, terms, &mut verdict);
    ratchet::check(&index, terms, &mut verdict);
    vanished::check(&index, &mut verdict);
    verdict
}

/// How many contradictions are written out. The first ones tell, and each is several lines.
const TOLD: usize = 8;

fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}
