//! What must hold of the tokens, and of the browser that keeps them.

use std::cell::Cell;

use hallpass::AssuranceLevel;
use hallpass::EventKind;
use hallpass::Instruction;
use hallpass::Session;
use hallpass::SessionHandle;
use hallpass::SessionToken;
use hallpass_testkit::schedule::Schedule;
use hallpass_testkit::schedule::alone;

use super::endings::has_ended;
use super::operation::Operation;
use super::operation::Report;
use super::oracle::Context;
use super::stage::Stage;
use super::stage::Start;
use crate::world::Client;
use crate::world::minutes;

/// Race 13: a raised level is seen by nobody but who raised it.
pub(super) fn check_levels(stage: &Stage, reports: &[Report; 2], context: &Context<'_>) {
    for report in reports {
        if report.accepted != Some(stage.handle) {
            continue;
        }
        let before = (stage.start != Start::Anonymous).then_some(AssuranceLevel::Aal1);
        let after = match report.operation {
            Operation::Login => Some(AssuranceLevel::Aal1),
            Operation::Logout => None,
            Operation::Raise if report.answer.is_ok() => Some(AssuranceLevel::Aal2),
            _ => before,
        };
        let expected = [before, after];
        assert_eq!(report.levels, expected, "{context}");
    }
    let raised = reports
        .iter()
        .filter(|report| report.operation == Operation::Raise && report.answer.is_ok());
    assert!(raised.count() <= 1, "{context}");
}

/// Race 28: there is one child, whoever is given it.
pub(super) fn check_renewals(stage: &Stage, reports: &[Report; 2], context: &Context<'_>) {
    let count = |operation: Operation| {
        let done = reports
            .iter()
            .filter(|report| report.operation == operation && report.answer.is_ok());
        u32::try_from(done.count()).unwrap()
    };
    let renewals = count(Operation::Renew).min(1);
    if let Some(record) = stage.record(stage.handle) {
        let most = stage.start.generation() + renewals + count(Operation::Raise);
        assert!(record.credential().generation() <= most, "{context}");
    }
    let keeps_chain = reports
        .iter()
        .all(|report| !matches!(report.operation, Operation::Login | Operation::Raise));
    if keeps_chain {
        let mut children = reports.iter().filter_map(given);
        let first = children.next();
        assert!(children.all(|child| Some(child) == first), "{context}");
        let is_due = count(Operation::Renew) == 2 && stage.start == Start::Settled;
        assert!(first.is_some() || !is_due, "{context}");
    }
}

/// Returns the token that an answer brings for the place of subjects' sessions.
pub(super) fn given(report: &Report) -> Option<&SessionToken> {
    match &report.finished.delivery.session {
        Instruction::Set { token, .. } => Some(token),
        Instruction::Keep | Instruction::Remove => None,
    }
}

/// Lets the answers arrive in each order, and returns it. Where it makes no difference, there is
/// one.
pub(super) fn arrival(schedule: &mut Schedule, reports: &[Report; 2]) -> [usize; 2] {
    let brings = |report: &Report| report.finished.delivery.session.is_something();
    if !reports
        .iter()
        .all(|report| report.operation.is_of_browser())
        || !reports.iter().any(brings)
    {
        return [0, 1];
    }
    let arrived = Cell::new(0);
    let arrive = async || {
        arrived.set(arrived.get() + 1);
        arrived.get()
    };
    let (first, _second) = schedule.both(arrive(), arrive());
    if first == 1 { [0, 1] } else { [1, 0] }
}

/// Races 38 and 51: in whatever order the answers arrive, and whatever the browser asks for in
/// between, it is in, or the session was ended by one of the two.
pub(super) fn check_browser(
    stage: &Stage,
    order: [usize; 2],
    reports: &[Report; 2],
    context: &Context<'_>,
) {
    let world = stage.node(order[1]);
    let mut browser = stage.browser.clone();
    let mut last = None;
    for place in order {
        if reports[place].operation.is_of_browser() {
            browser.take(&reports[place].finished);
            alone(browser.visit(stage.node(place)));
            last = Some(&reports[place]);
        }
    }
    let is_over = reports.iter().any(|report| has_ended(stage, report));
    let session = alone(browser.open(world));
    let begun: Vec<_> = reports.iter().filter_map(Report::logged_in).collect();
    let is_in = session
        .handle()
        .is_some_and(|handle| handle == stage.handle || begun.contains(&handle));
    assert!(is_in || is_over, "{order:?}, {context}");
    // Who logged in last is in, unless the other one ended that as well. Answers to anonymous
    // requests come never after a login.
    let last = match &*begun {
        [only] if stage.start == Start::Anonymous => Some(*only),
        _ => last.and_then(Report::logged_in),
    };
    if let Some(handle) = last
        && stage.record(handle).is_some()
    {
        assert_eq!(session.handle(), Some(handle), "{order:?}, {context}");
    }
    check_usable(stage, &mut browser, &session, context);
    let expires = reports.iter().any(|report| report.operation.is_expiry());
    if is_in && !expires && !is_outranked(reports, &session) {
        check_later(stage, &mut browser, session.handle(), context);
    }
    let events = world.events.take();
    let is_replay = events.contains(&EventKind::Replayed);
    assert!(!is_replay, "{order:?}, {events:?}, {context}");
}

/// No lane is blocked on any node, and what is written is found.
fn check_usable(stage: &Stage, browser: &mut Client, session: &Session, context: &Context<'_>) {
    session.update("later", |n: &mut u32| *n += 1).unwrap();
    let refusal = alone(browser.answer(session)).refusal;
    assert!(refusal.is_none(), "{refusal:?}, {context}");
    for place in [0, 1] {
        let session = alone(browser.open(stage.node(place)));
        session.update("later", |n: &mut u32| *n += 1).unwrap();
        let refusal = alone(browser.answer(&session)).refusal;
        assert!(refusal.is_none(), "{refusal:?}, {context}");
        let count = u32::try_from(place).unwrap() + 2;
        assert_eq!(session.get("later").unwrap(), Some(count), "{context}");
    }
}

/// Returns whether the browser ended up with a token from before the raise, which is good for the
/// grace only. Nobody may give it the raised one, so it has to log in again.
fn is_outranked(reports: &[Report; 2], session: &Session) -> bool {
    let has_raised = reports
        .iter()
        .any(|report| report.operation == Operation::Raise && report.answer.is_ok());
    let is_low = session
        .authentication()
        .is_some_and(|authentication| authentication.level() == AssuranceLevel::Aal1);
    has_raised && is_low
}

/// When every window is over, the browser is still in.
fn check_later(
    stage: &Stage,
    browser: &mut Client,
    handle: Option<SessionHandle>,
    context: &Context<'_>,
) {
    stage.node(0).clock.advance(minutes(8));
    let session = alone(browser.visit(stage.node(0)));
    assert_eq!(session.handle(), handle, "{context}");
}
