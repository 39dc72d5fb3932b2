//! What every store does, whatever database it is kept in.
//!
//! Each test is a function over an empty store; `conformance!` makes it a test of an adapter.

pub(crate) mod answers;
pub(crate) mod asking;
pub(crate) mod dispatching;
pub(crate) mod keeping;
pub(crate) mod leading;
pub(crate) mod leaving;
pub(crate) mod planning;
pub(crate) mod reading;
pub(crate) mod requeueing;
pub(crate) mod returning;
pub(crate) mod stints;
pub(crate) mod summing;

/// Makes tests of the whole suite; `$open` is an async function that gives an empty store and
/// what keeps it alive.
macro_rules! conformance {
    ($open:path) => {
        $crate::conformance::conformance!($open,
            planning: planning_twice_changes_nothing,
            planning: an_account_without_a_plan_row_is_only_recorded,
            planning: what_an_organization_tells_takes_the_place_of_what_a_connection_knew,
            planning: the_tree_may_come_before_or_after_the_accounts,
            planning: a_member_keeps_what_its_last_scan_asked_and_how_the_last_try_ended,
            planning: a_scan_reads_back_as_it_was_written,
            planning: a_scan_that_is_not_there_is_named,
            planning: a_scan_changes_its_state_only_from_where_it_stands,
            planning: a_scan_is_finished_only_when_nothing_is_left_to_do,
            planning: a_report_query_streams_its_rows,
            dispatching: preflights_come_first_then_global_then_region_by_region,
            dispatching: work_that_is_out_is_not_given_out_again_until_it_is_reclaimed,
            dispatching: nothing_is_given_out_unless_the_scan_is_running,
            dispatching: a_preflight_that_is_put_off_comes_back_when_it_is_due,
            dispatching: the_answer_to_an_earlier_dispatch_of_a_preflight_is_ignored,
            dispatching: a_task_that_is_put_off_comes_back_when_it_is_due,
            dispatching: an_answer_that_was_lost_is_asked_for_again,
            dispatching: the_end_of_an_earlier_dispatch_is_ignored,
            dispatching: rows_with_a_verdict_are_not_given_out,
            answers: the_same_answer_twice_is_counted_once,
            answers: of_a_thing_that_several_calls_saw_the_last_call_counts_whenever_it_came,
            answers: within_a_round_known_beats_unknown_and_else_the_first_stands,
            answers: a_higher_round_replaces_and_forgets_what_the_earlier_saw,
            answers: an_earlier_round_never_replaces,
            answers: what_is_not_planned_is_left_out,
            answers: things_and_documents_are_kept_once,
            answers: things_are_kept_however_long_or_odd_their_ids_are,
            answers: many_answers_at_once_are_all_kept,
            requeueing: only_the_cells_that_match_run_again,
            requeueing: with_no_match_nothing_changes,
            requeueing: every_part_of_a_filter_narrows_it,
            requeueing: an_account_that_was_not_entered_is_entered_again,
            requeueing: a_role_that_fails_again_is_told_of_the_new_round_and_others_keep_their_answers,
            requeueing: a_region_that_was_opened_since_is_looked_at,
            requeueing: after_a_cancel_only_what_matches_runs,
            requeueing: a_running_scan_goes_on_with_what_it_has_and_takes_more,
            requeueing: a_requeue_that_is_cancelled_is_forgotten_by_the_next,
            returning: what_comes_back_is_due_again_when_its_reason_says,
            returning: a_return_that_comes_late_or_twice_changes_nothing,
            returning: a_batch_that_was_lost_goes_out_one_by_one,
            returning: a_task_that_ends_its_workers_ends_as_an_error_and_the_others_go_on,
            returning: a_death_keeps_what_the_task_had,
            returning: a_preflight_that_ends_its_workers_ends_as_failed,
            returning: a_row_of_one_task_is_lost_alone,
            stints: a_page_counts_when_those_before_it_have_come,
            stints: pages_that_come_together_wait_for_none_of_each_other,
            stints: a_page_that_comes_twice_counts_once,
            stints: what_a_page_lacks_that_never_comes_is_asked_for_again,
            stints: two_stints_of_a_dispatch_complete_each_by_itself,
            stints: a_stint_of_an_earlier_dispatch_counts_when_it_is_whole,
            stints: a_stint_of_an_earlier_round_changes_nothing,
            stints: a_list_goes_on_when_the_things_before_its_place_have_come,
            summing: the_ledger_sums_to_the_plan_and_equals_the_view,
            keeping: a_token_is_found_by_its_digest_and_taken_back_once,
            keeping: a_token_is_never_written_over,
            keeping: tokens_that_ended_long_ago_are_removed,
            keeping: a_schedule_starts_one_scan_each_time,
            keeping: a_parked_message_is_kept_once_and_the_oldest_give_way,
            keeping: shares_are_set_and_taken_back,
            reading: what_is_read_of_an_organization_is_kept_as_of_the_scan,
            reading: what_could_not_be_read_is_kept_with_its_reason,
            reading: a_part_is_unread_until_somebody_is_recorded_to_have_read_it,
            reading: policies_of_two_scans_share_their_documents,
            asking: every_query_of_the_house_is_understood,
            leaving: scans_are_open_until_they_end_and_their_end_is_told_once,
            leaving: scans_that_were_finished_lately_are_found_newest_first,
            leaving: the_end_of_every_round_is_told,
            leaving: nothing_of_a_paused_account_is_given_out,
            leaving: the_backlog_counts_what_could_go_out,
            leaving: a_scan_that_ended_long_ago_is_removed_with_all_that_is_its_own,
        );
    };
    ($open:path, $($part:ident: $test:ident,)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let (store, _kept) = $open().await;
                $crate::conformance::$part::$test(store).await;
            }
        )+
    };
}
pub(crate) use conformance;

/// Makes tests of what two handles on one store do to each other; `$pair` is an async function that
/// gives both and what keeps them alive.
macro_rules! conformance_of_two {
    ($pair:path) => {
        $crate::conformance::conformance_of_two!($pair,
            leading: one_leads_as_long_as_it_renews_its_lease,
            leading: who_comes_late_waits_before_it_takes_a_lead_over,
            leading: a_deposed_handle_writes_nothing_more,
            leading: who_resigns_makes_room_at_once,
            leading: a_holder_that_was_started_again_leads_under_a_new_number,
        );
    };
    ($pair:path, $($part:ident: $test:ident,)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let (one, other, _kept) = $pair().await;
                $crate::conformance::$part::$test(one, other).await;
            }
        )+
    };
}
pub(crate) use conformance_of_two;
