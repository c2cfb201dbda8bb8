//! Requests and calls that are dropped at each point where they wait, alone and with another
//! request of the same session beside them, in every order.

mod across_nodes;

use hallpass::AssuranceLevel;
use hallpass::CarryOver;
use hallpass::EventKind;
use hallpass::Finished;
use hallpass::Renewal;
use hallpass::Session;
use hallpass::SessionError;
use hallpass_testkit::schedule::Explorer;
use hallpass_testkit::schedule::Schedule;
use hallpass_testkit::schedule::alone;
use hallpass_testkit::schedule::cut;

use crate::interleavings::operation::Operation;
use crate::interleavings::stage::Stage;
use crate::interleavings::stage::Start;
use crate::world::login;
use crate::world::otp;

/// What is dropped. Before each of them the request has counted `n`, which is still pending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Call {
    Finish,
    Login,
    Logout,
    Lower,
    Raise,
    Renew,
    Save,
    Take,
    UpdateNow,
}

/// How much is dropped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Extent {
    /// The call alone: its handler goes on, and the request is finished.
    Call,
    /// The whole request: its client goes away.
    Request,
}

impl Call {
    async fn make(self, session: &Session) -> Result<(), SessionError> {
        match self {
            Self::Finish | Self::Renew => Ok(()),
            Self::Login => {
                let login = login("alice").carry_over(CarryOver::DangerAll);
                session.login(login).await.map(drop)
            }
            Self::Logout => session.logout().await,
            Self::Lower => session.lower(AssuranceLevel::Aal1).await,
            Self::Raise => session.raise(otp()).await,
            Self::Save => session.save().await,
            Self::Take => session.take::<u32>("once").await.map(drop),
            Self::UpdateNow => session.update_now("m", |m: &mut u32| *m += 1).await,
        }
    }
}

/// What became of the request that may be cut off. `None` where nobody was told.
struct Outcome {
    call: Option<Result<(), SessionError>>,
    finished: Option<Finished>,
}

async fn cut_off(call: Call, extent: Extent, polls: usize, session: &Session) -> Outcome {
    let whole = async {
        let answer = call.make(session).await;
        let finished = session.finish(false).await;
        Outcome {
            call: Some(answer),
            finished: Some(finished),
        }
    };
    match extent {
        Extent::Call => Outcome {
            call: cut(polls, call.make(session)).await,
            finished: Some(session.finish(false).await),
        },
        Extent::Request => cut(polls, whole).await.unwrap_or(Outcome {
            call: None,
            finished: None,
        }),
    }
}

/// The request beside it: it counts `m` at once, by ten.
async fn beside(session: &Session) -> (Result<u32, SessionError>, Finished) {
    let count = |m: &mut u32| {
        *m += 10;
        *m
    };
    (
        session.update_now("m", count).await,
        session.finish(false).await,
    )
}

/// Drops it after no poll, after one, and so on until it is always done by then.
fn dropped_at_each_point(call: Call) {
    let mut schedules = 0;
    for extent in [Extent::Call, Extent::Request] {
        for is_alone in [true, false] {
            let mut polls = 0;
            loop {
                let mut was_cut = false;
                schedules += Explorer::new().explore(|schedule| {
                    was_cut |= !run(call, extent, polls, is_alone, schedule);
                });
                if !was_cut {
                    break;
                }
                polls += 1;
            }
            let waits = extent == Extent::Request || !matches!(call, Call::Finish | Call::Renew);
            let least = 1 + usize::from(waits);
            assert!(polls >= least, "{call:?}, {extent:?} is never cut off");
        }
    }
    println!("{call:?}: {schedules} schedules");
}

/// Returns whether the request was done before it could be cut off.
fn run(call: Call, extent: Extent, polls: usize, is_alone: bool, schedule: &mut Schedule) -> bool {
    let stage = Stage::new([Operation::Read; 2], Start::Settled, 1);
    let session = alone(stage.browser.open(stage.node(0)));
    let other = alone(stage.browser.open(stage.node(0)));
    session.update("n", |n: &mut u32| *n += 1).unwrap();
    if call == Call::Renew {
        assert_eq!(session.renew().unwrap(), Renewal::Scheduled);
    }
    let first = cut_off(call, extent, polls, &session);
    let second = async {
        if is_alone {
            None
        } else {
            Some(beside(&other).await)
        }
    };
    let (outcome, beside) = schedule.both(first, second);
    let context = format!("{call:?}, {extent:?}, {polls} polls, {schedule:?}");
    let is_done = outcome.call.is_some() && outcome.finished.is_some();
    let mut browser = stage.browser.clone();
    let count = beside.map(|(count, finished)| {
        browser.take(&finished);
        assert!(
            finished.refusal.is_none(),
            "{:?}, {context}",
            finished.refusal
        );
        count
    });
    check(call, extent, polls, &stage, &outcome, count, &context);
    if let Some(finished) = &outcome.finished {
        browser.take(finished);
    }
    // Whoever lives can be used by its client, unless nobody was told of it.
    let session = alone(browser.open(stage.node(0)));
    let lives = stage.record(stage.handle).is_some();
    assert!(
        !lives || session.handle() == Some(stage.handle),
        "{context}"
    );
    // The lane is free.
    session.update("later", |n: &mut u32| *n += 1).unwrap();
    let finished = alone(browser.answer(&session));
    assert!(
        finished.refusal.is_none(),
        "{:?}, {context}",
        finished.refusal
    );
    let events = stage.node(0).events.take();
    assert!(!events.contains(&EventKind::Replayed), "{context}");
    is_done
}

