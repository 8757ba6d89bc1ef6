"""What another thread, or the handler of a signal, wants to be raised in a render is raised while that is under way.

Nothing here looks at a clock. What sets the exception, and what counts the turns that follow, are values whose methods
are in C, since any call in Python would let it arrive.
"""

import ctypes
import gc
import itertools
import operator
import signal
import threading
import weakref
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import jinja2
import pytest

from testkit.oracle import live_environment, load
from tests.run.mutating import without_c

MANY, SOON = 3_000, 200  # turns of a loop, and how many of them may pass


class Limit(BaseException):
    """What a task queue sets when a task has taken too long."""


class Timeout(Exception):
    """The same, of an ordinary kind."""


class Value:
    """What does something when its attribute is looked up, all in C."""

    a = property(operator.methodcaller("do"))

    def __init__(self, do: Callable[[], Any]) -> None:
        self.do = do


TEMPLATES = {
    "row": "{% for x in xs %}{{ x.a }}{% endfor %}",
    "asked": "{% for x in xs %}{% if x.a == 1 %}=\n{% endif %}{{ ',' if not loop.last }}{% endfor %}",
    "joined": "{% for x in xs %}{{ loop.index }}{{ x.a ~ '-' }}{% endfor %}",
    "nested": "{% for y in [1] %}{% for x in xs %}{{ x.a }}{% endfor %}{% endfor %}",
    "inner": "{% for y in ys %}{% for x in xs %}{{ x.a }}{% endfor %}{% endfor %}",
    "outer": "{% for x in xs %}{% for y in ys %}{{ x.a }}{% endfor %}{% endfor %}",
    "empty": "{% for x in xs %}{% for y in zs %}{{ y }}{% endfor %}{% if x.a %}{% endif %}{% endfor %}",
    "macro": "{% macro m(a) %}{{ a }}{% endmacro %}{% for x in xs %}{{ m(x.a) }}{% endfor %}",
    "call": "{% macro m() %}{{ caller() }}{% endmacro %}"
    "{% for x in xs %}{% call m() %}{{ x.a }}{% endcall %}{% endfor %}",
    "included": "{% for x in xs %}{% include 'part' %}{% endfor %}",
    "part": "{{ x.a }}",
    "filtered": "{% for x in xs if x.a %}{{ x }}{% endfor %}",
    "looped": "{% for x in xs %}{{ loop.revindex }}{{ x.a|upper }}{% endfor %}",
    "recursive": "{% for x in xs recursive %}{{ x.a }}{% endfor %}",
    "set": "{% set text %}{% for x in xs %}{{ x.a }}{% endfor %}{% endset %}{{ text }}",
}
NAMES = tuple(name for name in TEMPLATES if name != "part")


def lenient() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True)


def _all_sides() -> dict[str, Callable[[str, Any], str]]:
    registry, portable = load(TEMPLATES, lenient), load(TEMPLATES, lenient, portable=True)
    live = live_environment(TEMPLATES, lenient)
    with without_c():
        in_python = load(TEMPLATES, lenient)

    def slowly(name: str, given: Any) -> str:
        with without_c():
            return in_python.render(name, given)

    return {
        "bundle": registry.render,
        "bundle stream": lambda name, given: "".join(registry[name].stream(given)),
        "bundle without C": slowly,
        "portable": portable.render,
        "portable stream": lambda name, given: "".join(portable[name].stream(given)),
        "live": lambda name, given: live.get_template(name).render(given),
    }


SIDES = ("bundle", "bundle stream", "bundle without C", "portable", "portable stream", "live")


@pytest.fixture(scope="module")
def sides() -> dict[str, Callable[[str, Any], str]]:
    return _all_sides()


def set_from_another_thread(kind: type[BaseException]) -> Callable[[], Any]:
    """Return a function in C that has an exception be raised in this thread, as if another had asked for it."""
    this = ctypes.c_ulong(threading.get_ident())
    return partial(ctypes.pythonapi.PyThreadState_SetAsyncExc, this, ctypes.py_object(kind))


