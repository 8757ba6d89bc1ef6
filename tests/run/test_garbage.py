"""Nothing waits for the collector: for every construct, success or failure, with the collector off."""

import gc
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

import blendtpl
from tests.conftest import context_of, every_example
from tests.run.cases import CASES, Case
from tests.run.oracle import load

RENDERS = 300
SPARE_BLOCKS = 140  # fewer than one in two renders: an object left by each would be twice as many


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leftovers(render: Callable[[], object]) -> tuple[int, int]:
    """Return what the collector finds after many renders, and by how many blocks memory grew."""
    for _ in range(RENDERS // 10):
        attempt(render)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(RENDERS):
        attempt(render)
    found = gc.collect()  # which empties Python's free lists, too
    return found, sys.getallocatedblocks() - before


def attempt(render: Callable[[], object]) -> None:
    try:
        render()
    except Exception as error:
        str(error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
@pytest.mark.parametrize("way", ["render", "stream"])
def test_a_construct_leaves_nothing(case: Case, way: str) -> None:
    template = load(case.templates, case.make)["main.html"]

    def render() -> object:
        variables: Mapping[str, Any] = case.variables()
        return template.render(variables) if way == "render" else "".join(template.stream(variables))

    found, grown = leftovers(render)
    assert found == 0
    assert grown < SPARE_BLOCKS


@pytest.mark.parametrize(("name", "example"), list(every_example()))
def test_an_example_leaves_nothing(name: str, example: str, registry: blendtpl.Registry) -> None:
    context = context_of(name, example)
    for _ in range(3):
        registry.render(name, context)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(20):
        registry.render(name, context)
    assert gc.collect() == 0
    assert sys.getallocatedblocks() - before < 10


class Value:
    """Something that can be watched."""


@pytest.mark.parametrize(
    "text",
    [
        "{% macro m() %}{{ value }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{{ value }}{% endmacro %}{{ m(3) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ value }}{% endcall %}",
        "{% import 'lib' as lib with context %}{{ lib.m() }}",
        "{% from 'lib' import m with context %}{{ m() }}",
        "{% set x = value %}{% include 'part' %}",
        "{% set keep = self %}{% block b %}{{ value }}{% endblock %}",
        "{% for x in [value] recursive %}{{ x }}{% endfor %}",
        "{% for x in [value] %}{% macro m() %}{{ x }}{{ loop.index }}{% endmacro %}{{ m() }}{% endfor %}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ value }}{{ nope.x }}{% endmacro %}{{ a() }}",
    ],
)
def test_what_goes_in_dies_when_the_render_is_over(text: str) -> None:
    parts = {"lib": "{% macro m() %}{{ value }}{% endmacro %}", "part": "{{ value }}{{ x }}"}
    template = load({"main.html": text, **parts})["main.html"]
    gc.collect()  # what compiling left
    value = Value()
    watched = weakref.ref(value)
    with suppress(blendtpl.UndefinedError):  # the last one fails, the others do not
        template.render(value=value)
    del value
    assert watched() is None
    assert gc.collect() == 0
