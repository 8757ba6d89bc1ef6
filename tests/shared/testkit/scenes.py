# ruff: noqa: E501  # template texts are easier to read in one line
"""Template sets that fail in one known place, with the way there: what a traceback must show.

In the texts ``FAIL`` stands for the output of a failing expression, ``BARE`` for the expression itself, and ``LATE`` for
one that fails where its value is used. A `way` is what ran, outermost first: ``file:line``, and the name of what ran there where that is not the top level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jinja2

import blendtpl

TOP = "top-level template code"
CALL, LOOP, CHOICE = "call block", "recursive loop", "loop filter"

# The failing expressions by what is wrong with them. The last two fail when their value is used, not before.
ERRORS = MappingProxyType(
    {
        "attribute": "one.nope.x",
        "division": "(one / zero)",
        "filter": "(one | boom)",
        "test": "(one is boom)",
        "function": "boom(one)",
        "undefined": "nope",
        "text": "odd",
    }
)
LAZY = ("undefined", "text")


@dataclass(frozen=True, slots=True)
class Scene:
    """`jinja2` are the places that Jinja2's traceback has, where they are others; line 0 where that depends."""

    title: str
    texts: Mapping[str, str]
    way: tuple[str, ...]
    jinja2: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors that can happen there: one is as good as another where the template itself is wrong."""
        whole = "".join(self.texts.values())
        if "BARE" in whole:
            return tuple(error for error in ERRORS if error not in LAZY)
        if "LATE" in whole:
            return LAZY
        return tuple(ERRORS) if "FAIL" in whole else ("filter",)

    @property
    def usual(self) -> str:
        """One of the errors: that of a user's own function, where it can be."""
        return "function" if "function" in self.errors else self.errors[0]

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The way as file and line of each step."""
        return tuple(map(place, self.way))

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each step of the way."""
        return tuple(step.partition(" ")[2] or TOP for step in self.way)

    def failing(self, error: str) -> dict[str, str]:
        """Return the texts with an error in its place."""
        expression = ERRORS[error]
        return {
            name: text.replace("FAIL", f"{{{{ {expression} }}}}")
            .replace("BARE", expression)
            .replace("LATE", expression)
            for name, text in self.texts.items()
        }


def place(step: str) -> tuple[str, int]:
    """Return file and line of a step."""
    file, _, line = step.partition(" ")[0].rpartition(":")
    return file, int(line)


def boom(*unused: object) -> str:
    raise ValueError("boom")


class Odd:
    def __str__(self) -> str:
        raise ArithmeticError("no words")


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.filters["boom"] = made.tests["boom"] = made.globals["boom"] = boom
    made.globals |= {"one": 1, "zero": 0, "odd": Odd()}  # for what is imported without context
    return made


def variables() -> dict[str, Any]:
    tree = {"n": 1, "kids": [{"n": 2, "kids": [{"n": 3, "kids": []}]}]}
    names = {"base": "base.html", "part": "part.html", "lib": "lib.html", "gone": "gone.html"}
    return {"one": 1, "zero": 0, "odd": Odd(), "tree": tree, "user": {"name": "Ada"}, **names}


def _scene(title: str, way: str, main: str, jinja2: str = "", /, **others: str) -> Scene:
    """Return a scene; the steps of its way have commas between them, names of templates no endings."""
    steps = tuple(step.strip().replace(":", ".html:", 1) for step in way.split(","))
    theirs = tuple(step.strip().replace(":", ".html:", 1) for step in jinja2.split(",")) if jinja2 else ()
    return Scene(title, {f"{name}.html": text for name, text in {"main": main, **others}.items()}, steps, theirs)


# parts that many scenes share; the line of the failure is never that of the tag around it
_PART = "part\n{{ one }}\n\nFAIL\n"  # fails in line 4
_MACRO = "lib\n{% macro m(a=0) %}\n{{ a }}\nFAIL\n{% endmacro %}"  # fails in line 4
_CALLER = "\n{% macro m() %}\n\n[{{ caller() }}]{% endmacro %}"  # calls back in line 4
_BASE = "\n\n<p>{% block b %}{% endblock %}</p>"  # has its block in line 3
_DEEP = "\n{% block b %}\n\n\nFAIL{% endblock %}"  # has its block in line 2, which fails in line 5

