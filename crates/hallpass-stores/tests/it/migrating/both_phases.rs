//! The contract of stores while the second phase is deployed: one node is in the first, the other
//! in the second.
//!
//! Of the suite all tests run but
//!
//! - `of_creates_that_race_for_a_name_one_wins`: the same new session begins on two nodes at once,
//!   which no engine does;
//! - those in which updates race with each other and an error fails the test: an update that was
//!   applied while its session moved may be answered so;
//! - logins that race at a limit: one that was counted late may make one too many until it is
//!   answered, and both stores may evict for one.
//!
//! `interleavings` has what holds of these.

use hallpass_memory::MemoryStore;
use hallpass_testkit::SteppingStore;
use hallpass_testkit::conformance::TestBed;

use super::began_before::BeganBefore;
use super::dual;
use super::moving;
use crate::tagged::Tagged;

type Node = BeganBefore<SteppingStore<MemoryStore>>;

/// Each session begins in the old store, and most calls come from the node that this one is.
async fn bed(is_dual_here: bool) -> TestBed<Node> {
    let new = Tagged(SteppingStore::new(MemoryStore::new()));
    let old = SteppingStore::new(MemoryStore::new());
    let node = |is_dual: bool| {
        let (new, old) = (new.clone(), old.clone());
        BeganBefore(if is_dual {
            dual(new, old)
        } else {
            moving(new, old)
        })
    };
    let bed = TestBed::with_peer(node(is_dual_here), async |_here| node(!is_dual_here)).await;
    bed.with_tags()
}

macro_rules! on_both_sides {
    ($($module:ident: $($test:ident)*;)*) => {
        $(
            mod $module {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $test() {
                        for is_dual_here in [true, false] {
                            let bed = super::bed(is_dual_here).await;
                            hallpass_testkit::conformance::$module::$test(&bed).await;
                        }
                    }
                )*
            }
        )*
    };
}

on_both_sides! {
    expiry:
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
    ;
    overwrite:
        create_on_a_live_name_answers_occupied
        create_that_is_repeated_answers_occupied
        create_on_the_name_of_an_ended_session_answers_occupied
        create_on_a_name_that_was_ended_before_answers_occupied
        an_expired_session_does_not_come_back_under_its_name
    ;
    resurrection:
        an_update_of_a_missing_session_answers_gone
        a_touch_of_a_missing_session_answers_gone
        an_update_of_an_ended_session_answers_gone
        a_touch_of_an_ended_session_answers_gone
        an_update_of_an_expired_session_answers_gone
        a_touch_of_an_expired_session_answers_gone
        a_repeated_update_of_an_ended_session_answers_gone
        a_session_that_was_ended_before_it_began_never_lives
    ;
    one_winner:
        the_second_update_of_a_revision_conflicts
        an_update_of_another_revision_conflicts
        updates_that_follow_each_other_are_all_applied
        a_touch_makes_no_update_conflict
        an_update_replaces_all_data
        an_update_that_is_repeated_is_applied_once
        a_repeated_update_changes_nothing_of_what_came_after
        repetitions_that_race_are_applied_once
    ;
    touch:
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
        an_update_never_takes_back_a_later_use
        an_update_never_takes_back_a_confirmation
        a_renewal_is_unconfirmed_until_its_token_is_used
    ;
    durable:
        a_record_comes_back_as_it_was_created
        data_comes_back_byte_for_byte
        a_payload_of_64_kibibytes_comes_back
        what_one_node_writes_the_other_one_reads
        sessions_with_similar_names_are_kept_apart
        a_create_that_is_dropped_is_applied_in_whole_or_not_at_all
        an_update_that_is_dropped_is_applied_in_whole_or_not_at_all
        a_touch_that_is_dropped_is_applied_in_whole_or_not_at_all
        an_end_that_is_dropped_is_applied_in_whole_or_not_at_all
    ;
    finality:
        no_operation_sees_an_ended_session
        the_first_end_counts
        the_tombstone_is_that_of_the_latest_record
        a_late_writer_cannot_undo_an_end
        a_late_touch_cannot_undo_an_end
        a_session_that_begins_while_it_ends_is_ended
        of_ends_that_race_the_first_counts
        a_tombstone_tells_whose_session_it_was_and_why_it_ended
        every_reason_comes_back
        only_the_holder_of_the_last_token_is_told
        ending_what_is_not_there_leaves_a_tombstone
        ending_an_expired_session_leaves_a_tombstone
        a_tombstone_stays_until_the_absolute_deadline
    ;
    epochs:
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
    ;
    feed:
        a_listener_hears_of_sessions_and_scopes
        every_listener_on_every_node_hears
        a_listener_that_is_gone_is_forgotten
        nobody_has_to_listen
    ;
    index:
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
    ;
    sweep:
        a_sweep_of_nothing_removes_nothing
        a_sweep_removes_only_what_is_past_its_time
        a_sweep_just_before_the_deadline_removes_nothing
        a_sweep_keeps_tombstones_until_their_time_is_over
        a_sweep_is_bounded_and_says_whether_there_is_more
        sweeps_that_race_remove_only_what_is_past_its_time
        a_sweep_that_races_a_touch_removes_no_live_session
    ;
    tags:
        the_tag_of_a_subject_is_the_same_on_every_node
        subjects_are_spread_by_their_tags
    ;
    index_and_epochs:
        a_bound_session_ends_with_its_epoch
        sessions_of_an_older_epoch_are_not_in_the_index
        a_session_of_an_older_epoch_is_not_replaced
        a_login_that_races_an_advance_lives_or_has_ended
    ;
}
