"""Loops of programs that write rows are Jinja2's, in C and in Python, and an error comes with its place."""

from collections import UserDict, deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from jinja2.runtime import LoopContext
from jinja2.utils import missing

from blendtpl.bundle.row_ops import GIVEN, KEEPS_PREVIOUS, Counter, Operator
from blendtpl.bundle.row_ops import Opcode as O  # noqa: N817  # it is in every line
from tests.run.row_programs import Log, Noting
from tests.run.row_running import BOTH, Rows, loop, outcome, run

UNPACKED: list[Any] = [
    *((1, 2), [1, 2], (1,), [1], (1, 2, 3), [1, 2, 3], (), "xy", "x", "xyz", {1: 2, 3: 4}, {1: 2}, {1, 2}, range(2)),
    *(5, None, 1.5, Decimal(1), object, missing, SimpleNamespace(), {}.items(), UserDict(a=1, b=2), b"ab", deque([1])),
]


class Old:
    """What is gone through by numbers."""

    def __getitem__(self, at: int) -> int:
        return (7, 8)[at]


class NotToGoThrough:
    __iter__ = None


@BOTH
def test_an_item_is_taken_apart_as_by_python(rows: Rows) -> None:
    makers: list[Callable[[], Any]] = [lambda value=value: value for value in UNPACKED]  # type: ignore[misc]
    makers += [lambda: iter([1, 2]), lambda: iter([1]), lambda: iter([1, 2, 3]), Old, NotToGoThrough, lambda: failing()]

    def two(item: Any) -> list[str]:
        a, b = item
        return [f"{a}-{b}"]

    def nested(item: Any) -> list[str]:
        (a, b), c = item
        return [f"{a}-{b}-{c}"]

    pair = ((O.PRINTSTR, None, 0), "-", (O.PRINTSTR, None, 1))
    for make in makers:
        assert outcome(run, rows, loop(pair, (0, 1)), [make()]) == outcome(two, make()), make()
        three = loop((*pair, "-", (O.PRINTSTR, None, 2)), ((0, 1), 2))
        assert outcome(run, rows, three, [(make(), 9)]) == outcome(nested, (make(), 9))
        assert outcome(run, rows, three, [make()]) == outcome(nested, make())


def failing() -> Iterator[int]:
    yield 1
    raise OSError("no more")


LOOP_ATTRIBUTES: dict[str, Any] = {
    "index": (O.COUNTER, Counter.INDEX),
    "index0": (O.COUNTER, Counter.INDEX0),
    "first": (O.COUNTER, Counter.FIRST),
    "depth": (O.COUNTER, Counter.DEPTH),
    "depth0": (O.COUNTER, Counter.DEPTH0),
    "last": (O.LAST, None),
    "length": (O.LENGTH, None),
    "revindex": (O.REVINDEX, None),
    "revindex0": (O.REVINDEX0, None),
    "previtem": (O.PREVITEM, None),
    "nextitem": (O.NEXTITEM, None),
}


