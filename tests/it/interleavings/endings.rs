//! What must hold of sessions that ended, and of those that began.

use super::operation::Operation;
use super::operation::Report;
use super::oracle::Context;
use super::stage::Stage;
use super::tokens::given;

/// Races 1, 2 and 8: what was answered as ended is over, and nobody who comes later is let in.
pub(super) fn check_endings(stage: &Stage, reports: &[Report; 2], context: &Context<'_>) {
    for (ending, other) in [(&reports[0], &reports[1]), (&reports[1], &reports[0])] {
        if !has_ended(stage, ending) {
            continue;
        }
        assert!(stage.record(stage.handle).is_none(), "{context}");
        let is_later = other.opened_at > ending.answered_at;
        assert!(
            !is_later || other.accepted != Some(stage.handle),
            "{context}"
        );
        // What is decided after the end brings no token back. That of a raise was decided before.
        let is_finished_later = other.answered_at > ending.answered_at;
        let brings_back = given(other).is_some_and(|token| token.handle() == stage.handle);
        let is_raise = other.operation == Operation::Raise;
        assert!(!is_finished_later || !brings_back || is_raise, "{context}");
    }
    // Nothing else ends it.
    if !reports.iter().any(|report| report.operation.ends()) {
        assert!(stage.record(stage.handle).is_some(), "{context}");
    }
}

/// Returns whether this request ended the session in which all began.
pub(super) fn has_ended(stage: &Stage, report: &Report) -> bool {
    let was_its = report.accepted == Some(stage.handle);
    report.answer.is_ok()
        && match report.operation {
            Operation::Login => was_its && report.logged_in().is_some(),
            Operation::Logout => was_its,
            Operation::Revoke | Operation::RevokeOthers | Operation::RevokeSubject => true,
            // Where nobody moved the deadline: a raise begins the absolute timeout anew.
            Operation::ExpireAbsolute | Operation::ExpireIdle => {
                stage.record(stage.handle).is_none()
            }
            _ => false,
        }
}

/// Race 24: exactly as many sessions live as were promised.
pub(super) fn check_logins(stage: &Stage, reports: &[Report; 2], context: &Context<'_>) {
    let live = stage.live();
    let has = |operation| reports.iter().any(|report| report.operation == operation);
    let begun: Vec<_> = reports.iter().filter_map(Report::logged_in).collect();
    let surviving = begun.iter().filter(|handle| live.contains(handle)).count();
    let revokes = has(Operation::RevokeSubject) || has(Operation::RevokeOthers);
    for report in reports {
        let is_login = report.operation == Operation::Login;
        assert!(!is_login || report.logged_in().is_some(), "{context}");
    }
    if !begun.is_empty() && !revokes {
        assert_eq!(surviving, 1, "{context}");
    }
    // The one in which all began, those of the logins, and that of the other device.
    let mut known = begun;
    known.push(stage.handle);
    let others = live.iter().filter(|handle| !known.contains(handle));
    let has_other_device = has(Operation::RevokeOthers) && !has(Operation::RevokeSubject);
    assert!(others.count() <= usize::from(has_other_device), "{context}");
}