/// Looks into the store: everything of the request is there, or nothing, and what was told is so.
fn check(
    call: Call,
    extent: Extent,
    polls: usize,
    stage: &Stage,
    outcome: &Outcome,
    beside: Option<Result<u32, SessionError>>,
    context: &str,
) {
    let live = stage.live();
    assert!(live.len() <= 1, "{live:?}, {context}");
    let [handle] = *live else {
        assert_eq!(call, Call::Logout, "{context}");
        return;
    };
    let is_new = handle != stage.handle;
    assert!(!is_new || call == Call::Login, "{context}");
    let data = stage.data(handle).unwrap();
    let number = |name: &str| data.get(name).map(|text| text.parse::<u32>().unwrap());
    // Race 18: never without its data.
    assert_eq!(number("untouched"), Some(7), "{context}");
    let has_counted = match number("n") {
        Some(10) => false,
        Some(11) => true,
        other => panic!("{other:?}, {context}"),
    };
    let m = number("m").unwrap_or_default() - 20;
    let record = stage.record(handle).unwrap();
    let level = record.authentication().map(|how| how.level());
    let has_acted = match call {
        Call::Finish | Call::Logout | Call::Lower | Call::Save => has_counted,
        Call::Login => is_new,
        Call::Raise => level == Some(AssuranceLevel::Aal2),
        Call::Renew => record.credential().generation() == 1,
        Call::Take => number("once").is_none(),
        Call::UpdateNow => m % 10 == 1,
    };
    // A call that never began, or one that has not taken the changes, leaves them to the request.
    let is_left = extent == Extent::Call && (polls == 0 || call == Call::Login);
    assert!(
        has_counted == has_acted || is_left && has_counted,
        "{data:?}, {context}"
    );
    let is_told = matches!(outcome.call, Some(Ok(()))) || call == Call::Finish;
    let is_fine = |finished: &Finished| finished.refusal.is_none();
    if is_told && outcome.finished.as_ref().is_some_and(is_fine) {
        assert!(has_counted && has_acted, "{data:?}, {context}");
    }
    match beside {
        None => assert_eq!(m / 10, 0, "{context}"),
        Some(Ok(count)) => {
            assert_eq!(m / 10, 1, "{context}");
            assert!(count == 30 || count == 20 + m, "{count}, {context}");
        }
        Some(Err(SessionError::Ended)) => {
            assert_eq!(m / 10, 0, "{context}");
            let may_end = matches!(call, Call::Login | Call::Logout | Call::Raise);
            assert!(may_end && has_acted, "{context}");
        }
        Some(Err(error)) => panic!("{error:?}, {context}"),
    }
}

/// Race 18.
#[test]
fn a_request_that_is_dropped_while_it_is_finished_is_applied_wholly_or_not_at_all() {
    dropped_at_each_point(Call::Finish);
}

/// Race 18.
#[test]
fn a_login_that_is_dropped_leaves_one_session_with_all_data() {
    dropped_at_each_point(Call::Login);
}

#[test]
fn a_logout_that_is_dropped_leaves_a_session_that_lives_or_has_ended() {
    dropped_at_each_point(Call::Logout);
}

#[test]
fn a_lowering_that_is_dropped_is_applied_wholly_or_not_at_all() {
    dropped_at_each_point(Call::Lower);
}

/// Race 18.
#[test]
fn a_raise_that_is_dropped_is_applied_wholly_or_not_at_all() {
    dropped_at_each_point(Call::Raise);
}

/// Race 18.
#[test]
fn a_renewal_that_is_dropped_leaves_a_session_that_its_client_can_use() {
    dropped_at_each_point(Call::Renew);
}

#[test]
fn a_save_that_is_dropped_is_applied_wholly_or_not_at_all() {
    dropped_at_each_point(Call::Save);
}

#[test]
fn a_value_that_is_taken_by_a_dropped_call_goes_with_its_other_changes() {
    dropped_at_each_point(Call::Take);
}

#[test]
fn an_increment_at_once_that_is_dropped_goes_with_its_other_changes() {
    dropped_at_each_point(Call::UpdateNow);
}
