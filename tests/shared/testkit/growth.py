# ruff: noqa: E501  # template texts are easier to read in one line
"""Every construct and every error, and the ways to render it: what is rendered often, to see what stays.

Leaves: `EVERY` case by its title, and for a case and its registry the `ways`, each of which leaves nothing behind: see
`testkit.memory`, which counts.
"""

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import jinja2

import blendtpl
from blendtpl.compat import IncludeShim
from testkit import language, scenes, shim_calls
from testkit.cases import CASES, Case

Way = Callable[[blendtpl.Registry, Mapping[str, Any]], object]


def boom(*unused: object) -> str:
    raise ValueError("boom")


def stop(*unused: object) -> str:
    raise StopIteration


def halting() -> Iterator[int]:
    yield 1
    raise OSError(5, "half-way")


class Wordless:
    def __str__(self) -> str:
        raise ArithmeticError("no words")


def with_failures() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.filters["boom"] = made.tests["boom"] = made.globals["boom"] = boom
    made.globals["stop"] = stop
    return made


def _failing(title: str, main: str, **others: str) -> Case:
    return Case(
        f"failing: {title}",
        {"main.html": main, **{f"{name}.html": text for name, text in others.items()}},
        _variables,
        with_failures,
    )


def _variables() -> dict[str, Any]:
    tree = [{"n": 1, "kids": [{"n": 2, "kids": [{"n": 0, "kids": []}]}]}]
    return {
        "user": {"name": "<Ada>"},
        "zero": 0,
        "tree": tree,
        "items": halting(),
        "odd": Wordless(),
        "gone": "gone.html",
        "base": "base.html",
    }


