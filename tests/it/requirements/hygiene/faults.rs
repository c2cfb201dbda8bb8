//! Scenarios with a store that fails.

use hallpass::OnOutage;
use hallpass::StandardPolicy;
use hallpass::StoreErrorKind;
use hallpass::StoreOperation;
use hallpass_testkit::Fault;

use super::Run;
use super::browser::Browser;
use crate::world::minutes;
use crate::world::seconds;

const FAULTS: [Fault; 6] = [
    Fault::Fail(StoreErrorKind::Corrupt),
    Fault::Fail(StoreErrorKind::Rejected),
    Fault::Fail(StoreErrorKind::Unavailable),
    Fault::FailAfter,
    Fault::Hang,
    Fault::HangAfter,
];

/// Which call fails under what a request does.
const CALLS: [(StoreOperation, &str); 13] = [
    (StoreOperation::Load, "read"),
    (StoreOperation::Load, "user"),
    (StoreOperation::Load, "logout"),
    (StoreOperation::Touch, "read"),
    (StoreOperation::Update, "change"),
    (StoreOperation::Update, "change-now"),
    (StoreOperation::Update, "raise"),
    (StoreOperation::Update, "lower"),
    (StoreOperation::Bind, "login"),
    (StoreOperation::End, "logout"),
    (StoreOperation::Publish, "logout"),
    (StoreOperation::List, "list"),
    (StoreOperation::EndSubject, "revoke-others"),
];

/// SES-23 and race 47: each call of the store fails in each way, once, or twice with a renewal due.
#[tokio::test]
async fn a_store_that_fails_leaks_no_token() {
    for (operation, act) in CALLS {
        for on_outage in [OnOutage::Refuse, OnOutage::ServeAnonymously] {
            // The choice is about opening a session.
            if operation != StoreOperation::Load && on_outage != OnOutage::Refuse {
                continue;
            }
            let run = Run::with(&StandardPolicy::builder(), on_outage);
            for fault in FAULTS {
                for (times, age) in [(1, 2), (2, 16)] {
                    let mut browser = Browser::new(&run);
                    browser.post("login").await;
                    run.world.clock.advance(minutes(age));
                    for _ in 0..times {
                        run.world.faults.script(operation, fault);
                    }
                    let patience = async {
                        // As often as a call may be waited for, and the wait for other commits.
                        for _ in 0..4 {
                            tokio::task::yield_now().await;
                            run.world.clock.advance(seconds(8));
                        }
                    };
                    tokio::join!(browser.post(act), patience);
                    // What was not needed must not meet the next request.
                    while run.world.faults.outstanding() > 0 {
                        let patience = async {
                            tokio::task::yield_now().await;
                            run.world.clock.advance(seconds(8));
                        };
                        tokio::join!(drain(&run, operation), patience);
                    }
                    browser.post("read").await;
                }
            }
            assert!(run.assert_clean().await >= 12, "{operation:?} {act}");
        }
    }
}

/// Makes a call that meets a fault which is left over.
async fn drain(run: &Run, operation: StoreOperation) {
    let mut browser = Browser::new(run);
    if operation != StoreOperation::Bind {
        browser.post("login").await;
        run.world.clock.advance(minutes(2));
    }
    let act = CALLS.iter().find(|(known, _)| *known == operation);
    let (_, act) = act.unwrap();
    browser.post(act).await;
}
