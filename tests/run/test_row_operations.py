"""Each operation of programs that write rows has the value that Python's own has, in C and in Python."""

import operator
from collections import UserDict, deque
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from jinja2.runtime import markup_join, str_join
from jinja2.utils import missing
from markupsafe import Markup

from blendtpl.bundle.row_ops import Comparison, Operator
from blendtpl.bundle.row_ops import Opcode as O  # noqa: N817  # it is in every line
from blendtpl.runtime import attributes, output
from blendtpl.runtime.items import subscript
from tests.run.row_programs import Log, Noting
from tests.run.row_running import BOTH, Rows, loop, outcome, run, value_of

VALUES: list[Any] = [
    *(0, 1, -1, 2, 7, 255, 2**29, -(2**30), 2**30, 2**31 - 1, 2**31, 2**60, -(2**60), 2**62, 2**63, 10**30),
    *(True, False, None, 0.0, -0.0, 1.5, float("inf"), float("nan"), 1j, Decimal("1.5")),
    *("", "a", "b", "ab", "ü", "€", "€a", "\U0001f600", "%s", Markup("<i>"), b"a", missing),
    *(
        (),
        (1,),
        (1, 2),
        [],
        [1],
        [1, 2],
        {},
        {"a": 1},
        {1: "b"},
        {1},
        frozenset(),
        range(3),
        jinja2.Undefined(name="x"),
    ),
]
ARITHMETIC = {
    Operator.ADD: operator.add,
    Operator.SUB: operator.sub,
    Operator.MUL: operator.mul,
    Operator.DIV: operator.truediv,
    Operator.FLOORDIV: operator.floordiv,
    Operator.MOD: operator.mod,
    Operator.POW: operator.pow,
}
COMPARING = {
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
    Comparison.IN: lambda a, b: a in b,
    Comparison.NOTIN: lambda a, b: a not in b,
}


def is_huge(which: int, a: Any, b: Any) -> bool:
    """Return whether two values make one that nobody has the memory for."""
    if which == Operator.POW:
        return isinstance(a, int) and isinstance(b, int) and abs(b) > 64 and abs(a) > 1
    return which == Operator.MUL and any(isinstance(x, int) and 1000 < x < 2**63 for x in (a, b))


@BOTH
@pytest.mark.parametrize("which", ARITHMETIC)
def test_two_values_make_what_pythons_operator_makes_of_them(rows: Rows, which: int) -> None:
    for a, b in product(VALUES, VALUES):
        if not is_huge(which, a, b) or (isinstance(a, int) and isinstance(b, int) and which == Operator.MUL):
            found = outcome(value_of, rows, (O.BINARY, None, which, 1, 2), a, b)
            assert found == outcome(ARITHMETIC[which], a, b), (a, b)


def either(compare: Callable[[Any, Any], Any], a: Any, b: Any) -> list[str]:
    return ["yes" if compare(a, b) else "no"]


@BOTH
@pytest.mark.parametrize("which", COMPARING)
def test_two_values_are_compared_as_by_pythons_operator(rows: Rows, which: int) -> None:
    for a, b in product(VALUES, VALUES):
        expected = outcome(COMPARING[which], a, b)
        assert outcome(value_of, rows, (O.COMPARE, None, which, 1, 2), a, b) == expected, (a, b)
        chosen = loop(((O.IF, None, (O.COMPARE, None, which, 1, 2), "yes", "no"),))
        text = outcome(run, rows, chosen, [None], a, b)
        assert text == (expected if expected[0] == "raised" else outcome(either, COMPARING[which], a, b))


@BOTH
def test_one_value_has_a_sign_as_in_python(rows: Rows) -> None:
    for value in VALUES:
        for which, own in ((Operator.POS, operator.pos), (Operator.NEG, operator.neg)):
            assert outcome(value_of, rows, (O.UNARY, None, which, 1), value) == outcome(own, value)


@BOTH
def test_items_attributes_and_slices_are_those_that_jinja2_finds(rows: Rows) -> None:
    environment = jinja2.Environment()
    for value in [*VALUES, {"items": 1, "x": 2}, UserDict(a=1), deque([1, 2]), SimpleNamespace(a="<", items=3)]:
        for key in [*VALUES, "items", -2, -3, slice(1)]:
            found = outcome(value_of, rows, (O.ITEM, None, 1, 2), value, key)
            assert found == outcome(environment.getitem, value, key), (value, key)
            assert found == outcome(subscript, jinja2.Undefined, value, key)
        for name in ("a", "x", "real", "gone"):
            assert outcome(value_of, rows, (O.ATTR, None, 1, name), value) == outcome(
                attributes.field, jinja2.Undefined, value, name
            )
        for name in ("items", "get", "copy", "keys"):
            found = outcome(value_of, rows, (O.METHOD, None, 1, name), value)
            if "0x" not in str(found):
                assert found == outcome(attributes.attribute, jinja2.Undefined, value, name)
        for a, b, c in product((None, 0, 1, -1, "a"), repeat=3):
            ends = [None if end is None else number for number, end in enumerate((a, b, c), 2)]
            found = outcome(value_of, rows, (O.SLICE, None, 1, *ends), value, a, b, c)
            assert found == outcome(lambda: value[a:b:c]), (value, a, b, c)  # noqa: B023


