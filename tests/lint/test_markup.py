"""What is printed where escaping for HTML does not make it safe is told, and nothing else is."""

from collections.abc import Mapping
from pathlib import Path

import jinja2
import pytest

import blendtpl
from blendtpl.compiler.frontend.html_place import Place, behind_hole, behind_text, joined
from blendtpl.compiler.lint.page_rules import PAGE_RULES

RULES = {rule.name for rule in PAGE_RULES}

# each with what is told of it: rule and value
BAD: Mapping[str, list[str]] = {
    "<script>var a = {{ x }};</script>": ["script-variable x"],
    "<script>var a = '{{ x.y }}';</script>": ["script-variable x.y"],
    "<SCRIPT\nasync>f({{ x['y'] }})</SCRIPT>": ["script-variable x['y']"],
    "<script>// {{ x|upper }}\n</script>": ["script-variable x|upper"],
    "<script>{{ x.y() }}</script>": ["script-variable x.y(…)"],
    "<script>a = {{ x if y else 1 }};</script>": ["script-variable …"],
    "<script>a = '{{ x ~ 1 }}';</script>": ["script-variable …"],
    "<script type=\"application/ld+json\">{'a': '{{ x }}'}</script>": ["script-variable x"],
    '<script type="module">import "{{ x }}"</script>': ["script-variable x"],
    "<script>{% if a %}b{% else %}{{ x }}{% endif %}</script>": ["script-variable x"],
    "<script>{% for x in xs %}{{ x }},{% endfor %}</script>": ["script-variable x"],
    "<script>{% for k, v in d.items() %}{{ v }},{% endfor %}</script>": ["script-variable v"],
    "{% macro m(x) %}<script>{{ x }}</script>{% endmacro %}": ["script-variable x"],
    "<script>{{ x|safe }}</script>": ["safe-given x|safe", "script-variable x|safe"],
    "<a href={{ x }}>": ["unquoted-attribute x"],
    "<a href=/a/{{ x }}/b>": ["unquoted-attribute x"],
    "<input value = {{ x }}>": ["unquoted-attribute x"],
    "<p class=a{% if b %}-{{ x }}{% endif %}>": ["unquoted-attribute x"],
    "<a onclick=\"f('{{ x }}')\">": ["event-handler x"],
    "<a ONCLICK='f({{ x }})'>": ["event-handler x"],
    '<body onload="{{ x|e }}">': ["event-handler x|e"],
    "<a href=\"javascript:f('{{ x }}')\">": ["javascript-url x"],
    "<a href=' JavaScript:{{ x }}'>": ["javascript-url x"],
    '<iframe src="data:text/html,{{ x }}">': ["javascript-url x"],
    '<button formaction="javascript:{{ x }}">': ["javascript-url x"],
    '<iframe srcdoc="<p>{{ x }}</p>">': ["srcdoc-variable x"],
    "{{ x|safe }}": ["safe-given x|safe"],
    "{{ x.y|trim|safe }}": ["safe-given x.y|trim|safe"],
    "<p title='{{ (x|safe) ~ 1 }}'>": ["safe-given x|safe"],
    '<p data-x="{{ x|tojson }}">': ["tojson-in-quotes x|tojson"],
    '<p onclick="f({{ x|tojson }})">': ["tojson-in-quotes x|tojson"],
    "{% with y = 1 %}<script>{{ x }}{{ y }}</script>{% endwith %}": ["script-variable x"],
    "<!-- {{ x }} --><script>{{ y }}</script>": ["script-variable y"],
    "<{{ x }} a='b'><script>{{ y }}</script>": ["script-variable y"],
    "<p {{ x }}><script>{{ y }}</script>": ["script-variable y"],
    '<p class="a{% if b %} c"{% else %}"{% endif %}><script>{{ y }}</script>': ["script-variable y"],
    "<option{% if x %} selected{% endif %}><script>{{ y }}</script>": ["script-variable y"],
    "<script>{% filter trim %}{{ x }}{% endfilter %}</script>": ["script-variable x"],
    "<textarea><script>{{ x }}</textarea><script>{{ y }}</script>": ["script-variable y"],
}

