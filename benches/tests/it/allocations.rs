//! How often a request allocates. Each bound is the number that was measured with the dependencies
//! in `Cargo.lock`: one that grows is a question for the review, one that shrinks is lowered here.

use std::hint::black_box;

use axum::body::Body;
use hallpass::StandardPolicy;
use hallpass_benches::App;
use hallpass_benches::Work;
use http::Request;

/// Counts the allocations of a request that was made before, from the router to the dropped
/// response.
fn count(app: &mut App, request: Request<Body>) -> u64 {
    let counted = allocation_counter::measure(|| {
        black_box(app.answer(request));
    });
    counted.count_total
}

/// Counts the least of many, because a table that grows now and then is no part of what each
/// request costs.
fn allocations(app: &mut App, work: Work) -> u64 {
    let counts = (0..20).map(|_| {
        let request = app.request(work);
        count(app, request)
    });
    counts.min().unwrap_or_default()
}

fn with_sessions() -> App {
    App::with_sessions(StandardPolicy::builder())
}

/// So that the other numbers can be read.
#[test]
fn without_sessions_the_handlers_allocate_10_and_11_times() {
    let mut app = App::bare();
    let counted = [Work::Plain, Work::Text].map(|work| allocations(&mut app, work));
    assert_eq!(counted, [10, 11]);
}

/// What a layer costs in axum before it does anything, and with an extension in the request.
#[test]
fn other_layers_allocate_3_and_5_times_more() {
    let mut apps = [App::with_empty_layer(), App::with_extension()];
    let counted = apps.each_mut().map(|app| allocations(app, Work::Plain));
    assert_eq!(counted, [10 + 3, 10 + 5]);
}

#[test]
fn a_request_that_does_not_ask_for_its_session_allocates_at_most_6_times_more() {
    let counted = allocations(&mut with_sessions(), Work::Plain);
    assert!(counted <= 10 + 6, "{counted}");
}

/// The aim is 22, of which 11 are those of the handler.
#[test]
fn a_read_allocates_at_most_20_times() {
    let counted = allocations(&mut with_sessions(), Work::Read);
    assert!(counted <= 20, "{counted}");
}

#[test]
fn a_read_without_an_idle_timeout_allocates_at_most_20_times() {
    let mut app = App::with_sessions(StandardPolicy::builder().no_idle_timeout());
    let counted = allocations(&mut app, Work::Read);
    assert!(counted <= 20, "{counted}");
}

#[test]
fn a_change_allocates_at_most_41_times() {
    let counted = allocations(&mut with_sessions(), Work::Change);
    assert!(counted <= 41, "{counted}");
}

/// The login of a client that is logged in, whose session before ends with it.
#[test]
fn a_login_allocates_at_most_60_times() {
    let mut app = with_sessions();
    // Handles are random, and so is the part of the store: each has its tables after these.
    for _ in 0..1_000 {
        app.log_in();
    }
    let counts = (0..50).map(|_| {
        app.log_in();
        let request = app.request(Work::Login);
        count(&mut app, request)
    });
    let counted = counts.min().unwrap_or_default();
    assert!(counted <= 60, "{counted}");
}
