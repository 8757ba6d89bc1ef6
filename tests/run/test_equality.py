# ruff: noqa: E501  # template texts and tables are easier to read in one line
"""Rendering does what Jinja2 does, to the byte: the same text, or the same exception with the same message."""

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.filters import FILTERS

import blendtpl
from blendtpl.runtime.text_filters import title
from testkit.cases import CASES, Case, environment
from testkit.examples import context_of, every_example
from testkit.oracle import check_same, live_environment, load, outcome, stock_environment
from testkit.passes import PASSES, left_out


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_what_jinja2_does_is_done(case: Case) -> None:
    expected = check_same(case.templates, case.make, case.variables)
    live = live_environment(case.templates, case.make)
    assert outcome(lambda: live.get_template("main.html").render(case.variables())) == expected


@pytest.mark.slow
def test_what_jinja2_does_is_done_without_any_pass() -> None:
    with left_out(PASSES):
        for case in CASES:
            expected = check_same(case.templates, case.make, case.variables)
            live = live_environment(case.templates, case.make)
            assert outcome(lambda: live.get_template("main.html").render(case.variables())) == expected, case.title  # noqa: B023


def test_finalize_gets_constants_escaped_where_autoescape_is_on() -> None:
    make = environment(autoescape=True, finalize=lambda value: f"[{value!r}]")
    check_same({"main.html": "{{ none }}{{ '<' }}"}, make, dict)


@pytest.mark.parametrize(("name", "example"), list(every_example()))
def test_every_example_renders_as_in_jinja2(
    registry: blendtpl.Registry, stock: jinja2.Environment, name: str, example: str
) -> None:
    context = context_of(name, example)

    expected = stock.get_template(name).render(context)

    assert registry.render(name, context) == expected
    assert "".join(registry[name].stream(context)) == expected


def test_every_template_renders_or_fails_as_in_jinja2_with_no_variables(
    registry: blendtpl.Registry, stock: jinja2.Environment
) -> None:
    for name in registry:
        assert outcome(registry[name].render) == outcome(stock.get_template(name).render), name


def test_the_cases_reach_texts_and_errors_of_many_kinds() -> None:
    found = [outcome(stock_environment(case.templates, case.make).get_template("main.html").render) for case in CASES]
    assert len({result[1] for result in found if result[0] == "error"}) >= 6


def test_a_template_handle_works_as_a_name_wherever_jinja2_takes_a_template() -> None:
    templates = {
        "main.html": "{% extends base %}{% block a %}{{ super() }}{% include part %}{% include ['no', part] %}"
        "{% import lib as m %}{{ m.f() }}{% from lib import f %}{{ f() }}{% include [part] %}{% endblock %}",
        "base.html": "[{% block a %}base{% endblock %}]",
        "part.html": "<{{ x }}>",
        "lib.html": "{% macro f() %}f{{ x is defined }}{% endmacro %}",
    }
    registry = load(templates)
    stock = stock_environment(templates, blendtpl.default_environment)
    names = {"base": "base.html", "part": "part.html", "lib": "lib.html"}

    theirs = stock.get_template("main.html").render(
        {key: stock.get_template(name) for key, name in names.items()}, x="&"
    )

    assert registry.render("main.html", {key: registry[name] for key, name in names.items()}, x="&") == theirs
    assert registry["main.html"].render_block("a", {k: registry[n] for k, n in names.items()}, x="&") == theirs[1:-1]


def test_a_handle_of_another_registry_brings_its_own_templates_filters_and_globals() -> None:
    def environment_with(word: str) -> jinja2.Environment:
        made = blendtpl.default_environment()
        made.globals["word"] = word
        made.globals[f"only_{word}"] = word
        made.filters["say"] = lambda value: f"{word}({value})"
        return made

    parts = {
        "base.html": "{{ word }}{% block a %}{{ word }}{% endblock %}{% include 'part.html' %}",
        "part.html": "{{ 1 | say }}{{ word }}",
        "lib.html": "{% macro f() %}{{ word }}{{ 2 | say }}{{ only_here is defined }}{{ only_there is defined }}{% endmacro %}",
    }
    main = {
        "main.html": "{% extends base %}{% block a %}{{ word }}{{ super() }}{% include part %}{% import lib as m %}{{ m.f() }}{% endblock %}"
    }
    here = stock_environment({**parts, **main}, lambda: environment_with("here"))
    there = stock_environment(parts, lambda: environment_with("there"))
    ours = load({**parts, **main}, lambda: environment_with("here"))
    other = load(parts, lambda: environment_with("there"))
    keys = {"base": "base.html", "part": "part.html", "lib": "lib.html"}

    expected = here.get_template("main.html").render({key: there.get_template(name) for key, name in keys.items()})

    assert ours.render("main.html", {key: other[name] for key, name in keys.items()}) == expected
    assert "there" in expected
    assert "here" in expected


def test_variables_come_from_mappings_in_order_then_keywords_as_in_jinja2() -> None:
    registry = load({"a.txt": "{{ a }}{{ b }}{{ name }}{{ self is defined }}{{ block }}"})

    text = registry.render("a.txt", {"a": 1, "b": 1, "block": 5}, {"b": 2}, name=3)

    assert text == "123True5"
    assert registry["a.txt"].render([("a", 1), ("b", 2)], name=3, block="") == "123True"  # type: ignore[arg-type]


def test_the_mapping_that_is_passed_in_is_not_changed() -> None:
    registry = load({"a.txt": "{% set a = 2 %}{% macro m() %}{% endmacro %}{{ a }}"})
    variables = {"a": 1}

    registry.render("a.txt", variables)

    assert variables == {"a": 1}


def test_no_template_is_made_from_a_string_while_another_renders() -> None:
    @jinja2.pass_environment
    def evaluate(environment: jinja2.Environment, text: str) -> str:
        return environment.from_string(text).render()

    def make() -> jinja2.Environment:
        made = blendtpl.default_environment()
        made.globals["evaluate"] = evaluate
        return made

    registry = load({"a.txt": "{{ evaluate('x') }}"}, make)

    with pytest.raises(blendtpl.RenderError, match="put it into the bundle"):
        registry.render("a.txt")


@given(st.text(st.characters(max_codepoint=0x250)) | st.text(" aB1-(<[{'\t\x1c\x85\u01c6"))
def test_a_title_is_what_jinja2_makes_of_it(text: str) -> None:
    assert title(text) == FILTERS["title"](text)
