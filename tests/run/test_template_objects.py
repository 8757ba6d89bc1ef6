"""A template object as a name: whatever it is of, bundles and live environments render it as Jinja2 does its own."""

import gc
from collections.abc import Callable
from typing import Any

import jinja2
import pytest

import blendtpl
from testkit.oracle import outcome

PARTS = {
    "base": "[{% block c %}base{{ x }}{% block d scoped %}d{% endblock %}{% endblock %}{{ w }}{{ self.c() }}]",
    "mid": "{% extends 'base' %}{% set y = 1 %}{% block c %}mid{{ super() }}{{ y }}{% endblock %}",
    "dynamic": "{% extends other %}{% block c %}dynamic{{ super() }}{% endblock %}{% block e %}{% endblock %}",
    "loop": "{% for x in 'ab' %}{% block c scoped %}{{ x }}{% endblock %}{% endfor %}"
    "{% block f required %}{% endblock %}",
    "part": "I{{ x }}{{ w }}{% block q %}Q{% endblock %}{% include 'leaf' %}",
    "leaf": "L{{ x }}",
    "lib": "{% macro m(a) %}M{{ a }}{{ w }}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}{% set v = 5 %}",
}
TEMPLATES = {
    **{
        f"extends {name}": "{% extends o %}{% block c %}child{{ super() }}{{ self.d is defined }}{% endblock %}"
        "{% block d %}d{{ super() }}{% endblock %}{% block f %}f{% endblock %}{% block g %}{% endblock %}"
        for name in ("base", "mid", "dynamic", "loop")
    },
    "plainly extends base": "{% extends o %}",
    "plainly extends loop": "{% extends o %}",
    "may extend base": "{% if 1 %}{% extends o %}{% endif %}{% block c %}child{{ super.super is defined }}"
    "{% endblock %}",
    "twice extends mid": "{% extends 'between' %}{% block c %}child{{ super() }}{% endblock %}",
    "includes part": "{% include o %}",
    "includes in a loop part": "{% for x in [1, 2] %}{% include ['no', o] %}{% endfor %}",
    "may include part": "{% include o ignore missing %}{% include o without context %}",
    "imports lib": "{% import o as l %}{{ l.m(1) }}{{ l.v }}{% call l.m(2) %}c{% endcall %}",
    "imports from lib": "{% from o import m, v with context %}{{ m(x) }}{{ v }}"
    "{% for i in 'a' %}{{ m(i) }}{% endfor %}",
}
BETWEEN = {"between": "{% extends o %}{% block c %}between{{ super() }}{% endblock %}"}


def make(kind: type[jinja2.Environment] = jinja2.Environment) -> jinja2.Environment:
    made = kind(loader=jinja2.DictLoader({**PARTS, **TEMPLATES, **BETWEEN}), autoescape=True)
    made.globals["w"] = "<w>"
    return made


def load() -> blendtpl.Registry:
    return blendtpl.load(blendtpl.compile({**PARTS, **TEMPLATES, **BETWEEN}, environment=make()), environment=make)


OBJECTS: dict[str, Callable[[], Callable[[str], Any]]] = {
    "Jinja2": lambda: make().get_template,
    "live": lambda: make(blendtpl.Environment).get_template,
    "registry": lambda: load().get_template,
}


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_of_another_engine_or_registry_renders_as_one_of_the_own(name: str, kind: str) -> None:
    stock, live, registry = make(), make(blendtpl.Environment), load()
    get, part = OBJECTS[kind](), name.rpartition(" ")[2]

    def given(get: Callable[[str], Any], base: Callable[[str], Any]) -> dict[str, Any]:
        return {"o": get(part), "other": base("base"), "x": "<x>"}

    expected = outcome(lambda: stock.get_template(name).render(given(stock.get_template, stock.get_template)))

    assert (expected[0] == "text") is (name != "plainly extends loop")  # which lacks what is required
    for base in (get, live.get_template, registry.get_template):
        if kind == "Jinja2" and base == registry.get_template:
            continue  # Jinja2's own code knows nothing of registries
        assert outcome(lambda: live.get_template(name).render(given(get, base))) == expected  # noqa: B023
        assert outcome(lambda: registry.render(name, given(get, base))) == expected  # noqa: B023
        assert outcome(lambda: "".join(registry[name].stream(given(get, base)))) == expected  # noqa: B023


def test_what_extends_a_template_of_jinja2_leaves_nothing_behind() -> None:
    registry, parent = load(), make().get_template("mid")
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            registry.render("extends mid", o=parent, x=1)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_block_of_what_extends_a_template_of_jinja2_renders_alone() -> None:
    parent = make().get_template("mid")
    text = load()["extends mid"].render_block("c", o=parent, x=1)
    assert text == "childmidbase1dd1True"
