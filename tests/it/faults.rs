//! Each call of the store fails, hangs, or loses its answer, once and twice in a row: whoever asked
//! is told the truth, nothing is applied twice, and the client can go on.

mod scenario;

use hallpass::AtLimit;
use hallpass::SessionError;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;

use self::scenario::Call;
use self::scenario::Outcome;
use self::scenario::Scenario;
use self::scenario::operations;

const REFUSED: Fault = Fault::Fail(StoreErrorKind::Rejected);
const GARBLED: Fault = Fault::Fail(StoreErrorKind::Corrupt);
const DOWN: Fault = Fault::Fail(StoreErrorKind::Unavailable);

const FAULTS: [Fault; 6] = [
    DOWN,
    REFUSED,
    GARBLED,
    Fault::FailAfter,
    Fault::Hang,
    Fault::HangAfter,
];

/// One fault, and two in a row where the engine repeats the call after the first.
fn sequences() -> Vec<Vec<Fault>> {
    let one = FAULTS.map(|fault| vec![fault]);
    let two = [DOWN, Fault::FailAfter]
        .into_iter()
        .flat_map(|first| FAULTS.map(|second| vec![first, second]));
    one.into_iter().chain(two).collect()
}

/// Carries out a call with each sequence of faults at each of its store calls.
fn at_each_call_of_the_store(call: Call) {
    let operations = operations(call);
    assert!(!operations.is_empty(), "{call:?} asks nothing");
    for (index, operation) in operations.iter().enumerate() {
        let earlier = operations.iter().take(index);
        let skipped = earlier.filter(|earlier| *earlier == operation).count();
        for faults in sequences() {
            let scenario = Scenario::new(call, AtLimit::EvictLeastRecentlyUsed);
            let outcome = scenario.run(*operation, skipped, &faults);
            check(&scenario, *operation, &faults, &outcome);
        }
    }
}

fn check(scenario: &Scenario, operation: StoreOperation, faults: &[Fault], outcome: &Outcome) {
    let context = format!("{:?}, {operation:?} {faults:?}: {outcome:?}", scenario.call);
    check_opening(operation, faults, outcome, &context);
    if matches!(outcome.opened, Ok(true)) {
        check_answer(scenario, faults, outcome, &context);
        check_repeated(operation, faults, outcome, &context);
    }
    scenario.check_told(outcome, &context);
    scenario.check_client(outcome, &context);
}

/// Race 39: an outage is an error, and never a request without its session.
fn check_opening(operation: StoreOperation, faults: &[Fault], outcome: &Outcome, context: &str) {
    let is_loading = operation == StoreOperation::Load;
    match &outcome.opened {
        // What nobody can read is as if it were not there.
        Ok(false) => assert!(is_loading && faults == [GARBLED], "{context}"),
        Ok(true) => assert!(!is_loading, "{context}"),
        Err(SessionError::Unavailable(_)) => assert!(is_loading, "{context}"),
        Err(error) => panic!("{error:?}, {context}"),
    }
}

/// What was told is what is stored.
fn check_answer(scenario: &Scenario, faults: &[Fault], outcome: &Outcome, context: &str) {
    let effect = scenario.effect();
    let (acted, counted) = (effect.acted, effect.counted);
    match outcome.error() {
        None => {
            assert_eq!(acted.unwrap_or(1), 1, "{effect:?}, {context}");
            assert_eq!(counted.unwrap_or(1), 1, "{effect:?}, {context}");
        }
        Some(SessionError::InDoubt(_)) => {
            assert!(acted.unwrap_or(0) <= 1, "{effect:?}, {context}");
            assert!(counted.unwrap_or(0) <= 1, "{effect:?}, {context}");
            let was_refused = matches!(faults, [REFUSED | GARBLED]);
            assert!(!was_refused, "{effect:?}, {context}");
        }
        Some(SessionError::Unavailable(_)) if outcome.answer.is_err() => {
            // The call did nothing. What was pending before it, the request has committed.
            assert_eq!(acted.unwrap_or(0), 0, "{effect:?}, {context}");
            let expected = u32::from(outcome.is_committed_later());
            assert_eq!(
                counted.unwrap_or(expected),
                expected,
                "{effect:?}, {context}"
            );
        }
        Some(SessionError::Unavailable(_)) => {
            assert_eq!(counted.unwrap_or(0), 0, "{effect:?}, {context}");
        }
        Some(error) => panic!("{error:?}, {context}"),
    }
}

/// A fault that is over when the call is repeated is noticed by nobody, and neither is one of a
/// call that nothing depends on.
fn check_repeated(operation: StoreOperation, faults: &[Fault], outcome: &Outcome, context: &str) {
    let is_optional = matches!(operation, StoreOperation::Publish | StoreOperation::Touch);
    let is_repeated =
        matches!(faults, [DOWN] | [Fault::FailAfter]) && operation != StoreOperation::EndSubject;
    if is_optional || is_repeated {
        assert!(outcome.error().is_none(), "{context}");
    }
}

#[test]
fn a_read_survives_each_fault() {
    at_each_call_of_the_store(Call::Read);
}

/// Race 48.
#[test]
fn an_increment_is_applied_once_whatever_fails() {
    at_each_call_of_the_store(Call::Finish);
}

/// Race 48.
#[test]
fn an_increment_that_is_saved_is_applied_once_whatever_fails() {
    at_each_call_of_the_store(Call::Save);
}

/// Race 48.
#[test]
fn an_increment_at_once_is_applied_once_whatever_fails() {
    at_each_call_of_the_store(Call::UpdateNow);
}

#[test]
fn a_value_is_taken_once_whatever_fails() {
    at_each_call_of_the_store(Call::Take);
}

#[test]
fn a_renewal_leaves_a_token_that_works_whatever_fails() {
    at_each_call_of_the_store(Call::Renew);
}

#[test]
fn a_raise_leaves_a_token_that_works_whatever_fails() {
    at_each_call_of_the_store(Call::Raise);
}

/// Race 48.
#[test]
fn a_login_begins_one_session_or_none_whatever_fails() {
    at_each_call_of_the_store(Call::Login);
}

#[test]
fn a_login_on_a_store_without_an_index_tells_the_truth_whatever_fails() {
    at_each_call_of_the_store(Call::LoginWithoutIndex);
}

#[test]
fn a_logout_tells_the_truth_whatever_fails() {
    at_each_call_of_the_store(Call::Logout);
}

#[test]
fn a_revocation_tells_the_truth_whatever_fails() {
    at_each_call_of_the_store(Call::Revoke);
}

#[test]
fn a_revocation_of_the_others_tells_the_truth_whatever_fails() {
    at_each_call_of_the_store(Call::RevokeOthers);
}

/// Race 48: whoever is told that a login did not happen is not denied the next one by it.
#[test]
fn no_login_is_denied_by_a_ghost_of_its_own() {
    for faults in sequences() {
        let scenario = Scenario::new(Call::Login, AtLimit::Reject);
        let outcome = scenario.run(StoreOperation::Bind, 0, &faults);
        scenario.check_login_again(&outcome, &format!("{faults:?}: {outcome:?}"));
    }
}
