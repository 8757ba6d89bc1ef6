"""What the fuzzer found and only its own environment and values show, each reduced to what it was about.

The rest of what it found is in `tests/cases/render`.
"""

import pytest

from tests.fuzz.cases import Case, Options, differences

FOUND = (
    Case(
        "arguments that cannot be taken apart fail in the name of Context.call",
        {"main.html": "{{ f(**d) }}"},
        ({"d": "{1: 2}", "f": "Html()"}, {"d": "fail", "f": "echo"}, {"d": "{'a': 1}", "f": "echo"}),
    ),
    Case("a list that is none, taken apart as arguments", {"main.html": "{{ f(*a) }}"}, ({"a": "1", "f": "echo"},)),
    Case(
        "arguments taken apart in an included template",
        {"main.html": "{% for a in 'ab' %}{% include 'inc.html' %}{% endfor %}", "inc.html": "{{ f(*xs) }}{{ f() }}"},
        ({"xs": "[1, 2]", "f": "find"}, {"xs": "['a']", "f": "find"}, {"xs": "[]", "f": "stop"}),
    ),
    Case(
        "text is finalized where a value of run time says whether it is escaped",
        {"main.html": "{% autoescape x is defined %}{{ '<' }}{% raw %}{{ no }}{% endraw %}{% endautoescape %}"},
        ({}, {"x": "1"}),
        Options(finalize="named"),
    ),
    Case(
        "what a filter block gives is joined to the text of a macro, whatever it is",
        {"main.html": "{% macro m(x) %}{% filter default(a) %}{% endfilter %}{% endmacro %}{{ m() }}"},
        ({}, {"a": "1"}, {"a": "Text('<x>')"}),
        Options(escape="on", undefined="Angry"),
    ),
    Case(
        "a macro's text is no markup where output is not escaped",
        {
            "main.html": "{% macro m(x) %}{% filter safe %}<a>{% endfilter %}{% endmacro %}{{ m() | e }}"
            "{% macro n(x) %}{% call m() %}{% endcall %}{% endmacro %}{% macro o() %}{{ a }}{% endmacro %}{{ o() | e }}"
        },
        ({"a": "Markup('<b>')"}, {"a": "Text('<b>')"}),
        Options(escape="off"),
    ),
    Case(
        "a constant extends of a template that extends by a name of run time keeps every block",
        {
            "main.html": "{% extends 'mid.html' %}{% block b %}main{{ super() }}{% endblock %}",
            "mid.html": "{% extends layout %}{% block a %}mid{{ super() }}{% endblock %}",
            "base.html": "[{% block a %}base{% endblock %}{% block b %}b{% endblock %}]",
        },
        ({"layout": "'base.html'"}, {"layout": "'mid.html'"}, {}),
    ),
    Case(
        "a recursive loop that asks nothing else of its loop",
        {
            "main.html": "{% import 'leaf.html' as lib with context %}",
            "leaf.html": "{% for o in xs recursive %}{{ loop(x.b) }}{% endfor %}",
        },
        ({"x": "{'a': 1, 'b': '<'}", "xs": "['inc.html']"},),
        Options(escape="on", undefined="ChainableUndefined", finalize="brackets"),
    ),
    Case(
        "output that waits directly before a call block in a loop",
        {"main.html": "{% for x in xs %}t{{ a }}{% call echo('t') %}{% endcall %}{% endfor %}"},
        ({"xs": "[1, 2, 3]"}, {"a": "'<a>'", "xs": "[1]"}),
    ),
    Case("none as a name", {"main.html": "{% extends c %}"}, ({"c": "None"}, {})),
    Case(
        "a slice of what has none, within a constant",
        {"main.html": "{{ [1[::2], 1] }}{{ {'a': 1[1:]} }}{{ (1[:2]).x }}{{ [1[::2].a]|e }}"},
    ),
    Case(
        "an argument of a macro that raises what ends iterators, which the macro may raise and its arguments may not",
        {"main.html": "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(c | upper) }}"},
        ({"c": "raising('str', StopIteration)"},),
    ),
)


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.title)
def test_it_stays_mended(case: Case) -> None:
    assert differences(case) == []
