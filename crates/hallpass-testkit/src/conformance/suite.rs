//! The macro that makes tests of the suite.

/// Makes the tests of a store: one for each test of the suite that concerns it.
///
/// Put it into a module of its own, so that the names of the tests tell where they come from:
/// `conformance::one_winner::no_increment_is_lost`.
///
/// - `store` is an expression for a future of a store. It is evaluated for each test anew, and the
///   store must be empty each time: tests run at the same time, and the names that they use are
///   the same on each run. A store on a server takes a database, a schema or a prefix of its own.
/// - `peer`, which may be left out, is what another node would use: an async closure from the
///   store to a clone of it, or to a second connection to the same server. Without it the other
///   node of the tests is the same value.
/// - `abilities` names what the store is able to do beside keeping records: any of `index`
///   ([`SubjectIndex`](hallpass_core::SubjectIndex)), `epochs` ([`Epochs`](hallpass_core::Epochs)),
///   `sweep` ([`Sweep`](hallpass_core::Sweep)), `feed`
///   ([`RevocationFeed`](hallpass_core::RevocationFeed)) and `tags`
///   ([`HandleTags`](hallpass_core::HandleTags)), in any order; it may be empty. What both
///   an index and epochs promise is tested where both are named. Where `tags` is named, the handles
///   of all tests are made as the core makes them.
///
/// Each test runs on a runtime of tokio that the testkit makes, with all drivers and more than one
/// thread. A store that answers an error fails the test.
///
/// # Example: a store whose clones are the same store
///
/// ```
/// # use hallpass_core::DynStore;
/// # struct MyStore;
/// # impl MyStore {
/// #     fn new() -> DynStore { unimplemented!() }
/// # }
/// mod conformance {
///     use super::*;
///
///     hallpass_testkit::conformance! {
///         store: async { MyStore::new() },
///         peer: async |store| store.clone(),
///         abilities: [index, epochs, sweep, feed],
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conformance {
    (
        store: $store:expr,
        abilities: [$($ability:ident),* $(,)?] $(,)?
    ) => {
        $crate::__suite! { [$($ability)*] $crate::conformance::TestBed::new($store.await) }
    };
    (
        store: $store:expr,
        peer: $peer:expr,
        abilities: [$($ability:ident),* $(,)?] $(,)?
    ) => {
        $crate::__suite! {
            [$($ability)*] $crate::conformance::TestBed::with_peer($store.await, $peer).await
        }
    };
}

/// The tests of every store, and those of its abilities. `$bed` is the body of an `async fn`.
#[doc(hidden)]
#[macro_export]
macro_rules! __suite {
    ([$($ability:ident)*] $bed:expr) => {
        #[allow(
            clippy::implied_bounds_in_impls,
            reason = "without abilities the first bound is the only one"
        )]
        async fn bed() -> $crate::conformance::TestBed<
            impl $crate::__private::SessionStore $(+ $crate::__private::abilities::$ability)*
        > {
            $crate::__bed! { [$($ability)*] $bed }
        }

        $crate::__clauses! {}
        $crate::__abilities! { [$($ability)*] $($ability)* }
    };
}

/// The bed, which asks the store for the tags of handles where it has them.
#[doc(hidden)]
#[macro_export]
macro_rules! __bed {
    ([] $bed:expr) => { $bed };
    ([tags $($rest:ident)*] $bed:expr) => { $bed.with_tags() };
    ([$other:ident $($rest:ident)*] $bed:expr) => { $crate::__bed! { [$($rest)*] $bed } };
}

/// The tests of one module of the suite.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($module:ident: $($test:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    $crate::__private::run(async {
                        $crate::conformance::$module::$test(&super::bed().await).await;
                    });
                }
            )*
        }
    };
}

