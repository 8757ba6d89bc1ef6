"""Packing: code in which what is equal is there once is the same code, in less space."""

import marshal
from types import CodeType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendtpl.compiler.assemble.packing import merge

VALUES = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.just(...), st.integers(), st.floats(allow_nan=False), st.text(max_size=4)),
        *(
            st.binary(max_size=4),
            st.complex_numbers(allow_nan=False),
            st.sampled_from(["", "a", "ü", b"a", 1, 1.0, True]),
        ),
    ),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=8,
)


def dumped(value: Any) -> bytes:
    return marshal.dumps(value, 2)


def code_of(text: str) -> CodeType:
    return compile(text, "a.html", "exec")


@given(st.lists(VALUES, max_size=5))
def test_values_stay_what_they_are(values: list[Any]) -> None:
    found = marshal.loads(merge([dumped(value) for value in values]))
    assert repr(found) == repr(tuple(values))  # which 1, 1.0 and True differ in, as do 0.0 and -0.0


def test_what_is_equal_is_one_object() -> None:
    text = "def f(a, b):\n for c in a:\n  try:\n   g(c, 'a text', (1, ('x y', 2)))\n  except KeyError: pass\n"
    units = [dumped(code_of(text + f"d = {number}")) for number in range(3)]
    merged = merge(units)
    first, second, third = marshal.loads(merged)
    assert (first, second, third) == tuple(map(marshal.loads, units))
    one, other = first.co_consts[0], third.co_consts[0]
    assert one.co_names is other.co_names
    assert one.co_consts is other.co_consts
    assert one.co_linetable is other.co_linetable
    assert one.co_exceptiontable is other.co_exceptiontable
    assert one.co_filename is second.co_filename
    assert len(merged) < 0.8 * sum(map(len, units))
    assert merge(units) == merged


def test_no_units_and_one() -> None:
    assert marshal.loads(merge([])) == ()
    assert marshal.loads(merge([dumped(code_of("x = {1, 2}; y = x in {3, 4}; z = lambda: (yield)"))]))[0].co_names


@pytest.mark.parametrize("strange", [b"", b"?", b"N?", b"u\x05\0\0\0ab", b"c\0\0", b"(\x02\0\0\0N"])
def test_what_is_not_known_stays_as_it_is(strange: bytes) -> None:
    assert merge([b"N", strange]) == b"(\x02\0\0\0N" + strange
