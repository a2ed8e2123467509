//! What every backend of the store must do. A backend is a function that opens a store in a directory;
//! `suite!` runs all of it over one. What only SQLite's files can show stands in `sqlite.rs`.

mod crash;
mod fixture;
mod sqlite;
mod suite;

/// One test for each function of the suite, over a fresh store.
macro_rules! suite {
    ($backend:ident: $($name:ident)*) => {
        mod $backend {
            $(#[test]
            fn $name() {
                let folder = tempfile::tempdir().unwrap();
                crate::suite::$name(&crate::fixture::$backend(folder.path()));
            })*
        }
    };
}

suite! { on_sqlite:
    staff_fold_from_their_events
    an_order_is_kept_and_folds
    receipt_numbers_run_on_within_a_year
    the_same_key_is_carried_out_once
    a_changed_case_is_refused_with_who_and_what
    of_two_at_once_one_wins
    a_refusal_leaves_no_trace
    an_applicant_has_one_open_case
    a_relative_among_the_staff_is_filed
    letters_are_numbered_by_series
    a_failed_batch_keeps_whole_slices
    a_batch_equals_single_orders
    search_finds_by_number_name_and_receipt
    lists_keep_to_the_scope
    work_is_sorted_by_time_left
    notices_stand_on_the_board
    waiting_cases_are_woken_when_due
    sessions_end
    editions_are_kept
    files_are_kept_by_content
    a_rebuild_is_byte_equal
    the_outbox_holds_what_others_need
}
