//! What has ended is over.

use hallpass::SessionHandle;

use super::Rule;
use super::Verdict;
use super::index::Index;
use super::index::Session;
use super::index::Subject;
use crate::history::Answered;
use crate::history::Asked;
use crate::history::Found;
use crate::history::Nanos;
use crate::history::Operation;

/// From when on a session is known to have ended, and from which operation.
#[derive(Clone, Copy)]
struct Known<'a> {
    at: Nanos,
    from: &'a Operation,
}

/// How it is known that a session has ended.
struct Evidence<'a> {
    /// Who ended it was told so.
    acknowledged: Vec<Known<'a>>,
    /// Somebody else was told so. Where an ending waits for replicas, others may see it before.
    seen: Vec<Known<'a>>,
}

pub(super) fn check(index: &Index<'_>, verdict: &mut Verdict) {
    let told = told_to_requests(index);
    let subjects: Vec<_> = index
        .subjects
        .iter()
        .map(|(name, subject)| (*name, Wide::of(subject)))
        .collect();
    for (handle, session) in &index.sessions {
        let place = told.partition_point(|(other, _)| other < handle);
        let told = told.iter().skip(place);
        let told = told.take_while(|(other, _)| other == handle);
        let mut evidence = Evidence {
            acknowledged: session.ended.iter().copied().map(after).collect(),
            seen: told.map(|(_, known)| *known).collect(),
        };
        if let Some((login, whose)) = session.begun {
            let place = subjects.binary_search_by_key(&whose, |(name, _)| name);
            let wide = place.ok().and_then(|place| subjects.get(place));
            let wide = wide.and_then(|(_, wide)| wide.after(login));
            evidence.acknowledged.extend(wide);
            let subject = index.subjects.get(whose);
            let missed = subject.and_then(|subject| missed(*handle, login, subject));
            evidence.seen.extend(missed);
        }
        later(session, &evidence, verdict);
    }
}

/// Reports everything that saw or wrote the session later.
fn later<'a>(session: &Session<'a>, evidence: &Evidence<'a>, verdict: &mut Verdict) {
    let earliest = |known: &[Known<'a>]| known.iter().copied().min_by_key(|known| known.at);
    let rules = [
        (Rule::EndedIsFinal, earliest(&evidence.acknowledged)),
        (Rule::SeenToEndIsFinal, earliest(&evidence.seen)),
    ];
    let mut report = |at: Nanos, because: &str, operation: &Operation| {
        let broken = rules.iter().find_map(|(rule, known)| {
            let known = known.filter(|known| at > known.at);
            known.map(|known| (*rule, known.from))
        });
        if let Some((rule, from)) = broken {
            verdict.add(rule, because, &[from, operation]);
        }
        broken.is_some()
    };
    for operation in &session.found {
        let because = "a request found a session that had ended";
        let is_reported = report(operation.begin, because, operation);
        if !is_reported && has_written(operation) {
            let because = "a session was written that had ended";
            report(operation.acting, because, operation);
        }
    }
    for operation in &session.told {
        let because = "a session that had ended was told to be alive";
        report(operation.begin, because, operation);
    }
}

fn has_written(operation: &Operation) -> bool {
    let changes = matches!(
        operation.asked,
        Asked::Insert { .. } | Asked::Update | Asked::UpdateNow
    );
    changes && operation.answered.is_acknowledged()
}

const fn after(from: &Operation) -> Known<'_> {
    Known { at: from.end, from }
}

/// What requests were told when they presented the token of an ended session, by session.
fn told_to_requests<'a>(index: &Index<'a>) -> Vec<(SessionHandle, Known<'a>)> {
    let mut told = Vec::new();
    for operation in &index.operations {
        let Some(presented) = operation.presented else {
            continue;
        };
        let handle = presented.token.handle;
        match &operation.opened {
            Some(opened) if matches!(opened.found, Found::Ended(_)) => {
                let at = opened.at;
                told.push((
                    handle,
                    Known {
                        at,
                        from: operation,
                    },
                ));
            }
            // A change was refused because the session had ended.
            Some(_) if operation.answered == Answered::Ended => {
                told.push((handle, after(operation)));
            }
            _ => {}
        }
    }
    told.sort_by_key(|(handle, known)| (*handle, known.at));
    told
}

/// The ends of all sessions of a subject.
struct Wide<'a> {
    begins: Vec<Nanos>,
    /// For each, the one that was acknowledged first of it and those that began later.
    first: Vec<&'a Operation>,
}

impl<'a> Wide<'a> {
    fn of(subject: &Subject<'a>) -> Self {
        let mut first: Vec<&Operation> = Vec::new();
        for operation in subject.ended.iter().rev() {
            let later = first.last().filter(|later| later.end < operation.end);
            first.push(later.copied().unwrap_or(operation));
        }
        first.reverse();
        let begins = subject.ended.iter().map(|operation| operation.begin);
        Self {
            begins: begins.collect(),
            first,
        }
    }

    /// Returns the first that ended a session which had begun with this login.
    fn after(&self, login: &Operation) -> Option<Known<'a>> {
        let place = self.begins.partition_point(|begin| *begin <= login.end);
        self.first.get(place).copied().map(after)
    }
}

/// Returns the first answer that told all live sessions of the subject, but not this one.
fn missed<'a>(
    handle: SessionHandle,
    login: &Operation,
    subject: &Subject<'a>,
) -> Option<Known<'a>> {
    let place = subject.told.partition_point(|told| told.begin <= login.end);
    let mut told = subject.told.iter().skip(place);
    let missing = told.find(|told| {
        let active = told.told().map(|(_, active)| active);
        !active.is_some_and(|active| active.contains(&handle))
    });
    missing.copied().map(after)
}
