"""What is left out in Pyodide: a process of WebAssembly with one thread, one user and its files in memory.

Each entry is a file of tests, or a test with or without its parameters. Natively all of them run.
"""

from collections.abc import Iterable

NO_SQLITE = "it needs the build cache, and this Pyodide comes without sqlite3"

LEFT_OUT: dict[str, tuple[str, ...]] = {
    "it is about the functions in C, which are not there": (
        "tests/run/test_abi_in_c.py",
        "tests/run/test_speedups.py",
        "tests/run/test_starting.py",
    ),
    "it starts processes": (
        "tests/compiling/test_cache.py::test_a_compiler_that_was_killed_while_it_wrote_leaves_a_usable_cache",
        "tests/compiling/test_cache.py::test_many_compilers_at_once_give_the_right_bundles",
        "tests/compiling/test_cache.py::test_the_command_warns_of_a_cache_that_it_cannot_use_and_goes_on",
        "tests/compiling/test_compile_command.py::test_a_full_disk_behind_standard_output_is_told",
        "tests/compiling/test_compile_command.py::test_a_reader_that_goes_away_is_no_reason_for_a_traceback",
        "tests/compiling/test_compile_command.py::test_any_number_of_jobs_gives_one_bundle[2]",
        "tests/compiling/test_compile_command.py::test_any_number_of_jobs_gives_one_bundle[5]",
        "tests/compiling/test_compile_command.py::test_control_c_ends_quietly_and_leaves_the_old_bundle",
        "tests/compiling/test_compile_command.py::test_files_and_folders_that_this_user_may_not_read_or_write_are_told",
        "tests/compiling/test_compile_command.py::test_names_that_cannot_be_printed_are_no_obstacle",
        "tests/compiling/test_compile_command.py::test_progress_is_a_bar_on_a_terminal",
        "tests/compiling/test_compile_command.py::test_progress_is_plain_lines_where_nobody_looks",
        "tests/compiling/test_folders.py::test_settings_and_arguments_name_several_folders",
        "tests/compiling/test_kill.py",
        "tests/compiling/test_names.py::test_a_project_of_project_templates_compiles",
        "tests/compiling/test_reproducible.py::test_a_hash_seed_changes_nothing",
        "tests/compiling/test_reproducible.py::test_a_time_zone_and_a_locale_change_nothing",
        "tests/compiling/test_reproducible.py::test_compiling_again_in_one_process_changes_nothing",
        "tests/compiling/test_reproducible.py::test_feedwhips_templates_give_one_digest_from_any_copy",
        "tests/compiling/test_reproducible.py::test_options_of_python_change_nothing",
        "tests/compiling/test_reproducible.py::test_the_order_the_number_of_processes_and_the_cache_change_nothing",
        "tests/compiling/test_settings.py::test_modules_of_the_project_are_found_by_the_installed_command_too",
        "tests/compiling/test_workers.py",
        "tests/compat/test_isolation.py::test_a_fork_prints_into_its_own_buffers",
        "tests/compat/test_legacy_example.py",
        "tests/compat/test_oracle.py::test_a_case_that_is_said_to_differ_and_does_not_is_told",
        "tests/compat/test_oracle.py::test_a_command_records_and_then_all_is_as_recorded",
        "tests/compat/test_oracle.py::test_php_prints_what_is_recorded_of_it",
        "tests/compat/test_oracle.py::test_the_command_wants_names_of_cases",
        "tests/compat/test_oracle.py::test_what_php_complains_of_is_told",
        "tests/compat/test_sites.py::test_the_report_is_logged_when_the_process_ends",
        "tests/conformance/test_own_suite.py::test_all_of_jinja2s_tests_run",
        "tests/conformance/test_own_suite.py::test_every_test_on_the_list_fails",
        "tests/conformance/test_own_suite.py::test_it_is_blendtpl_that_they_test",
        "tests/conformance/test_own_suite.py::test_only_tests_on_the_list_fail",
        "tests/run/test_at_once.py::test_8_forked_processes_give_what_one_does",
        "tests/run/test_garbage.py::test_a_new_interpreter_keeps_nothing_of_any_template_whatever_it_reads",
        "tests/run/test_isolation.py::test_a_file_that_is_opened_meanwhile_is_seen_by_both",
        "tests/run/test_isolation.py::test_loading_and_rendering_leave_the_build_half_unloaded",
        "tests/run/test_isolation.py::test_over_10_000_renders_a_tracer_sees_no_file_system_call",
        "tests/run/test_keys.py::test_the_command_that_a_message_names_makes_a_key",
        "tests/run/test_odd_files.py::test_standard_input_is_a_bundle_when_it_is_a_file_and_told_when_it_is_a_pipe",
        "tests/run/test_recompiling.py::"
        "test_a_bundle_of_this_version_is_loaded_as_it_is_and_leaves_the_build_half_unloaded",
        "tests/run/test_recompiling.py::test_where_the_build_half_was_left_out_that_is_told",
        "tests/run/test_isolation.py::test_over_10_000_renders_an_audit_hook_sees_nothing_though_the_bundles_are_gone",
        "tests/run/test_tracebacks.py::test_an_error_that_nobody_catches_shows_the_places_too",
        "tests/run/test_travelling.py::test_a_forked_child_renders_from_the_registry_it_inherits",
        "tests/run/test_travelling.py::test_a_process_that_gets_a_registry_many_times_opens_it_once",
        "tests/soak/test_certificate.py::test_it_has_every_figure_of_every_template",
        "tests/soak/test_certificate.py::test_what_is_written_is_what_is_read",
        "tests/soak/test_certificate.py::test_one_that_cannot_be_written_leaves_the_old_one",
        "tests/soak/test_certificate.py::"
        "test_a_certificate_with_anything_in_any_of_its_fields_is_refused_or_still_says_what_its_types_say",
        "tests/soak/test_children.py",
        "tests/soak/test_soak.py",
        "tests/soak/test_soak_command.py",
        "tests/test_deploying.py",
        "tests/test_extras.py",
        "tests/test_frozen.py",
        "tests/test_layers.py::test_loading_and_rendering_leave_the_build_half_unloaded",
        "tests/test_layers.py::test_a_live_environment_leaves_linking_and_the_build_cache_unloaded",
        "tests/test_documentation.py::test_every_block_of_a_page_runs_and_prints_what_the_page_says",
        "tests/test_readme.py::test_the_first_command_sets_up_and_renders_an_e_mail_and_a_page",
        "tests/test_readme.py::test_the_python_and_shell_blocks_run_in_order_and_print_what_it_says",
        "tests/test_readme.py::test_the_second_command_sets_up_and_runs_the_tests",
    ),
    "it takes pyarrow, and Dask's distributed": (
        "tests/bulk/test_cluster.py",
        "tests/bulk/test_command.py",
        "tests/bulk/test_pool.py",
        "tests/bulk/test_sources.py",
        "tests/bulk/test_without_extras.py",
    ),
    "it starts threads": (
        "tests/compat/test_isolation.py::test_a_buffer_that_another_task_or_thread_opened_cannot_be_closed",
        "tests/compat/test_isolation.py::test_a_thread_prints_into_its_own_buffers",
        "tests/compat/test_isolation.py::"
        "test_a_thread_that_is_given_a_copy_of_the_context_prints_into_its_own_buffers_too",
        "tests/compat/test_sites.py::test_threads_make_it_lose_no_call",
        "tests/run/test_at_once.py::test_16_threads_with_2000_renders_each_give_what_one_thread_does",
        "tests/run/test_at_once.py::test_threads_that_render_stream_and_fail_at_once_do_not_disturb_each_other",
        "tests/run/test_imports.py::test_a_stream_may_go_on_in_another_thread",
        "tests/run/test_imports.py::test_threads_have_modules_of_their_own",
        "tests/run/test_tracebacks.py::test_two_threads_that_fail_have_each_its_own_way",
        "tests/run/test_travelling.py::test_a_fork_while_another_thread_opens_a_registry_leaves_the_child_able_to_open_one",
        "tests/run/test_travelling.py::test_threads_that_get_a_registry_at_once_open_it_once",
    ),
    "it waits for an event loop, which is JavaScript's and cannot be waited for": (
        "tests/compat/test_isolation.py::"
        "test_a_capture_in_a_function_that_a_template_calls_holds_what_is_included_there",
        "tests/compat/test_isolation.py::test_a_coroutine_that_is_awaited_prints_where_its_task_does",
        "tests/compat/test_isolation.py::test_a_task_prints_into_its_own_buffers",
        "tests/compat/test_isolation.py::test_what_a_context_manager_opens_is_for_whoever_enters_it",
        "tests/run/test_imports.py::test_tasks_have_modules_of_their_own",
    ),
    "it counts blocks of Python's own allocator, which is not compiled in": (
        "tests/compat/test_growth.py",
        "tests/run/test_growth.py",
        "tests/run/test_memory.py",
    ),
    "it counts open files, which the system does not tell": (
        "tests/run/test_isolation.py::test_no_file_stays_open_and_no_module_is_left_by_loading",
        "tests/run/test_odd_files.py::test_no_descriptor_stays_open",
        "tests/run/test_opening.py::test_no_descriptor_stays_open_when_a_file_is_refused",
    ),
    "it rewrites code with LibCST, part of which is compiled": (
        "tests/migrate/test_aliases.py",
        "tests/migrate/test_command.py",
        "tests/migrate/test_corpus.py",
        "tests/migrate/test_generated.py",
        "tests/migrate/test_legacy.py",
        "tests/migrate/test_project.py",
    ),
    "it makes a named pipe": (
        "tests/test_atomic.py::test_what_has_such_a_name_and_is_a_folder_a_link_or_a_fifo_stays",
        "tests/compiling/test_compile_command.py::test_an_output_that_is_a_directory_or_a_device_is_refused",
        "tests/compiling/test_sources.py::test_hidden_files_backups_examples_and_bundles_are_no_templates",
        "tests/run/test_odd_files.py::test_what_is_no_regular_file_is_refused_without_waiting",
        "tests/run/test_opening.py::test_a_fifo_and_a_device_are_refused_without_waiting",
        "tests/soak/test_certificate.py::test_what_is_no_file_or_cannot_be_read_is_told_without_waiting",
    ),
    "it gives a file away, and there is one user": (
        "tests/compiling/test_cache.py::test_what_belongs_to_another_user_is_not_used",
        "tests/run/test_permissions.py",
        "tests/test_atomic.py::test_owner_and_group_of_the_old_file_are_those_of_the_new_one",
        "tests/test_atomic.py::test_what_another_user_left_stays",
    ),
    "it makes files of a gigabyte and more with nothing in them, which memory has to hold": (
        "tests/run/test_odd_files.py::test_a_file_larger_than_any_bundle_is_refused_without_being_read",
        "tests/run/test_odd_files.py::test_of_a_file_that_does_not_end_like_a_bundle_no_more_than_its_end_is_read",
    ),
    "it counts on a limit of the file system, which memory does not have": (
        "tests/compiling/test_cache.py::test_a_folder_that_cannot_be_made_costs_time_only[/proc/nowhere]",
        "tests/compiling/test_cache.py::test_a_folder_that_is_full_or_read_only_costs_time_only",
        "tests/compiling/test_cache.py::test_a_limit_on_the_size_of_files_costs_time_only",
        "tests/compiling/test_compile_command.py::test_an_output_that_cannot_be_written_is_told[/proc/nowhere/out.blend]",
        "tests/compiling/test_compile_command.py::test_an_output_that_cannot_be_written_is_told[output1]",
    ),
    "it removes the current folder, or names a file by bytes that are no text, which the file system refuses": (
        "tests/compiling/test_names.py::test_bad_file_names_are_told_with_everything_odd_as_an_escape",
        "tests/compiling/test_settings.py::test_a_current_folder_that_is_gone_is_told",
        "tests/run/test_odd_files.py::test_a_file_in_a_folder_that_is_gone_is_told",
    ),
    "it removes a file that replaced another, which comes back in Pyodide 0.27": (
        "tests/run/test_travelling.py::test_a_file_that_changed_on_the_way_is_refused",
    ),
    NO_SQLITE: (
        "tests/compiling/test_cache.py",
        "tests/run/test_spellings.py::test_what_the_cache_has_of_a_name_is_not_taken_when_another_template_is_meant",
        "tests/compiling/test_compile_command.py::test_an_output_that_cannot_be_written_is_told[a.file/out.blend]",
        "tests/compiling/test_compile_command.py::test_check_fails_for_a_stale_a_missing_and_a_damaged_bundle",
        "tests/compiling/test_compile_command.py::test_json_tells_the_result_and_every_field_of_every_fault",
        "tests/compiling/test_compile_command.py::test_nothing_is_said_of_progress_when_it_is_quick_or_unwanted",
        "tests/compiling/test_compile_command.py::"
        "test_the_closing_line_says_how_many_templates_where_from_the_size_and_the_digest",
    ),
}


def left_out(tests: Iterable[str], sqlite: bool) -> dict[str, str]:
    """Return, for each of the tests that is left out, the reason; `sqlite` says whether there is `sqlite3`.

    Raises `LookupError` with the entries that are none of the tests.
    """
    reasons: dict[str, str] = {}
    unknown = []
    for reason, entries in LEFT_OUT.items():
        for entry in entries:
            found = [test for test in tests if test == entry or test.startswith((f"{entry}::", f"{entry}["))]
            if not found:
                unknown.append(entry)
            if not (sqlite and reason == NO_SQLITE):
                reasons = dict.fromkeys(found, reason) | reasons
    if unknown:
        raise LookupError("\n".join(("no tests, but left out:", *unknown)))
    return reasons
