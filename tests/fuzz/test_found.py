"""What the fuzzer found, each reduced to what it was about."""

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
        "a constant expression that is undefined is finalized",
        {"main.html": "{{ 1.b }}{{ none.b, }}{% autoescape a %}{{ 1.b }}{% endautoescape %}"},
        ({"a": "1"},),
        Options(escape="off", finalize="brackets"),
    ),
    Case(
        "break and continue leave the else of a loop to run",
        {
            "main.html": "{% for x in [1, 2] %}{% if x == a %}{% break %}{% endif %}{{ x }}{% else %}e{% endfor %}"
            "{% for x in [1, 2] %}{% if x != a %}{% continue %}{% endif %}{{ x }}{% else %}e{% endfor %}"
            "{% for x in [1, 2] %}{% continue %}{% else %}e{% endfor %}"
        },
        ({"a": "1"}, {"a": "2"}, {"a": "3"}),
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
        "a constant extends of a template that extends another under a condition",
        {
            "main.html": "{% extends 'mid.html' %}",
            "mid.html": "{% if a %}{% extends 'inc.html' %}{% endif %}{% block two scoped %}two{% endblock %}",
            "inc.html": "[{% block two %}{% endblock %}]",
        },
        ({"a": "1"}, {"a": "0"}),
    ),
    Case(
        "a block inside of something else runs before the parent",
        {
            "main.html": "{% extends 'mid.html' %}",
            "mid.html": "{% with %}{% endwith %}{% extends 'base.html' %}"
            "{% with b = 2 %}{% block a %}mid{{ super() }}{% endblock %}{% endwith %}",
            "base.html": "[base]",
        },
        options=Options(undefined="ChainableUndefined"),
    ),
    Case(
        "super of no block is called as Jinja2 calls something undefined",
        {"main.html": "{% block one %}{{ super() }}{% endblock %}"},
        options=Options(undefined="Angry"),
    ),
    Case(
        "the filter of a set block reads what else only an output reads",
        {"main.html": "{{ b }}{% set x | default(a, boolean=b) %}{% endset %}{{ x }}{{ a }}"},
        ({"a": "'<a>'", "b": "True"}, {}),
    ),
    Case(
        "what a macro prints is finalized, a constant too",
        {"main.html": "{% macro m(a, b=1) %}{{ 1.a }}{% endmacro %}{{ m() }}"},
        options=Options(undefined="ChainableUndefined", finalize="brackets"),
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
        "a macro within one of the same name, which only the outer does no more than print",
        {
            "main.html": "{% macro n(a) %}{% macro n(a) %}{% block one %}{% endblock %}{% autoescape true %}x"
            "{% endautoescape %}{% for x in 'ab' %}{{ x }}{% endfor %}{% endmacro %}{{ n() }}{% endmacro %}{{ n() }}"
        },
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
    *(
        Case(
            f"constants without a literal, where a value of run time says whether they are escaped: {undefined}",
            {"main.html": "{% autoescape a %}{{ 1.a }}{{ [1.b, '<'] }}{{ 1[::2] }}{% endautoescape %}"},
            ({"a": "1"}, {"a": "''"}),
            Options(escape=escape, undefined=undefined),
        )
        for undefined in ("Undefined", "DebugUndefined", "ChainableUndefined")
        for escape in ("on", "off")
    ),
)


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.title)
def test_it_stays_mended(case: Case) -> None:
    assert differences(case) == []
