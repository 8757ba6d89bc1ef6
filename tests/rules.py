"""Examples of the rules of `docs/semantics.md`: templates, and what Jinja2 prints for them or raises."""

from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

import blendtpl


class Item:
    """What answers to names in ways of its own."""

    log: list[str]

    def __init__(self) -> None:
        self.log = []

    @property
    def fails(self) -> Any:
        raise KeyError("fails")

    @property
    def stops(self) -> Any:
        raise StopIteration

    @property
    def lacks(self) -> Any:
        raise AttributeError("inside")

    def __str__(self) -> str:
        return "item"

    def __getitem__(self, key: str) -> str:
        self.log.append(key)
        if key == "wrong":
            raise ValueError(key)
        if key == "none":
            raise TypeError(key)
        return f"item {key}"


class Table(dict[str, Any]):
    kind = "attribute"


class Text(str):
    def __str__(self) -> str:
        return "<text>"


class Html:
    def __html__(self) -> str:
        return "<html>"

    def __str__(self) -> str:
        return "<str>"


def stop() -> None:
    raise StopIteration


@jinja2.pass_context
def seen(context: jinja2.runtime.Context, name: str) -> Any:
    return context.get(name)


class Notes(list[Any]):
    """What was noted, in that order."""

    def __call__(self, value: Any) -> Any:
        self.append(value)
        return value


def given() -> dict[str, Any]:
    return {
        "d": {"items": 1, "kind": 2},
        "table": Table(kind=1),
        "item": Item(),
        "text": Text("x"),
        "html": Html(),
        "markup": Markup("<b>"),
        "lt": "<",
        "null": None,
        "one": 1,
        "some": [1, 2, 3],
        "iterator": iter([1, 2, 3]),
        "on": True,
        "stop": stop,
        "seen": seen,
        "note": Notes(),
    }


def lenient() -> jinja2.Environment:
    environment = blendtpl.default_environment()
    environment.undefined = jinja2.Undefined
    environment.filters["angle"] = lambda text: "<"
    return environment


def sandboxed() -> jinja2.Environment:
    return SandboxedEnvironment(undefined=jinja2.StrictUndefined)


def finalizing() -> jinja2.Environment:
    environment = lenient()
    environment.finalize = lambda value: type(value).__name__
    return environment


COUNTER = "{% set s = namespace(n=0) %}{% macro n() %}{% set s.n = s.n + 1 %}{{ s.n }}{% endmacro %}"

