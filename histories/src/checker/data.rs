//! No change is lost, and none is made up.

use std::collections::BTreeMap;

use super::Rule;
use super::Verdict;
use super::index::Index;
use super::index::Session;
use crate::history::Answered;
use crate::history::Asked;
use crate::history::Operation;

pub(super) fn check(index: &Index<'_>, verdict: &mut Verdict) {
    for session in index.sessions.values() {
        let mut steps = steps(session);
        steps.sort_by_key(|(at, step, _)| (*at, *step));
        let mut known = Known::default();
        for (_, step, operation) in steps {
            known.take(step, operation, verdict);
        }
    }
}

/// What happens at one moment of an operation. At the same moment, in this order: so that what is
/// not certainly earlier is taken for concurrent.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
    /// From here on a change may be applied.
    Begins,
    /// What was acknowledged before this must be in what is seen.
    Looks,
    /// What is seen must have begun before this.
    Saw,
    /// From here on a change has been applied.
    Acknowledged,
}

fn steps<'a>(session: &Session<'a>) -> Vec<(u64, Step, &'a Operation)> {
    let mut steps = Vec::new();
    for operation in &session.found {
        steps.push((operation.begin, Step::Looks, *operation));
        if let Some((_, _, at)) = operation.live() {
            steps.push((at, Step::Saw, *operation));
        }
        if operation.answered.may_be_applied() {
            steps.push((operation.begin, Step::Begins, *operation));
        }
        if operation.answered.is_acknowledged() {
            steps.push((operation.end, Step::Acknowledged, *operation));
        }
    }
    steps
}

/// What is known of a session at one moment.
#[derive(Default)]
struct Known<'a> {
    /// The values that may be in it, and who put them there.
    possible: BTreeMap<(u32, u32), &'a Operation>,
    /// The values that must be in it, and who knows.
    certain: BTreeMap<(u32, u32), &'a Operation>,
    updated: Count<'a>,
    decided: Count<'a>,
    /// The numbers that were given out.
    decisions: BTreeMap<u64, &'a Operation>,
    /// The least number that each decision under way must give out.
    least: BTreeMap<(u32, u64), (u64, Option<&'a Operation>)>,
}

/// What is known of one number that is counted up.
#[derive(Default)]
struct Count<'a> {
    possible: u64,
    acknowledged: u64,
    /// The highest that somebody was told, and who.
    told: u64,
    by: Option<&'a Operation>,
}

impl<'a> Count<'a> {
    const fn least(&self) -> u64 {
        if self.told > self.acknowledged {
            self.told
        } else {
            self.acknowledged
        }
    }

    fn tell(&mut self, number: u64, by: &'a Operation) {
        if number > self.told {
            (self.told, self.by) = (number, Some(by));
        }
    }

    fn looks(&self, what: &str, number: u64, operation: &Operation, verdict: &mut Verdict) {
        let least = self.least();
        if number < least {
            let because = format!(
                "{what} was {number}, after {} acknowledged increments and {} that was seen",
                self.acknowledged, self.told
            );
            let both: Vec<_> = self.by.into_iter().chain([operation]).collect();
            verdict.add(Rule::NothingLost, because, &both);
        }
    }

    fn saw(&self, what: &str, number: u64, operation: &Operation, verdict: &mut Verdict) {
        if number > self.possible {
            let because = format!(
                "{what} was {number}, after {} increments at the most",
                self.possible
            );
            verdict.add(Rule::NothingMadeUp, because, &[operation]);
        }
    }
}

impl<'a> Known<'a> {
    fn take(&mut self, step: Step, operation: &'a Operation, verdict: &mut Verdict) {
        match step {
            Step::Begins => self.begins(operation),
            Step::Looks => self.looks(operation, verdict),
            Step::Saw => self.saw(operation, verdict),
            Step::Acknowledged => self.acknowledged(operation, verdict),
        }
    }

    fn begins(&mut self, operation: &'a Operation) {
        match operation.asked {
            Asked::Insert { number } => {
                let key = (operation.process, number);
                self.possible.insert(key, operation);
            }
            Asked::Update => self.updated.possible += 1,
            Asked::UpdateNow => self.decided.possible += 1,
            _ => {}
        }
    }

    fn looks(&mut self, operation: &'a Operation, verdict: &mut Verdict) {
        let Some((_, seen, _)) = operation.live() else {
            return;
        };
        for (key, knows) in &self.certain {
            if !seen.holds(*key) {
                let (process, number) = key;
                let because = format!("value {number} of process {process} is not seen any more");
                verdict.add(Rule::NothingLost, because, &[knows, operation]);
            }
        }
        self.updated
            .looks("the number", seen.updated, operation, verdict);
        self.decided
            .looks("the decided number", seen.decided, operation, verdict);
        if let Answered::Decided(_) = operation.answered {
            let least = (self.decided.least(), self.decided.by);
            self.least
                .insert((operation.process, operation.sequence), least);
        }
    }

    fn saw(&mut self, operation: &'a Operation, verdict: &mut Verdict) {
        let Some((_, seen, _)) = operation.live() else {
            return;
        };
        for key in seen.each_key() {
            if !self.possible.contains_key(&key) {
                let (process, number) = key;
                let because =
                    format!("value {number} of process {process} is seen, and nobody put it in");
                verdict.add(Rule::NothingMadeUp, because, &[operation]);
            }
            self.certain.entry(key).or_insert(operation);
        }
        self.updated
            .saw("the number", seen.updated, operation, verdict);
        self.decided
            .saw("the decided number", seen.decided, operation, verdict);
        self.updated.tell(seen.updated, operation);
        self.decided.tell(seen.decided, operation);
    }

    fn acknowledged(&mut self, operation: &'a Operation, verdict: &mut Verdict) {
        match (&operation.asked, &operation.answered) {
            (Asked::Insert { number }, _) => {
                let key = (operation.process, *number);
                self.certain.entry(key).or_insert(operation);
            }
            (Asked::Update, _) => self.updated.acknowledged += 1,
            (Asked::UpdateNow, Answered::Decided(number)) => {
                self.decided(*number, operation, verdict);
            }
            _ => {}
        }
    }

    fn decided(&mut self, number: u64, operation: &'a Operation, verdict: &mut Verdict) {
        if let Some(earlier) = self.decisions.insert(number, operation) {
            let because = format!("{number} was given out twice");
            verdict.add(Rule::NothingLost, because, &[earlier, operation]);
        }
        let own = (operation.process, operation.sequence);
        if let Some((least, by)) = self.least.remove(&own)
            && number <= least
        {
            let because = format!("{number} was given out after {least}");
            let both: Vec<_> = by.into_iter().chain([operation]).collect();
            verdict.add(Rule::NothingLost, because, &both);
        }
        self.decided
            .saw("the decided number", number, operation, verdict);
        self.decided.acknowledged += 1;
        self.decided.tell(number, operation);
    }
}