def rows(before: int, do: Callable[[], Any], after: Callable[[], Any]) -> list[Any]:
    """Return the items of a long loop, one of which does something that the turns behind it count."""
    return [{"a": 1}] * before + [Value(do)] + [Value(after)] * MANY


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", [Limit, Timeout])
def test_what_another_thread_wants_to_be_raised_is_raised_soon(
    sides: dict[str, Callable[[str, Any], str]], side: str, name: str, kind: type[BaseException]
) -> None:
    turns = itertools.count()
    given = {"xs": rows(10, set_from_another_thread(kind), partial(next, turns)), "ys": [1], "zs": []}

    with pytest.raises(kind) as caught:
        sides[side](name, given)

    assert type(caught.value) is kind
    assert caught.value.args == ()
    assert next(turns) < SOON


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", NAMES)
def test_what_the_handler_of_a_signal_raises_is_raised_soon(
    sides: dict[str, Callable[[str, Any], str]], side: str, name: str
) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        raise Limit("now")

    turns = itertools.count()
    arrive = partial(ctypes.pythonapi.PyErr_SetInterruptEx, signal.SIGUSR1)
    given = {"xs": rows(10, arrive, partial(next, turns)), "ys": [1], "zs": []}
    before = signal.signal(signal.SIGUSR1, handle)
    try:
        with pytest.raises(Limit, match="now"):
            sides[side](name, given)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert next(turns) < SOON


@pytest.mark.parametrize("side", SIDES)
def test_a_long_text_counts_as_many_turns(sides: dict[str, Callable[[str, Any], str]], side: str) -> None:
    turns = itertools.count()
    long = [{"a": "<" * 20_000}, Value(partial(next, turns))] * 100
    given = {"xs": [Value(set_from_another_thread(Limit)), *long]}

    with pytest.raises(Limit):
        sides[side]("row", given)

    assert next(turns) < 5


@pytest.mark.slow
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("change", ["append", "clear", "pop", "shift", "replace", "sort"])
@pytest.mark.parametrize("name", ["row", "asked", "nested", "inner", "outer", "looped"])
def test_the_handler_of_a_signal_may_change_what_is_looped_over(
    sides: dict[str, Callable[[str, Any], str]], side: str, name: str, change: str
) -> None:
    turns = itertools.count()
    xs = rows(10, partial(ctypes.pythonapi.PyErr_SetInterruptEx, signal.SIGUSR1), partial(next, turns))[: 2 * SOON]
    ys = [1, 2]
    changes: dict[str, Callable[[list[Any]], object]] = {
        "append": lambda items: items.append({"a": "last"}),
        "clear": lambda items: items.clear(),
        "pop": lambda items: items.pop(),
        "shift": lambda items: items.pop(0),
        "replace": lambda items: items.__setitem__(slice(None), [{"a": "other"}] * len(items)),
        "sort": lambda items: items.reverse(),
    }
    done: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if not done:  # for the signal may come to be in the list again
            changes[change](xs)
            changes[change](ys)
            gc.collect()
        done.append(number)

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        text = sides[side](name, {"xs": xs, "ys": ys, "zs": []})
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert done
    assert text


@pytest.mark.parametrize("side", SIDES)
def test_nothing_is_left_of_a_render_that_was_stopped(sides: dict[str, Callable[[str, Any], str]], side: str) -> None:
    def stopped(name: str) -> weakref.ref[Any]:
        turns = itertools.count()
        xs = rows(1, set_from_another_thread(Limit), partial(next, turns))[:SOON]
        with pytest.raises(Limit):
            sides[side](name, {"xs": xs, "ys": [1], "zs": []})
        return weakref.ref(xs[1])

    right = {name: sides[side](name, {"xs": [{"a": "<"}], "ys": [1], "zs": []}) for name in NAMES}
    for name in NAMES:
        stopped(name)
    gc.collect()
    gc.disable()
    try:
        assert [name for name in NAMES if stopped(name)() is not None] == []
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert {name: sides[side](name, {"xs": [{"a": "<"}], "ys": [1], "zs": []}) for name in NAMES} == right