# a template, or the templates of a set, what is printed, or the error and its message
EXAMPLES: dict[str, list[tuple[str | dict[str, str], str]]] = {
    "L1": [("{% set range = 1 %}{{ range }}{{ lt }}", "1&lt;")],
    "L2": [("{{ no is defined }}{{ no }}", "False"), ("{{ no.a }}", "UndefinedError: 'no' is undefined")],
    "L3": [("{{ table.kind }}, {{ item.lacks }}, {{ item.other }}", "attribute, item lacks, item other")],
    "L4": [("{{ d.items is callable }}{{ d.kind }}", "True2")],
    "L5": [("{{ d['items'] }}{{ table['kind'] }}{{ d['keys'] is callable }}", "11True")],
    "L6": [
        ("{{ item.fails }}", "KeyError: 'fails'"),
        ("{{ item.wrong }}", "ValueError: wrong"),
        ("{{ item.none is defined }}{{ item['none'] is defined }}", "FalseFalse"),
    ],
    "L7": [
        (
            "{{ item.a }}{{ item['b'] }}{{ item.none }}{{ item.log }}",
            "item aitem b[&#39;a&#39;, &#39;b&#39;, &#39;none&#39;]",
        )
    ],
    "L8": [("{{ one[:1] }}", "TypeError: 'int' object is not subscriptable"), ("{{ 1[:1] }}{{ some[:1] }}", "[1]")],
    "L9": [("{{ d.other.more }}", "UndefinedError: 'dict object' has no attribute 'other'")],
    "L11": [("{% if not on %}{{ one|nothing }}{% endif %}ok", "ok")],
    "E1": [("""{{ "a&<>" ~ '"' ~ "'" }}{{ lt }}""", "a&amp;&lt;&gt;&#34;&#39;&lt;")],
    "E2": [("{{ one }}{{ 1.5 + one }}{{ on }}{{ null }}", "12.5TrueNone")],
    "E3": [("{{ markup }}", "<b>")],
    "E4": [("{{ html }}{{ text }}", "<html>&lt;text&gt;")],
    "E5": [("{% autoescape false %}{{ html }}{{ text }}{{ lt }}{% endautoescape %}", "<str><text><")],
    "E6": [("{% autoescape not on %}{{ lt }}{% endautoescape %}{{ lt }}", "<&lt;")],
    "E7": [("{% autoescape not on %}{{ '<' }}{% endautoescape %}", "&lt;")],
    "E8": [
        ("{% macro m() %}<{{ lt }}{% endmacro %}{% set s %}<{% endset %}{{ m() }}{{ s }}", "<&lt;<"),
        (
            "{% set n = namespace() %}{% autoescape false %}{% set n.s %}<{% endset %}{% endautoescape %}{{ n.s }}",
            "&lt;",
        ),
    ],
    "E9": [
        ("{{ lt ~ markup }}, {{ lt ~ one }}, {{ html ~ markup }}", "&lt;<b>, &lt;1, &lt;str&gt;<b>"),
        ("{% autoescape on %}{{ lt ~ markup }}{% endautoescape %}", "&lt;&lt;b&gt;"),
    ],
    "E11": [("{% filter angle %}a{% endfilter %}{{ lt|angle }}", "<&lt;")],
    "U2": [("{{ nowhere }}{{ nowhere is defined }}{{ nowhere|length }}{% for x in nowhere %}{% endfor %}", "False0")],
    "U3": [("{{ 'a' if not on }}|", "|")],
    "U4": [("{{ stop() }}|", "|")],
    "U5": [
        ("{% block b %}{{ super() }}{% endblock %}", "UndefinedError: there is no parent block called 'b'."),
        ("{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "UndefinedError: No caller defined"),
        ({"main.html": "{% from 'a' import b %}{{ b is defined }}", "a": ""}, "False"),
    ],
    "O1": [("{{ note(1) + note(2) * note(3) }}{{ note }}", "7[1, 2, 3]")],
    "O2": [
        (
            "{{ item }}{{ note(item.a) }}{{ note(item.b) }}, {{ item.log }}",
            "itemitem aitem b, [&#39;a&#39;, &#39;b&#39;]",
        )
    ],
    "O4": [
        (
            "{{ note(0) and note(1) or note(2) }}{{ note(3) if note(4) < note(5) < note(1) < note(6) }}{{ note }}",
            "2[0, 2, 4, 5, 1]",
        )
    ],
    "O5": [("{{ dict(b=note(1), *note([[]]), **note({})) }}{{ note }}", "{&#39;b&#39;: 1}[[[]], 1, {}]")],
    "S2": [("{% if on %}{% set x = 1 %}{% endif %}{% with %}{% set y = 1 %}{% endwith %}{{ x }}{{ y }}", "1")],
    "S3": [
        (
            "{% set n = namespace() %}{% for x in some %}{% set y = x %}{% set n.a = x %}{% endfor %}{{ y }}{{ n.a }}",
            "3",
        ),
        ("{% set d.a = 1 %}", "TemplateRuntimeError: cannot assign attribute on non-namespace object"),
    ],
    "S4": [
        (
            "{% for x in [7] %}{% block a %}{{ x }}{% endblock %}{% block b scoped %}{{ x }}{% endblock %}{% endfor %}",
            "7",
        )
    ],
    "S5": [
        (
            {
                "main.html": "{% import 'a' as a %}{{ a.x }}{{ a._y is defined }}{{ a.z is defined }}",
                "a": "{% set x = 1 %}{% set _y = 1 %}{% import 'b' as z %}",
                "b": "",
            },
            "1FalseFalse",
        )
    ],
    "S6": [({"main.html": "{% set x = 1 %}{% include 'a' %}{{ y }}", "a": "{{ x }}{% set y = 2 %}"}, "1")],
    "S7": [("{% macro m() %}{{ x }}{% endmacro %}{{ m() }},{% set x = 1 %}{{ m() }}", ",1")],
    "S8": [("{% with x = 1, y = x %}{{ x }}{{ y }}{% endwith %}", "1")],
    "S9": [("{% set x = 1 %}{{ seen('x') }}{% set x = 2 %}{{ seen('x') }}", "12")],
    "C1": [
        (
            {
                "main.html": "a{% extends 'b' %}c{% set x = 1 %}{% block q %}{{ x }}{% endblock %}",
                "b": "B{% block q %}{% endblock %}{{ x }}",
            },
            "aB11",
        )
    ],
    "C2": [({"main.html": "{% if not on %}{% extends 'b' %}{% endif %}own", "b": "B"}, "own")],
    "C4": [
        (
            {
                "main.html": "{% extends 'b' %}{% block q %}{{ super() }}{{ super.super() }}{% endblock %}",
                "b": "{% extends 'c' %}{% block q %}b{{ super() }}{% endblock %}",
                "c": "{% block q %}c{% endblock %}",
            },
            "bcc",
        )
    ],
    "C5": [("{% block q %}1{% endblock %}{{ self.q() }}", "11")],
    "C6": [
        ("a{% block q required %}{% endblock %}", "TemplateRuntimeError: Required block 'q' not found"),
        ("{% if not on %}{% block q required %}{% endblock %}{% endif %}ok", "ok"),
    ],
    "C7": [
        ("{% include 'no' ignore missing %}{% include ['no', 'nor'] ignore missing %}ok", "ok"),
        ({"main.html": "{% include 'a' ignore missing %}", "a": "{% include 'n' ~ 'o' %}"}, "TemplateNotFound: no"),
    ],
    "C8": [
        (
            {
                "main.html": "{% import 'a' as a %}{{ a.m() }}",
                "a": "{% macro m() %}{{ lt }}{{ range(2)|list }}{% endmacro %}",
            },
            "[0, 1]",
        )
    ],
    "C9": [
        (
            {
                "main.html": "{% import 'a' as a %}{% import 'a' as b with context %}{{ a.n() }}{{ a.n() }}{{ b.n() }}",
                "a": COUNTER,
            },
            "121",
        )
    ],
    "P1": [
        (
            "{% for x in some %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.depth }} {% endfor %}",
            "10True1 21False1 32False1 ",
        )
    ],
    "P2": [
        (
            "{% for x in some %}{{ x }}{{ loop.last }}{% if x == 1 %}{% do some.clear() %}{% endif %},{% endfor %}",
            "1False,2True,",
        )
    ],
    "P3": [("{% for x in iterator %}{{ loop.length }}{{ loop.last }} {% endfor %}", "3False 3False 3True ")],
    "P4": [("{% for x in some if x > 1 %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 ")],
    "P5": [
        ("{% for x in some %}{% break %}{% else %}a{% endfor %}", "a"),
        ("{% for x in some %}{% continue %}{% else %}b{% endfor %}", "b"),
    ],
    "P6": [("{% for x in [[[]], []] recursive %}{{ loop.depth }}{{ loop(x) }}{% endfor %}", "121")],
    "P7": [
        ("{% for x in some %}{{ x }}{% if x < 3 %}{% do some.append(7) %}{% endif %}{% endfor %}", "12377"),
        ("{% for x in d %}{% do d.clear() %}{% endfor %}", "RuntimeError: dictionary changed size during iteration"),
    ],
    "P8": [("{% for a, b in [(1, 2), 'xy'] %}{{ a }}{{ b }}{% endfor %}", "12xy")],
    "M1": [
        ("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "TypeError: macro 'm' takes not more than 1 argument(s)"),
        ("{% macro m(a) %}{% endmacro %}{{ m(x=2) }}", "TypeError: macro 'm' takes no keyword argument 'x'"),
    ],
    "M2": [("{% macro m(a, b=a) %}{{ a }},{{ b }};{% endmacro %}{{ m(1) }}{{ m() }}{{ m(b=2) }}", "1,1;,;,2;")],
    "M3": [("{% macro m(a) %}{{ varargs }}{{ kwargs.x }}{% endmacro %}{{ m(1, 2, x=3) }}", "(2,)3")],
    "M4": [
        (
            "{% macro m() %}{{ caller(1) }}{{ caller(2) }}{% endmacro %}{% call(x) m() %}{{ x }}{{ lt }}{% endcall %}",
            "1&lt;2&lt;",
        )
    ],
    "R3": [("{% for x in some %}{{ item.stops }}{% endfor %}", "RuntimeError: generator raised StopIteration")],
    "T2": [("{{ _('<%(a)s>', a=lt) }}", "<&lt;>")],
    "T3": [
        ("{{ _('100%%') }}{{ _('a') }}", "100%a"),
        ("{{ _('50%') }}", "ValueError: incomplete format"),
        ("{{ _('%(a)s') }}", "KeyError: 'a'"),
    ],
    "T4": [("{{ ngettext('%(num)s', '%(num)ss', 2) }}{{ ngettext('%(num)s', '%(num)ss', 2, num=7) }}", "2s7s")],
}