/// The tests of every store.
#[doc(hidden)]
#[macro_export]
macro_rules! __clauses {
    () => {
        $crate::__tests! { expiry:
            no_operation_sees_a_session_at_its_idle_deadline
            no_operation_sees_a_session_at_its_absolute_deadline
            a_session_without_idle_timeout_lives_until_its_absolute_deadline
            a_session_that_locks_when_idle_lives_until_its_absolute_deadline
            a_touch_moves_the_idle_deadline
            an_update_moves_the_idle_deadline
            nothing_extends_the_absolute_deadline
            a_lifetime_below_a_second_is_kept_to_the_millisecond
            the_latest_deadline_that_can_be_told_is_in_the_future
            an_expired_session_is_told_with_the_reason_of_its_deadline
            a_clock_that_goes_back_ends_nothing
        }
        $crate::__tests! { overwrite:
            create_on_a_live_name_answers_occupied
            create_that_is_repeated_answers_occupied
            create_on_the_name_of_an_ended_session_answers_occupied
            create_on_a_name_that_was_ended_before_answers_occupied
            an_expired_session_does_not_come_back_under_its_name
            of_creates_that_race_for_a_name_one_wins
        }
        $crate::__tests! { resurrection:
            an_update_of_a_missing_session_answers_gone
            a_touch_of_a_missing_session_answers_gone
            an_update_of_an_ended_session_answers_gone
            a_touch_of_an_ended_session_answers_gone
            an_update_of_an_expired_session_answers_gone
            a_touch_of_an_expired_session_answers_gone
            a_repeated_update_of_an_ended_session_answers_gone
            a_session_that_was_ended_before_it_began_never_lives
        }
        $crate::__tests! { one_winner:
            the_second_update_of_a_revision_conflicts
            an_update_of_another_revision_conflicts
            updates_that_follow_each_other_are_all_applied
            a_touch_makes_no_update_conflict
            an_update_replaces_all_data
            of_updates_that_race_for_a_revision_one_is_applied
            no_increment_is_lost
            guesses_that_race_never_pass_their_limit
            writes_to_different_keys_all_survive
            an_update_that_is_repeated_is_applied_once
            a_repeated_update_changes_nothing_of_what_came_after
            repetitions_that_race_are_applied_once
        }
        $crate::__tests! { touch:
            a_touch_raises_last_seen_and_nothing_else
            a_touch_never_takes_last_seen_back
            only_the_first_confirmation_counts
            a_late_confirmation_does_not_take_last_seen_back
            a_touch_with_another_digest_is_refused
            a_touch_with_the_token_before_a_renewal_is_refused
            a_touch_with_another_binding_is_refused
            a_load_keeps_nothing_alive
            touches_that_race_leave_the_latest
            of_confirmations_that_race_one_stays
            touches_and_updates_that_race_lose_nothing
            an_update_never_takes_back_a_later_use
            an_update_never_takes_back_a_confirmation
            a_renewal_is_unconfirmed_until_its_token_is_used
        }
        $crate::__tests! { durable:
            a_record_comes_back_as_it_was_created
            data_comes_back_byte_for_byte
            a_payload_of_64_kibibytes_comes_back
            what_one_node_writes_the_other_one_reads
            sessions_with_similar_names_are_kept_apart
            a_create_that_is_dropped_is_applied_in_whole_or_not_at_all
            an_update_that_is_dropped_is_applied_in_whole_or_not_at_all
            a_touch_that_is_dropped_is_applied_in_whole_or_not_at_all
            an_end_that_is_dropped_is_applied_in_whole_or_not_at_all
        }
        $crate::__tests! { finality:
            no_operation_sees_an_ended_session
            the_first_end_counts
            the_tombstone_is_that_of_the_latest_record
            a_late_writer_cannot_undo_an_end
            a_late_touch_cannot_undo_an_end
            a_session_that_begins_while_it_ends_is_ended
            of_ends_that_race_the_first_counts
            no_call_that_starts_after_the_end_sees_the_session
            a_tombstone_tells_whose_session_it_was_and_why_it_ended
            every_reason_comes_back
            only_the_holder_of_the_last_token_is_told
            ending_what_is_not_there_leaves_a_tombstone
            ending_an_expired_session_leaves_a_tombstone
            a_tombstone_stays_until_the_absolute_deadline
        }
    };
}

