//! The ratchet, explored: every state that a browser, its network, a thief and two nodes can
//! reach within bounds, on the real engine.
//!
//! A browser keeps two cookies and has a few requests under way at once. Each request is sent,
//! loads the session, finishes, and is answered; each of these steps can come at any time, answers
//! in any order, and messages can be lost. A thief holds every token that was ever issued and
//! presents any of them at any time. A second node may serve what it loaded before, for ever.
//! After each step the promises are checked; the first state that breaks one is told as the list
//! of the steps that lead to it.

mod node;
mod promises;
mod state;

use std::collections::HashSet;
use std::collections::VecDeque;
use std::time::Duration;

use self::node::Op;
use self::state::Scope;
use self::state::State;
use self::state::Step;

/// The least: a browser that logs in, with two requests under way at once, none of them lost.
const SCOPE: Scope = Scope {
    ops: &[(Op::Login, 1)],
    parallel: 2,
    losses: 0,
    thefts: 0,
    steps: 0,
    transit: 1,
    stale: false,
    idle: HOURS,
    logins_overtake: false,
};
/// Fewer states than any scope below has: an exploration that ends early shows nothing.
const AT_LEAST: usize = 20_000;
const HOURS: Duration = Duration::from_secs(36_000);

/// Visits every state of a scope once, and returns how many there are.
fn explore(scope: &Scope) -> Result<usize, String> {
    let first = State::first(scope);
    let mut known = HashSet::from([first.fingerprint(scope)]);
    // How each state was reached, for the report.
    let mut origins: Vec<(usize, Option<Step>)> = vec![(0, None)];
    let mut waiting = VecDeque::from([(first, 0)]);
    while let Some((state, number)) = waiting.pop_front() {
        for step in state.steps(scope) {
            let next = state
                .take(step, scope)
                .map_err(|broken| report(&broken, &origins, number, step))?;
            if known.insert(next.fingerprint(scope)) {
                origins.push((number, Some(step)));
                waiting.push_back((next, origins.len() - 1));
            }
        }
    }
    Ok(known.len())
}

fn report(
    broken: &str,
    origins: &[(usize, Option<Step>)],
    mut number: usize,
    last: Step,
) -> String {
    let mut steps = vec![last];
    while let (origin, Some(step)) = origins[number] {
        steps.push(step);
        number = origin;
    }
    steps.reverse();
    format!("{broken} after {steps:?}")
}

/// Races 29, 30, 38 and 50: whatever is slow, lost or overtaken.
#[test]
fn renewals_never_log_an_honest_client_out() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 5)],
        steps: 8,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

#[test]
fn lost_messages_never_log_an_honest_client_out() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 4)],
        losses: 2,
        steps: 8,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

#[test]
fn renewals_that_the_application_asks_for_are_as_safe() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 2), (Op::Renew, 2)],
        steps: 8,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// Race 13: whoever raises the assurance keeps the session, whatever is under way.
#[test]
fn a_raise_never_logs_an_honest_client_out() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 3), (Op::Raise, 1)],
        losses: 1,
        steps: 6,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// The same with a second raise, after the first one or because its answer was lost.
#[test]
fn a_second_raise_never_logs_an_honest_client_out() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 3), (Op::Raise, 2)],
        parallel: 1,
        losses: 2,
        steps: 5,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// The model can tell: a token of two raises ago is not known any more.
#[test]
fn a_request_that_is_under_way_during_two_raises_is_out_of_reach() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 1), (Op::Raise, 2)],
        ..SCOPE
    };
    let broken = explore(&scope).unwrap_err();
    assert!(
        broken.starts_with("an honest client is logged out"),
        "{broken}"
    );
}

/// Races 9 and 51.
#[test]
fn a_late_answer_to_an_anonymous_request_never_destroys_a_login() {
    let scope = Scope {
        ops: &[(Op::Insert, 2), (Op::Login, 1), (Op::Read, 1)],
        losses: 1,
        steps: 2,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// Races 1, 3 and 51: after a logout or another login, what was under way brings nothing back,
/// and is no replay.
#[test]
fn what_is_under_way_during_a_logout_or_a_second_login_does_no_harm() {
    let scope = Scope {
        ops: &[(Op::Login, 2), (Op::Logout, 1), (Op::Read, 2)],
        steps: 4,
        logins_overtake: true,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// Races 30 and 32: whichever token of the family a thief has, and whenever it is presented.
#[test]
fn every_replay_outside_of_the_windows_is_found() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 4)],
        parallel: 1,
        thefts: 2,
        steps: 9,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

#[test]
fn a_thief_with_a_token_from_before_a_raise_gains_nothing() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 3), (Op::Raise, 2)],
        parallel: 1,
        thefts: 2,
        steps: 7,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// Race 6, as far as the engine goes: from an old copy only "current and in use" is believed.
#[test]
fn a_node_with_a_stale_copy_breaks_no_promise() {
    let scope = Scope {
        ops: &[
            (Op::Login, 1),
            (Op::Read, 4),
            (Op::Raise, 1),
            (Op::Logout, 1),
        ],
        parallel: 1,
        steps: 6,
        stale: true,
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// Races 2 and 3: a slow request, a touch and a renewal around the idle timeout.
#[test]
fn a_session_that_expired_never_comes_back() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Insert, 1), (Op::Read, 2)],
        steps: 7,
        idle: Duration::from_secs(100),
        ..SCOPE
    };
    assert!(explore(&scope).unwrap() > AT_LEAST);
}

/// The model can tell: messages that take longer than the windows do log a client out.
#[test]
fn messages_slower_than_the_windows_are_out_of_reach() {
    let scope = Scope {
        ops: &[(Op::Login, 1), (Op::Read, 4)],
        steps: 8,
        transit: 3,
        ..SCOPE
    };
    let broken = explore(&scope).unwrap_err();
    assert!(
        broken.starts_with("an honest client is called a replay"),
        "{broken}"
    );
}

/// The model can tell: both answers are for the same cookie.
#[test]
fn an_answer_of_the_session_before_that_a_login_overtakes_is_out_of_reach() {
    let scope = Scope {
        ops: &[(Op::Login, 2), (Op::Read, 1)],
        steps: 3,
        ..SCOPE
    };
    let broken = explore(&scope).unwrap_err();
    assert!(
        broken.starts_with("the browser has lost its login"),
        "{broken}"
    );
}