FAILURES = (
    _failing("a variable that was misspelt", "{{ usr }}"),
    _failing("an attribute of an attribute", "{{ user.nme.first }}"),
    _failing("a template that is missing, included", "{% include gone %}"),
    _failing("a template that is missing, of a list", "{% include [gone, 'no' ~ gone] %}"),
    _failing("a template that is missing, imported", "{% import gone as m %}{{ m.f() }}"),
    _failing("a template that is missing, extended", "{% extends gone %}{% block b %}{% endblock %}"),
    _failing("a filter", "{{ user | boom }}"),
    _failing("a filter of Jinja2", "{{ user | round }}"),
    _failing("a filter of a block", "{% filter boom %}{{ user.name }}{% endfilter %}"),
    _failing("a test", "{{ user is boom }}"),
    _failing("a global function", "{{ boom(user) }}"),
    _failing("an included template", "{% set x = user %}{% include 'part.html' %}", part="{{ x.name }}{{ boom(x) }}"),
    _failing("a template included in a loop", "{% for x in [user] %}{% include 'part.html' %}{% endfor %}", part="{{ x.name }}{{ boom(x) }}"),
    _failing("a template included by a name of run time", "{% set x = user %}{% include 'part' ~ '.html' %}", part="{{ x.name }}{{ boom(x) }}"),
    _failing("an imported template", "{% import 'lib.html' as lib with context %}{{ lib.f }}", lib="{% set f = boom(user) %}"),
    _failing("an imported macro", "{% from 'lib.html' import m %}{{ m(user) }}", lib="{% macro m(x) %}{{ x.name }}{{ boom(x) }}{% endmacro %}"),
    _failing("a macro of a module with context", "{% import 'lib.html' as lib with context %}{{ lib.m() }}", lib="{% macro m() %}{{ boom(user) }}{% endmacro %}"),
    _failing("an extended template", "{% extends 'base.html' %}{% set x = user %}{% block b %}{% endblock %}", base="{% block b %}{% endblock %}{{ boom(x) }}"),
    _failing("a template extended by a name of run time", "{% extends base %}{% set x = user %}{% block b %}{% endblock %}", base="{% block b %}{% endblock %}{{ boom(x) }}"),
    _failing("a block", "{% extends 'base.html' %}{% set x = user %}{% block b %}{{ x.name }}{{ boom(x) }}{% endblock %}", base="{% block b %}{% endblock %}"),
    _failing("a block above, by super", "{% extends 'base.html' %}{% set x = user %}{% block b %}{{ super() }}{% endblock %}", base="{% block b %}{{ boom(x) }}{% endblock %}"),
    _failing("a block, by self", "{% set me = self %}{% block b %}{% if deep %}{{ boom(me) }}{% endif %}{% endblock %}{% set deep = 1 %}{{ self.b() }}"),
    _failing("a macro", "{% macro m(x) %}{{ x.name }}{{ boom(x) }}{% endmacro %}{{ m(user) }}"),
    _failing("a macro in a loop", "{% for x in [user] %}{% macro m() %}{{ boom(x, loop.index) }}{% endmacro %}{{ m() }}{% endfor %}"),
    _failing("a macro that calls itself", "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% else %}{{ boom(user) }}{% endif %}{% endmacro %}{{ m(3) }}"),
    _failing("a default of a macro", "{% macro m(x, y=boom(x)) %}{{ y }}{% endmacro %}{{ m(user) }}"),
    _failing("an argument of a macro", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(boom(user)) }}"),
    _failing("the body of a call", "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}{{ user.name }}{{ boom(user) }}{% endcall %}"),
    _failing("the body of a call of another template's macro", "{% from 'lib.html' import m %}{% call(x) m() %}{{ boom(x) }}{% endcall %}", lib="{% macro m() %}[{{ caller(1) }}]{% endmacro %}"),
    _failing("a recursive loop", "{% for t in tree recursive %}{{ t.n }}{{ loop(t.kids) }}{{ 1 // t.n }}{% endfor %}"),
    _failing("a recursive loop with its object", "{% for t in tree recursive %}{{ loop.nextitem }}{{ loop(t.kids) }}{{ 1 // t.n }}{% endfor %}"),
    _failing("a function that raises StopIteration", "{{ stop() }}{{ stop().x }}"),
    _failing("a function that raises StopIteration in a loop", "{% for x in [1] %}{{ x }}{% for y in stop() %}{% endfor %}{% endfor %}"),
    _failing("a division", "{{ 1 / zero }}"),
    _failing("a required block", "{% extends base %}{% set x = user %}", base="{% block b required %}{% endblock %}"),
    _failing("a template extended twice", "{% if user %}{% extends 'base.html' %}{% endif %}{% extends 'base.html' %}", base="{% block b %}{% endblock %}"),
    _failing("a generator, half-way", "{% for x in items %}{{ x }}{{ loop.index }}{% endfor %}"),
    _failing("a generator that a filter reads", "{{ items | list }}"),
    _failing("the text of a value", "{{ user.name }}{{ odd }}"),
    _failing("the text of a value that is joined", "{{ [user.name, odd] | join }}{{ user ~ odd }}"),
    _failing("a set block", "{% set x %}{{ user.name }}{{ boom(user) }}{% endset %}"),
    _failing("an attribute set on what is no namespace", "{% set user.x = 1 %}"),
    _failing("an include without context", "{% include 'part.html' without context %}", part="{% set x = range(2) %}{{ boom(x) }}"),
    _failing("a module that is imported twice", "{% import 'lib.html' as a %}{% set x = a.m(1) %}{% import 'lib.html' as b %}{{ b.m(0) }}", lib="{% set n = namespace(v=0) %}{% macro m(x) %}{% set n.v = n.v + x %}{{ n.v // x }}{% endmacro %}"),
)  # fmt: skip

