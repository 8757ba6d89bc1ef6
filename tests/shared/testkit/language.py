# ruff: noqa: E501  # template texts are easier to read in one line
"""The whole language in a few templates: every built-in filter and test, every statement, and errors of each kind."""

FILTERS = {
    "abs": "{{ -1 | abs }}", "attr": "{{ 3 | attr('numerator') }}", "batch": "{{ [1, 2, 3] | batch(2, 0) | list }}", "capitalize": "{{ 'x' | capitalize }}",
    "center": "{{ 'x' | center(5) }}", "count": "{{ 'x' | count }}", "d": "{{ nope | d('d') }}", "default": "{{ nope | default('d') }}",
    "dictsort": "{{ {'b': 1, 'a': 2} | dictsort }}", "e": "{{ '<' | e }}", "escape": "{{ '<' | escape }}", "filesizeformat": "{{ 123456 | filesizeformat }}",
    "first": "{{ 'xy' | first }}", "float": "{{ '1.5' | float }}", "forceescape": "{{ '<' | forceescape }}", "format": "{{ '%s' | format('<') }}",
    "groupby": "{{ [{'a': 1}, {'a': 2}] | groupby('a') }}", "indent": "{{ 'a\nb' | indent }}", "int": "{{ '5' | int }}", "items": "{{ {'a': 1} | items | list }}",
    "join": "{{ ['<', 1] | join(', ') }}", "last": "{{ 'xy' | last }}", "length": "{{ 'x' | length }}", "list": "{{ 'xy' | list }}", "lower": "{{ 'X' | lower }}",
    "map": "{{ ['x'] | map('upper') | list }}", "max": "{{ [1, 2] | max }}", "min": "{{ [1, 2] | min }}", "pprint": "{{ {'a': [1] * 60} | pprint }}",
    "random": "{{ [1] | random }}", "reject": "{{ [1, 2] | reject('odd') | list }}", "rejectattr": "{{ [{'a': 1}] | rejectattr('a') | list }}",
    "replace": "{{ 'x' | replace('x', '<') }}", "reverse": "{{ 'xy' | reverse }}", "round": "{{ 1.55 | round(1) }}", "safe": "{{ '<' | safe }}",
    "select": "{{ [1, 2] | select('odd') | list }}", "selectattr": "{{ [{'a': 1}] | selectattr('a', 'eq', 1) | list }}", "slice": "{{ [1, 2, 3] | slice(2) | list }}",
    "sort": "{{ ['b', 'A'] | sort }}", "string": "{{ 1 | string }}", "striptags": "{{ '<b>&amp;&eacute;</b> <!-- c -->' | striptags }}", "sum": "{{ [1, 2] | sum }}",
    "title": "{{ 'a b' | title }}", "tojson": "{{ {'a': '<'} | tojson(2) }}", "trim": "{{ ' x ' | trim }}", "truncate": "{{ ('a b c' * 99) | truncate(9) }}",
    "unique": "{{ ['a', 'A'] | unique | list }}", "upper": "{{ 'x' | upper }}", "urlencode": "{{ {'ü': '/?'} | urlencode }}", "urlize": "{{ 'see http://x.org/?a=b, mail a@b.org ftp://x' | urlize(9, true, 'blank', 'me', ['ftp:']) }}",
    "wordcount": "{{ 'a b' | wordcount }}", "wordwrap": "{{ 'a b c' | wordwrap(2) }}", "xmlattr": "{{ {'a': '<', 'b': none} | xmlattr }}",
}  # fmt: skip

TESTS = {
    "!=": "is ne 1", "<": "is lt 1", "<=": "is le 1", "==": "is eq 1", ">": "is gt 1", ">=": "is ge 1", "boolean": "is boolean", "callable": "is callable",
    "defined": "is defined", "divisibleby": "is divisibleby 2", "eq": "is eq 1", "equalto": "is equalto 1", "escaped": "is escaped", "even": "is even", "false": "is false",
    "filter": "is filter", "float": "is float", "ge": "is ge 1", "greaterthan": "is greaterthan 1", "gt": "is gt 1", "in": "is in [1]", "integer": "is integer",
    "iterable": "is iterable", "le": "is le 1", "lessthan": "is lessthan 1", "lower": "is lower", "lt": "is lt 1", "mapping": "is mapping", "ne": "is ne 1", "none": "is none",
    "number": "is number", "odd": "is odd", "sameas": "is sameas 1", "sequence": "is sequence", "string": "is string", "test": "is test", "true": "is true",
    "undefined": "is undefined", "upper": "is upper",
}  # fmt: skip

TEXTS = {
    **{f"filter/{name}.html": text for name, text in FILTERS.items()},
    "tests.html": "".join(f"{{{{ 2 {use} }}}}" for use in TESTS.values()),
    "named.html": "{{ [2] | select(test) | list }}{{ [1] | map('string') | list }}",
    "language.html": "{% extends layout %}{% import 'm.html' as m with context %}{% from 'm.html' import f %}{% block a scoped %}{{ super() }}{% for x in [1, 2] recursive %}{{ loop.index }}"
    "{% include 'p.html' %}{% include names ignore missing %}{% continue %}{% endfor %}{{ m.f(1, 2, k=3) }}{% call f() %}c{% endcall %}{% do [] %}{% filter upper %}x{% endfilter %}{% set s %}y{% endset %}{{ s }}"
    "{% trans n=2 %}one{% pluralize %}{{ n }}{% endtrans %}{% autoescape on %}{{ '<' }}{% endautoescape %}{{ self.a is defined }}{{ cycler(1).next() }}{{ joiner()() }}{{ lipsum(n=1) }}{{ namespace(a=1).a }}{{ dict(a=1) }}{{ range(2) | list }}{{ debug }}{% endblock %}",
    "base.html": "{% block a %}base{% endblock %}",
    "m.html": "{% macro f(a=1) %}{{ a }}{{ varargs }}{{ kwargs }}{{ caller() if caller is defined }}{% endmacro %}",
    "p.html": "p{{ x }}",
    "bad/undefined.html": "{{ nope }}",
    "bad/attribute.html": "{{ names.nope.x }}",
    "bad/division.html": "{{ 1 / 0 }}",
    "bad/include.html": "{% include 'bad/undefined.html' %}",
    "bad/missing.html": "{% include gone %}",
    "bad/filter.html": "{{ [] | first | upper }}{{ 'x' | round }}",
    "bad/macro.html": "{% import 'm.html' as m %}{{ m.nope() }}",
    "bad/recursion.html": "{% if on %}{% include 'bad/recursion.html' %}{% endif %}",
}  # fmt: skip

VARIABLES = {
    "layout": "base.html",
    "names": ["no.html", "p.html"],
    "on": True,
    "x": 1,
    "test": "even",
    "debug": "",
    "gone": "gone.html",
}