SCENES = (
    # a page that nothing refers to by name
    _scene("a page by a name made at run time, whose parent fails", "main:2, part:2, base:4", "\n{% include part %}", part="\n{% extends 'base.html' %}{% set x = 1 %}{% block b %}{% endblock %}", base="\n{% block b %}{% endblock %}\n\nFAIL"),
    _scene("a page by a name made at run time, which fails", "main:2, part:2, base:3, part:4 block 'b'", "\n{% include part %}", part="\n{% extends 'base.html' %}{% set x = 1 %}{% block b %}\n\nFAIL{% endblock %}", base=_BASE),
    _scene("a page whose parent fails", "main:3, base:2", "\n\n{% extends 'base.html' %}{% set x = 1 %}{% block b %}{% endblock %}", base="\nFAIL{% block b %}{% endblock %}"),
    # one template
    _scene("the top level", "main:3", "one\n\nFAIL\n"),
    _scene("the last of many outputs", "main:3", "a{{ one }}\nb{{ one }}\nc FAIL d{{ one }}\n"),
    _scene("behind comments, raw text and blank space that is cut", "main:9", "{# a\nb #}\n{% raw %}\n{{ x }}\n{% endraw %}\n\n{%- if one -%}\n\nFAIL{% endif %}"),
    _scene("a condition", "main:3", "\n{% if one %}\n{% if BARE %}{% endif %}{% endif %}"),
    _scene("a second condition", "main:3", "\n{% if not one %}\n{% elif BARE %}{% endif %}"),
    _scene("a body of a condition", "main:4", "\n{% if zero %}\n{% else %}\nFAIL\n{% endif %}"),
    _scene("what a loop is over", "main:2", "\n{% for x in BARE %}\n{% endfor %}"),
    _scene("what a loop chooses by", "main:2", "\n{% for x in [1] if BARE %}\n{% endfor %}"),
    _scene("what a loop that asks for its object chooses by", f"main:2, main:2 {CHOICE}", "\n{% for x in [1] if BARE %}\n{{ loop.nextitem }}{% endfor %}"),
    _scene("the targets of a loop", "main:2", "\n{% for a, b in [[1]] %}\n{% endfor %}"),
    _scene("a body of a loop", "main:4", "\n{% for x in [1, 2] %}\n{% if x == 2 %}\nFAIL\n{% endif %}{% endfor %}"),
    _scene("a body of a loop that asks for its object", "main:4", "\n{% for x in [1, 2] %}\n{% if loop.last and not loop.nextitem is defined %}\nFAIL\n{% endif %}{% endfor %}"),
    _scene("what a loop that is empty does", "main:4", "\n{% for x in [] %}\n{% else %}\nFAIL\n{% endfor %}"),
    _scene("behind a loop", "main:4", "\n{% for x in [1, 2] %}\n{{ x }}{% endfor %}\nFAIL"),
    _scene("an attribute in a loop", "main:3", "\n{% for x in [user] %}\n{{ x.nope.first }}\n{% endfor %}"),
    _scene("a recursive loop", f"main:2, main:5 {LOOP}, main:7 {LOOP}", "\n{% for t in tree.kids recursive %}\n{{ t.n }}\n{% if t.kids %}\n{{ loop(t.kids) }}\n{% elif t.n == 3 %}\nFAIL{% endif %}\n{% endfor %}"),
    _scene("a recursive loop that asks for its object", f"main:2, main:5 {LOOP}, main:7 {LOOP}", "\n{% for t in tree.kids recursive %}\n{{ t.n }}{{ loop.nextitem is defined }}\n{% if t.kids %}\n{{ loop(t.kids) }}\n{% elif t.n == 3 %}\nFAIL{% endif %}\n{% endfor %}"),
    _scene("a recursive loop, in what is behind it", "main:4", "\n{% for t in tree.kids recursive %}\n{{ t.n }}{{ loop(t.kids) }}{% endfor %}\nFAIL"),
    _scene("a recursive loop around a macro", f"main:3, main:5 {LOOP}, main:6 {LOOP}, lib:4 macro 'm'", "{% from 'lib.html' import m %}\n\n{% for t in tree.kids recursive %}\n{% if t.kids %}\n{{ loop(t.kids) }}{% else %}\n{{ m() }}{% endif %}\n{% endfor %}", lib=_MACRO),
    _scene("a recursive loop around an include", f"main:1, main:4 {LOOP}, main:5 {LOOP}, part:4", "{% for t in tree.kids recursive %}\n{{ t.n }}\n{% if t.kids %}\n{{ loop(t.kids) }}{% else %}\n{% include 'part.html' %}{% endif %}\n{% endfor %}", part=_PART),
    _scene("with", "main:4", "\n{% with a = 1 %}\n{{ a }}\nFAIL{% endwith %}"),
    _scene("what with sets", "main:2", "\n{% with a = 1, b = BARE %}\n{{ a }}\n{% endwith %}", "main:1"),
    _scene("set", "main:2", "\n{% set x = BARE %}\n{{ x }}"),
    _scene("a set block", "main:4", "\n{% set x %}\na\nFAIL\n{% endset %}{{ x }}"),
    _scene("a set block with a filter", "main:4", "\n{% set x | upper %}\na\nFAIL\n{% endset %}{{ x }}"),
    _scene("a set block by its filter", "main:2", "\n{% set x | boom %}\na\n{% endset %}{{ x }}"),
    _scene("a namespace", "main:3", "\n{% set ns = namespace() %}\n{% set ns.x = BARE %}"),
    _scene("what is no namespace", "main:2", "\n{% set user.x = 1 %}\n", "main:1"),
    _scene("a filter block", "main:4", "\n{% filter upper %}\na\nFAIL\n{% endfilter %}"),
    _scene("a filter block by its filter", "main:2", "\n{% filter boom %}\na\n\n{% endfilter %}"),
    _scene("an autoescape block", "main:4", "\n{% autoescape false %}\n\nFAIL{% endautoescape %}"),
    _scene("a translation", "main:2", "\n{% trans a=BARE %}\n{{ a }}{% endtrans %}", "main:0"),
    _scene("do", "main:2", "\n{% do [].append(BARE) %}"),
    # inheritance
    _scene("a block of a child", "main:1, base:3, main:5 block 'b'", "{% extends 'base.html' %}\n\n{% block b %}\nx\nFAIL\n{% endblock %}\n", base=_BASE),
    _scene("a block of a parent", "main:2, base:2, base:5 block 'b'", "\n{% extends 'base.html' %}\n", base=_DEEP),
    _scene("a block of a parent, by super", "main:1, base:2, main:4 block 'b', base:5 block 'b'", "{% extends 'base.html' %}\n{% block b %}\n1\n{{ super() }}\n{% endblock %}\n", base=_DEEP),
    _scene("a block of a parent, by super that is set", "main:1, base:2, main:3 block 'b', base:5 block 'b'", "{% extends 'base.html' %}\n{% block b %}\n{% set s = super() %}\n{{ s }}{% endblock %}\n", base=_DEEP),
    _scene("a block of a parent, by super with a filter", "main:1, base:2, main:3 block 'b', base:5 block 'b'", "{% extends 'base.html' %}\n{% block b %}\n{{ super() | upper }}\n{% endblock %}\n", base=_DEEP),
    _scene("behind super", "main:1, base:3, main:4 block 'b'", "{% extends 'base.html' %}\n{% block b %}\n{{ super() }}\nFAIL{% endblock %}\n", base=_BASE),
    _scene("three levels", "main:1, mid:2, base:2, main:3 block 'b', mid:6 block 'b', base:5 block 'b'", "{% extends 'mid.html' %}\n{% block b %}\n{{ super() }}{% endblock %}", mid="\n{% extends 'base.html' %}\n\n{% block b %}\n\n{{ super() }}{% endblock %}", base=_DEEP),
    _scene("three levels, the middle one", "main:1, mid:2, base:3, main:3 block 'b', mid:6 block 'b'", "{% extends 'mid.html' %}\n{% block b %}\n{{ super() }}{% endblock %}", mid="\n{% extends 'base.html' %}\n\n{% block b %}\n\nFAIL{% endblock %}", base=_BASE),
    _scene("three levels, of which one has no such block", "main:1, mid:2, base:2, main:3 block 'b', base:5 block 'b'", "{% extends 'mid.html' %}\n{% block b %}\n{{ super() }}{% endblock %}", mid="\n{% extends 'base.html' %}\n\n", base=_DEEP),
    _scene("three levels, of which one is passed over", "main:1, mid:2, base:2, main:3 block 'b', base:5 block 'b'", "{% extends 'mid.html' %}\n{% block b %}\n{{ super.super() }}{% endblock %}", mid="\n{% extends 'base.html' %}\n\n{% block b %}\n\n{{ super() }}{% endblock %}", base=_DEEP),
    _scene("three levels, the top level of the last", "main:1, mid:2, base:3", "{% extends 'mid.html' %}", mid="\n{% extends 'base.html' %}", base="\n\nFAIL"),
    _scene("a block in a block", "main:1, base:1, base:3 block 'outer', main:3 block 'inner'", "{% extends 'base.html' %}\n{% block inner %}\nFAIL{% endblock %}", base="{% block outer %}\n\n{% block inner %}{% endblock %}{% endblock %}"),
    _scene("the top level of a parent", "main:3, base:2", "\n\n{% extends 'base.html' %}\n{% block b %}{% endblock %}", base="\nFAIL"),
    _scene("the top level of a child", "main:4", "\n{% extends 'base.html' %}\n{% set x %}\nFAIL{% endset %}\n{% block b %}{% endblock %}", base=_BASE),
    _scene("in front of extends", "main:2", "\nFAIL\n{% extends 'base.html' %}\n", base=_BASE),
    _scene("a parent by a name of run time", "main:2, base:3, main:4 block 'b'", "\n{% extends base %}\n{% block b %}\nFAIL{% endblock %}", base=_BASE),
    _scene("a parent by a name of run time, by super", "main:2, base:2, main:4 block 'b', base:5 block 'b'", "\n{% extends base %}\n{% block b %}\n{{ super() }}{% endblock %}", base=_DEEP),
    _scene("a parent under a condition", "main:3, base:3, main:6 block 'b'", "\n{% if one %}\n{% extends 'base.html' %}\n{% endif %}\n{% block b %}\nFAIL{% endblock %}", "main:5, base:3, main:6", base=_BASE),
    _scene("a parent that is missing", "main:3", "\n\n{% extends gone %}\n{% block b %}{% endblock %}"),
    _scene("a block, by self", "main:4, main:2 block 'b'", "{% block b %}{% if on is defined %}\nFAIL{% endif %}{% endblock %}\n{% set on = 1 %}\n{{ self.b() }}"),
    _scene("a scoped block in a loop", "main:3, main:5 block 'b'", "\n{% for x in [1, 2] %}\n{% block b scoped %}\n{% if x == 2 %}\nFAIL{% endif %}{% endblock %}{% endfor %}"),
    _scene("a block that is required", "main:1, base:3", "{% extends 'base.html' %}", base="\n\n{% block b required %}{% endblock %}"),
    # include
    _scene("an include", "main:3, part:4", "a\n\n{% include 'part.html' %}\n", part=_PART),
    _scene("an include that ends in a loop", "main:3, part:3", "a\n\n{% include 'part.html' %}\n", part="\n{% for i in [1, 2, 3] %}{% if loop.last %}\nFAIL\n{% endif %}{% endfor %}"),
    _scene("an include of an include", "main:3, mid:4, part:4", "a\n\n{% include 'mid.html' %}\n", mid="a\n{% if one %}\n\n{% include 'part.html' %}{% endif %}", part=_PART),
    _scene("includes in one line", "main:1, mid:1, part:1", "{% include 'mid.html' %}{% include 'mid.html' %}", mid="{% include 'part.html' %}", part="FAIL"),
    _scene("an include by a name of run time", "main:3, part:4", "a\n\n{% include part %}\n", part=_PART),
    _scene("an include of a list", "main:3, part:4", "a\n\n{% include ['no.html', part] %}\n", part=_PART),
    _scene("an include that may be missing", "main:3, part:4", "a\n\n{% include 'part.html' ignore missing %}\n", part=_PART),
    _scene("an include without context", "main:3, part:3", "a\n\n{% include 'part.html' without context %}\n", part="\n{% set one, zero = 1, 0 %}\n{{ one | boom }}"),
    _scene("an include in a loop", "main:3, part:5", "a\n{% for i in [1, 2] %}\n{% include 'part.html' %}\n{% endfor %}", part="\n{{ i }}\n{% if i == 2 %}\n\nFAIL{% endif %}\n"),
    _scene("an include in a loop in a loop", "main:4, part:4", "a\n{% for i in [1, 2] %}\n{% for j in 'ab' %}\n{% include 'part.html' %}\n{% endfor %}{% endfor %}", part="\n{{ i }}{{ j }}\n{% if i == 2 %}\nFAIL{% endif %}\n"),
    _scene("an include of an include, each in a loop", "main:3, mid:2, part:2", "\n{% for i in [1, 2] %}\n{% include 'mid.html' %}{% endfor %}", mid="{% for j in [i] %}\n{% include 'part.html' %}{% endfor %}", part="{% if i == 2 and j == 2 %}\nFAIL{% endif %}"),
    _scene("an include in with", "main:3, part:4", "\n{% with a = 1 %}\n{% include 'part.html' %}{% endwith %}", part="{{ a }}\n" + _PART[5:]),
    _scene("an include in a set block", "main:3, part:4", "\n{% set x %}\n{% include 'part.html' %}{% endset %}", part=_PART),
    _scene("an include in a filter block", "main:3, part:4", "\n{% filter upper %}\n{% include 'part.html' %}{% endfilter %}", part=_PART),
    _scene("an include in a macro", "main:3, lib:2 macro 'm', part:4", "{% from 'lib.html' import m %}\n\n{{ m(one, zero, odd) }}", lib="{% macro m(one, zero, odd) %}\n{% include 'part.html' %}{% endmacro %}", part=_PART),
    _scene("an include in the body of a call", f"main:2, lib:4 macro 'm', main:4 {CALL}, part:4", "{% from 'lib.html' import m %}\n{% call m() %}\n\n{% include 'part.html' %}{% endcall %}", lib=_CALLER, part=_PART),
    _scene("an include of a page with a parent", "main:2, child:3, base:3, child:6 block 'b'", "\n{% include 'child.html' %}", child="\n\n{% extends 'base.html' %}\n{% block b %}\n\nFAIL{% endblock %}", base=_BASE),
    _scene("an include of a page with a parent, in a loop", "main:3, child:3, base:2, child:5 block 'b', base:5 block 'b'", "\n{% for i in [1] %}\n{% include 'child.html' %}{% endfor %}", child="\n\n{% extends 'base.html' %}\n{% block b %}\n{{ super() }}{% endblock %}", base=_DEEP),
    _scene("an include of a page with a block", "main:2, part:2, part:3 block 'b'", "\n{% include 'part.html' %}", part="\n{% block b %}\nFAIL{% endblock %}"),
    _scene("an include in a block", "main:2, base:3, main:5 block 'b', part:4", "\n{% extends 'base.html' %}\n{% block b %}\n\n{% include 'part.html' %}{% endblock %}", part=_PART, base=_BASE),
    _scene("an include in a block of a parent", "main:2, base:2, main:4 block 'b', base:3 block 'b', part:4", "\n{% extends 'base.html' %}\n{% block b %}\n{{ super() }}{% endblock %}", part=_PART, base="\n{% block b %}\n{% include 'part.html' %}{% endblock %}"),
    _scene("a recursive include", "main:3, main:3, main:6", "{{ tree.n }}\n{% for tree in tree.kids %}\n{% include 'main.html' %}\n{% else %}\n{% if tree.n == 3 %}\nFAIL{% endif %}{% endfor %}"),
    _scene("behind an include", "main:3", "{% include 'part.html' %}\n{{ one }}\nFAIL", part="\n\n\n\n{{ one }}"),
    _scene("between includes", "main:4", "{% include 'part.html' %}\n{% for x in [1, 2] %}{% include 'part.html' %}\n{% if x == 2 %}\nFAIL{% endif %}\n{% include 'part.html' %}{% endfor %}", part="\n\n\n\n{{ one }}"),
    _scene("behind an include, in an include", "main:2, mid:3", "\n{% include 'mid.html' %}", mid="{% include 'part.html' %}\n{{ one }}\nFAIL", part="\n\n\n\n{{ one }}"),
    _scene("includes in includes in a loop", "main:2, a:2, b:3, c:4, d:5, part:4", "{% for x in [1] %}\n{% include 'a.html' %}{% endfor %}", a="\n{% include 'b.html' %}", b="\n\n{% include 'c.html' %}", c="\n\n\n{% include 'd.html' %}", d="\n\n\n\n{% include 'part.html' %}", part=_PART),
    _scene("behind includes in includes in a loop", "main:2, a:2, b:4", "{% for x in [1] %}\n{% include 'a.html' %}{% endfor %}", a="\n{% include 'b.html' %}", b="\n\n{% include 'c.html' %}\nFAIL", c="\n\n\n{% include 'd.html' %}", d="\n\n\n\n{{ one }}"),
    _scene("an include with a loop around a loop filter", "main:2, part:4", "{% for x in [1] %}\n{% include 'part.html' %}{% endfor %}", part="\n\n\n{% for y in [x] if BARE %}\n{{ y }}{% endfor %}"),
    _scene("an include with a set block", "main:2, part:4", "{% for x in [1] %}\n{% include 'part.html' %}{% endfor %}", part="\n{% set y %}\n\nFAIL{% endset %}{{ y }}"),
    _scene("an include with a filter block", "main:2, part:3", "{% for x in [1] %}\n{% include 'part.html' %}{% endfor %}", part="\n{% filter upper %}\nFAIL{% endfilter %}"),
    _scene("an include with a recursive loop", f"main:2, part:2, part:4 {LOOP}, part:5 {LOOP}", "{% for x in [1] %}\n{% include 'part.html' %}{% endfor %}", part="\n{% for t in tree.kids recursive %}\n{% if t.kids %}\n{{ loop(t.kids) }}{% else %}\nFAIL{% endif %}\n{% endfor %}"),
    _scene("an include with a call", f"main:2, part:4, part:3 macro 'm', part:5 {CALL}", "{% for x in [1] %}\n{% include 'part.html' %}{% endfor %}", part="\n{% macro m() %}\n{{ caller() }}{% endmacro %}\n{% call m() %}\nFAIL{% endcall %}"),
    _scene("includes with text and values between", "main:4, part:2", "{% for x in [1, 2] %}\n{{ x }}{% include 'fine.html' %}{{ x }}\n{% include 'fine.html' %}{{ x }}\n{{ x }}{% include 'part.html' %}{% endfor %}", fine="{{ x }}\n{{ one }}\n", part="{{ x }}\nFAIL"),
    _scene("the second include of the same", "main:4, part:3", "{% include 'part.html' %}\n\n{% set x = 1 %}\n{% include 'part.html' %}", part="{{ one }}\n{% if x is defined %}\nFAIL{% endif %}"),
    _scene("the name of an include", "main:2", "\n{% include BARE %}", part=_PART),
    _scene("an include that is missing", "main:2, part:3", "\n{% include 'part.html' %}", part="\n\n{% include gone %}"),
    _scene("an include that is missing, in one that may be missing", "main:2, part:3", "\n{% include 'part.html' ignore missing %}", part="\n\n{% include gone %}"),
    # macros of the same template
    _scene("a macro", "main:6, main:4 macro 'm'", "\n{% macro m(a) %}\n{{ a }}\nFAIL\n{% endmacro %}\n{{ m(1) }}"),
    _scene("a macro with a filter on it", "main:6, main:4 macro 'm'", "\n{% macro m(a) %}\n{{ a }}\nFAIL\n{% endmacro %}\n{{ m(1) | upper }}"),
    _scene("a macro of a child, in a block", "main:1, base:3, main:5 block 'b', main:3 macro 'm'", "{% extends 'base.html' %}\n{% macro m(a) %}\nFAIL\n{% endmacro %}{% block b %}\n{{ m(1) }}{% endblock %}", "main:3, base:3, main:5, main:3", base=_BASE),
    _scene("a macro in a macro", "main:7, main:6 macro 'n', main:3 macro 'm'", "\n{% macro m(a) %}\nFAIL\n{% endmacro %}\n{% macro n(a) %}\n{{ m(a) }}{% endmacro %}\n{{ n(1) }}"),
    _scene("a macro that calls itself", "main:7, main:3 macro 'm', main:3 macro 'm', main:5 macro 'm'", "{% macro m(a) %}\n{% if a %}\n{{ m(a - 1) }}{% else %}\n\nFAIL{% endif %}\n{% endmacro %}\n{{ m(2) }}", "main:7, main:3, main:5"),
    _scene("a default of a macro", "main:5, main:2 macro 'm'", "\n{% macro m(a, b=BARE) %}\n{{ a }}\n{% endmacro %}\n{{ m(1) }}"),
    _scene("an argument of a macro", "main:4", "\n{% macro m(a) %}\n{{ a }}\n{% endmacro %}{{ m(BARE) }}"),
    _scene("a macro in a loop", "main:5, main:4 macro 'm'", "\n{% for x in [1] %}\n{% macro m() %}\nFAIL{% endmacro %}\n{{ m() }}{% endfor %}"),
    _scene("a macro in a block", "main:2, main:5 block 'b', main:4 macro 'm'", "\n{% block b %}\n{% macro m() %}\nFAIL{% endmacro %}\n{{ m() }}{% endblock %}"),
    # macros of other templates
    _scene("a macro of a module", "main:4, lib:4 macro 'm'", "\n{% import 'lib.html' as lib %}\n\n{{ lib.m(1) }}", lib=_MACRO),
    _scene("a macro that is imported", "main:4, lib:4 macro 'm'", "\n{% from 'lib.html' import m as mm %}\n\n{{ mm(1) }}", lib=_MACRO),
    _scene("a macro of a module with context", "main:4, lib:4 macro 'm'", "\n{% import 'lib.html' as lib with context %}\n\n{{ lib.m(1) }}", lib=_MACRO),
    _scene("a macro that is imported with context", "main:4, lib:4 macro 'm'", "\n{% from 'lib.html' import m with context %}\n\n{{ m(1) }}", lib=_MACRO),
    _scene("a macro of a module by a name of run time", "main:4, lib:4 macro 'm'", "\n{% import lib as it %}\n\n{{ it.m(1) }}", lib=_MACRO),
    _scene("a macro of a module that reads what that sets", "main:3, lib:4 macro 'm'", "\n{% import 'lib.html' as lib %}\n{{ lib.m() }}", lib="{% set x = 5 %}\n{% macro m() %}\n{{ x }}\nFAIL{% endmacro %}"),
    _scene("a macro that takes what it is given", "main:2, lib:2 macro 'm'", "{% from 'lib.html' import m %}\n{{ m(1, 2, k=3) }}", lib="{% macro m() %}{{ varargs }}{{ kwargs }}\nFAIL{% endmacro %}"),
    _scene("a macro of a module, imported in a block", "main:1, base:3, main:4 block 'b', lib:4 macro 'm'", "{% extends 'base.html' %}\n{% block b %}\n{% import 'lib.html' as lib %}\n{{ lib.m(1) }}{% endblock %}", base=_BASE, lib=_MACRO),
    _scene("a macro that a child imports, in a block", "main:1, base:3, main:4 block 'b', lib:4 macro 'm'", "{% extends 'base.html' %}{% from 'lib.html' import m %}\n{% block b %}\n\n{{ m(1) }}{% endblock %}", base=_BASE, lib=_MACRO),
    _scene("a macro of a module, imported in a macro", "main:5, main:3 macro 'n', lib:4 macro 'm'", "{% macro n() %}\n{% import 'lib.html' as lib %}\n{{ lib.m(1) }}{% endmacro %}\n\n{{ n() }}", lib=_MACRO),
    _scene("a macro of another template in one of another", "main:3, lib:6 macro 'n', low:4 macro 'm'", "\n{% from 'lib.html' import n %}\n{{ n(1) }}", lib="\n\n{% from 'low.html' import m %}\n{% macro n(a) %}\n\n{{ m(a) }}{% endmacro %}", low=_MACRO),
    _scene("a macro that its module keeps to itself", "main:2, lib:4 macro 'm', lib:2 macro '_n'", "{% import 'lib.html' as lib %}\n{{ lib.m() }}", lib="{% macro _n() %}\nFAIL{% endmacro %}\n{% macro m() %}\n{{ _n() }}{% endmacro %}"),
    _scene("a macro in a loop of macros", "main:3, lib:4 macro 'm'", "{% from 'lib.html' import m %}\n{% for i in [1, 2] %}\n{{ m(i) }}{% endfor %}", lib="{% macro m(a) %}\n{% for j in [1] %}{% if a == 2 %}\n\nFAIL{% endif %}{% endfor %}{% endmacro %}"),
    _scene("the second call of a macro", "main:3, lib:3 macro 'm'", "{% from 'lib.html' import m %}\n{{ m(1) }}\n{{ m(2) }}", lib="{% macro m(a) %}\n{% if a == 2 %}\nFAIL{% endif %}{% endmacro %}"),
    _scene("the second call of a macro in a line", "main:2, lib:3 macro 'm'", "{% from 'lib.html' import m %}\n{{ m(1) }}{{ m(2) }}", lib="{% macro m(a) %}\n{% if a == 2 %}\nFAIL{% endif %}{% endmacro %}"),
    _scene("behind a macro", "main:3", "{% from 'lib.html' import m %}\n{{ m(1) }}\nFAIL", lib="\n\n\n\n{% macro m(a) %}{{ a }}{% endmacro %}"),
    _scene("a macro as argument of a macro", "main:2, lib:3 macro 'm'", "{% import 'lib.html' as lib %}\n{{ lib.n(lib.m()) }}", lib="{% macro n(a) %}{{ a }}{% endmacro %}\n{% macro m() %}\nFAIL{% endmacro %}"),
    _scene("a macro in a condition", "main:2, lib:4 macro 'm'", "{% import 'lib.html' as lib %}\n{% if lib.m(1) %}{% endif %}", lib=_MACRO),
    _scene("a macro that is set", "main:2, lib:4 macro 'm'", "{% import 'lib.html' as lib %}\n{% set x = lib.m(1) %}", lib=_MACRO),
    _scene("a macro in a set block", "main:3, lib:4 macro 'm'", "{% import 'lib.html' as lib %}\n{% set x %}\n{{ lib.m(1) }}{% endset %}", lib=_MACRO),
    _scene("a macro that a loop is over", "main:2, lib:4 macro 'm'", "{% import 'lib.html' as lib %}\n{% for c in lib.m(1) %}{% endfor %}", lib=_MACRO),
    _scene("a macro beside other text", "main:2, lib:4 macro 'm'", "{% import 'lib.html' as lib %}\n{{ 'a' ~ lib.m(1) ~ 'b' }}", lib=_MACRO),
    _scene("a macro with a filter that fails", "main:2", "{% import 'lib.html' as lib %}\n{{ lib.m(1) | boom }}", lib="\n\n{% macro m(a) %}{{ a }}{% endmacro %}"),
    _scene("a macro by another name", "main:3, lib:4 macro 'm'", "{% import 'lib.html' as lib %}\n{% set f = lib.m %}\n{{ f(1) }}", lib=_MACRO),
    _scene("a default of a macro of a module", "main:2, lib:2 macro 'm'", "{% import 'lib.html' as lib %}\n{{ lib.m() }}", lib="\n{% macro m(a=BARE) %}\n{{ a }}{% endmacro %}"),
    _scene("an argument of a macro of a module", "main:2", "{% import 'lib.html' as lib %}\n{{ lib.m(BARE) }}", lib="\n{% macro m(a) %}\n{{ a }}{% endmacro %}"),
    _scene("an argument that a macro does not take", "main:2", "{% import 'lib.html' as lib %}\n{{ lib.m(b=1) }}", lib="\n{% macro m(a) %}\n{{ a }}{% endmacro %}"),
    _scene("an include with a macro", "main:2, part:3, lib:4 macro 'm'", "\n{% include 'part.html' %}", part="{% from 'lib.html' import m %}\n\n{{ m(1) }}", lib=_MACRO),
    _scene("an include with a macro, in a loop", "main:3, part:4, lib:4 macro 'm'", "\n{% for i in [1] %}\n{% include 'part.html' %}{% endfor %}", part="{% from 'lib.html' import m %}\n\n{% for j in [1] %}\n{{ m(i) }}{% endfor %}", lib=_MACRO),
    _scene("the top level of a module", "main:2, lib:3", "\n{% import 'lib.html' as lib %}\n\n{{ lib.m }}", lib="x\n\nFAIL"),
    _scene("the top level of a module with context", "main:2, lib:3", "\n{% import 'lib.html' as lib with context %}\n\n{{ lib.m }}", lib="x\n\nFAIL"),
    _scene("a module that is missing", "main:2, part:3", "\n{% include 'part.html' %}", part="\n\n{% import gone as m %}{{ m.f() }}"),
    _scene("what a module lacks", "main:4", "\n{% import 'lib.html' as lib %}\n\n{{ lib.nope() }}", lib="{% macro m() %}{% endmacro %}"),
    # macros that print what they are given
    _scene("an argument that a macro prints", "main:4, main:2 macro 'm'", "{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}\n\n{{ m(LATE) }}"),
    _scene("an argument that a macro of a module prints", "main:3, lib:3 macro 'm'", "{% import 'lib.html' as lib %}\n\n{{ lib.m(LATE) }}", lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    _scene("an argument that a macro that is imported prints", "main:3, lib:3 macro 'm'", "{% from 'lib.html' import m %}\n\n{{ m('x', b=LATE) }}", lib="\n{% macro m(a, b) %}\n<b>{{ a }}{{ b }}</b>{% endmacro %}"),
    _scene("an argument that a macro prints in a loop", "main:3, lib:3 macro 'm'", "{% from 'lib.html' import m %}\n{% for x in [1] %}\n{{ m(x) }}{{ m(LATE) }}{% endfor %}", lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    _scene("an argument that a macro prints in an include in a loop", "main:3, part:3, lib:3 macro 'm'", "\n{% for x in [1] %}\n{% include 'part.html' %}{% endfor %}", part="{% from 'lib.html' import m %}\n\n{{ m(LATE) }}", lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    _scene("an argument that a macro prints in a block", "main:1, base:3, main:4 block 'b', lib:3 macro 'm'", "{% extends 'base.html' %}{% from 'lib.html' import m %}\n{% block b %}\n\n{{ m(LATE) }}{% endblock %}", base=_BASE, lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    _scene("an argument that a macro of a macro prints", "main:3, lib:5 macro 'n', lib:3 macro 'm'", "{% from 'lib.html' import n %}\n\n{{ n(LATE) }}", lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}\n{% macro n(a) %}\n<i>{{ m(a) }}</i>{% endmacro %}"),
    _scene("an argument that a macro prints with a filter on all", "main:3, lib:3 macro 'm'", "{% from 'lib.html' import m %}\n\n{{ m(LATE) | upper }}", lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    _scene("an argument that a macro filters", "main:3, lib:3 macro 'm'", "{% from 'lib.html' import m %}\n\n{{ m(LATE) }}", lib="\n{% macro m(a) %}\n<b>{{ a | upper }}</b>{% endmacro %}"),
    _scene("an argument that a macro prints for a call", f"main:3, lib:3 macro 'm', main:5 {CALL}, lib:4 macro 'n'", "{% from 'lib.html' import m, n %}\n\n{% call m() %}\n\n{{ n(LATE) }}{% endcall %}", lib="\n{% macro m() %}\n{{ caller() }}{% endmacro %}\n{% macro n(a) %}<b>{{ a }}</b>{% endmacro %}"),
    _scene("an argument of an argument of macros", "main:3, lib:3 macro 'm'", "{% from 'lib.html' import m %}\n\n{{ m(m(LATE)) }}", lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    _scene("a macro without arguments that prints a text", "main:3", "{% from 'lib.html' import m %}\n{{ m() }}\nFAIL{{ m() }}", lib="\n\n\n\n{% macro m() %}\n<hr>{% endmacro %}"),
    _scene("between macros that print their arguments", "main:3", "{% from 'lib.html' import m %}\n{{ m(1) }}\n{{ m(2) }}FAIL{{ m(3) }}\n{{ m(4) }}", lib="\n\n\n\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    _scene("one argument too many of a macro that prints its arguments", "main:2", "{% from 'lib.html' import m %}\n{{ m(1, 2) }}", lib="\n{% macro m(a) %}\n<b>{{ a }}</b>{% endmacro %}"),
    # call
    _scene("the body of a call", f"main:4, main:3 macro 'm', main:6 {CALL}", "\n{% macro m() %}\n[{{ caller() }}]{% endmacro %}\n{% call m() %}\n\nFAIL\n{% endcall %}"),
    _scene("the body of a call with arguments", f"main:4, main:3 macro 'm', main:6 {CALL}", "\n{% macro m() %}\n[{{ caller(1) }}]{% endmacro %}\n{% call(a) m() %}\n{{ a }}\nFAIL\n{% endcall %}"),
    _scene("the body of a call of a module's macro", f"main:3, lib:4 macro 'm', main:5 {CALL}", "\n{% import 'lib.html' as lib %}\n{% call lib.m() %}\n\nFAIL\n{% endcall %}", lib=_CALLER),
    _scene("the body of a call of a macro that is imported", f"main:3, lib:4 macro 'm', main:5 {CALL}", "\n{% from 'lib.html' import m %}\n{% call m() %}\n\nFAIL\n{% endcall %}", lib=_CALLER),
    _scene("the body of a call with arguments of a macro that is imported", f"main:3, lib:3 macro 'm', main:5 {CALL}", "\n{% from 'lib.html' import m %}\n{% call(a) m() %}\n{{ a }}\nFAIL\n{% endcall %}", lib="\n{% macro m() %}\n[{{ caller(1) }}]{% endmacro %}"),
    _scene("a macro with a caller", "main:3, lib:5 macro 'm'", "\n{% from 'lib.html' import m %}\n{% call m() %}\n\nfine\n{% endcall %}", lib="\n{% macro m() %}\n\n[{{ caller() }}]\nFAIL{% endmacro %}"),
    _scene("behind a call", "main:5", "\n{% from 'lib.html' import m %}\n{% call m() %}\n\n{% endcall %}FAIL", lib=_CALLER),
    _scene("an argument of a call", "main:3", "\n{% from 'lib.html' import m %}\n{% call m(BARE) %}\n\n{% endcall %}", lib="\n{% macro m(a) %}{{ caller() }}{% endmacro %}"),
    _scene("a caller in a loop", f"main:2, lib:3 macro 'm', main:4 {CALL}", "{% from 'lib.html' import m %}\n{% call m() %}\n\nFAIL{% endcall %}", lib="{% macro m() %}\n{% for x in [1] %}\n{{ caller() }}{% endfor %}{% endmacro %}"),
    _scene("a call in a loop", f"main:3, lib:4 macro 'm', main:5 {CALL}", "{% from 'lib.html' import m %}\n{% for x in [1, 2] %}\n{% call m() %}\n{% if x == 2 %}\nFAIL{% endif %}{% endcall %}{% endfor %}", lib=_CALLER),
    _scene("a call in a block", f"main:1, base:3, main:4 block 'b', lib:4 macro 'm', main:6 {CALL}", "{% extends 'base.html' %}{% from 'lib.html' import m %}\n\n{% block b %}\n{% call m() %}\n\nFAIL\n{% endcall %}{% endblock %}", lib=_CALLER, base=_BASE),
    _scene("a call in a call", f"main:3, lib:4 macro 'm', main:5 {CALL}, lib:4 macro 'm', main:6 {CALL}", "\n{% from 'lib.html' import m %}\n{% call m() %}\n\n{% call m() %}\nFAIL\n{% endcall %}{% endcall %}", lib=_CALLER),
    _scene("a call in a call, in a loop", f"main:3, lib:4 macro 'm', main:4 {CALL}, lib:4 macro 'm', main:5 {CALL}", "{% from 'lib.html' import m %}\n{% for x in [1] %}\n{% call m() %}\n{% call m() %}\nFAIL{% endcall %}{% endcall %}{% endfor %}", lib=_CALLER),
    _scene("an argument of a call in a loop", "main:3, lib:4 macro 'm'", "{% from 'lib.html' import m %}\n{% for x in [1] %}\n{% call m(LATE) %}\n{% endcall %}{% endfor %}", lib="\n{% macro m(a) %}\n\n{{ a }}{{ caller() }}{% endmacro %}"),
    _scene("a caller that is handed on", f"main:2, lib:5 macro 'n', lib:2 macro 'm', lib:6 {CALL}, main:3 {CALL}", "{% from 'lib.html' import n %}\n{% call n() %}\nFAIL{% endcall %}", lib="{% macro m() %}\n{{ caller() }}{% endmacro %}\n{% macro n() %}\n{% set body = caller %}\n{% call m() %}\n{{ body() }}{% endcall %}{% endmacro %}"),
    _scene("a call in an include", f"main:2, part:3, lib:4 macro 'm', part:5 {CALL}", "\n{% include 'part.html' %}", part="{% from 'lib.html' import m %}\n\n{% call m() %}\n\nFAIL{% endcall %}", lib=_CALLER),
    _scene("a macro in the body of a call", f"main:2, lib:4 macro 'm', main:4 {CALL}, low:4 macro 'm'", "{% from 'lib.html' import m %}{% import 'low.html' as low %}\n{% call m() %}\n\n{{ low.m(1) }}{% endcall %}", lib=_CALLER, low=_MACRO),
)  # fmt: skip