/// The tests of the abilities that are named after the brackets; all that the store has are within.
#[doc(hidden)]
#[macro_export]
macro_rules! __abilities {
    ([$($all:ident)*]) => {};
    ([$($all:ident)*] epochs $($rest:ident)*) => {
        $crate::__tests! { epochs:
            advancing_everybody_ends_all_sessions
            advancing_a_tenant_ends_the_sessions_of_its_members
            advancing_a_member_ends_the_sessions_of_that_one
            advancing_a_subject_ends_the_sessions_of_that_one
            no_operation_sees_a_session_of_an_older_epoch
            the_order_counts_and_not_the_clock
            an_update_keeps_the_epochs_of_the_session
            create_notes_the_counters_of_the_store
            a_scope_can_be_advanced_again_and_again
            a_session_that_ended_before_keeps_its_tombstone
            a_late_writer_cannot_undo_an_advance
        }
        $crate::__abilities! { [$($all)*] $($rest)* }
    };
    ([$($all:ident)*] feed $($rest:ident)*) => {
        $crate::__tests! { feed:
            a_listener_hears_of_sessions_and_scopes
            every_listener_on_every_node_hears
            a_listener_that_is_gone_is_forgotten
            nobody_has_to_listen
        }
        $crate::__abilities! { [$($all)*] $($rest)* }
    };
    ([$($all:ident)*] index $($rest:ident)*) => {
        $crate::__tests! { index:
            a_bound_session_is_stored_and_listed
            a_list_shows_the_latest_records
            a_list_holds_live_sessions_only
            anonymous_sessions_are_in_no_list
            all_sessions_of_a_subject_end_at_once
            all_sessions_but_one_end
            expired_sessions_do_not_end_again
            the_session_used_longest_ago_is_evicted
            the_session_created_first_is_evicted
            a_smaller_limit_evicts_all_that_are_too_many
            a_login_is_never_evicted_by_itself
            expired_sessions_free_their_place
            ended_sessions_free_their_place
            locked_sessions_keep_their_place
            a_login_beyond_the_limit_is_denied_and_changes_nothing
            a_denied_login_can_be_repeated_once_there_is_room
            sessions_without_a_limit_are_all_kept
            the_limit_of_one_subject_is_not_that_of_another
            logins_that_race_never_pass_a_limit_that_rejects
            logins_that_race_never_pass_a_limit_that_evicts_the_oldest
            logins_that_race_never_pass_a_limit_that_evicts_the_least_recently_used
            a_login_that_races_the_end_of_all_sessions_is_listed_or_ended
            no_update_undoes_the_end_of_all_sessions
            a_login_that_is_repeated_is_applied_once
            repetitions_of_a_login_that_race_begin_one_session
            a_repeated_login_does_not_revive_its_session
            bind_on_a_taken_name_answers_occupied_and_changes_nothing
            a_bind_that_is_dropped_is_applied_in_whole_or_not_at_all
            the_replaced_session_is_superseded
            a_replaced_session_does_not_count
            a_session_at_another_revision_is_not_replaced
            a_session_that_ended_or_expired_is_not_replaced
            a_session_is_replaced_by_one_login_only
            a_login_that_replaces_never_writes_over_an_update
            look_alikes_are_listed_apart
            look_alikes_are_ended_apart
            look_alikes_are_limited_apart
        }
        $($crate::__with_index! { $all })*
        $crate::__abilities! { [$($all)*] $($rest)* }
    };
    ([$($all:ident)*] sweep $($rest:ident)*) => {
        $crate::__tests! { sweep:
            a_sweep_of_nothing_removes_nothing
            a_sweep_removes_only_what_is_past_its_time
            a_sweep_just_before_the_deadline_removes_nothing
            a_sweep_keeps_tombstones_until_their_time_is_over
            a_sweep_is_bounded_and_says_whether_there_is_more
            sweeps_that_race_remove_only_what_is_past_its_time
            a_sweep_that_races_a_touch_removes_no_live_session
        }
        $crate::__abilities! { [$($all)*] $($rest)* }
    };
    ([$($all:ident)*] tags $($rest:ident)*) => {
        $crate::__tests! { tags:
            the_tag_of_a_subject_is_the_same_on_every_node
            subjects_are_spread_by_their_tags
        }
        $crate::__abilities! { [$($all)*] $($rest)* }
    };
}

/// The tests of an ability of a store that is a `SubjectIndex`, too.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_index {
    (epochs) => {
        $crate::__tests! { index_and_epochs:
            a_bound_session_ends_with_its_epoch
            sessions_of_an_older_epoch_are_not_in_the_index
            a_session_of_an_older_epoch_is_not_replaced
            a_login_that_races_an_advance_lives_or_has_ended
        }
    };
    ($other:ident) => {};
}
