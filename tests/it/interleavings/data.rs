//! What must hold of the data: those of some serial order of what was accepted.

use hallpass::SessionHandle;

use super::operation::Answer;
use super::operation::Operation;
use super::operation::Report;
use super::oracle::Context;
use super::stage::Data;
use super::stage::Stage;

/// Race 14: whatever was answered without a refusal is there, once, and nothing else is.
pub(super) fn check_data(stage: &Stage, reports: &[Report; 2], context: &Context<'_>) {
    if let Some(found) = stage.data(stage.handle) {
        let accepted = carried_out(stage, reports);
        assert!(
            serial(&accepted).contains(&found),
            "{found:?} after {accepted:?}, {context}"
        );
    }
    for report in reports {
        if let Some(handle) = report.logged_in() {
            check_carried(stage, handle, report, reports, context);
        }
    }
    check_counts(stage, reports, context);
}

/// A login carries everything over, or, where the session before had ended otherwise, nothing. The
/// changes of its own request come along in any case.
fn check_carried(
    stage: &Stage,
    handle: SessionHandle,
    login: &Report,
    reports: &[Report; 2],
    context: &Context<'_>,
) {
    let Some(mut found) = stage.data(handle) else {
        return;
    };
    let own = found.remove(&format!("login{}", login.place));
    assert_eq!(own, Some(login.place.to_string()), "{context}");
    let others = reports.iter().filter(|report| report.place != login.place);
    // The other one may have carried over, with what was its own, before this one replaced it.
    let has_lost = others
        .clone()
        .any(|other| other.operation.ends() && found.is_empty());
    let accepted = carried_out(stage, reports);
    let is_whole = serial(&accepted).contains(&found);
    assert!(
        is_whole || has_lost,
        "{found:?} after {accepted:?}, {context}"
    );
}

/// Returns what was carried out in the session in which all began.
fn carried_out(stage: &Stage, reports: &[Report; 2]) -> Vec<(Operation, usize)> {
    let done = reports
        .iter()
        .filter(|report| report.is_done_in(stage.handle));
    done.map(|report| (report.operation, report.place))
        .collect()
}

/// Returns what the data are after these operations, in one order and in the other.
fn serial(accepted: &[(Operation, usize)]) -> Vec<Data> {
    let forwards = after(accepted.iter());
    let backwards = after(accepted.iter().rev());
    vec![forwards, backwards]
}

fn after<'a>(operations: impl Iterator<Item = &'a (Operation, usize)>) -> Data {
    let (mut n, mut m) = (10, 20);
    let untouched = [("untouched", "7"), ("once", "1")];
    let mut data: Data = untouched
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    for (operation, place) in operations {
        match operation {
            Operation::Insert => drop(data.insert(format!("own{place}"), place.to_string())),
            Operation::InsertShared => drop(data.insert("shared".to_owned(), place.to_string())),
            Operation::Update => n += 1,
            Operation::UpdateNow => m += 1,
            _ => {}
        }
    }
    data.insert("n".to_owned(), n.to_string());
    data.insert("m".to_owned(), m.to_string());
    data
}

/// What was counted at once was answered in the order in which it was counted.
fn check_counts(stage: &Stage, reports: &[Report; 2], context: &Context<'_>) {
    let mut counts: Vec<_> = reports
        .iter()
        .filter(|report| report.accepted == Some(stage.handle))
        .filter_map(|report| match report.answer {
            Ok(Answer::Counted(count)) => Some(count),
            _ => None,
        })
        .collect();
    counts.sort_unstable();
    let expected: Vec<u32> = (21..).take(counts.len()).collect();
    assert_eq!(counts, expected, "{context}");
}
