"""Filters, tests and lookups keep nothing of what goes through them, whether they return or raise."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import jinja2
import pytest
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from blendtpl.runtime import items, safe, speedups
from blendtpl.runtime.filters import FASTER, FASTER_TESTS, bound
from testkit.filter_calls import CALLS, passed
from tests.run.filter_values import Dynamic, Html, Itemized, Slotted, Telling, Text, Wordless

ENVIRONMENTS = (jinja2.Environment(), SandboxedEnvironment(undefined=jinja2.StrictUndefined))
MAKERS: tuple[Callable[[], Any], ...] = (
    *(Html, Wordless, Telling, Itemized, Dynamic, Slotted, lambda: jinja2.Undefined(name="u"), lambda: None),
    *(lambda: "é<&>" * 9, lambda: "\ud800", lambda: Markup("<b>"), lambda: Text("t"), lambda: 2**70, lambda: 2.5),
    *(
        lambda: ["a", 5, Markup("<")],
        lambda: ("a", Wordless()),
        lambda: {"a": {"b": 1}, "b": "x y"},
        lambda: [Telling()],
    ),
    *(lambda: iter("ab"), lambda: [{"a": "X"}, {"a": "x"}, {}], lambda: Telling),
)
ARGUMENTS: tuple[tuple[Any, ...], ...] = ((), ("a",), ("failing",), ("b", "a"), (3,), (2**70,), ("a", "b", "c", "d"))


def run(function: Callable[..., Any], *given: Any, **named: Any) -> None:
    with suppress(Exception):
        made = function(*given, **named)
        if isinstance(made, Iterator):
            for _ in made:
                pass


@cache
def first_of(environment: jinja2.Environment, kind: str, name: str) -> tuple[Any, ...]:
    """Return what is passed before the value, made once: Jinja2 keeps something of each template that it compiles."""
    functions: Any = environment.filters if kind == "filter" else environment.tests
    return passed(environment, functions[name], escapes=True)


def every_call() -> None:
    """Call each function on values of every kind, with arguments that it takes and others."""
    for environment in ENVIRONMENTS:
        for kind, names in (("filter", FASTER), ("test", FASTER_TESTS)):
            for name in names:
                function = bound(environment, kind, name)
                assert function is not None
                first = first_of(environment, kind, name)
                for make in MAKERS:
                    for arguments in ARGUMENTS:
                        run(function, *first, make(), *arguments)
                run(function, *first, "a", attribute="a", nokw=1)
    for call in CALLS:
        function = bound(ENVIRONMENTS[0], call.kind, call.name)
        assert function is not None
        first = first_of(ENVIRONMENTS[0], call.kind, call.name)
        run(function, *first, call.make(), *call.arguments, **call.keywords)


def every_lookup() -> None:
    for environment in ENVIRONMENTS:
        guard = environment if environment.sandboxed else None
        for make in MAKERS:
            for name in ("a", "b", "failing", "stopping", "method", "_x", "append", "nothing", "format", 0):
                for new_getter in (items.getter, speedups.getter):
                    run(new_getter(environment.undefined, (name, "b"), True, "-", guard), make())
                    run(new_getter(environment.undefined, (name,), guard=guard), make())
                for function in (safe.safe_attribute, safe.safe_item, speedups.safe_attribute, speedups.safe_item):
                    if guard is not None:
                        run(function, guard, environment.undefined, make(), name)


@pytest.mark.parametrize("through", [every_call, every_lookup])
def test_nothing_is_kept_of_what_goes_through_them(through: Callable[[], None]) -> None:
    gc.disable()
    try:
        for _ in range(4):
            through()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(10):
            through()
        gc.collect()
        after = sys.getallocatedblocks()
    finally:
        gc.enable()
    assert after - before <= 20  # of 10 runs of some thousand calls


def test_a_getter_is_freed_with_what_it_holds() -> None:
    class Watched(jinja2.Undefined):
        """A class that only the getter knows."""

    kept = sys.getrefcount(Watched)
    for new_getter in (items.getter, speedups.getter):
        get = new_getter(Watched, ("a",))
        assert sys.getrefcount(Watched) > kept
        del get
        assert sys.getrefcount(Watched) == kept
