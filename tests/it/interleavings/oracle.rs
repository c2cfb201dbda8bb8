//! What must hold after two requests, in whatever order their steps were.

use std::fmt;

use hallpass::EventKind;
use hallpass::SessionError;

use super::data::check_data;
use super::endings::check_endings;
use super::endings::check_logins;
use super::operation::Operation;
use super::operation::Report;
use super::stage::Stage;
use super::stage::Start;
use super::tokens::check_levels;
use super::tokens::check_renewals;

/// What an assertion that does not hold says.
pub(super) struct Context<'a> {
    pair: [Operation; 2],
    reports: &'a [Report; 2],
}

impl fmt::Display for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:#?}", self.pair, self.reports)
    }
}

pub(super) fn check<'a>(
    stage: &Stage,
    pair: [Operation; 2],
    reports: &'a [Report; 2],
) -> Context<'a> {
    let context = Context { pair, reports };
    check_answers(reports, &context);
    check_endings(stage, reports, &context);
    check_logins(stage, reports, &context);
    check_data(stage, reports, &context);
    check_levels(stage, reports, &context);
    check_renewals(stage, reports, &context);
    check_events(stage, reports, &context);
    context
}

/// Nothing fails but what the other operation has made impossible, and whoever is refused is told
/// why.
fn check_answers(reports: &[Report; 2], context: &Context<'_>) {
    for (report, other) in [(&reports[0], &reports[1]), (&reports[1], &reports[0])] {
        let other = other.operation;
        let may_end = other.ends() || other == Operation::Raise;
        let is_fine = match &report.answer {
            Ok(_) => true,
            Err(SessionError::Ended) => may_end,
            Err(SessionError::NotLoggedIn) => other.ends(),
            Err(SessionError::Stale) => other == Operation::Raise,
            Err(_) => false,
        };
        assert!(is_fine, "{context}");
        let is_fine = match &report.finished.refusal {
            None => true,
            Some(SessionError::Ended) => may_end,
            Some(_) => false,
        };
        assert!(is_fine, "{context}");
    }
}

/// Nobody looks like a thief, nothing failed, and each refusal is told.
fn check_events(stage: &Stage, reports: &[Report; 2], context: &Context<'_>) {
    let events = stage.node(0).events.take();
    let count = |is: fn(&EventKind) -> bool| events.iter().filter(|kind| is(kind)).count();
    let refused = reports
        .iter()
        .filter(|report| matches!(report.finished.refusal, Some(SessionError::Ended)));
    let dropped = count(|kind| *kind == EventKind::Dropped);
    let refused = refused.count() + stage.refusals();
    assert_eq!(dropped, refused, "{events:?}, {context}");
    let bad = count(|kind| matches!(kind, EventKind::Replayed | EventKind::StoreFailed { .. }));
    assert_eq!(bad, 0, "{events:?}, {context}");
    // What stays of an ended session knows its last token, and not the parent of that.
    let unknown = count(|kind| *kind == EventKind::Unknown);
    let is_parent = stage.start == Start::Lost;
    assert!(unknown == 0 || is_parent, "{events:?}, {context}");
}
