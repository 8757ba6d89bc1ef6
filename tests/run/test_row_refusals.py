"""What is no program that writes rows is refused; one that runs keeps nothing, and lets others have their turn."""

import gc
import sys
from collections import UserDict
from typing import Any

import jinja2
import pytest
from jinja2.utils import missing

from blendtpl.bundle.row_ops import GIVEN, KEEPS_PREVIOUS, Comparison, Operator
from blendtpl.bundle.row_ops import Opcode as O  # noqa: N817  # it is in every line
from blendtpl.runtime import rows as in_python
from tests.run.row_running import BOTH, Rows, in_c, loop, run

WRONG: dict[str, Any] = {
    "they are no loop": [None, 1, (), [], "a", (O.IF,), (True,), (2**70,), (O.PRINT, None, 0)],
    "their loop has items of its own": [(O.LOOP,), (O.LOOP, 0, None, 0, None, "", "", 0), (O.LOOP, 0, 0)],
    "LOOP has only 7 items": [(O.LOOP, 0, GIVEN, 0, None, "", "")],
    "LOOP has 9 items, which is more": [(O.LOOP, 0, GIVEN, 0, None, "", "", 0, 0)],
    "there is no such place": [(O.LOOP, -1, GIVEN, 0, None, "", "", 0), loop(((O.PRINT, 2**30, 0),))],
    "there is no such register": [loop("", -1), loop("", "a"), loop("", (0, None)), loop(((O.PRINT, None, -1),))],
    "more than 64 registers": [loop("", 64), loop(((O.SET, 64, 0),)), loop(((O.PRINT, None, 2**70),))],
    "nothing is a target": [loop("", ()), loop("", (0, ()))],
    "there is no such flag": [loop("", flags=2), loop("", flags=-1), (O.LOOP, 0, GIVEN, 0, None, "", "", None)],
    "a body is neither a text nor a tuple": [
        loop(None),
        loop([]),
        loop("", otherwise=5),
        loop(((O.IF, None, 0, 1, ""),)),
    ],
    "a part is neither a text nor an operation": [
        loop((5,)),
        loop(((),)),
        loop((("a",),)),
        loop(((0,),)),
        loop(((99,),)),
    ],
    "a part is no expression": [loop(((O.DO, "a"),)), loop(((O.DO, None),)), loop(((O.DO, ()),)), loop("", test="a")],
    "PRINT is a statement": [loop(((O.DO, (O.PRINT, None, 0)),))],
    "ATTR is an expression": [loop(((O.ATTR, None, 0, "a"),))],
    "a name is no text": [loop(((O.DO, (O.ATTR, None, 0, 1)),)), loop(((O.DO, (O.CHECKED, 0, None)),))],
    "there are too many keywords, or none": [loop(((O.DO, (O.CALLKW, None, 0, (), 0)),))],
    "no texts, or not different": [loop(((O.DO, (O.CALLKW, None, 0, ("a", "a"), 0, 0)),))],
    "more names than arguments": [loop(((O.DO, (O.CALLKW, None, 0, ("a", "b"), 0)),))],
    "there is no such operator": [loop(((O.DO, (O.UNARY, None, Operator.ADD, 0)),))],
    "no such number of an operator": [
        loop(((O.DO, (O.BINARY, None, Operator.POS, 0, 0)),)),
        loop(((O.DO, (O.COMPARE, None, 8, 0, 0)),)),
        loop(((O.DO, (O.COUNTER, 5)),)),
    ],
    "CYCLE has no items": [loop(((O.DO, (O.CYCLE,)),))],
    "stands where there is no such loop": [
        loop("", test=(O.COUNTER, 0)),
        loop("", otherwise=((O.PRINT, None, (O.LAST, None)),)),
        loop("", otherwise=((O.BREAK,),)),
        loop(((O.DO, (O.PREVITEM, None)),)),
        loop(((O.DO, (O.TEXT, ((O.BREAK,),))),)),
        loop(((O.GUARD, None, ((O.CONTINUE,),), 0),)),
    ],
}


@pytest.mark.parametrize("reason", WRONG)
def test_what_is_no_program_is_refused_before_anything_is_done(reason: str) -> None:
    for program in WRONG[reason]:
        for rows in (in_c.rows, in_python.rows):
            out: list[str] = []
            with pytest.raises(TypeError, match=f"these are no rows: .*{reason}"):
                rows(out, program, jinja2.Undefined, [1, 2], True)
            assert out == []


def nested(depth: int) -> Any:
    """Return a program with negations so deep in each other."""
    expression: Any = 0
    for _ in range(depth):
        expression = (O.NOT, None, expression)
    return loop(((O.PRINT, None, expression),))


def doubled(times: int) -> Any:
    """Return a small program of which two to that power of parts would be run."""
    body: Any = ("a", "b")
    for _ in range(times):
        body = ((O.IF, None, 0, body, body),)
    return loop(body)


def test_no_program_is_so_deep_or_so_large_that_it_ends_the_process() -> None:
    for rows in (in_c.rows, in_python.rows):
        assert run(rows, nested(125), [1]) == ["False"]
        for program, limit in ((nested(126), "128 deep"), (nested(100_000), "128 deep"), (doubled(40), "65536 parts")):
            with pytest.raises(TypeError, match=limit):
                rows([], program, jinja2.Undefined, [1], True)