GOOD = [
    "{{ x }}<p title='{{ x }}' class=\"a {{ x }}\">{{ x|e }}</p>",
    "<script>var a = {{ x|tojson }}, b = {{ x|int }}, c = {{ x|length }};</script>",
    "<script>{% for x in xs %}{{ loop.index }}{{ x|tojson }}{{ ',' if not loop.last }}{% endfor %}</script>",
    "<script>{% for i in range(3) %}{{ i }}{% endfor %}{% for i in ['a', 'b'] %}{{ i }}{% endfor %}</script>",
    "<script>a = {{ 'true' if x else 'false' }}; b = {{ x > 1 }}; c = {{ x is defined }};</script>",
    "<script>{% set x = 1 %}{{ x }}</script>",
    "<script>{{ super() }}{{ self.a() }}{{ caller() }}{{ url_for('x') }}{{ _('x') }}</script>",
    "<script type='text/x-template'><b>{{ x }}</b></script><script type=\"text/x-handlebars\">{{ x }}</script>",
    "<style>p { color: {{ x }} }</style><title>{{ x }}</title><textarea>{{ x }}</textarea>",
    '<a href="{{ x }}" src=\'/a?b={{ x }}\' href="javascript:void(0)">{{ x }}</a>',
    '<a href="javascript:f({{ x|int }})" onclick=\'f({{ x|tojson }})\' onblur="f({{ x|tojson|forceescape }})">',
    "<a href={{ x|int }} width={{ x|length }} {{ x|xmlattr }} {{ attributes }}>",
    "<option value='a' {{ 'selected' if x }}>",
    "{{ x|markdown|safe }}{{ f(x)|safe }}{{ x|tojson|safe }}{{ 'a'|safe }}",
    "{% set x %}<b>{{ y }}</b>{% endset %}{{ x|safe }}{% macro m(y) %}{{ y|safe }}{% endmacro %}",
    "{% import 'm.html' as m %}{{ m.a()|safe }}<script>{{ m.b() }}</script>",
    "<p data-x='{{ x|tojson }}' data-y=\"{{ x|tojson|forceescape }}\">",
    '{% if a %}<p title="{% else %}<script>{% endif %}{{ x }}',  # nobody knows what part of HTML this is
    "<!-- <script>{{ x }}</script> -->",
    "{% autoescape false %}<p>{{ x }}</p>{% endautoescape %}",
]


def told(templates: Mapping[str, str]) -> list[str]:
    environment = blendtpl.default_environment()
    environment.globals |= {"url_for": str, "f": str}
    environment.filters["markdown"] = str
    bundle = blendtpl.compile(templates, environment=environment)
    return [f"{warning.kind} {warning.message.split('`')[1]}" for warning in bundle.warnings if warning.kind in RULES]


@pytest.mark.parametrize("source", BAD)
def test_a_value_that_escaping_does_not_make_safe_is_told(source: str) -> None:
    assert told({"a.html": source}) == BAD[source]
    assert told({"a.txt": source}) == []  # which is not escaped, and no HTML


@pytest.mark.parametrize("source", GOOD)
def test_nothing_is_told_of_what_is_safe_or_not_known(source: str) -> None:
    assert told({"a.html": source, "m.html": "{% macro a() %}{% endmacro %}{% macro b() %}{% endmacro %}"}) == []


def test_a_block_stands_where_what_is_extended_has_it() -> None:
    templates = {
        "base.html": "<script>{% block js %}{% endblock %}</script>{% block body %}{% endblock %}",
        "mid.html": "{% extends 'base.html' %}{% block body %}<style>{% block css %}{% endblock %}</style>"
        "{% endblock %}",
        "page.html": "{% extends 'mid.html' %}{% block js %}{{ x }}{% endblock %}{% block body %}{{ y }}{% endblock %}"
        "{% block css %}{{ z }}{% endblock %}",
        "other.html": "{% extends name %}{% block js %}{{ x }}{% endblock %}",
    }
    assert told(templates) == ["script-variable x"]


def test_an_included_template_stands_where_it_is_included() -> None:
    templates = {
        "page.html": "<script>{% include 'data.html' %}</script>{% include 'row.html' %}"
        "<p title={% include 'v.html' %}>",
        "data.html": "var a = {{ x }};{% include 'more.html' %}",
        "more.html": "{{ y|tojson }}{{ z }}",
        "row.html": "<b>{{ x }}</b>",
        "v.html": "{{ x }}",
        "a.html": "{% include 'b.html' %}",
        "b.html": "{% if x %}{% include 'a.html' %}{% endif %}",
    }
    assert told(templates) == ["script-variable x", "script-variable z", "unquoted-attribute x"]