LONG = "x" * 3000
LARGE = Case(
    "a large page",
    {"main.html": "{% set s = self %}{% for x in [1, 2, 3, 4, 5, 6, 7] %}{{ long }}{% include 'part.html' %}{% endfor %}", "part.html": "{{ x }}{{ user.name }}"},
    lambda: {**_variables(), "long": LONG},
)  # fmt: skip
BROKEN = replace(LARGE, title="failing: a large page", templates={**LARGE.templates, "part.html": "{{ 1 // (6 - x) }}"})
RECURSION = Case(
    "failing: a recursion without end", {"main.html": "{% if user %}{% include 'main.html' %}{% endif %}"}, _variables
)
INCLUDES = Case("include-style calls", {**shim_calls.TEMPLATES, "main.html": "{% include 'plain.html' %}"}, lambda: {"user": "Ada", "n": 1}, shim_calls.environment)  # fmt: skip
MAIL = Case("an e-mail", {"main.html": "", "mail/subject.txt": "s", "mail/body.txt": "b", "mail/body.html": "{{ user.name }}"}, _variables)  # fmt: skip


BUILT_IN = tuple(
    Case(f"built-in: {name}", {"main.html": text}, lambda: language.VARIABLES)
    for name, text in language.TEXTS.items()
    if name.startswith(("filter/", "tests", "named"))
)
LANGUAGE = Case(
    "all of the language",
    {**language.TEXTS, "main.html": language.TEXTS["language.html"]},
    lambda: language.VARIABLES,
)
SCENES = tuple(
    Case(f"failing in {scene.title}", scene.failing(scene.errors[0]), scenes.variables, scenes.environment)
    for scene in scenes.SCENES
)


def _render(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    return registry.render("main.html", given)


def _stream(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    return "".join(registry["main.html"].stream(given))


def _half_a_stream(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    return next(registry["main.html"].stream(given), None)


def _closed_stream(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    pieces: Any = registry["main.html"].stream(given)
    next(pieces, None)
    return pieces.close()


def _broken_stream(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    pieces: Any = registry["main.html"].stream(given)
    next(pieces, None)
    return pieces.throw(ConnectionError("gone"))


def _block(block: str, registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    return registry["main.html"].render_block(block, given)


def _missing_template(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    return registry.get("main.htm") or registry.render("main.htm", given)


def _message(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    return registry.message("mail", given, to=["a@example.org"], sender="b@example.org").as_bytes()


@contextmanager
def little_stack() -> Iterator[None]:
    """Have a recursion end soon, so that it can be done often."""
    depth, frame, limit = 0, sys._getframe(), sys.getrecursionlimit()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(depth + 60)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _with_little_stack(registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
    with little_stack():
        return registry.render("main.html", given)


def _calls_of_a_shim(registry: blendtpl.Registry) -> Mapping[str, Way]:
    for category in (DeprecationWarning, RuntimeWarning):  # would be printed with their lines, which are read for that
        warnings.simplefilter("ignore", category)
    shim = shim_calls.a_shim(registry)

    def way(call: Callable[[IncludeShim], object], registry: blendtpl.Registry, given: Mapping[str, Any]) -> object:
        return call(shim)

    return {call.__name__: partial(way, call) for call in shim_calls.CALLS}


def ways(case: Case, registry: blendtpl.Registry) -> Mapping[str, Way]:
    """Return the ways to render a case, by name."""
    if case is RECURSION:
        return {"render": _with_little_stack}
    if case is MAIL:
        return {"message": _message}
    if case is INCLUDES:
        return _calls_of_a_shim(registry)
    found: dict[str, Way] = {"render": _render, "stream": _stream}
    found |= {f"block {block}": partial(_block, block) for block in registry["main.html"].blocks}
    if case in (LARGE, BROKEN):
        found |= {"half a stream": _half_a_stream, "a stream closed": _closed_stream}
        found |= {"a stream thrown at": _broken_stream}
        found |= {"no such block": partial(_block, "nope"), "no such template": _missing_template}
    return found


ALL = (*CASES, *BUILT_IN, LANGUAGE, *FAILURES, *SCENES, LARGE, BROKEN, RECURSION, INCLUDES, MAIL)
EVERY = {case.title: case for case in ALL}
