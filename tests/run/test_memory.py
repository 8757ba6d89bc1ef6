"""Rendering leaves nothing in memory: not an object in ten renders, with the collector on."""

import gc
import sys
from collections.abc import Callable

import pytest

import blendtpl
from blendtpl.tools.soak.growth import clear_caches
from testkit.examples import context_of, every_example
from testkit.language import TEXTS, VARIABLES
from testkit.memory import world
from testkit.oracle import load

RENDERS = 50
ALLOWED = RENDERS // 10 - 1  # a leak of one object in ten renders makes one more
ROUNDS = 6  # caches of the interpreter may fill up in one round, a leak grows in each


pytestmark = pytest.mark.usefixtures("quick_collections")


def growth(render: Callable[[], object]) -> int:
    """Return by how many blocks memory grows in `RENDERS` renders, in the round where it grows least."""
    render()
    least = sys.maxsize
    for _ in range(ROUNDS):
        gc.collect()
        clear_caches()
        before = sys.getallocatedblocks()
        for _ in range(RENDERS):
            render()
        gc.collect()
        clear_caches()  # of attributes, which holds the names that the standard library puts together to ask for them
        least = min(least, sys.getallocatedblocks() - before)
        if least <= ALLOWED:
            break
    return least


@pytest.mark.slow
def test_no_example_leaves_anything_however_often_it_is_rendered(registry: blendtpl.Registry) -> None:
    contexts = {found: context_of(*found) for found in every_example()}
    before = world()
    grown = {}
    for (name, example), context in contexts.items():
        template = registry[name]
        if (size := growth(lambda template=template, context=context: template.render(context))) > ALLOWED:  # type: ignore[misc]
            grown[name, example] = size
    assert grown == {}
    assert world() == before


@pytest.mark.parametrize("way", ["render", "stream", "block"])
def test_nothing_of_the_language_and_no_failure_leaves_anything(way: str) -> None:
    registry = load(TEXTS)
    before = world()
    grown = {}
    for name, template in registry.items():
        if name == "bad/recursion.html":
            continue  # takes a while, and is rendered below

        def render(template: blendtpl.Template = template) -> None:
            try:
                if way == "render":
                    template.render(VARIABLES)
                elif way == "stream":
                    list(template.stream(VARIABLES))
                else:
                    template.render_block("a", VARIABLES)
            except Exception as error:
                str(error)

        if (size := growth(render)) > ALLOWED:
            grown[name] = size
    assert grown == {}
    assert world() == before


def test_a_recursion_without_end_leaves_nothing() -> None:
    template = load(TEXTS)["bad/recursion.html"]

    def render() -> None:
        with pytest.raises(RecursionError):
            template.render(VARIABLES)

    assert growth(render) <= ALLOWED


def test_a_leak_of_one_object_in_ten_renders_is_found() -> None:
    kept: list[object] = []
    calls = 0

    def leak() -> str:
        nonlocal calls
        calls += 1
        if calls % 10 == 0:
            kept.append(object())
        return ""

    template = load({"a.html": "{% for x in [1, 2] %}{{ x }}{% endfor %}{{ leak() }}"})["a.html"]

    assert growth(lambda: template.render(leak=leak)) > ALLOWED


def test_looking_for_what_is_not_there_leaves_nothing() -> None:
    registry = load(TEXTS)

    def look() -> None:
        registry.get("nope")
        for fail in (lambda: registry["nope"], lambda: registry["p.html"].render_block("nope")):
            try:
                fail()
            except blendtpl.RenderError as error:
                str(error)

    assert growth(look) <= ALLOWED


def test_a_message_leaves_nothing() -> None:
    registry = load({"m/subject.txt": "s", "m/body.txt": "b", "m/body.html": "{{ x }}"})

    assert (
        growth(lambda: registry.message("m", x="<", to=["a@example.org"], sender="b@example.org").as_bytes()) <= ALLOWED
    )


def test_a_registry_that_is_dropped_goes_away_with_all_its_templates() -> None:
    bundle = blendtpl.compile(TEXTS)

    def work() -> None:
        blendtpl.load(bundle).render("p.html", x=1)

    work()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(5):
        work()
    gc.collect()
    assert sys.getallocatedblocks() - before < 200  # a registry has thousands
