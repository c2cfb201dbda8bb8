//! Two requests on one session, each step in every order, on one node and on two.
//!
//! A request is whole: it opens the session, does something, and finishes. It can be overtaken
//! before each call of the store, and between a call and its answer. Announcements are no points:
//! they change nothing that anybody here looks at. Nor are the answers to loads, but on one node
//! with a settled token.
//!
//! Each test takes one operation and pairs it with itself and with those after it in
//! [`OPERATIONS`]; together they are all pairs.

mod data;
mod endings;
pub(crate) mod operation;
mod oracle;
pub(crate) mod stage;
mod tokens;

use std::future::Future;
use std::pin::Pin;

use hallpass_testkit::schedule::Explorer;
use hallpass_testkit::schedule::alone;
use hallpass_testkit::schedule::cut;

use self::operation::OPERATIONS;
use self::operation::Operation;
use self::operation::Report;
use self::oracle::check;
use self::stage::Stage;
use self::stage::Start;
use self::tokens::arrival;
use self::tokens::check_browser;

/// Runs both operations in every order, and returns how many there are.
fn explored(pair: [Operation; 2], start: Start, nodes: usize) -> usize {
    Explorer::new().explore(|schedule| {
        let stage = Stage::new(pair, start, nodes);
        stage.watch(schedule);
        let [first, second] = pair;
        let (one, other) = schedule.both(first.run(&stage, 0), second.run(&stage, 1));
        let reports = [one, other];
        let context = check(&stage, pair, &reports);
        let order = arrival(schedule, &reports);
        check_browser(&stage, order, &reports, &context);
    })
}

/// Lets a commit of somebody else be under way, so that those of both operations wait for it and
/// can be written together. Both have opened the session before.
fn explored_behind_another(pair: [Operation; 2]) -> usize {
    Explorer::new().explore(|schedule| {
        let stage = &Stage::new(pair, Start::Settled, 1);
        stage.watch(schedule);
        let blocker = stage.blocker();
        let mut blocking = Box::pin(blocker.finish(false));
        assert!(alone(cut(1, blocking.as_mut())).is_none());
        let sessions = [0, 1].map(|place| alone(stage.browser.open(stage.node(place))));
        let rest = |place: usize| {
            let (operation, session) = (pair[place], &sessions[place]);
            async move { Some(operation.rest(stage, session, place, 0).await) }
        };
        let unblocking = async {
            stage.unblocked(&blocking.await);
            None
        };
        let requests: [Pin<Box<dyn Future<Output = Option<Report>>>>; 3] =
            [Box::pin(rest(0)), Box::pin(rest(1)), Box::pin(unblocking)];
        let reports: Vec<_> = schedule.all(requests).into_iter().flatten().collect();
        let reports = <[Report; 2]>::try_from(reports).unwrap();
        let context = check(stage, pair, &reports);
        let order = arrival(schedule, &reports);
        check_browser(stage, order, &reports, &context);
    })
}

/// Pairs an operation with itself and all that come after it in the list.
fn paired(first: Operation, operations: &[Operation], start: Start, nodes: usize) -> usize {
    let partners = operations.iter().skip_while(|other| **other != first);
    let mut total = 0;
    for second in partners {
        if first.is_expiry() && second.is_expiry() {
            // Two hands on one clock.
            continue;
        }
        let schedules = explored([first, *second], start, nodes);
        println!("{start:?}, {first:?} and {second:?} on {nodes}: {schedules}");
        assert!(schedules > 1, "{first:?} never meets {second:?}");
        total += schedules;
    }
    total
}

fn meets_everything(first: Operation) {
    let schedules: usize = [1, 2]
        .map(|nodes| paired(first, &OPERATIONS, Start::Settled, nodes))
        .iter()
        .sum();
    println!("{first:?}: {schedules} schedules");
}

fn all_meet(operations: &[Operation], start: Start, nodes: usize) {
    let schedules: usize = operations
        .iter()
        .map(|first| paired(*first, operations, start, nodes))
        .sum();
    println!("{start:?} on {nodes}: {schedules} schedules");
}

/// The operations for which it makes a difference that the token is not settled.
const ON_UNSETTLED_TOKENS: [Operation; 7] = [
    Operation::Read,
    Operation::Update,
    Operation::Renew,
    Operation::Raise,
    Operation::Login,
    Operation::Logout,
    Operation::Revoke,
];

