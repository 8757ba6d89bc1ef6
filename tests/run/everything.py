# ruff: noqa: E501  # template texts are easier to read in one line
"""A program that renders for long, watched from inside and outside: run as ``python -m tests.run.everything FILE``.

It uses every built-in filter and test, the whole language and every example of `templates/`, fails in many ways, and
prints what an audit hook saw between the first render and the last. Two marker files are looked for around that, so
that a system call tracer can find the place.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import blendtpl

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

EVENTS = (
    "open",
    "import",
    "compile",
    "exec",
    "marshal.loads",
    "os.listdir",
    "os.scandir",
    "subprocess.Popen",
    "socket.connect",
)


def work(registries: list[blendtpl.Registry], examples: list[tuple[str, str, dict[str, Any]]]) -> Callable[[], int]:
    """Return a function that does everything once, without looking at a file, and says how many renders that were."""
    whole, small = registries

    def run() -> int:
        count = failed = 0
        for name, _, context in examples:
            whole.render(name, context)
            count += 1
        for template in small.values():
            for render in (template.render, lambda *given, template=template: "".join(template.stream(*given))):
                try:
                    render(VARIABLES)
                except Exception as error:
                    str(error)
                    failed += 1
                count += 1
        small["language.html"].render_block("a", VARIABLES)
        small.get("gone.html")
        for name in ("gone.html", "language.htm"):
            try:
                small.render(name)
            except blendtpl.TemplateNotFound as error:
                str(error)
        assert failed == 2 * sum(name.startswith("bad/") for name in small)
        return count + 3

    return run


def main(folder: str, renders: int, planted: bool) -> None:
    """Load the bundles of a folder, delete them, render, and print a report; `planted` opens a file meanwhile."""
    files = [Path(folder, "whole.blend"), Path(folder, "small.blend")]
    examples = json.loads(Path(folder, "examples.json").read_text())
    registries = [blendtpl.load(file) for file in files]
    for file in files:
        file.unlink()
    run = work(registries, examples)
    seen: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event in EVENTS:
            seen.append(f"{event} {arguments!r:.200}")

    sys.addaudithook(hook)
    modules = set(sys.modules)
    os.access("/marker/begin", 0)
    watching = True
    count = 0
    while count < renders:
        count += run()
        if planted:
            Path("/dev/null").open().close()
    watching = False
    os.access("/marker/end", 0)
    print(json.dumps({"count": count, "seen": seen, "modules": sorted(set(sys.modules) - modules)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["planted"])
