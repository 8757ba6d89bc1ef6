"""The functions in C do what those in Python do, for whatever a template may have as a value."""

import gc
import importlib
import subprocess
import sys
import threading
import time
from collections import UserDict, namedtuple
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.utils import missing
from markupsafe import Markup, escape

from blendtpl.bundle.row_ops import GIVEN, Opcode
from blendtpl.runtime import attributes, output, speedups
from blendtpl.runtime import rows as in_python
from testkit import ROOT
from testkit.cases import CASES

in_c: Any = pytest.importorskip(
    "blendtpl.runtime._speedups", reason="there was no C compiler when blendtpl was installed"
)


def of_body(body: Any) -> Any:
    """Return a program that writes rows of a body, for items that are register 0."""
    return (Opcode.LOOP, 0, GIVEN, 0, None, body, "", 0)


VALUE = of_body(((Opcode.PRINT, None, 0),))
FIELDS = ("attribute", "field", "escaped_field", "text_field")


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "a < text"


class Marked:
    def __html__(self) -> str:
        return "<b>&</b>"

    def __repr__(self) -> str:
        return "<marked>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Marked)

    __hash__ = None  # type: ignore[assignment]


class Number(int):
    def __str__(self) -> str:
        return "<1>"


class OtherMarkup(Markup):
    __slots__ = ()


