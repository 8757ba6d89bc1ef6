"""Nothing waits for the collector: for every construct, success or failure, with the collector off."""

import gc
import subprocess
import sys
import weakref
from contextlib import suppress

import pytest

import blendtpl
from testkit import ROOT
from testkit.cases import CASES, Case
from testkit.examples import context_of, every_example
from testkit.memory import Value, measure
from testkit.oracle import live_environment, load

RENDERS = 300  # enough for a leak in each thirty; `python -m tests.growth` finds rarer ones


pytestmark = pytest.mark.usefixtures("quick_collections", "no_collector")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
@pytest.mark.parametrize("way", ["render", pytest.param("stream", marks=pytest.mark.slow)])
def test_a_construct_leaves_nothing(case: Case, way: str) -> None:
    registry = load(case.templates, case.make)
    template = registry["main.html"]

    def render() -> object:
        variables = case.variables()
        return template.render(variables) if way == "render" else "".join(template.stream(variables))

    assert not measure(render, RENDERS, registry)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_construct_leaves_nothing_in_an_environment(case: Case) -> None:
    environment = live_environment(case.templates, case.make)

    def render() -> object:
        return environment.get_template("main.html").render(case.variables())

    for _ in range(3):  # Jinja2 keeps modules, so that what they hold is there once
        with suppress(Exception):
            render()
    gc.collect()
    for _ in range(10):
        with suppress(Exception):
            render()
    assert gc.collect() == 0


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


@pytest.mark.slow
def test_a_new_interpreter_keeps_nothing_of_any_template_whatever_it_reads() -> None:
    """Python keeps up to 2,000 tuples of some lengths for good, which one that has rendered much has already; and up to
    80 of other things. So less than a block for each render may be left.
    """
    script = """
import gc, sys
import blendtpl
import tests  # which finds `testkit`
from testkit.examples import context_of, every_example

def grown(render, variables):
    for _ in range(10):
        render(variables)
    before = sys.getallocatedblocks()
    for _ in range(200):
        render(variables)
    return sys.getallocatedblocks() - before

gc.disable()
found, texts = [], {"base.html": "{% block a %}{% endblock %}"}
for count in range(1, 26):
    names = "".join(f"{{{{ x{number} }}}}" for number in range(count))
    texts[f"text{count}.html"] = names
    texts[f"loop{count}.html"] = names + "{% for i in 'ab' %}{{ i }}{% endfor %}"
    texts[f"page{count}.html"] = "{% extends 'base.html' %}{% block a %}" + names + "{% endblock %}"
    texts[f"blocks{count}.html"] = "".join(f"{{% block b{number} %}}{{% endblock %}}" for number in range(count))
    texts[f"context{count}.html"] = "{% extends base %}{% block a %}" + names + "{% endblock %}"
    texts[f"include{count}.html"] = f"{{% include 'text{count}.html' %}}{{% include name %}}"
registry = blendtpl.load(blendtpl.compile(texts))
variables = {f"x{number}": number for number in range(25)} | {"base": "base.html", "name": "loop20.html"}
found += [(name, grown(registry[name].render, variables)) for name in registry]
registry = blendtpl.load(blendtpl.compile("templates"))
found += [(name, grown(registry[name].render, context_of(name, example))) for name, example in every_example()]
print([each for each in found if each[1] > 180], len(found) > 300)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.stdout, done.stderr) == ("[] True\n", "")