class Unsized:
    """What can be gone through, and says that it has no length."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def __iter__(self) -> Iterator[Any]:
        return iter("abc")

    def __len__(self) -> int:
        raise self._error("no length")


@BOTH
@pytest.mark.parametrize(
    "order", ["last length nextitem", "length last", "revindex0 previtem last", "nextitem revindex"]
)
def test_a_loop_says_of_itself_what_jinja2s_does(rows: Rows, order: str) -> None:
    shown = tuple(
        part for name in [*LOOP_ATTRIBUTES, *order.split()] for part in (" ", (O.PRINTSTR, None, LOOP_ATTRIBUTES[name]))
    )
    asked = tuple(part for name in order.split() for part in (" ", (O.PRINTSTR, None, LOOP_ATTRIBUTES[name])))
    makers: tuple[Callable[[], Any], ...] = (
        *(list, lambda: ["a"], lambda: ["a", missing, "b", "c"], lambda: iter("abc"), lambda: (x for x in "ab")),
        *(lambda: Unsized(TypeError), lambda: Unsized(OSError), failing, lambda: {"a": 1}.items(), lambda: "abc"),
    )
    for make, body in product(makers, (shown, asked)):

        def jinja2s(make: Callable[[], Any] = make, body: Any = body) -> list[str]:
            names = {program: name for name, program in LOOP_ATTRIBUTES.items()}
            texts = []
            for _, context in LoopContext(make(), jinja2.Undefined):
                texts += [part if isinstance(part, str) else str(getattr(context, names[part[2]])) for part in body]
            return ["".join(texts)]

        program = loop((loop(body, 2, flags=KEEPS_PREVIOUS, items=1),))
        assert outcome(run, rows, program, [0], make(), None) == outcome(jinja2s)


@BOTH
def test_changed_and_cycle_are_those_of_jinja2s_loop(rows: Rows) -> None:
    items = [1, 1, 2, 2.0, "a", "a", 1]
    program = loop(((O.IF, None, (O.CHANGED, None, 0, 1), "y", "n"), (O.PRINT, None, (O.CYCLE, 1, 0, (O.TEXT, "t")))))
    context = LoopContext(items, jinja2.Undefined)
    expected = ["yn"[not loop.changed(item, "c")] + str(loop.cycle("c", item, "t")) for item, loop in context]
    assert run(rows, program, items, "c") == expected
    plain = loop(((O.PRINTTEXT, (O.CYCLE, (O.TEXT, "a"), (O.TEXT, "b"))),))
    assert run(rows, plain, [0] * 3) == ["a", "b", "a"]


class Stopping:
    """What cannot be compared."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise StopIteration


@BOTH
def test_what_stops_when_it_is_compared_is_undefined_as_a_call_that_stops_is(rows: Rows) -> None:
    program = loop(((O.PRINTSTR, None, (O.CHANGED, None, 0)), ";"))
    assert run(rows, program, [Stopping(), Stopping(), 1]) == ["True;", ";", ";"]


@BOTH
def test_a_condition_chooses_items_ahead_of_whoever_looks(rows: Rows) -> None:
    even = (O.NOT, None, (O.BINARY, None, Operator.MOD, 0, 1))
    body = (
        *((O.PRINTSTR, None, 0), (O.PRINTSTR, None, (O.COUNTER, Counter.INDEX)), (O.PRINTSTR, None, (O.LENGTH, None))),
        *((O.IF, None, (O.LAST, None), ".", ","), (O.PRINTSTR, None, 0)),
    )
    assert run(rows, loop(body, test=even), [1, 2, 3, 4, 5, 6, 7], 2) == ["213,2", "423,4", "633.6"]
    looking = loop(((O.PRINTSTR, None, (O.NEXTITEM, None)), (O.PRINTSTR, None, 0)), test=even)
    assert run(rows, looking, [1, 2, 3, 4, 5], 2) == ["42", "4"]
    keeping = loop(((O.PRINTSTR, None, (O.PREVITEM, None)), (O.PRINTSTR, None, 0)), test=even, flags=KEEPS_PREVIOUS)
    assert run(rows, keeping, [1, 2, 3, 4, 5, 6], 2) == ["2", "24", "46"]
    shown = ((O.PRINTSTR, None, 3), (O.PRINTSTR, None, (O.PREVITEM, None)))
    inner = loop((loop(shown, (2, 3), 2, "none", KEEPS_PREVIOUS, 1),))
    assert run(rows, inner, [0], [(1, 5), (0, 6), [2, 7]], None, None) == ["57(1, 5)"]
    assert run(rows, inner, [0], [(0, 6)], None, None) == ["none"]


@BOTH
def test_a_stop_iteration_in_a_condition_is_what_a_generator_makes_of_it(rows: Rows) -> None:
    for fails in ("bool", "iter"):
        log: Log = []
        value = Noting(log, "n", fails, StopIteration)
        program = loop((loop("a", 2, 2, items=1),)) if fails == "iter" else loop((loop("a", 2, 1, items=3),))
        with pytest.raises(RuntimeError, match="generator raised StopIteration") as raised:
            run(rows, program, [0], value, None, [1])
        assert type(raised.value.__cause__) is StopIteration
        assert raised.value.__context__ is raised.value.__cause__


