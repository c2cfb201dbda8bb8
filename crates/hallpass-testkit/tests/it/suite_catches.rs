//! The suite, tested: each store that is broken on purpose fails the test of its clause.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use hallpass_testkit::conformance::TestBed;
use hallpass_testkit::conformance::durable;
use hallpass_testkit::conformance::epochs;
use hallpass_testkit::conformance::expiry;
use hallpass_testkit::conformance::feed;
use hallpass_testkit::conformance::finality;
use hallpass_testkit::conformance::index;
use hallpass_testkit::conformance::one_winner;
use hallpass_testkit::conformance::overwrite;
use hallpass_testkit::conformance::resurrection;
use hallpass_testkit::conformance::sweep;
use hallpass_testkit::conformance::touch;

use crate::flawed::Flaw;
use crate::flawed::FlawedStore;

/// Makes a test for each flaw, which runs tests of the suite that must panic with this clause.
macro_rules! caught {
    ($(
        $name:ident: $flaw:ident, $clause:literal, [$($module:ident::$test:ident),+ $(,)?];
    )+) => {
        $(
            #[test]
            fn $name() {
                $(
                    let test = concat!(stringify!($module), "::", stringify!($test));
                    let panic = catch_unwind(AssertUnwindSafe(|| {
                        hallpass_testkit::__private::run(async {
                            $module::$test(&bed(Flaw::$flaw).await).await;
                        });
                    }));
                    assert_caught(panic, test, $clause);
                )+
            }
        )+
    };
}

