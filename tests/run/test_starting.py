"""A render begins in C as it does in Python, whatever the template is and whatever it is given."""

import sys
from collections.abc import Mapping
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.runtime import entry, speedups
from blendtpl.runtime.entry import EntryPlan
from testkit.cases import CASES, Case
from testkit.growth import FAILURES
from testkit.oracle import load, outcome

in_c: Any = pytest.importorskip(
    "blendtpl.runtime._speedups", reason="there was no C compiler when blendtpl was installed"
)

MANY = [f"n{number}" for number in range(50)]  # more than are held at hand
READING = "".join(f"{{{{ {name} }}}}" for name in MANY)
LARGE = {
    "alone.html": READING,
    "part.html": READING + "{% include which %}",
    "scope.html": f"{{% block a %}}{READING}{{% endblock %}}",
    "extends.html": f"{{% extends 'scope.html' %}}{{% set n1 = 'set' %}}{{% block a %}}{READING}{{% endblock %}}",
}


class Clash:
    """A key that has the hash of a name, and cannot be compared."""

    def __hash__(self) -> int:
        return hash("n3")

    def __eq__(self, other: object) -> bool:
        raise OSError("compared")


def start_of(registry: blendtpl.Registry, name: str) -> tuple[EntryPlan, Any]:
    compiled = registry[name]._compiled
    assert compiled.plan
    return compiled.plan, compiled


def check_same(registry: blendtpl.Registry, name: str, given: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Assert that both do the same for equal variables, and change none."""
    start, compiled = start_of(registry, name)
    mine, theirs = dict(given), dict(other)
    found = outcome(lambda: in_c.enter_template(start, compiled, mine))
    assert found == outcome(lambda: entry.enter_template(start, compiled, theirs))
    assert list(mine) == list(given)
    assert all(mine[key] is given[key] for key in given)


@pytest.mark.parametrize("case", [*CASES, *FAILURES], ids=lambda case: case.title)
def test_it_is_the_same_for_every_construct_and_error(case: Case) -> None:
    registry = load(case.templates, case.make)
    for name in registry:
        if registry[name]._compiled.plan:
            check_same(registry, name, case.variables(), case.variables())
            check_same(registry, name, {}, {})


@pytest.mark.parametrize("name", LARGE)
def test_a_template_may_read_any_number_of_names(name: str) -> None:
    registry = load(LARGE)
    for count in (0, 1, 49, 50):
        given = {**dict.fromkeys(MANY[:count], "<"), "which": "alone.html"}
        check_same(registry, name, given, given)


def test_a_name_that_cannot_be_compared_is_the_error_of_that() -> None:
    registry = load(LARGE)
    for name in LARGE:
        with pytest.raises(OSError, match="compared"):
            registry.render(name, {Clash(): 1})  # type: ignore[dict-item]


def test_nothing_of_a_render_is_held_when_it_is_over() -> None:
    registry = load(LARGE)
    value = object()
    for name in LARGE:
        for given in ({**dict.fromkeys(MANY, value), "which": "alone.html"}, {"n7": value}, {Clash(): value}):
            before = sys.getrefcount(value)
            for _ in range(10):
                outcome(lambda: registry.render(name, given))  # type: ignore[arg-type]  # noqa: B023
            assert sys.getrefcount(value) == before


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["a"]},
        {"names": ("a", "b", [])},
        {"names": ("a", "b", "nowhere")},
        {"defaults": None},
        {"constant_slots": None},
        {"constant_slots": (1,)},
        {"constant_slots": (("a", 1),)},
        {"constant_slots": ((7, 1),)},
        {"constant_slots": ((-1, 1),)},
        {"write": None},
        {"write": lambda scope, out, limit: 1},
        {"join": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_start_that_is_none_is_an_error(change: dict[str, Any]) -> None:
    start, compiled = start_of(load({"a": "{% block x %}{% for x in a %}{{ b }}{% endfor %}{% endblock %}"}), "a")
    given = {"a": [1, 2], "b": 3}
    assert in_c.enter_template(start, compiled, given) == "33"
    with pytest.raises((TypeError, KeyError, IndexError)):
        in_c.enter_template(start._replace(**change), compiled, given)


def test_other_arguments_are_an_error() -> None:
    start, compiled = start_of(load({"a": "{{ a }}"}), "a")
    others: list[tuple[Any, ...]] = [(), (start,), (start, compiled), (start, compiled, [("a", 1)]), ({}, 1, 2)]
    for arguments in (*others, (tuple(start)[:5], compiled, {})):
        with pytest.raises(TypeError, match="an entry plan, a compiled template, a dict and maybe a flag are wanted"):
            in_c.enter_template(*arguments)


def test_it_is_this_that_renders() -> None:
    assert speedups.enter_template is in_c.enter_template
    assert blendtpl.runtime.render.enter_template is in_c.enter_template  # type: ignore[attr-defined]
    assert load({"a": "{{ a }}"}).render("a", a=jinja2.Undefined()) == ""
