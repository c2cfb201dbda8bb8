//! No more sessions than the limit.

use std::collections::BTreeMap;

use super::Rule;
use super::Terms;
use super::Verdict;
use super::index::Index;
use super::index::Session;
use crate::history::Answered;
use crate::history::Nanos;
use crate::history::Operation;

pub(super) fn check(index: &Index<'_>, terms: &Terms, verdict: &mut Verdict) {
    for subject in index.subjects.values() {
        for operation in &subject.told {
            told(operation, terms, verdict);
        }
    }
    let mut spans: BTreeMap<&str, Vec<Span<'_>>> = BTreeMap::new();
    for session in index.sessions.values() {
        if let Some((whose, span)) = span(session) {
            spans.entry(whose).or_default().push(span);
        }
    }
    for (subject, spans) in &mut spans {
        spans.sort_by_key(|span| span.first.end);
        overlapping(subject, spans, terms, verdict);
    }
}

/// A time in which a session is certainly alive: from the answer to the login until somebody begins
/// to look who finds it alive.
#[derive(Clone, Copy)]
struct Span<'a> {
    first: &'a Operation,
    last: &'a Operation,
}

fn told(operation: &Operation, terms: &Terms, verdict: &mut Verdict) {
    let Some((subject, active)) = operation.told() else {
        return;
    };
    let count = active.len();
    if count > terms.limit {
        let because = format!("{subject} has {count} sessions");
        verdict.add(Rule::Limit, because, &[operation]);
    }
    if let Answered::Denied(_) = operation.answered
        && count < terms.limit
    {
        let because = format!("a login of {subject} was denied who had {count} sessions");
        verdict.add(Rule::Limit, because, &[operation]);
    }
}

fn span<'a>(session: &Session<'a>) -> Option<(&'a str, Span<'a>)> {
    let (first, whose) = session.begun?;
    let evidence = session.found.iter().chain(&session.told);
    let last = evidence.max_by_key(|operation| operation.begin)?;
    (last.begin > first.end).then_some((whose, Span { first, last }))
}

fn overlapping(subject: &str, spans: &[Span<'_>], terms: &Terms, verdict: &mut Verdict) {
    let mut alive: Vec<Span<'_>> = Vec::new();
    for span in spans {
        let now: Nanos = span.first.end;
        alive.retain(|other| other.last.begin > now);
        alive.push(*span);
        if alive.len() > terms.limit {
            let because = format!("{} sessions of {subject} live at once", alive.len());
            let evidence: Vec<_> = alive
                .iter()
                .flat_map(|span| [span.first, span.last])
                .collect();
            verdict.add(Rule::Limit, because, &evidence);
        }
    }
}