/// The operations that do something to an anonymous session.
const ON_ANONYMOUS_SESSIONS: [Operation; 7] = [
    Operation::Read,
    Operation::Insert,
    Operation::Update,
    Operation::UpdateNow,
    Operation::Login,
    Operation::Logout,
    Operation::Revoke,
];

/// The operations that wait for others, and one that overtakes them. Not the login, which waits
/// for nobody: it loads again after each of the commits, in far more orders than anybody has time
/// for.
const BEHIND_ANOTHER: [Operation; 6] = [
    Operation::Insert,
    Operation::Update,
    Operation::UpdateNow,
    Operation::Renew,
    Operation::Raise,
    Operation::Logout,
];

/// Those of one write are told of one record: none sees what a raise behind it has made of it.
#[test]
fn commits_that_are_written_together_meet_in_every_order() {
    let mut schedules = 0;
    for (place, first) in BEHIND_ANOTHER.iter().enumerate() {
        for second in &BEHIND_ANOTHER[place..] {
            let count = explored_behind_another([*first, *second]);
            println!("{first:?} and {second:?} behind another: {count}");
            schedules += count;
        }
    }
    println!("behind another: {schedules} schedules");
}

/// A token that nobody has used is confirmed by whoever is first.
#[test]
fn requests_with_a_fresh_token_meet_in_every_order() {
    all_meet(&ON_UNSETTLED_TOKENS, Start::Fresh, 1);
}

#[test]
fn requests_with_a_fresh_token_meet_in_every_order_on_two_nodes() {
    all_meet(&ON_UNSETTLED_TOKENS, Start::Fresh, 2);
}

/// Race 29.
#[test]
fn requests_whose_token_got_lost_meet_in_every_order() {
    all_meet(&ON_UNSETTLED_TOKENS, Start::Lost, 1);
}

/// Race 29.
#[test]
fn requests_whose_token_got_lost_meet_in_every_order_on_two_nodes() {
    all_meet(&ON_UNSETTLED_TOKENS, Start::Lost, 2);
}

/// Races 9 and 51.
#[test]
fn requests_of_a_visitor_meet_in_every_order() {
    all_meet(&ON_ANONYMOUS_SESSIONS, Start::Anonymous, 1);
}

/// Races 9 and 51.
#[test]
fn requests_of_a_visitor_meet_in_every_order_on_two_nodes() {
    all_meet(&ON_ANONYMOUS_SESSIONS, Start::Anonymous, 2);
}

#[test]
fn a_read_meets_everything_in_every_order() {
    meets_everything(Operation::Read);
}

#[test]
fn a_read_that_is_due_for_a_touch_meets_everything_in_every_order() {
    meets_everything(Operation::Touch);
}

#[test]
fn a_change_of_a_key_of_its_own_meets_everything_in_every_order() {
    meets_everything(Operation::Insert);
}

#[test]
fn a_change_of_a_shared_key_meets_everything_in_every_order() {
    meets_everything(Operation::InsertShared);
}

/// Race 14.
#[test]
fn an_increment_meets_everything_in_every_order() {
    meets_everything(Operation::Update);
}

/// Race 14.
#[test]
fn an_increment_at_once_meets_everything_in_every_order() {
    meets_everything(Operation::UpdateNow);
}

/// Races 28 and 32.
#[test]
fn a_renewal_meets_everything_in_every_order() {
    meets_everything(Operation::Renew);
}

/// Race 13.
#[test]
fn a_raise_meets_everything_in_every_order() {
    meets_everything(Operation::Raise);
}

/// Races 8 and 24.
#[test]
fn a_login_meets_everything_in_every_order() {
    meets_everything(Operation::Login);
}

/// Race 1.
#[test]
fn a_logout_meets_everything_in_every_order() {
    meets_everything(Operation::Logout);
}

/// Race 2.
#[test]
fn a_revocation_meets_everything_in_every_order() {
    meets_everything(Operation::Revoke);
}

/// Race 2.
#[test]
fn a_revocation_by_another_device_meets_everything_in_every_order() {
    meets_everything(Operation::RevokeOthers);
}

/// Race 2.
#[test]
fn a_revocation_of_a_subject_meets_everything_in_every_order() {
    meets_everything(Operation::RevokeSubject);
}