class Counting:
    """Counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def here(self) -> str:
        self.asked.append("here")
        return "<here>"

    @property
    def no_attribute(self) -> str:
        self.asked.append("no_attribute")
        raise AttributeError("it says so itself")

    @property
    def no_key(self) -> str:
        self.asked.append("no_key")
        raise KeyError("it says so itself")

    @property
    def no_more(self) -> str:
        self.asked.append("no_more")
        raise ZeroDivisionError("it says so itself")

    def __getitem__(self, key: str) -> str:
        self.asked.append(f"[{key}]")
        if key == "item":
            return "<item>"
        raise {"type": TypeError, "place": IndexError, "other": OSError}.get(key, KeyError)(key)


class Slotted:
    __slots__ = ("here", "never")

    def __init__(self) -> None:
        self.here = 1.5


class Clash:
    """A key of the hash of another, which fails when it is compared."""

    def __init__(self, key: str, error: type[Exception]) -> None:
        self.key, self.error = key, error

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        raise self.error("compared")


Named = namedtuple("Named", "here item")  # once: free-threaded Python 3.13 keeps something of each class that was made


class Dict(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


ATTRIBUTES = ("here", "item", "type", "place", "other", "nothing", "no_attribute", "no_key", "no_more", "never")

MAKERS: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"here": "<a href='x'>\"&\"</a>", "item": 1, "type": None, "other": Markup("<b>")},
    "dict of other keys": lambda: {1: 2, ("here",): 3, "here": Text("<")},
    "dict that fails by a key": lambda: {Clash("here", KeyError): 1, Clash("item", OSError): 2},
    "dict of its own kind": lambda: Dict(item="<"),
    "user's dict": lambda: UserDict(here="<"),
    "object": lambda: SimpleNamespace(here="<", item=[1, "<"], never=Marked()),
    "counting": Counting,
    "slots": Slotted,
    "named tuple": lambda: Named("<", 2),
    "class": lambda: Slotted,
    "module": lambda: sys,
    "string": lambda: "text",
    "none": lambda: None,
    "undefined": lambda: jinja2.Undefined(name="x"),
    "chainable": lambda: jinja2.ChainableUndefined(name="x"),
    "strict": lambda: jinja2.StrictUndefined(name="x"),
    "missing": lambda: missing,
}

values = st.one_of(
    st.text(),
    st.text(st.sampled_from("&<>'\"aß€\U0001f600")),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.binary(),
    st.text().map(Markup),
    st.text().map(OtherMarkup),
    st.text().map(Text),
    st.integers().map(Number),
    st.lists(st.text()),
    st.builds(Marked),
    st.sampled_from((jinja2.Undefined, jinja2.StrictUndefined, jinja2.DebugUndefined)).map(lambda kind: kind(name="x")),
)


def done(function: Callable[..., Any], *arguments: Any) -> tuple[Any, ...]:
    """Return what a function gives, or what it raises; of what is undefined, what that says of itself."""
    try:
        made = function(*arguments)
    except Exception as error:
        return type(error), str(error), error.__cause__, error.__context__
    if isinstance(made, jinja2.Undefined):
        return type(made), made._undefined_name, made._undefined_message
    return type(made), made


@settings(deadline=None)
@given(values)
def test_a_value_is_escaped_as_in_python_and_by_markupsafe(value: object) -> None:
    found = done(in_c.escape_any, value)

    assert found == done(output.escape_any, value)
    assert found[0] is not str or found[1] == str(escape(value))


@pytest.mark.parametrize("function", FIELDS)
@pytest.mark.parametrize("undefined", [jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined])
@pytest.mark.parametrize("kind", MAKERS)
def test_an_attribute_is_found_or_not_as_in_python(function: str, undefined: type, kind: str) -> None:
    for attribute in ATTRIBUTES:
        for called in ((), ("x",)):
            mine, theirs = MAKERS[kind](), MAKERS[kind]()
            arguments = (attribute, *called)

            found = done(getattr(in_c, function), undefined, mine, *arguments)

            expected = done(getattr(attributes, function), undefined, theirs, *arguments)
            assert found == expected, attribute
            if isinstance(mine, Counting):
                assert mine.asked == theirs.asked


@pytest.mark.parametrize("items", [iter([1]), {1}, "ab", Dict(), UserDict(), None, missing, jinja2.Undefined()])
def test_what_is_of_no_plain_type_is_left_to_a_loop(items: Any) -> None:
    for module in (in_c, in_python):
        out: list[str] = []
        assert module.rows(out, of_body("a"), jinja2.Undefined, items, True) is False
        assert out == []


def test_rows_have_their_limits() -> None:
    out: list[str] = []
    assert in_c.rows(out, of_body(("a",) * 1000), jinja2.Undefined, [1], False)
    assert out == ["a" * 1000]
    assert in_c.rows(out, of_body(((Opcode.PRINT, 0, 63),)), jinja2.Undefined, [1], False, *range(63))
    assert out[1:] == ["62"]
    with pytest.raises(TypeError, match="they have more than 64 registers"):
        in_c.rows(out, of_body("a"), jinja2.Undefined, [1], False, *range(64))
    with pytest.raises(TypeError, match="a list"):
        in_c.rows((), of_body("a"), jinja2.Undefined, [1], False)
    with pytest.raises(TypeError, match="a list"):
        in_c.rows(out, of_body("a"))


def test_other_threads_go_on_while_rows_are_written() -> None:
    turns, over = [0], threading.Event()

    class Seen:
        def __html__(self) -> str:
            return str(turns[0])

    def take_turns() -> None:
        while not over.is_set():
            turns[0] += 1
            time.sleep(0)

    other, interval = threading.Thread(target=take_turns), sys.getswitchinterval()
    out: list[str] = []
    sys.setswitchinterval(1e-4)
    other.start()
    try:
        in_c.rows(out, VALUE, jinja2.Undefined, [Seen(), *["x"] * 500_000, Seen()], True)
    finally:
        over.set()
        other.join()
        sys.setswitchinterval(interval)
    assert int(out[-1]) - int(out[0]) > 10  # where they do not, some at the first and the last


def test_there_is_a_function_in_c_for_each_that_is_chosen() -> None:
    for name in ("escape_any", *FIELDS, "rows"):
        assert getattr(speedups, name) is getattr(in_c, name)


@pytest.mark.parametrize("function", FIELDS)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_other_numbers_of_arguments_are_an_error(function: str, count: int) -> None:
    with pytest.raises(TypeError, match=f"3 or 4 arguments are wanted, not {count}"):
        getattr(in_c, function)(*["x"] * count)


@pytest.mark.parametrize("attribute", [None, 1, [], ()])
def test_an_attribute_that_is_no_string_is_an_error_or_not_there(attribute: Any) -> None:
    for function in FIELDS:
        found_in: tuple[Any, ...] = ({}, 1)
        for value in found_in:
            found = done(getattr(in_c, function), jinja2.Undefined, value, attribute)
            assert found[0] in {TypeError, jinja2.Undefined, str}


def test_nothing_is_kept_of_what_goes_through_them() -> None:
    def through() -> None:
        for make in MAKERS.values():
            for attribute in ATTRIBUTES:
                for function in FIELDS:
                    done(getattr(in_c, function), jinja2.StrictUndefined, make(), attribute, "x")
        for value in ("<a>", "a", "€<", "\U0001f600&", 1, 1.5, None, True, Markup("<"), Text("<"), Marked()):
            in_c.escape_any(value)

    gc.disable()
    try:
        for _ in range(25):  # of which a free-threaded Python needs some until its own pools are full
            through()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(50):
            through()
        gc.collect()
        after = sys.getallocatedblocks()
    finally:
        gc.enable()
    assert after - before <= 20  # of 50 runs of some thousand calls


@pytest.fixture
def python_only() -> Iterator[ModuleType]:
    """Import what chooses anew, as where there is no module in C."""
    kept = sys.modules.pop("blendtpl.runtime._speedups")
    sys.modules["blendtpl.runtime._speedups"] = None  # type: ignore[assignment]  # which says that there is none
    try:
        yield importlib.reload(speedups)
    finally:
        sys.modules["blendtpl.runtime._speedups"] = kept
        importlib.reload(speedups)


def test_where_there_is_none_they_are_those_in_python(python_only: ModuleType) -> None:
    assert not python_only.ACTIVE
    assert python_only.escape_any is output.escape_any
    assert all(getattr(python_only, name) is getattr(attributes, name) for name in FIELDS)


@pytest.mark.slow
def test_code_that_was_made_for_them_does_the_same_without() -> None:
    """Every case, compiled as it is here, in an interpreter that has none of them."""
    script = """
import sys
sys.modules["blendtpl.runtime._speedups"] = None
import blendtpl
blendtpl.ACTIVE = True
import tests  # which finds `testkit`
from testkit.cases import CASES
from testkit.oracle import check_same
for case in CASES:
    check_same(case.templates, case.make, case.variables)
print(len(CASES), blendtpl.compile({"a": "{{ a.b }}"}).manifest.speedups)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.stdout, done.stderr) == (f"{len(CASES)} True\n", "")