@BOTH
def test_a_guard_drops_what_a_body_wrote_that_raised_stop_iteration(rows: Rows) -> None:
    def stops(kind: type[Exception] = StopIteration) -> None:
        raise kind

    nested = loop(("y", (O.DO, (O.CALL, None, 1)), "z"), 3, items=2)
    program = loop(("a", (O.GUARD, None, ("x", nested), (O.TEXT, "instead")), (O.PRINT, None, (O.COUNTER, 0))))
    assert run(rows, program, [0, 0], stops, [1], None) == ["ainstead1", "ainstead2"]
    assert run(rows, program, [0], str, [1, 2], None) == ["axyzyz1"]
    with pytest.raises(ZeroDivisionError):
        run(rows, program, [0], lambda: stops(ZeroDivisionError), [1], None)


@BOTH
def test_what_stands_for_no_items_is_written_unless_a_body_was_run_to_its_end(rows: Rows) -> None:
    for leaving in ((O.BREAK,), (O.CONTINUE,)):
        body = ("a", (O.IF, None, 0, (leaving,), "b"), "c")
        assert run(rows, loop(body, otherwise="else"), []) == ["else"]
        texts = run(rows, loop(body, otherwise="else"), [1, 1])
        assert texts == (["a", "else"] if leaving == (O.BREAK,) else ["a", "a", "else"])
        assert run(rows, loop(body, otherwise="else"), [0, 1]) == ["abc", "a"]
    outer = loop(("<", loop("x", 2, otherwise=((O.BREAK,),), items=0), ">"), otherwise="-")
    assert run(rows, outer, [[1], [], [2]], None, None) == ["<x>", "<"]


@BOTH
def test_an_error_comes_with_the_place_of_what_failed(rows: Rows) -> None:
    def place(body: Any, *inputs: Any, items: Any = (0,), **more: Any) -> int:
        program = (O.LOOP, 9, GIVEN, 0, more.get("test"), body, more.get("otherwise", ""), 0)
        where, error = rows([], program, jinja2.StrictUndefined, items, True, *inputs)
        assert isinstance(error, Exception)
        return int(where)

    bad: Any = SimpleNamespace(__html__=lambda: 1)
    log: Log = []
    html, truth = Noting(log, "x", "html"), Noting(log, "x", "bool")
    assert place(((O.PRINT, 1, (O.ATTR, 2, 1, "gone")),), bad) == 1  # the undefined is printed
    assert place(((O.PRINT, None, (O.ATTR, 2, 1, "gone")),), bad) == 2
    assert place(((O.PRINT, 3, 1),), html) == 3
    assert place(((O.IF, 4, 1, "", ""),), truth) == 4
    assert place(((O.IF, None, (O.NOT, 5, 1), "", ""),), truth) == 5
    assert place(((O.PRINT, None, (O.BINARY, 6, Operator.DIV, (O.ATTR, 7, 1, "real"), 2)),), 1, 0) == 6
    assert place(((O.PRINT, 1, 2), (O.LOOP, 7, 1, 2, None, "", "", 0)), 5, None) == 7
    assert place(((O.LOOP, 7, 1, 2, None, ((O.PRINT, 8, 2),), "", 0),), failing(), None) == 7
    assert place(((O.LOOP, 7, 1, 2, None, ((O.IF, None, (O.LAST, 8), "", ""),), "", 0),), failing(), None) == 8
    assert place(("a",), items=[truth], test=0) == 9
    assert place("", 1, items=[], otherwise=((O.PRINT, 6, (O.CALL, 5, 1)),)) == 5
    assert place(((O.PRINT, 3, 1), (O.GUARD, 4, "", 1), (O.DO, (O.CALL, None, 1))), 5) == 4