@pytest.mark.skipif(not hasattr(in_c, "prepared"), reason="code of this Python has constants of its own types alone")
def test_a_program_that_is_prepared_is_refused_or_stays() -> None:
    for programs in WRONG.values():
        for program in programs:
            with pytest.raises(TypeError, match="these are no rows"):
                in_c.prepared(program)
    prepared = in_c.prepared(loop(("a", (O.PRINT, None, 0))))
    assert run(in_c.rows, prepared, [1, "<"]) == ["a1", "a<"]
    with pytest.raises(TypeError, match="of 2 registers 1 are given"):
        run(in_c.rows, in_c.prepared(loop(((O.PRINT, None, 1),))), [1])
    with pytest.raises(TypeError):
        type(prepared)()
    assert not gc.is_tracked(prepared)


EVERYTHING: tuple[Any, ...] = (
    *((O.PRINT, None, 0), (O.PRINT, None, (O.ATTR, None, 1, "a")), (O.PRINT, None, (O.ITEM, None, 1, 4))),
    *((O.PRINT, None, (O.ITEM, None, 2, 3)), (O.SET, 5, (O.CONCAT, None, 0, (O.TEXT, ("x", (O.PRINT, None, 0))), 4))),
    *((O.PRINT, None, 5), (O.PRINTTEXT, (O.CYCLE, (O.TEXT, "a"), (O.TEXT, "b"))), (O.DO, (O.LIST, 0, (O.TUPLE, 1, 2)))),
    *((O.PRINTSTR, None, (O.SLICE, None, 2, None, 3, None)), (O.DO, (O.CALLKW, None, 6, ("a", "b"), 0, 1))),
    *((O.PRINT, None, (O.BINARY, None, Operator.ADD, 3, 3)), (O.PRINT, None, (O.UNARY, None, Operator.NEG, 3))),
    *((O.IF, None, (O.COMPARE, None, Comparison.EQ, 0, 4), "y", "n"), (O.DO, (O.CHANGED, None, 0, 1))),
    *((O.PRINT, None, (O.MARKUP, ("<", (O.PRINT, None, 0)))), (O.PRINT, None, (O.NEXTITEM, None))),
    *((O.PRINT, None, (O.PREVITEM, None)), (O.PRINT, None, (O.REVINDEX, None)), (O.IF, None, (O.LAST, None), "", ",")),
    loop(((O.PRINT, None, 7), (O.IF, None, (O.LAST, None), ((O.BREAK,),), "")), (7, 8), (O.OR, None, 7, 8), "", 1, 9),
    loop(((O.PRINT, None, (O.LENGTH, None)),), 7, (O.NOT, None, (O.NOT, None, 7)), "", 0, 2),
    (O.GUARD, None, ("dropped", (O.PRINT, None, (O.CALL, None, 10)), loop("", 7, items=2)), (O.TEXT, "instead")),
    (O.PRINT, None, (O.CALL, 3, 11)),
)


def test_nothing_is_kept_of_a_program_that_ends_or_fails_anywhere() -> None:
    def stopping() -> None:
        raise StopIteration

    calls = [0, 0]

    class Fails:
        """Something that fails at one time that anything is asked of it, which is another at each run."""

        def asked(self, *unused: object, **named: object) -> Any:
            calls[0] += 1
            if calls[0] == calls[1]:
                raise ValueError("it fails")
            return "text" * 100

        __str__ = __html__ = __call__ = __getitem__ = asked
        a = property(asked)

        def __bool__(self) -> bool:
            return bool(self.asked())

        def __eq__(self, other: object) -> bool:
            return bool(self.asked())

        __hash__ = None  # type: ignore[assignment]

    def once(at: int) -> str:
        calls[:] = [0, at]
        value = Fails()
        pairs = [(value, "b"), (0, 0), ["c", value]]
        inputs = (value, [1, value, "b"], 1, "a", None, value, None, None, pairs, stopping, value)
        program = loop(EVERYTHING, flags=KEEPS_PREVIOUS)
        made = in_c.prepared(program) if hasattr(in_c, "prepared") and at % 2 else program
        try:
            return str(in_c.rows([], made, jinja2.Undefined, [value, 2, value], True, *inputs))
        except ValueError as error:
            return str(error)

    def through() -> set[str]:
        return {once(at) for at in range(45)}

    gc.disable()
    try:
        for _ in range(10):  # of which a free-threaded Python needs some until its own pools are full
            found = through()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(20):
            through()
        gc.collect()
        after = sys.getallocatedblocks()
    finally:
        gc.enable()
    assert found == {"True", "it fails", "[3, ValueError('it fails')]"}
    assert 30 < calls[0] < 45  # so that each has failed once
    assert after - before <= 20  # of 20 times 45 runs


@pytest.mark.parametrize(
    ("program", "inputs"),
    [
        (loop("a"), ()),
        (loop("a", test=1), (False,)),
        (loop((loop("a", 2, items=1),)), (range(20), None)),
        (loop((loop("a", 2, test=3, items=1),)), (range(20), None, False)),
        (loop(((O.PRINT, None, 1),)), ("long" * 2**14,)),
        (loop(("a",) * 5000), ()),
    ],
    ids=["items", "a condition", "loop in a loop", "its condition", "long texts", "long programs"],
)
def test_whoever_waits_has_a_turn_after_some_items_or_long_texts(program: Any, inputs: tuple[Any, ...]) -> None:
    turns = []

    def note(frame: Any, event: str, argument: object) -> None:
        if event == "call" and frame.f_code is in_python.pause.__code__:
            turns.append(frame)

    sys.setprofile(note)
    try:
        run(in_c.rows, program, [0] * 1000, *inputs)
    finally:
        sys.setprofile(None)
    assert len(turns) > 10


@BOTH
def test_of_other_items_nothing_is_begun(rows: Rows) -> None:
    out: list[str] = []
    others: list[Any] = [iter([1]), {1}, "ab", UserDict(), None, missing]
    for items in others:
        assert rows(out, None, jinja2.Undefined, items, True) is False
    assert out == []