caught! {
    a_deadline_that_is_one_millisecond_late: ExpiresLate, "clause 1 of `SessionStore`", [
        expiry::no_operation_sees_a_session_at_its_idle_deadline,
        expiry::no_operation_sees_a_session_at_its_absolute_deadline,
    ];
    a_deadline_in_whole_seconds: KeepsSeconds, "clause 1 of `SessionStore`", [
        expiry::a_lifetime_below_a_second_is_kept_to_the_millisecond,
    ];
    a_locked_session_that_expires: IgnoresLocks, "clause 1 of `SessionStore`", [
        expiry::a_session_that_locks_when_idle_lives_until_its_absolute_deadline,
    ];
    a_create_that_overwrites: Overwrites, "clause 2 of `SessionStore`", [
        overwrite::create_on_a_live_name_answers_occupied,
        overwrite::create_that_is_repeated_answers_occupied,
        overwrite::create_on_the_name_of_an_ended_session_answers_occupied,
        overwrite::create_on_a_name_that_was_ended_before_answers_occupied,
        overwrite::of_creates_that_race_for_a_name_one_wins,
    ];
    an_update_that_resurrects: Resurrects, "clause 3 of `SessionStore`", [
        resurrection::an_update_of_a_missing_session_answers_gone,
        resurrection::an_update_of_an_ended_session_answers_gone,
        resurrection::a_repeated_update_of_an_ended_session_answers_gone,
    ];
    an_update_without_a_revision: UpdatesWithoutRevision, "clause 4 of `SessionStore`", [
        one_winner::the_second_update_of_a_revision_conflicts,
        one_winner::an_update_of_another_revision_conflicts,
        one_winner::of_updates_that_race_for_a_revision_one_is_applied,
        one_winner::no_increment_is_lost,
        one_winner::guesses_that_race_never_pass_their_limit,
    ];
    an_update_in_two_steps: UpdatesInTwoSteps, "clause 4 of `SessionStore`", [
        one_winner::of_updates_that_race_for_a_revision_one_is_applied,
        one_winner::no_increment_is_lost,
    ];
    an_update_that_undoes_an_end: UpdatesInTwoSteps, "clause 7 of `SessionStore`", [
        finality::a_late_writer_cannot_undo_an_end,
    ];
    an_update_that_undoes_a_touch: UpdatesInTwoSteps, "clause 5 of `SessionStore`", [
        touch::touches_and_updates_that_race_lose_nothing,
    ];
    an_update_that_forgets_its_name: ForgetsWrites, "clause 4 of `SessionStore`", [
        one_winner::an_update_that_is_repeated_is_applied_once,
        one_winner::repetitions_that_race_are_applied_once,
    ];
    a_touch_that_goes_backwards: TouchesBackwards, "clause 5 of `SessionStore`", [
        touch::a_touch_never_takes_last_seen_back,
        touch::touches_that_race_leave_the_latest,
        touch::only_the_first_confirmation_counts,
    ];
    a_touch_for_anyone: TouchesForAnyone, "clause 5 of `SessionStore`", [
        touch::a_touch_with_another_digest_is_refused,
        touch::a_touch_with_the_token_before_a_renewal_is_refused,
    ];
    an_update_over_a_touch: UpdatesOverTouches, "clause 5 of `SessionStore`", [
        touch::an_update_never_takes_back_a_later_use,
        touch::an_update_never_takes_back_a_confirmation,
    ];
    a_record_that_does_not_fit: LosesLongRecords, "clause 6 of `SessionStore`", [
        durable::a_payload_of_64_kibibytes_comes_back,
    ];
    an_end_in_two_steps: EndsInTwoSteps, "clause 6 of `SessionStore`", [
        durable::an_end_that_is_dropped_is_applied_in_whole_or_not_at_all,
    ];
    an_end_that_forgets: ForgetsEndings, "clause 7 of `SessionStore`", [
        finality::no_operation_sees_an_ended_session,
        finality::the_first_end_counts,
        finality::ending_what_is_not_there_leaves_a_tombstone,
        finality::ending_an_expired_session_leaves_a_tombstone,
        finality::a_tombstone_stays_until_the_absolute_deadline,
    ];
    an_end_that_is_told_anew: RetellsEndings, "clause 7 of `SessionStore`", [
        finality::the_first_end_counts,
        finality::of_ends_that_race_the_first_counts,
    ];
    a_cache_that_hides_an_end: AnswersFromCache, "clause 7 of `SessionStore`", [
        finality::no_operation_sees_an_ended_session,
    ];
    a_cache_that_hides_a_write: AnswersFromCache, "clause 6 of `SessionStore`", [
        durable::what_one_node_writes_the_other_one_reads,
    ];
    a_bind_that_counts_without_a_lock: CountsWithoutLock, "clause 2 of `SubjectIndex`", [
        index::logins_that_race_never_pass_a_limit_that_rejects,
        index::logins_that_race_never_pass_a_limit_that_evicts_the_oldest,
        index::logins_that_race_never_pass_a_limit_that_evicts_the_least_recently_used,
    ];
    a_bind_that_counts_expired_sessions: CountsExpired, "clause 2 of `SubjectIndex`", [
        index::expired_sessions_free_their_place,
    ];
    a_bind_that_is_denied_by_its_ghost: ForgetsLogins, "clause 4 of `SubjectIndex`", [
        index::a_login_that_is_repeated_is_applied_once,
        index::repetitions_of_a_login_that_race_begin_one_session,
    ];
    a_bind_that_replaces_any_revision: ReplacesAnyRevision, "clause 5 of `SubjectIndex`", [
        index::a_session_at_another_revision_is_not_replaced,
        index::a_login_that_replaces_never_writes_over_an_update,
    ];
    a_limit_that_ignores_tenants: IgnoresTenants, "clause 2 of `SubjectIndex`", [
        index::look_alikes_are_limited_apart,
    ];
    a_list_that_ignores_tenants: IgnoresTenants, "clause 6 of `SubjectIndex`", [
        index::look_alikes_are_listed_apart,
        index::a_list_holds_live_sessions_only,
    ];
    an_end_that_spares_nobody: SparesNobody, "clause 6 of `SubjectIndex`", [
        index::all_sessions_but_one_end,
    ];
    an_epoch_that_goes_by_the_clock: ComparesClocks, "clause 2 of `Epochs`", [
        epochs::the_order_counts_and_not_the_clock,
    ];
    a_sweep_without_bound: SweepsAll, "clause 2 of `Sweep`", [
        sweep::a_sweep_is_bounded_and_says_whether_there_is_more,
    ];
    a_sweep_in_two_steps: SweepsInTwoSteps, "clause 1 of `Sweep`", [
        sweep::a_sweep_that_races_a_touch_removes_no_live_session,
    ];
    a_sweep_of_tombstones: SweepsTombstones, "clause 1 of `Sweep`", [
        sweep::a_sweep_keeps_tombstones_until_their_time_is_over,
        sweep::a_sweep_removes_only_what_is_past_its_time,
    ];
    a_feed_that_keeps_its_listeners: KeepsListeners, "clause 2 of `RevocationFeed`", [
        feed::a_listener_that_is_gone_is_forgotten,
    ];
}

async fn bed(flaw: Flaw) -> TestBed<FlawedStore> {
    TestBed::with_peer(FlawedStore::new(flaw), async |store| store.peer()).await
}

fn assert_caught(ran: Result<(), Box<dyn Any + Send>>, test: &str, clause: &str) {
    let Err(panic) = ran else {
        panic!("`{test}` lets the flaw pass");
    };
    let message = match panic.downcast_ref::<String>() {
        Some(message) => message.as_str(),
        None => panic.downcast_ref::<&str>().copied().unwrap_or_default(),
    };
    assert!(
        message.contains(clause),
        "`{test}` names another clause: {message}"
    );
}
