"""Programs that write rows do in C what they do in Python, whatever they are made of, and whatever values do."""

import os
import re
from collections.abc import Callable
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blendtpl.bundle.row_check import check
from blendtpl.runtime import rows as in_python
from tests.run.row_programs import FIXED, ITEMS, SPARE, VALUES, Log, Make, mutated, programs

in_c: Any = pytest.importorskip(
    "blendtpl.runtime._speedups", reason="there was no C compiler when blendtpl was installed"
)

EXAMPLES = int(os.environ.get("ROWS", "40"))  # more are for a long run
_WHERE = re.compile("0x[0-9a-f]+")  # where an object is
UNDEFINED = st.sampled_from([jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined])


def outcome(
    rows: Callable[..., Any], program: Any, undefined: type, items: Make, escaped: bool, inputs: list[Make]
) -> tuple[str, list[str], Log]:
    """Return what comes of a program: whether it is done or where it failed and how, the texts, and what was asked of
    the values.
    """
    log: Log = []
    out: list[str] = []
    values = [make(log) for make in inputs]
    given = items(log)
    try:
        done = rows(out, program, undefined, given, escaped, *values, *[None] * SPARE)
    except Exception as raised:
        done = ["raised", raised]
    if type(done) is list:
        place, error = done
        done = place, type(error), str(error), type(error.__cause__)
    return _WHERE.sub("", repr(done)), [_WHERE.sub("", text) for text in out], log


def refusal(function: Callable[[Any], Any], program: Any) -> str:
    """Return in which words a program is refused, none when it is not."""
    try:
        function(program)
    except TypeError as error:
        return str(error)
    return ""


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    program=programs(),
    undefined=UNDEFINED,
    items=ITEMS,
    escaped=st.booleans(),
    inputs=st.lists(VALUES, min_size=FIXED, max_size=FIXED),
)
def test_a_program_writes_in_c_what_it_does_in_python(
    program: Any, undefined: type, items: Make, escaped: bool, inputs: list[Make]
) -> None:
    expected = outcome(in_python.rows, program, undefined, items, escaped, inputs)

    assert outcome(in_c.rows, program, undefined, items, escaped, inputs) == expected
    if hasattr(in_c, "prepared"):
        assert outcome(in_c.rows, in_c.prepared(program), undefined, items, escaped, inputs) == expected


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(program=mutated(), items=ITEMS, inputs=st.lists(VALUES, min_size=FIXED, max_size=FIXED))
def test_a_program_that_was_changed_is_refused_in_the_same_words_or_does_the_same(
    program: Any, items: Make, inputs: list[Make]
) -> None:
    expected = outcome(in_python.rows, program, jinja2.Undefined, items, True, inputs)

    assert outcome(in_c.rows, program, jinja2.Undefined, items, True, inputs) == expected
    if hasattr(in_c, "prepared"):
        assert refusal(in_c.prepared, program) == refusal(check, program)
