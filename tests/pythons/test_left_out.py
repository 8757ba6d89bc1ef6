"""The list of what is left out elsewhere: what it names is there, and nothing else is left out."""

from itertools import chain

import pytest

from testkit import ROOT
from tests.pythons.left_out import LEFT_OUT, NO_SQLITE, left_out
from tests.pythons.pyodide import Outcome, outcomes_of

ENTRIES = list(chain.from_iterable(LEFT_OUT.values()))


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_left_out_is_there(entry: str) -> None:
    file, _, test = entry.partition("::")
    wanted = f"def {test.partition('[')[0]}(" if test else "def test_"
    assert wanted in (ROOT / file).read_text(encoding="utf-8")


def test_nothing_is_on_the_list_twice() -> None:
    assert len(ENTRIES) == len(set(ENTRIES))


def test_an_entry_leaves_out_its_test_with_all_parameters_and_its_whole_file() -> None:
    file, test = "tests/run/test_memory.py", "tests/compiling/test_reproducible.py::test_a_hash_seed_changes_nothing"
    tests = [*ENTRIES, f"{file}::test_one", f"{file}::test_two[3]", f"{test}[0]", f"{test}_else", "tests/run/test_b.py"]
    reasons = left_out(tests, sqlite=True)
    assert reasons[f"{file}::test_one"] == reasons[f"{file}::test_two[3]"]
    assert reasons[f"{test}[0]"] == "it starts processes"
    assert not reasons.keys() & {f"{test}_else", "tests/run/test_b.py"}


def test_the_build_cache_is_tested_where_there_is_sqlite() -> None:
    test = "tests/compiling/test_cache.py::test_the_api_uses_no_cache"
    assert test not in left_out([*ENTRIES, test], sqlite=True)
    assert left_out([*ENTRIES, test], sqlite=False)[test] == NO_SQLITE


def test_an_entry_that_is_no_test_any_more_is_an_error() -> None:
    with pytest.raises(LookupError, match=f"left out:\n{ENTRIES[0]}$"):
        left_out(ENTRIES[1:], sqlite=True)


def test_what_came_of_a_test_is_the_worst_of_its_setup_call_and_teardown() -> None:
    record = [("a", "begun"), ("a", "passed"), ("a", "failed"), ("b", "begun"), ("b", "passed"), ("c", "begun")]
    lines = "\n".join(f'{{"test": "{test}", "outcome": "{outcome}", "reason": ""}}' for test, outcome in record)
    assert outcomes_of(lines) == {"a": Outcome("failed", ""), "b": Outcome("passed", ""), "c": Outcome("begun", "")}