def test_a_warning_has_its_place_its_remedy_and_its_switch(tmp_path: Path) -> None:
    source = "<p>\n<script>a = {{ user.name }}</script>"
    (warning,) = blendtpl.compile({"a.html": source}).warnings
    assert (warning.line, warning.column, warning.kind) == (2, 16, "script-variable")
    assert warning.hint == "write `{{ user.name|tojson }}`, without quotes around it"
    comment = "<p>\n{# blendtpl: ignore script-variable -- it is a number #}\n<script>a = {{ user.name }}</script>"
    assert blendtpl.compile({"a.html": comment}).warnings == ()
    assert blendtpl.compile({"a.html": source}, ignore="script-variable").warnings == ()


def test_what_was_found_is_found_again_when_it_comes_from_the_cache(tmp_path: Path) -> None:
    templates = {"base.html": "<script>{% block js %}{% endblock %}</script>"}
    templates["page.html"] = "{% extends 'base.html' %}{% block js %}{{ x }}{% endblock %}"
    first = blendtpl.compile(templates, cache=tmp_path / "cache").warnings
    assert [warning.kind for warning in first] == ["script-variable"]
    assert blendtpl.compile(templates, cache=tmp_path / "cache").warnings == first
    templates["base.html"] = "<p>{% block js %}{% endblock %}</p>"
    assert blendtpl.compile(templates, cache=tmp_path / "cache").warnings == ()


def test_each_rule_is_tried_and_documented() -> None:
    assert {text.partition(" ")[0] for found in BAD.values() for text in found} == RULES
    page = (Path(__file__).parents[2] / "docs" / "page-lint.md").read_text()
    for rule in PAGE_RULES:
        assert f"| `{rule.name}` | {rule.finds} | {rule.why} |" in page


def test_globals_of_the_environment_are_not_given() -> None:
    environment = jinja2.Environment(autoescape=True)
    environment.globals["site"] = object()
    bundle = blendtpl.compile({"a.html": "{{ site.head|safe }}{{ x|safe }}"}, environment=environment)
    assert [warning.message[:8] for warning in bundle.warnings] == ["`x|safe`"]


@pytest.mark.parametrize(
    ("text", "mode", "tag", "attribute", "value"),
    [
        ("", "text", "", "", ""),
        ("a < b <3 <", "text", "", "", ""),
        ("<p", "tag name", "p", "", ""),
        ("<p ", "tag", "p", "", ""),
        ("<p a", "name", "p", "a", ""),
        ("<p a ", "behind name", "p", "a", ""),
        ("<p a =", "before value", "p", "a", ""),
        ("<p a = '", "single-quoted value", "p", "a", ""),
        ("<p a=\"b'", "double-quoted value", "p", "a", "b'"),
        ("<p a=b", "unquoted value", "p", "a", "b"),
        ("<p a=b c", "name", "p", "c", ""),
        ("<p/a", "name", "p", "a", ""),
        ("<p a='b'/>", "text", "", "", ""),
        ("</p a", "name", "/p", "a", ""),
        ("<!-- <p> --", "comment", "", "", ""),
        ("<!doctype html", "declaration", "", "", ""),
        ("<?php a", "declaration", "", "", ""),
        ("<Script>a<b</p></scripts>", "raw", "script", "", ""),
        ("<title></title >", "text", "", "", ""),
        ("<p a=>b", "text", "", "", ""),
        ("<p =a=b", "unquoted value", "p", "=a", "b"),
    ],
)
def test_a_place_is_where_a_browser_is(text: str, mode: str, tag: str, attribute: str, value: str) -> None:
    whole = behind_text(Place(), text)
    assert (whole.mode, whole.tag, whole.attribute, whole.value) == (mode, tag, attribute, value)
    for at in range(len(text)):  # in whichever pieces it comes, but for signs of several characters
        if text[at - 1 : at + 1] not in {"<!", "</", "--", "<?"} and text[max(at - 1, 0)] not in "<-!/":
            parts = behind_text(behind_text(Place(), text[:at]), text[at:])
            if whole.mode != "raw" and "</title" not in text:
                assert parts == whole, at


def test_branches_join_where_they_end_alike() -> None:
    inside = behind_text(Place(), '<p class="a')
    assert joined([inside, behind_hole(inside)]) == behind_hole(inside)
    assert joined([Place(), inside]) is None
    assert joined([Place(), None]) is None
    assert joined([behind_text(Place(), "<p a"), behind_text(Place(), "<p ")]) == behind_text(Place(), "<p ")