@BOTH
def test_what_is_joined_is_what_jinja2_joins(rows: Rows) -> None:
    for a, b in product([*VALUES, Markup("<")], repeat=2):
        if a is missing or b is missing:
            continue
        for escaped, join in ((True, markup_join), (False, str_join)):
            found: list[Any] = []
            program = loop(((O.DO, (O.CALL, None, 3, (O.CONCAT, None, 1, 2, 1))),))
            assert (
                outcome(
                    run,
                    rows,
                    program,
                    [0],
                    a,
                    b,
                    found.append,
                    *[None],
                )
                is not None
            )
            found.clear()
            rows([], program, jinja2.Undefined, [0], escaped, a, b, found.append)
            assert outcome(lambda: found[0]) == outcome(join, (a, b, a)), (a, b)  # noqa: B023


@BOTH
def test_values_are_called_made_and_checked(rows: Rows) -> None:
    def called(*values: Any, **named: Any) -> Any:
        return values, named

    many = tuple(range(1, 21))
    assert value_of(rows, (O.CALL, None, 1), called) == ((), {})
    assert value_of(rows, (O.CALL, None, 21, *many), *many, called) == (many, {})
    assert value_of(rows, (O.CALLKW, None, 1, ("a", "b"), 2, 3, 4), called, 5, 6, 7) == ((5,), {"a": 6, "b": 7})
    assert value_of(rows, (O.CALLKW, None, 1, ("a",), 2), dict, 5) == {"a": 5}
    assert value_of(rows, (O.TUPLE, 1, (O.LIST, 2), (O.TUPLE,)), 5, 6) == (5, [6], ())
    assert value_of(rows, (O.LIST,)) == []
    assert outcome(value_of, rows, (O.CALL, None, 1, 2), 5, 6) == ("raised", TypeError, "'int' object is not callable")
    assert value_of(rows, (O.CHECKED, 1, "x"), 5) == 5
    assert outcome(value_of, rows, (O.CHECKED, 1, "x"), missing) == outcome(jinja2.Undefined, None, missing, "x")
    assert value_of(rows, (O.TEXT, "a<")) == "a<"
    assert value_of(rows, (O.TEXT, ("a", (O.PRINT, None, 1), "")), "<") == "a<"
    made = value_of(rows, (O.MARKUP, ("a", (O.PRINTSTR, None, 1), "")), "<")
    assert (type(made), made) == (Markup, "a<")


CONDITIONS: dict[Any, Callable[[Any, Any, Any], Any]] = {
    (O.AND, None, 1, 2): lambda a, b, c: a and b,
    (O.OR, None, 1, 2): lambda a, b, c: a or b,
    (O.NOT, None, 1): lambda a, b, c: not a,
    (O.CHOOSE, None, 1, 2, 3): lambda a, b, c: b if a else c,
    (O.AND, None, (O.OR, None, 1, 2), 3): lambda a, b, c: (a or b) and c,
    (O.OR, None, (O.AND, None, 1, 2), 3): lambda a, b, c: (a and b) or c,
    (O.AND, None, 1, (O.OR, None, 2, 3)): lambda a, b, c: a and (b or c),
    (O.AND, None, (O.AND, None, 1, 2), 3): lambda a, b, c: a and b and c,
    (O.NOT, None, (O.AND, None, 1, (O.NOT, None, 2))): lambda a, b, c: not (a and not b),
    (O.NOT, None, (O.CHOOSE, None, 1, 2, 3)): lambda a, b, c: not (b if a else c),
}


@BOTH
@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_is_asked_for_its_truth_is_asked_once_and_no_more_than_python_asks(rows: Rows, condition: Any) -> None:
    def chosen(*values: Any) -> list[str]:
        return ["y"] if CONDITIONS[condition](*values) else ["n"]

    def ran(*values: Any) -> list[str]:
        return run(rows, loop(((O.IF, None, condition, "y", "n"),)), [0], *values)

    def shown(*values: Any) -> str:
        return str(CONDITIONS[condition](*values))

    def gives(*values: Any) -> str:
        return str(value_of(rows, condition, *values))

    for *names, fails in product(("n", "no"), ("n", "no"), ("n", "no"), ("", "bool")):
        for theirs, ours in ((chosen, ran), (shown, gives)):
            (expected, asked), (found, log) = (asked_by(function, names, fails) for function in (theirs, ours))
            # some versions of Python ask for a truth twice, which is a fault of theirs
            assert (found, log) == (expected, list(dict.fromkeys(asked)))


def asked_by(function: Callable[..., Any], names: list[str], fails: str) -> tuple[Any, Log]:
    """Return the outcome of a function of values of some names, and which of them were asked for their truth."""
    log: Log = []
    values = [Noting(log, f"{at}{name}", fails if at == 1 else "") for at, name in enumerate(names)]
    return outcome(function, *values), [line for line in log if "bool" in line]


@BOTH
def test_texts_are_those_of_the_mode(rows: Rows) -> None:
    def printed(value: Any, escaped: bool) -> list[str]:
        out: list[str] = []
        assert rows(out, loop(((O.PRINT, None, 0),)), jinja2.Undefined, [value], escaped)
        return out

    for value in VALUES:
        assert outcome(printed, value, True) == outcome(texted, output.escape_any, value)
        assert outcome(printed, value, False) == outcome(texted, str, value)
        exact = (
            (list, repr([value])) if type(value) is str else ("raised", TypeError, "what is printed as a text is none")
        )
        assert outcome(run, rows, loop(((O.PRINTTEXT, 0),)), [value]) == exact


def texted(text: Callable[[Any], str], value: Any) -> list[str]:
    return [text(value)]
