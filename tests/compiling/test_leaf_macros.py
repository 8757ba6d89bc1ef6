"""Which macros need nothing of the template that they stand in, so that their objects hold no scope."""

import gc
import weakref
from typing import Any

import jinja2
import pytest

import blendtpl
from blendtpl.cli.explain import emitted_python
from blendtpl.compiler.analysis.leaf_macros import is_leaf
from blendtpl.compiler.frontend.reader import read
from testkit.memory import measure
from testkit.oracle import load

LEAVES = [
    ("m()", "text"),
    ("m(x, y=1, z=x)", "{{ x }}{{ y.a }}{{ z[0] }}{{ x|upper }}{{ x is none }}{{ x ~ y if z else 'a' }}"),
    ("m(x)", "{% for i, j in x if i %}{{ loop.index }}{{ i }}{{ j }}{% else %}{{ x }}{% endfor %}"),
    ("m(x)", "{% set y = x %}{{ y }}{% set z %}{{ y }}{% endset %}{{ z }}{% with a = z %}{{ a }}{% endwith %}"),
    ("m(x)", "{% if x %}{% set y = 1 %}{% else %}{% set y = 2 %}{% endif %}{{ y }}"),
    ("m(x)", "{{ varargs }}{{ kwargs.a }}{% filter upper %}{{ x }}{% endfilter %}"),
]

OTHERS = [
    ("m()", "{{ y }}"),
    ("m(x=y)", "{{ x }}"),
    ("m(x=y, y=1)", "{{ x }}"),
    ("m(x)", "{{ caller() }}"),
    ("m(x)", "{{ x() }}"),
    ("m(x)", "{{ x.y() }}"),
    ("m(x)", "{{ m(x) }}"),
    ("m(x)", "{% if x %}{% set y = 1 %}{% endif %}{{ y }}"),
    ("m(x)", "{% for i in x %}{% set y = i %}{% endfor %}{{ y }}"),
    ("m(x)", "{% for i in x %}{% endfor %}{{ i }}"),
    ("m(x)", "{{ loop.index }}"),
    ("m(x)", "{% for i in x if loop.index %}{% endfor %}"),
    ("m(x)", "{% for i in x recursive %}{{ i }}{% endfor %}"),
    ("m(x)", "{% with a = b %}{{ a }}{% endwith %}"),
    ("m(x)", "{% set a.b = x %}"),
    ("m(x)", "{% include 'a.html' %}"),
    ("m(x)", "{% import 'a.html' as a %}"),
    ("m(x)", "{% macro n() %}{% endmacro %}"),
    ("m(x)", "{% trans %}a{% endtrans %}"),
    ("m(x)", "{{ x|join }}"),
    ("m(x)", "{{ x|mine }}"),
    ("m(x)", "{% filter replace('a', y) %}{% endfilter %}"),
    ("m(x)", "{% autoescape false %}{{ x }}{% endautoescape %}"),
    ("m(x)", "{{ self }}"),
]


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.filters["mine"] = jinja2.pass_context(lambda context, value: value)
    return made


@pytest.mark.parametrize(("leaf", "macros"), [(True, LEAVES), (False, OTHERS)])
def test_a_leaf_reads_its_arguments_and_calls_nothing(leaf: bool, macros: list[tuple[str, str]]) -> None:
    for head, body in macros:
        (macro,) = environment().parse("{% macro " + head + " %}" + body + "{% endmacro %}").body
        assert isinstance(macro, jinja2.nodes.Macro)
        assert is_leaf(macro, environment()) is leaf, (head, body)


def test_a_finalize_may_ask_for_the_context() -> None:
    (macro,) = jinja2.Environment().parse("{% macro m(x) %}{{ x }}{% endmacro %}").body
    assert isinstance(macro, jinja2.nodes.Macro)
    assert not is_leaf(macro, jinja2.Environment(finalize=str))


ROWS = "{% for r in rows %}{% include 'row.html' %}{% endfor %}"
CELL = "{% macro cell(x) %}<td>{{ x }}{{ EXTRA }}</td>{% endmacro %}{{ cell(r) }}"


@pytest.mark.parametrize(("extra", "called"), [("1", True), ("r", False)])
def test_what_has_leaves_alone_is_included_by_a_call(extra: str, called: bool) -> None:
    sources = {"main.html": ROWS, "row.html": CELL.replace("EXTRA", extra)}
    assert load(sources).render("main.html", rows=["<", 1]) == (
        "<td>&lt;1</td><td>11</td>" if called else "<td>&lt;&lt;</td><td>11</td>"
    )
    read_in = {source.name: source for source in read(sources, blendtpl.default_environment())[0]}
    emitted = emitted_python(read_in, "main.html", blendtpl.default_environment(), speedups=False)
    assert ("get_template" not in emitted) is called


@pytest.mark.usefixtures("no_collector")
def test_objects_of_leaves_hold_no_scope() -> None:
    row = CELL.replace("EXTRA", "1") + "{% do ms.append(cell) %}"
    registry = load({"main.html": ROWS, "row.html": row})

    class Value:
        def __str__(self) -> str:
            return "v"

    def render() -> Any:
        value = Value()
        macros: list[Any] = []
        registry.render("main.html", rows=[value], ms=macros)
        assert macros[0]("<") == "<td>&lt;1</td>"  # it is of use when the render is over
        return weakref.ref(value)

    gc.collect()
    gone = render()
    assert gone() is None
    assert gc.collect() == 0
    assert not measure(render, 500)
