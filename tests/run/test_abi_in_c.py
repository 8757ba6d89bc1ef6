"""A module in C is used only where it goes by the same numbers as what is written in Python."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

import blendtpl.runtime
from blendtpl.bundle import abi, row_ops
from blendtpl.runtime import entry, output, rows, speedups

NAME = "blendtpl.runtime._speedups"

in_c: Any = pytest.importorskip(NAME, reason="there was no C compiler when blendtpl was installed")


def without(numbers: Mapping[str, int], name: str) -> dict[str, int]:
    return {key: number for key, number in numbers.items() if key != name}


@pytest.fixture
def chosen_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Import what chooses anew beside a module in C of which something is different, or `None`: is not there."""

    def choose(**different: Any) -> ModuleType:
        other = ModuleType(NAME)
        vars(other).update({name: here for name, here in {**vars(in_c), **different}.items() if here is not None})
        monkeypatch.setitem(sys.modules, NAME, other)
        monkeypatch.setattr(blendtpl.runtime, "_speedups", other)
        return importlib.reload(speedups)

    yield choose
    monkeypatch.undo()
    importlib.reload(speedups)


def test_the_module_in_c_goes_by_the_opcodes_limits_slots_and_fields_that_python_has() -> None:
    exported: dict[type, Any] = {
        row_ops.Opcode: in_c.OPCODES,
        row_ops.Operator: in_c.OPERATORS,
        row_ops.Comparison: in_c.COMPARISONS,
        row_ops.Counter: in_c.COUNTERS,
    }
    for here, there in exported.items():
        assert {name: number for name, number in vars(here).items() if not name.startswith("_")} == there
    assert {getattr(row_ops.Opcode, name): items for name, items in in_c.SIGNATURES.items()} == row_ops.SIGNATURES
    assert {name: getattr(row_ops, name) for name in in_c.LIMITS} == in_c.LIMITS
    assert {name: getattr(abi, name) for name in ("CONTEXT", "MAKER", "ORIGIN", "BLOCKS", "SLOTS")} == in_c.FRAME
    assert tuple(sorted(in_c.ENTRY_PLAN, key=in_c.ENTRY_PLAN.__getitem__)) == entry.EntryPlan._fields


def test_what_is_compared_is_all_that_the_module_exports() -> None:
    functions = {name for name in vars(in_c) if name.islower()} | {"Lookahead"}
    assert set(vars(in_c)) - functions == set(speedups.CONTRACT)
    assert all(here for _, here in speedups.CONTRACT.values())


def test_a_module_that_agrees_is_used(chosen_with: Callable[..., ModuleType]) -> None:
    chosen = chosen_with(OPCODES=dict(in_c.OPCODES))

    assert (chosen.ACTIVE, chosen.WHY_NOT) == (True, "")
    assert chosen.rows is in_c.rows


@pytest.mark.parametrize(
    ("different", "difference"),
    [
        ({"OPCODES": {**in_c.OPCODES, "SET": 90}}, "the opcode `SET` is 90 for them and 37 here"),
        ({"OPCODES": without(in_c.OPCODES, "CYCLE")}, "the opcode `CYCLE` is unknown for them and 22 here"),
        ({"OPCODES": {**in_c.OPCODES, "WHILE": 90}}, "the opcode `WHILE` is 90 for them and unknown here"),
        ({"OPCODES": None}, "the opcode `ATTR` is unknown for them and 1 here"),
        ({"SIGNATURES": {**in_c.SIGNATURES, "SET": "xr"}}, "the signature `SET` is xr for them and rx here"),
        ({"COUNTERS": {**in_c.COUNTERS, "FIRST": 0}}, "the counter `FIRST` is 0 for them and 2 here"),
        ({"OPERATORS": {**in_c.OPERATORS, "POW": 2}}, "the operator `POW` is 2 for them and 6 here"),
        ({"COMPARISONS": {**in_c.COMPARISONS, "IN": 7}}, "the comparison `IN` is 7 for them and 6 here"),
        ({"LIMITS": {**in_c.LIMITS, "MOST_VALUES": 16}}, "the limit `MOST_VALUES` is 16 for them and 64 here"),
        (
            {"FRAME": {**in_c.FRAME, "ORIGIN": 1, "MAKER": 2}},
            "the position in a frame of `MAKER` is 2 for them and 1 here",
        ),
        (
            {"ENTRY_PLAN": {**in_c.ENTRY_PLAN, "blocks": 2, "names": 1}},
            "the position in an entry plan of `blocks` is 2 for them and 1 here",
        ),
        (
            {"ENTRY_PLAN": without(in_c.ENTRY_PLAN, "direct")},
            "the position in an entry plan of `direct` is unknown for them and 10 here",
        ),
        ({"utf8": None}, "they have no `utf8`"),
        ({"ENTRY_PLAN": None}, "the position in an entry plan of `write` is unknown for them and 0 here"),
    ],
)
def test_a_module_that_differs_is_left_out_and_it_is_told_in_what(
    chosen_with: Callable[..., ModuleType], different: dict[str, Any], difference: str
) -> None:
    chosen = chosen_with(**different)

    assert not chosen.ACTIVE
    assert f"they were built for another version of blendtpl, as {difference}: install blendtpl again" == chosen.WHY_NOT
    assert (chosen.rows, chosen.enter_template, chosen.escape_any) == (
        rows.rows,
        entry.enter_template,
        output.escape_any,
    )
