//! No session is lost that nobody ended.

use std::collections::BTreeMap;

use hallpass::SessionHandle;

use super::Rule;
use super::Verdict;
use super::index::Index;
use super::index::Session;
use crate::cast::is_steady;
use crate::history::Answered;
use crate::history::Asked;
use crate::history::Found;
use crate::history::Nanos;
use crate::history::Operation;

/// Looks at the sessions that do not expire within a run.
pub(super) fn check(index: &Index<'_>, verdict: &mut Verdict) {
    let ends = Ends::of(index);
    for operation in &index.operations {
        let Some(presented) = operation.presented.filter(|presented| !presented.forged) else {
            continue;
        };
        let (Some(opened), handle) = (&operation.opened, presented.token.handle) else {
            continue;
        };
        if let Some((login, whose)) = begun(index, handle)
            && opened.found == Found::Nothing
            && login.end < operation.begin
            && ends.first(handle, whose) > opened.at
        {
            let because = "a session is unknown that nobody had ended";
            verdict.add(Rule::NothingLost, because, &[login, operation]);
        }
    }
    for (handle, session) in &index.sessions {
        if let Some((login, whose)) = session.begun.filter(|(_, whose)| is_steady(whose)) {
            missing(*handle, (login, whose), index, &ends, verdict);
        }
    }
}

/// Reports the answers that tell all live sessions of the subject, but not this one.
fn missing(
    handle: SessionHandle,
    (login, whose): (&Operation, &str),
    index: &Index<'_>,
    ends: &Ends<'_>,
    verdict: &mut Verdict,
) {
    let first = ends.first(handle, whose);
    let Some(subject) = index.subjects.get(whose) else {
        return;
    };
    let place = subject.told.partition_point(|told| told.begin <= login.end);
    let told = subject.told.iter().skip(place);
    for told in told.take_while(|told| told.begin < first) {
        let active = told.told().map(|(_, active)| active);
        let is_missing = !active.is_some_and(|active| active.contains(&handle));
        if is_missing && told.end < first {
            let because = "a session is not told that nobody had ended";
            verdict.add(Rule::NothingLost, because, &[login, told]);
        }
    }
}

fn begun<'a>(index: &Index<'a>, handle: SessionHandle) -> Option<(&'a Operation, &'a str)> {
    let begun = index.sessions.get(&handle)?.begun;
    begun.filter(|(_, whose)| is_steady(whose))
}

/// When the first operation began that may have ended a session.
#[derive(Default)]
struct Ends<'a> {
    sessions: BTreeMap<SessionHandle, Nanos>,
    /// Of each subject, by the beginning.
    subjects: BTreeMap<&'a str, Vec<Nanos>>,
    begun: BTreeMap<SessionHandle, Nanos>,
}

impl<'a> Ends<'a> {
    fn of(index: &Index<'a>) -> Self {
        let mut ends = Self::default();
        for (handle, session) in &index.sessions {
            if let Some((login, _)) = session.begun {
                ends.begun.insert(*handle, login.begin);
            }
        }
        for operation in &index.operations {
            ends.add(operation, index);
        }
        ends
    }

    /// Returns when the first operation began that may have ended this session.
    fn first(&self, handle: SessionHandle, whose: &str) -> Nanos {
        let begun = self.begun.get(&handle).copied().unwrap_or(0);
        let subject = self.subjects.get(whose).map_or(&[][..], Vec::as_slice);
        // One that began earlier may have acted later, so the others of the subject count, too.
        let place = subject.partition_point(|begin| *begin < begun.saturating_sub(LONGEST));
        let wide = subject.get(place).copied().unwrap_or(Nanos::MAX);
        let own = self.sessions.get(&handle).copied().unwrap_or(Nanos::MAX);
        own.min(wide)
    }

    fn add(&mut self, operation: &'a Operation, index: &Index<'a>) {
        let presented = operation.presented.map(|presented| presented.token);
        match (&operation.asked, &operation.answered) {
            (Asked::Login { .. }, Answered::Begun { evicted, .. }) => {
                for evicted in evicted {
                    self.ends(*evicted, operation);
                }
            }
            (Asked::Login { .. }, answered) if !answered.may_be_applied() => {}
            (
                Asked::Advance { subject } | Asked::EndAll { subject } | Asked::Login { subject },
                _,
            ) => self
                .subjects
                .entry(subject)
                .or_default()
                .push(operation.begin),
            (Asked::Revoke { handle }, _) => self.ends(*handle, operation),
            _ => {}
        }
        let Some(token) = presented else {
            return;
        };
        let is_end = matches!(operation.asked, Asked::Login { .. } | Asked::Logout);
        let is_known = operation.live().is_some()
            || matches!(&operation.opened, Some(opened) if opened.found == Found::Nothing);
        let has_ended =
            matches!(&operation.opened, Some(opened) if matches!(opened.found, Found::Ended(_)));
        // An old token ends the session also where its request was told nothing.
        let is_old = || {
            let session = index.sessions.get(&token.handle);
            session.is_some_and(|session| has_newer(session, token.generation, operation.end))
        };
        if is_end || has_ended || (!is_known && is_old()) {
            self.ends(token.handle, operation);
        }
    }

    fn ends(&mut self, handle: SessionHandle, operation: &Operation) {
        let first = self.sessions.entry(handle).or_insert(operation.begin);
        *first = operation.begin.min(*first);
    }
}

fn has_newer(session: &Session<'_>, generation: u32, before: Nanos) -> bool {
    let mut delivered = session.delivered.iter();
    delivered.any(|operation| {
        let newer = operation.delivered;
        newer.is_some_and(|token| token.generation > generation) && operation.begin < before
    })
}

/// How long an operation may take to act, in doubt or dropped: much longer than its time-out.
const LONGEST: Nanos = 5_000_000_000;
