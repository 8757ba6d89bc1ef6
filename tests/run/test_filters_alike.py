"""Every filter and test of Jinja2's own does what Jinja2's does, whatever it is given: in Python, and in C.

The functions are those that emitted code is bound to. One property holds for all of them: the same value or error, the
same items before it, the same calls of what it was given. `python -m tests.run.test_filters_alike 20000` tries more.
"""

import inspect
import sys
from collections.abc import Callable
from functools import cache
from typing import Any
from unittest.mock import patch

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from jinja2.tests import TESTS

from blendtpl.runtime import choice_filters, filters, items, lookup_filters
from blendtpl.runtime.filters import bound
from testkit.filter_calls import CALLS, always, passed
from tests.run.filter_values import ARGUMENT, VALUE, Make, halting, outcome

UNDEFINED = (jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined)
ENVIRONMENTS = [
    kind(undefined=undefined)
    for kind in (jinja2.Environment, SandboxedEnvironment, ImmutableSandboxedEnvironment)
    for undefined in UNDEFINED
]
# those that have a form of their own
EVERY = [
    *(("filter", name) for name in FILTERS if name in filters.FASTER),
    *(("test", name) for name in TESTS if name in filters.FASTER_TESTS),
]
LOOPING = frozenset(
    {"first", "groupby", "join", "list", "map", "max", "min", "reject", "select", "sort", "sum", "unique"}
)


def in_python() -> Any:
    """Have the functions be those that there are where nothing is in C."""
    stack = patch.multiple(filters, FASTER=filters.PORTABLE, FASTER_TESTS=filters.PORTABLE_TESTS)
    return (
        stack,
        patch.object(lookup_filters, "getter", items.getter),
        patch.object(choice_filters, "getter", items.getter),
    )


def keywords(function: Any) -> st.SearchStrategy[dict[str, Make]]:
    """Return keywords of a function, and one that it does not have."""
    try:
        names = list(inspect.signature(function).parameters)
    except ValueError:
        names = []
    return st.dictionaries(st.sampled_from([*names, "attribute", "default", "nokw"]), ARGUMENT, max_size=2)


@cache
def usual(kind: str, name: str) -> st.SearchStrategy[tuple[list[Make], dict[str, Make]]]:
    """Return the arguments that a filter or test is mostly given, and other ones."""
    functions = FILTERS if kind == "filter" else TESTS
    known: list[Any] = [
        (list(map(always, call.arguments)), {key: always(value) for key, value in call.keywords.items()})
        for call in CALLS
        if (call.kind, call.name) == (kind, name)
    ]
    return st.one_of(
        st.sampled_from(known),
        st.sampled_from(known),
        st.tuples(st.lists(ARGUMENT, max_size=3), st.just({})),
        st.tuples(st.lists(ARGUMENT, max_size=2), keywords(functions[name])),
    )


@cache
def values(kind: str, name: str) -> st.SearchStrategy[Make]:
    """Return values of any kind, and those that it is mostly applied to."""
    makers = [call.make for call in CALLS if (call.kind, call.name) == (kind, name)]
    return st.one_of(VALUE, VALUE, st.sampled_from([*makers, halting] if name in LOOPING else makers))


def check(kind: str, name: str, data: st.DataObject) -> None:
    environment = data.draw(st.sampled_from(ENVIRONMENTS))
    escapes = data.draw(st.booleans())
    value = data.draw(values(kind, name))
    arguments, named = data.draw(usual(kind, name))
    theirs: Any = (environment.filters if kind == "filter" else environment.tests)[name]

    def run(function: Callable[..., Any]) -> Any:
        first = passed(environment, theirs, escapes=escapes)
        made = value()
        asked = [made, *(make() for make in arguments), *(make() for make in named.values())]
        found = outcome(
            lambda: function(
                *first,
                made,
                *asked[1 : len(arguments) + 1],
                **dict(zip(named, asked[len(arguments) + 1 :], strict=True)),
            )
        )
        return found, _told(asked)

    expected = run(theirs)
    assert run(bound(environment, kind, name)) == expected  # type: ignore[arg-type]  # there is one
    faster, *lookups = in_python()
    with faster, lookups[0], lookups[1]:
        assert run(bound(environment, kind, name)) == expected  # type: ignore[arg-type]


def _told(values: Any, depth: int = 0) -> list[Any]:
    """Return what values have noted of what they were asked."""
    if depth > 3:
        return []
    if type(values) in {list, tuple}:
        return [told for value in values for told in _told(value, depth + 1)]
    if type(values) is dict:
        return _told(list(values.values()), depth + 1)
    return [list(vars(values)["asked"])] if hasattr(type(values), "stopping") and type(values) is not type else []


_SETTINGS: Any = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.parametrize(("kind", "name"), EVERY)
@settings(max_examples=20, **_SETTINGS)
@given(data=st.data())
def test_it_does_what_jinja2_does(kind: str, name: str, data: st.DataObject) -> None:
    check(kind, name, data)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), EVERY)
@settings(max_examples=70, **_SETTINGS)
@given(data=st.data())
def test_it_does_what_jinja2_does_with_much_else(kind: str, name: str, data: st.DataObject) -> None:
    check(kind, name, data)


def test_there_is_nothing_that_jinja2_does_not_have() -> None:
    assert filters.PORTABLE.keys() <= filters.FASTER.keys() <= FILTERS.keys()
    assert filters.PORTABLE_TESTS.keys() <= filters.FASTER_TESTS.keys() <= TESTS.keys()
    assert {(call.kind, call.name) for call in CALLS} == {
        *(("filter", name) for name in FILTERS),
        *(("test", name) for name in TESTS),
    }


def main(examples: int, *words: str) -> None:
    """Try so many examples of each; print those that differ."""
    for kind, name in EVERY:
        if words and name not in words:
            continue

        @settings(max_examples=examples, **_SETTINGS)
        @given(data=st.data())
        def tried(data: st.DataObject) -> None:
            check(kind, name, data)  # noqa: B023  # it is called here

        try:
            tried()
        except BaseException as error:
            notes = getattr(error, "__notes__", [])
            print(kind, name, type(error).__name__, *notes, error, sep="\n  ", flush=True)
        else:
            print(kind, name, "alike", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
