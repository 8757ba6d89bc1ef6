# ruff: noqa: E501  # template texts are easier to read in one line
"""Small template sets, each with one construct that a careless linker or run time breaks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from jinja2.utils import internalcode
from markupsafe import Markup

import blendtpl
from testkit.oracle import MakeEnvironment


@dataclass(frozen=True, slots=True)
class Case:
    """A template set whose `main.html` is rendered with fresh variables in a fresh environment."""

    title: str
    templates: Mapping[str, str]
    variables: Callable[[], Mapping[str, Any]] = dict
    make: MakeEnvironment = blendtpl.default_environment


def environment(**options: Any) -> MakeEnvironment:
    def make() -> jinja2.Environment:
        return jinja2.Environment(**options)

    return make


@dataclass(slots=True)
class Shown:
    """Text that says how many were asked for before it."""

    numbers: Iterator[int]

    def __html__(self) -> str:
        return f"[{next(self.numbers)}]"


def counting() -> Mapping[str, Any]:
    """Return variables that tell how often and in which order they are asked."""
    numbers = iter(range(1, 100))
    return {"count": numbers.__next__, "shown": Shown(numbers)}


class AngryUndefined(Undefined):
    """A user's own kind."""

    def __str__(self) -> str:
        return f"<{self._undefined_name} is gone>"


class CacheExtension(Extension):
    """A tag of its own that uses every node that Jinja2 keeps for extensions."""

    tags: ClassVar[set[str]] = {"shout", "where", "marked", "version"}  # type: ignore[misc]  # an instance has it, for Jinja2
    suffix = "!"

    def parse(self, parser: Parser) -> nodes.Node:
        token = next(parser.stream)
        if token.value == "where":
            return nodes.Output([nodes.Getattr(nodes.ContextReference(), "name", "load")], lineno=token.lineno)
        if token.value == "version":
            return nodes.Output([nodes.ImportedName("jinja2.__version__")], lineno=token.lineno)
        if token.value == "marked":
            body = parser.parse_statements(("name:endmarked",), drop_needle=True)
            inner = nodes.ScopedEvalContextModifier(lineno=token.lineno)
            inner.options = [nodes.Keyword("autoescape", nodes.Const(False))]
            inner.body = body
            return inner
        word = parser.parse_expression()
        body = parser.parse_statements(("name:endshout",), drop_needle=True)
        call = self.call_method("_shout", [word, self.attr("suffix")], lineno=token.lineno)
        return nodes.CallBlock(call, [], [], body, lineno=token.lineno)

    def _shout(self, word: str, suffix: str, caller: Macro) -> str:
        return f"{word}:{str(caller()).upper()}{suffix}"


class StickyContext(Context):
    """A context with a name that is always there."""

    def resolve_or_missing(self, key: str) -> Any:
        return "always" if key == "sticky" else super().resolve_or_missing(key)


class StickyEnvironment(jinja2.Environment):
    """Uses a context class of its own, and finds templates beside the one that asks."""

    context_class = StickyContext

    def join_path(self, template: str, parent: str) -> str:
        return template if "/" in template else f"{parent.rpartition('/')[0]}/{template}".lstrip("/")


class LoudContext(Context):
    """A context that puts a mark around whatever a template calls."""

    @internalcode
    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # as Jinja2 has it
        result = super().call(__obj, *args, **kwargs)
        return Markup(f"[{result}]") if isinstance(result, str) else result


class LoudEnvironment(jinja2.Environment):
    """Uses that context class."""

    context_class = LoudContext


def loud() -> jinja2.Environment:
    made = LoudEnvironment(extensions=["jinja2.ext.i18n"])
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return made


class Odd:
    """An object whose attributes and items misbehave."""

    kept = "attribute"

    @property
    def broken(self) -> str:
        raise AttributeError("not what it seems")

    @property
    def keyless(self) -> str:
        raise KeyError("not an attribute")

    def __getitem__(self, name: str) -> str:
        return f"item {name}"


class Defaults(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"missing {key}"


class Html:
    def __html__(self) -> str:
        return "<b>html</b>"


class Formatted:
    def __format__(self, spec: str) -> str:
        return "format"

    def __str__(self) -> str:
        return "<str>"


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "<text>"


def numbers() -> Iterator[int]:
    yield from (1, 2, 3)


@jinja2.pass_context
def from_context(context: Context, name: str) -> object:
    return context.get(name, "nowhere")


@jinja2.pass_eval_context
def escaping(eval_ctx: nodes.EvalContext, value: object) -> str:
    return f"{value}:{eval_ctx.autoescape}"


@jinja2.pass_environment
def env_start(env: jinja2.Environment, value: object) -> str:
    return f"{value}{env.block_start_string}"


def with_callables() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.filters |= {"from_context": lambda value: value, "escaping": escaping, "env_start": env_start}
    made.filters["from_context"] = from_context
    made.tests["escaping"] = jinja2.pass_eval_context(lambda eval_ctx, value: eval_ctx.autoescape)
    made.globals |= {"find": from_context, "start": env_start, "ns_of": lambda: "global"}
    return made


@jinja2.pass_context
def whole(context: Context, value: object = "") -> str:
    """Return all that can be told of a context."""
    names = {name: value for name, value in context.get_all().items() if name in "abcxyz" and not callable(value)}
    return f"{context.name}{sorted(names.items())}{sorted(context.exported_vars)}{sorted(context.vars)}{sorted(context.blocks)}"


@jinja2.pass_context
def kept(context: Context, value: object = "") -> object:
    """Return an object that holds the context."""
    return SimpleNamespace(context=context, find=lambda name: context.get(name, "nowhere"))


def observers() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.filters |= {"whole": whole, "kept": kept, "escaping": escaping}
    made.tests["whole"] = jinja2.pass_context(lambda context, value: value in context)
    made.globals |= {"whole": whole, "kept": kept}
    return made


class Method:
    @jinja2.pass_context
    def named(self, context: Context) -> str | None:
        return context.name

    @jinja2.pass_eval_context
    def escaped(self, eval_ctx: nodes.EvalContext) -> object:
        return eval_ctx.autoescape


def double(value: object) -> object:
    return "" if value is None else f"[{value}]" if isinstance(value, str) else value


def old_style() -> jinja2.Environment:
    made = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: text.upper(), lambda one, many, count: one if count == 1 else many, newstyle=False
    )
    return made


def new_style() -> jinja2.Environment:
    made = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: text.replace("Hello", "Bonjour"),
        lambda one, many, count: one if count == 1 else many,
        newstyle=True,
        pgettext=lambda context, text: f"{context}/{text}",
        npgettext=lambda context, one, many, count: f"{context}/{one if count == 1 else many}",
    )
    return made


class Counting(SandboxedEnvironment):
    intercepted_binops = frozenset(("+",))
    intercepted_unops = frozenset(("-",))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return f"{left}{operator}{right}"

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        return f"minus {arg}"


NO_ESCAPE = environment()
ESCAPE = environment(autoescape=True)

HOSTILE = "<&'\"> {{ no }} {% raw %} ünï \u2028"


class Failing:
    """What has everything but one attribute, that fails."""

    a, b = "<", ()

    @property
    def keyless(self) -> str:
        raise KeyError("not an attribute")


CASES = (
    Case("an include sees loop targets and locals, and its sets stay inside",
         {"main.html": "{% set a = 1 %}{% for x in [1, 2] %}{% set b = x %}{% include 'inc.html' %}{% endfor %}{{ a }}{{ c is defined }}",
          "inc.html": "{{ x }}{{ b }}{{ a }}{{ loop is defined }}{% set a = 9 %}{% set c = 1 %};"}),
    Case("an include without context sees nothing",
         {"main.html": "{% set a = 1 %}{% include 'inc.html' without context %}", "inc.html": "{{ a is defined }}{{ user is defined }}"},
         lambda: {"user": 1}),
    Case("an import sees no context unless asked",
         {"main.html": "{% import 'm.html' as m %}{% import 'm.html' as n with context %}{{ m.show() }}{{ n.show() }}{{ m.top }}{{ n.top }}",
          "m.html": "{% set top = user is defined %}{% macro show() %}{{ user is defined }}{% endmacro %}"},
         lambda: {"user": 1}),
    Case("from-import takes aliases and missing names",
         {"main.html": "{% from 'm.html' import a, b as c, nope %}{{ a }}{{ c() }}{{ nope is defined }}{{ nope }}",
          "m.html": "{% set a = '<a>' %}{% macro b() %}<b>{% endmacro %}"}),
    Case("what a child sets at its top is seen in blocks of parent and child",
         {"main.html": "{% extends 'base.html' %}{% set title = 'child' %}{% import 'm.html' as m %}{% macro own() %}own{% endmacro %}"
                       "{% block body %}{{ title }}{{ m.f() }}{{ own() }}{{ super() }}{% endblock %}ignored",
          "base.html": "{{ title }}{% set late = 1 %}{% block body %}base {{ title }}{{ late }}{% endblock %}{{ m is defined }}",
          "m.html": "{% macro f() %}f{% endmacro %}"}),
    Case("super goes through three levels and beside includes",
         {"main.html": "{% extends 'mid.html' %}{% block a %}3{{ super() }}{% include 'inc.html' %}{{ super.super() }}{% endblock %}",
          "mid.html": "{% extends 'base.html' %}{% block a %}2{{ super() }}{% endblock %}",
          "base.html": "[{% block a %}1{% endblock %}]", "inc.html": "{% block a %}inc{% endblock %}{{ self.a() }}"}),
    Case("a chain that does no more than print",
         {"main.html": "{% extends 'mid.html' %}{% import 'm.html' as m %}{% set word = 'set' ~ x %}{% block a %}{{ super() }}{% if x %}{% set y = x ~ 1 %}{{ y }}{% elif z %}z{% else %}e{% endif %}{{ y is defined }}{% endblock %}"
                       "{% block c %}{{ m.f(x, '<') }}{{ m.g(0) }}{{ word }}{% endblock %}",
          "mid.html": "{% extends 'base.html' %}{% block a %}mid{% block d %}{{ x }}{% endblock %}{{ super() }}{% endblock %}{% block b %}{% with w = x ~ 2 %}{{ w }}{% include 'i.html' %}{% endwith %}{% endblock %}",
          "base.html": "<{% if x %}{% block a %}{{ x }}{% endblock %}{% else %}none{% endif %}{% block b %}{% endblock %}{{ x }}{% block c %}c{% endblock %}>",
          "m.html": "{% macro f(a, b) %}{% if a %}({{ a }}{{ g(b) }}){% else %}{{ b }}{% endif %}{% endmacro %}{% macro g(a, b='d') %}{% set s = a ~ b %}[{{ s }}]{% endmacro %}",
          "i.html": "{% if w %}{{ w }}{% include 'j.html' %}{% endif %}", "j.html": "{% set k = w %}{{ k }}{{ x }}"}, lambda: {"x": HOSTILE}),
    Case("a block that prints in one child and loops in another",
         {"main.html": "{% extends 'base.html' %}{% block a %}{{ super() }}{{ x }}{% endblock %}{% block b %}{{ x }}{% endblock %}", "base.html": "<{% block a %}{{ x }}{% endblock %}{% block b %}-{% endblock %}>",
          "other.html": "{% extends 'main.html' %}{% block a %}{% for c in x %}{{ c }}{% endfor %}{{ super() }}{% endblock %}"}, lambda: {"x": "<x>"}),
    Case("a chain that does no more than print, and what extends it by a name made at run time",
         {"main.html": "{% extends layout %}{% block a %}{% for c in x %}{{ c }}{% endfor %}{{ super() }}{% endblock %}", "mid.html": "{% extends 'base.html' %}{% block b %}mid{{ super() }}{% endblock %}",
          "base.html": "<{% block a %}{{ x }}{% endblock %}{% block b %}-{% endblock %}>"}, lambda: {"x": "<x>", "layout": "mid.html"}),
    Case("a chain of pages and texts that does no more than print",
         {"main.html": "{% extends 'mid.txt' %}{% block a %}{{ x }}{{ super() }}{% include 'i.txt' %}{% endblock %}", "mid.txt": "{% extends 'base.html' %}{% block a %}{{ x }}{{ super() }}{% endblock %}",
          "base.html": "{{ x }}{% block a %}{{ x }}{% endblock %}", "i.txt": "{{ x }}"}, lambda: {"x": "<x>"}),
    Case("what is printed has an effect, in the order of the page",
         {"main.html": "{% extends 'base.html' %}{% block a %}{{ count() }}{% include 'i.html' %}{{ count() }}{{ super() }}{{ shown }}{% if count() %}{{ count() }}{{ shown }}{% endif %}{% endblock %}",
          "base.html": "{{ count() }}{{ shown }}{% block a %}{{ shown }}{{ count() }}{% endblock %}{{ shown }}{% import 'm.html' as m %}{{ m.f(count(), shown) }}{{ count() }}",
          "m.html": "{% macro f(a, b, c=5) %}{{ b }}{{ a }}{{ c }}{{ b }}{% endmacro %}", "i.html": "{{ shown }}{{ count() }}{{ shown }}"}, counting),
    Case("a template that includes itself under a condition", {"main.html": "{{ t.n }}{% with t = t.kid %}{% if t %}({% include 'main.html' %}){% endif %}{% endwith %}"},
         lambda: {"t": {"n": "<1>", "kid": {"n": 2, "kid": {"n": 3, "kid": None}}}}),
    Case("macros in macros, and macros that call each other", {"main.html": "{% macro even(n) %}{% if n %}e{{ odd(n - 1) }}{% endif %}{% endmacro %}{% macro odd(n) %}{% if n %}o{{ even(n - 1) }}{% endif %}{% endmacro %}"
                       "{{ even(4) }}{% macro a(x) %}{% macro b(y=x) %}{% if y %}{{ y }}{{ x }}{% endif %}{% endmacro %}{{ b() }}{{ b(1) }}{{ b }}{% endmacro %}{{ a('<') | length > 9 }}"}),
    Case("a required block that is missing where all else only prints", {"main.html": "{% extends 'mid.html' %}{% block b %}b{% endblock %}", "mid.html": "{% extends 'base.html' %}", "base.html": "{% block b %}{% endblock %}{% block a required %}{% endblock %}"}),
    Case("includes in includes in a loop, and macros whose arguments are known",
         {"main.html": "{% from 'm.html' import f, g, h %}{% for x in xs %}{% set y = x ~ 1 %}{% include 'a.html' %}{{ f(x, 'k') }}{{ f('<') }}{{ f(none, '') }}{{ g(x) }}{% call h(x, 0) %}{{ x }}{% include 'b.html' %}{% call h('q', y) %}{{ loop.last }}{% endcall %}{% endcall %}{% endfor %}",
          "a.html": "{{ x }}{% if x %}{% include 'b.html' %}{% set x = 5 %}{{ x }}{% endif %}{{ x }}{{ z is defined }}", "b.html": "({% if y is defined %}{{ y }}{% include 'c.html' %}{% endif %}{{ x }})", "c.html": "{{ x }}{{ y }}",
          "m.html": "{% macro f(a, b='d', c=1) %}{% if b %}{{ a }}{{ b ~ a }}{% elif c %}no{% endif %}{% if not a %}none{% endif %}{{ g(b) }}{% endmacro %}{% macro g(a, b=true) %}[{{ a if b }}{{ b }}{{ a | default('x') }}{{ a.b is defined }}]{% endmacro %}"
                    "{% macro h(a, b) %}{% if b %}<{{ caller() }}>{% else %}{{ g(b, a) }}{% if a %}{{ a }}{% endif %}{{ b }}{% endif %}{% endmacro %}"}, lambda: {"xs": ["<x>", "", 7]}),
    Case("blocks see loop variables only when scoped",
         {"main.html": "{% for x in [1, 2] %}{% block a scoped %}{{ x }}{{ loop.index }}{% endblock %}{% block b %}{{ x is defined }}{% endblock %}{% endfor %}"}),
    Case("a scoped block that others override", {"main.html": "{% extends 'mid.html' %}{% set y = 'top' %}{% block row %}{{ super() }}m{{ loop.index }}{{ x }}{{ y }}{{ z is defined }}{{ w }}{% endblock %}{% block inner %}({{ x }}{{ w }}){{ super() }}{% endblock %}",
          "mid.html": "{% extends 'base.html' %}{% block row %}[{{ x }}{% set z = 1 %}{{ z }}{% block inner %}{{ x }}{% endblock %}]{% endblock %}",
          "base.html": "{% for x in xs %}{% set w = x ~ 'w' %}{% block row scoped %}{{ x }}{% endblock %}{% else %}{% block none scoped %}{{ x is defined }}{% endblock %}{% endfor %}{{ x }}"}, lambda: {"xs": ["<a>", "b"], "x": "X", "w": "W"}),
    Case("a scoped block around includes, and includes around it", {"main.html": "{% extends 'base.html' %}{% block row %}{% include 'i.html' %}{% include ['i.html'] %}{% include n %}{{ y }}{% import 'm.html' as m with context %}{{ m.f() }}{% endblock %}",
          "base.html": "{% for x in xs %}{% with y = x ~ 'y' %}{% block row scoped %}{% endblock %}{% endwith %}{% endfor %}{% include 'p.html' %}", "i.html": "{{ x }}{{ y }}{% set y = 'i' %}{{ y }}", "m.html": "{% macro f() %}{{ x }}{{ y }}{% endmacro %}",
          "p.html": "{% for y in 'pq' %}{% block row scoped %}{{ y }}{{ x }}{% endblock %}{% endfor %}"}, lambda: {"xs": [1, 2], "x": 0, "n": "i.html"}),
    Case("scoped blocks in scoped blocks", {"main.html": "{% extends 'base.html' %}{% block b %}{{ x }}{{ y }}{{ self.c() }}{% endblock %}", "base.html": "{% for x in [1, 2] %}{% block a scoped %}{% for y in 'pq' %}{% block b scoped %}{{ x }}{{ y }}{% endblock %}{% endfor %}{% endblock %}{% endfor %}"
          "{% block c %}c{{ x is defined }}{{ y is defined }}{% endblock %}"}),
    Case("a scoped block where a macro or a set shadows", {"main.html": "{% extends 'base.html' %}{% block a %}{{ x }}{{ f() }}{{ t }}{% if x == 2 %}{% set x = 'own' %}{% endif %}{{ x }}{% endblock %}",
          "base.html": "{% macro f() %}f{{ x }}{% endmacro %}{% set x = 'top' %}{% for x in [1, 2] %}{% set t %}<{{ x }}>{% endset %}{% block a scoped %}{% endblock %}{% endfor %}{% with x = none %}{% block b scoped %}{{ x }}{{ f() }}{% endblock %}{% endwith %}"}),
    Case("what asks for the context in a scoped block", {"main.html": "{% extends 'base.html' %}{% set a = 1 %}{% block row %}{{ whole() }}{{ 1 | whole }}{{ 'x' is whole }}{{ super() }}{{ whole() }}{% endblock %}",
          "base.html": "{% set b = 2 %}{% for x in [1, 2] %}{% block row scoped %}{{ kept().find('x') }}{{ whole() }}{% endblock %}{{ whole() }}{% endfor %}{% set c = 3 %}{{ whole() }}"}, make=observers),
    Case("self renders blocks in every place", {"main.html": "{% extends 'base.html' %}{% set x = '<x>' %}{% block title %}T{{ x }}{% endblock %}{% block body %}{{ self.title() }}{{ self.title() | upper }}{% for i in [1, 2] %}{{ self.title() ~ i }}{{ self.long() }}{% endfor %}"
          "{% set t = self.title() %}{{ t }}{{ t.__class__.__name__ }}{% if self.title() %}{{ self.title() if x else 'no' }}{% endif %}{{ self['title']() }}{{ self.title }}{{ self.nope is defined }}{{ super() }}{% endblock %}",
          "base.html": "<{{ self.title() | trim }}>{% block title required %} {% endblock %}{% macro m() %}{{ self.title() }}{{ self.long() }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}{% block body %}{{ self.long() | length }}{% filter upper %}{{ self.title() }}{{ self.long() }}{% endfilter %}{% endblock %}"
          "{% block long %}{% for i in 'ab' %}{{ i }}{% endfor %}{% endblock %}{{ self.long() }}{% if self.long() %}{{ self.long() }}{% endif %}"}),
    Case("self of a required block that nothing fills", {"main.html": "{% extends 'base.html' %}", "base.html": "[{{ self.a() }}{{ self.a() | length }}]{% if no %}{% block a required %} {% endblock %}{% endif %}"}, make=NO_ESCAPE),
    Case("self where pages and texts extend each other", {"main.html": "{% extends 'base.txt' %}{% block a %}{{ x }}{{ self.b() }}{{ self.b() | upper }}{% endblock %}", "base.txt": "{{ self.a() }}{% block a %}{% endblock %}{% block b %}{{ x }}<b>{% for i in 'ab' %}{{ i }}{% endfor %}{% endblock %}{{ self.b() ~ x }}{{ self.b() }}"}, lambda: {"x": "<x>"}),
    Case("self where texts extend pages", {"main.txt": "{% extends 'base.html' %}{% block a %}{{ x }}{{ self.b() }}{{ self.b() | upper }}{% endblock %}", "base.html": "{{ self.a() }}{% block a %}{% endblock %}{% block b %}{{ x }}<b>{% endblock %}{{ self.b() ~ x }}{{ self.b() }}", "main.html": "{% include 'main.txt' %}"}, lambda: {"x": "<x>"}),
    Case("self where output is escaped at times", {"main.html": "{% block a %}{{ x }}{% endblock %}{% autoescape no %}{{ self.a() }}{{ x }}{% endautoescape %}{% autoescape false %}{{ self.a() }}{{ self.a() ~ x }}{% endautoescape %}{{ self.a() }}"}, lambda: {"x": "<x>"}),
    Case("self in what is included", {"main.html": "{% block a %}main{% endblock %}{% include 'i.html' %}{% include 'j.html' %}{% for x in [1, 2] %}{% include 'i.html' %}{% endfor %}", "i.html": "{% block a %}i{{ x }}{% endblock %}{{ self.a() }}", "j.html": "{{ self.a is defined }}{{ x }}"}, lambda: {"x": "<x>"}),
    Case("what is included before it is extended, and escapes otherwise", {"main.html": "{% include 'part.txt' %}{% extends 'part.txt' %}", "part.txt": "{% set e = nothing | d(a) %}"}),
    Case("self that is set, and self as a value", {"main.html": "{% set self = {'a': joiner} %}{% block a %}a{% endblock %}{{ self.a }}{{ f(self) }}", "i.html": ""}, lambda: {"f": lambda value: type(value).__name__}),
    Case("self handed to others", {"main.html": "{% extends 'base.html' %}{% from 'm.html' import show %}{% block a %}a{{ x }}{% endblock %}{% block b %}{{ show(self) }}{% set s = self %}{{ s.a() }}{{ f(self) }}{% endblock %}", "base.html": "{% block b %}{% endblock %}{% block a %}{% endblock %}{% set s = self %}{{ s.a() }}", "m.html": "{% macro show(page) %}{{ page.a() }}{% endmacro %}"},
         lambda: {"x": 1, "f": lambda value: type(value).__name__}),
    Case("blocks whose names objects have too", {"main.html": "{% block __class__ %}c{% endblock %}{% block __init__ %}i{% endblock %}{{ self.__class__.__name__ }}{{ self.__init__ is callable }}"}),
    Case("includes of templates that set, import and extend", {"main.html": "{% set x = 'main' %}{% for y in [1, 2] %}{% include 's.html' %}{% include 'e.html' %}{% include 'o.html' %}{{ loop.index }}{% endfor %}{% include 's.html' %}{{ z is defined }}{{ x }}",
          "s.html": "{% import 'm.html' as m %}{% from 'm.html' import f as g %}{{ m.f(x) }}{{ g(y) }}{% set x = x ~ 's' %}{% if y %}{% set z = y %}{% endif %}{{ x }}{{ z }}{{ w }}{% block k %}{{ x }}{{ z }}{{ y }}{% endblock %}", "m.html": "{% macro f(a) %}<{{ a }}>{% endmacro %}",
          "e.html": "{% extends 'b.html' %}{% set x = 'e' ~ x %}{% block a %}{{ super() }}{{ x }}{{ y }}{{ self.c() }}{% endblock %}", "b.html": "{{ x }}{% block a %}base{{ y }}{% endblock %}{% set w = 1 %}{% block c %}{{ w }}{{ x }}{% for i in 'ab' %}{{ i }}{% endfor %}{% endblock %}",
          "o.html": "{% macro own(q=y) %}{{ q }}{{ y }}{% endmacro %}{{ own() }}{% set x = 'later' %}{{ own() }}"}, lambda: {"w": "<w>"}),
    Case("what asks for the context in an included template that sets", {"main.html": "{% set a = 1 %}{% for x in [1, 2] %}{% include 's.html' %}{% endfor %}{{ whole() }}{% include 'u.html' %}", "s.html": "{{ whole() }}{% set b = x %}{{ whole() }}{% set k = kept() %}{{ k.find('b') }}{% include 'i.html' %}{% set b = 'new' %}{{ k.find('b') }}{{ 1 | whole }}",
          "i.html": "{{ whole() }}{{ b }}{% set c = b %}{{ whole() }}", "u.html": "{{ 1 | escaping }}{{ '<' }}{{ a }}{% set b = '<b>' %}{{ b }}"}, make=observers),
    Case("a filter that keeps the context", {"main.html": "{% extends 'base.html' %}{% set a = 1 | kept %}{% set c = kept %}{% block x %}{{ a.find('b') }}{% set y = 2 | kept %}{{ y.find('b') }}{% endblock %}", "base.html": "{% set b = 'B' %}{% block x %}{% endblock %}{{ a.find('b') }}{{ kept().find('a').__class__.__name__ }}"}, make=observers),
    Case("a page included by a name made at run time, with blocks that only print", {"main.html": "{% for n in ns %}{% include n %}{% endfor %}", "base.html": "a{% block t %}{{ x }}{% endblock %}b{% block u %}u{% endblock %}{% block v %}{% for i in 'ab' %}{{ i }}{% endfor %}{% endblock %}",
          "page.html": "{% extends 'base.html' %}{% block u %}U{{ x }}{{ self.t() }}{% endblock %}", "leaf.html": "{% extends 'page.html' %}{% block v %}{{ super() }}{{ self.u() }}{% endblock %}"}, lambda: {"x": "<x>", "ns": ["page.html", "leaf.html", "base.html"]}),
    Case("a required block that is missing", {"main.html": "{% extends 'base.html' %}", "base.html": "{% block a required %}{% endblock %}"}),
    Case("output before extends", {"main.html": "before{% extends 'base.html' %}after", "base.html": "base"}),
    Case("extends under a condition, taken", {"main.html": "a{% if on %}{% extends 'base.html' %}{% endif %}b{% block c %}c{% endblock %}", "base.html": "[{% block c %}{% endblock %}]"}, lambda: {"on": 1}),
    Case("extends under a condition, not taken", {"main.html": "a{% if on %}{% extends 'base.html' %}{% endif %}b{% block c %}c{% endblock %}", "base.html": "[{% block c %}{% endblock %}]"}, lambda: {"on": 0}),
    Case("extends by a name made at run time", {"main.html": "{% extends layout %}{% block c %}c{% endblock %}", "a.html": "a{% block c %}{% endblock %}"}, lambda: {"layout": "a.html"}),
    Case("extends a missing name made at run time", {"main.html": "{% extends layout %}", "a.html": ""}, lambda: {"layout": "b.html"}),
    Case("extends an undefined name", {"main.html": "{% extends layout %}"}),
    Case("include by names made at run time", {"main.html": "{% for n in names %}{% include n %}{% endfor %}", "a.html": "A", "b.html": "B"}, lambda: {"names": ["a.html", "b.html"]}),
    Case("include a list of which the second exists", {"main.html": "{% include ['no.html', 'a.html'] %}{% include names %}", "a.html": "A"}, lambda: {"names": ("x.html", "a.html")}),
    Case("include a list of which none exists", {"main.html": "{% include names %}"}, lambda: {"names": ["x.html", "y.html"]}),
    Case("include an empty list", {"main.html": "{% include names %}"}, lambda: {"names": []}),
    Case("include an undefined name", {"main.html": "{% include nope %}"}),
    Case("include a list with an undefined name", {"main.html": "{% include [nope, 'a.html'] %}", "a.html": "A"}),
    Case("include a number", {"main.html": "{% include 5 %}"}),
    Case("include a missing name made at run time", {"main.html": "{% include 'no' ~ '.html' %}"}, make=NO_ESCAPE),
    Case("ignore missing", {"main.html": "{% include 'no.html' ignore missing %}{% include ['n', 'm'] ignore missing %}{% include nope ignore missing %}ok"}, make=NO_ESCAPE),
    Case("an error inside an include that ignores missing", {"main.html": "{% include 'a.html' ignore missing %}", "a.html": "{% include n %}"}, lambda: {"n": "gone.html"}),
    Case("import by a name made at run time", {"main.html": "{% import n as m %}{{ m.f() }}{% from n import f %}{{ f() }}", "m.html": "{% macro f() %}f{% endmacro %}"}, lambda: {"n": "m.html"}),
    Case("import a missing name", {"main.html": "{% import n as m %}"}, lambda: {"n": "no.html"}),
    Case("self calls a block", {"main.html": "{% block a %}<a>{% endblock %}{{ self.a() }}{{ self.a() | upper }}"}),
    Case("self calls a block that is missing", {"main.html": "{{ self.nope() }}"}),
    Case("a block inside a block and super of none", {"main.html": "{% extends 'b.html' %}{% block x %}{% block y %}y{{ super() }}{% endblock %}{% endblock %}", "b.html": "{% block x %}{% endblock %}"}),
    Case("a recursive include", {"main.html": "{{ tree.n }}{% for tree in tree.kids %}({% include 'main.html' %}){% endfor %}"},
         lambda: {"tree": {"n": 1, "kids": [{"n": 2, "kids": [{"n": 3, "kids": []}]}, {"n": 4, "kids": []}]}}),
    Case("a recursive loop", {"main.html": "{% for t in tree recursive %}{{ loop.depth }}{{ loop.depth0 }}{{ t.n }}{% if t.kids %}[{{ loop(t.kids) }}]{% endif %}{% else %}-{% endfor %}"},
         lambda: {"tree": [{"n": "<1>", "kids": [{"n": 2, "kids": []}]}]}),
    Case("everything a loop has", {"main.html": "{% for x in xs %}{{ [loop.index, loop.index0, loop.revindex, loop.revindex0, loop.first, loop.last, loop.length, loop.cycle('a', 'b'), loop.changed(x // 2), loop.previtem | d('-'), loop.nextitem | d('-')] }}{% else %}none{% endfor %}"},
         lambda: {"xs": [1, 2, 3, 4]}),
    Case("a loop over a generator, with length and look ahead", {"main.html": "{% for x in xs %}{{ x }}{{ loop.last }}{{ loop.revindex }}{% endfor %}{% for x in xs %}again{% else %}empty{% endfor %}"},
         lambda: {"xs": numbers()}),
    Case("a loop with a filter, unpacking and else", {"main.html": "{% for k, v in d.items() if v > 1 %}{{ loop.index }}{{ k }}{{ v }}{% else %}e{% endfor %}{% for x in [] %}{% else %}e{% endfor %}"}, lambda: {"d": {"a": 1, "b": 2, "c": 3}}),
    Case("loop handed to a macro and to a call", {"main.html": "{% macro m(l) %}{{ l.index }}{{ caller(l) }}{% endmacro %}{% for x in 'ab' %}{% call(l) m(loop) %}{{ l.last }}{{ x }}{% endcall %}{% endfor %}"}),
    Case("loop names nest and come back", {"main.html": "{% for x in 'ab' %}{% for x in 'cd' %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}"}, lambda: {"x": "outer"}),
    Case("loop over something undefined", {"main.html": "{% for x in nope %}{% endfor %}"}),
    Case("loop over a number", {"main.html": "{% for x in 5 %}{% endfor %}"}),
    Case("macro defaults see earlier arguments", {"main.html": "{% macro m(a, b=a, c=outer) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m('<') }}{{ m(1, c=3) }}{{ m(1, 2, 3) }}"}, lambda: {"outer": "<o>"}),
    Case("varargs and kwargs", {"main.html": "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs | dictsort }}{% endmacro %}{{ m(1, 2, 3, x=4, y='<') }}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}"}),
    Case("a macro that takes no such argument", {"main.html": "{% macro m(a) %}{% endmacro %}{{ m(b=1) }}"}),
    Case("a macro that takes fewer arguments", {"main.html": "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}"}),
    Case("a macro called with nothing", {"main.html": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}"}),
    Case("caller with arguments, nested and absent", {"main.html": "{% macro m() %}[{{ caller('<x>') if caller else 'none' }}]{% endmacro %}{{ m() }}{% call(v) m() %}{{ v }}{% call(w) m() %}{{ v }}{{ w }}{% endcall %}{% endcall %}"}),
    Case("a recursive macro", {"main.html": "{% macro down(n) %}{{ n }}{% if n %}{{ down(n - 1) }}{% endif %}{% endmacro %}{{ down(3) }}"}),
    Case("a macro reads the context at its call", {"main.html": "{% macro m() %}{{ late }}{{ user }}{% endmacro %}{% set late = 2 %}{{ m() }}"}, lambda: {"user": HOSTILE}),
    Case("filter blocks and set blocks", {"main.html": "{% filter upper | replace('A', '<') %}a{{ x }}{% endfilter %}{% set s %}<{{ x }}>{% endset %}{{ s }}{% set t | upper %}a{{ x }}{% endset %}{{ t }}"}, lambda: {"x": "<x>"}),
    Case("with has its own scope", {"main.html": "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% set c = 3 %}{% endwith %}{{ a }}{{ c is defined }}"}),
    Case("set inside if and for, and namespaces", {"main.html": "{% set ns = namespace(n=0) %}{% for x in [1, 2] %}{% set ns.n = ns.n + x %}{% set y = x %}{% endfor %}{{ ns.n }}{{ y is defined }}{% if 1 %}{% set z = 1 %}{% endif %}{{ z }}{% set a, b = 1, 2 %}{{ a }}{{ b }}"}),
    Case("do and loop controls", {"main.html": "{% set l = [] %}{% for x in range(9) %}{% if x == 1 %}{% continue %}{% elif x == 4 %}{% break %}{% endif %}{% do l.append(x) %}{% endfor %}{{ l }}"}),
    Case("raw, comments and white space control", {"main.html": "a  {#- c -#}  b {%- raw -%} {{ no }} {%- endraw %}\n  {{- 1 -}}  \n{% if 1 -%}  x  {%- endif %}\n\n"}),
    Case("expressions of every kind", {"main.html": "{{ 1 + 2 * 3 ** 2 // 4 % 5 - 6 / 4 }}{{ 'a' ~ 1 ~ none }}{{ 1 < 2 <= 2 != 3 }}{{ 1 if nope is defined }}{{ 'b' in 'abc' and not 1 in [2] or false }}{{ [1, 2, 3][::-1] }}{{ (1, 'x')[0] }}{{ {'k': '<'}['k'] }}{{ -x | abs }}{{ x is number }}{{ 'a%sb' % '<' }}{{ 1_000 }}{{ 'é' }}"},
         lambda: {"x": 5}),
    Case("division by nothing", {"main.html": "{{ 1 / zero }}"}, lambda: {"zero": 0}),
    Case("autoescape of values of every kind",
         {"main.html": "{{ s }}{{ m }}{{ h }}{{ t }}{{ f }}{{ n }}{{ none }}{{ b }}{{ [s, m] }}{{ m + s }}{{ s | safe }}{{ m ~ s }}{{ '<' ~ s }}{{ '<' }}{{ f | string }}{{ s | e | e }}{{ m | forceescape }}"},
         lambda: {"s": HOSTILE, "m": Markup("<i>"), "h": Html(), "t": Text("x"), "f": Formatted(), "n": 5, "b": b"<"}),
    Case("values of every kind from around a loop",
         {"main.html": "{% extends 'base.html' %}{% block a %}{% for i in [1, 2] %}{{ s }}{{ m }}{{ h }}{{ t }}{{ f }}{{ n }}{{ none }}{{ b }}{{ yes }}{{ big }}{% include 'part.html' %}{% set s = 'own <' ~ i %}{{ s }}{% endfor %}{{ s }}{% endblock %}",
          "base.html": "{% set n = '<n>' %}{% for i in [1, 2] %}{{ s }}{{ n }}{% for s in [s, i] %}{{ s }}{{ n }}{% endfor %}{% autoescape false %}{{ s }}{% endautoescape %}{% endfor %}{% block a %}{% endblock %}",
          "part.html": "{{ s }}{{ i }}{{ n }}{% for node in [[[]], []] recursive %}{{ s }}{{ h }}{{ loop(node) }}{% endfor %}{% macro p(x) %}{% for j in [x, s] %}{{ j }}{{ x }}{{ s }}{% endfor %}{% endmacro %}{{ p(m) }}"},
         lambda: {"s": HOSTILE, "m": Markup("<i>"), "h": Html(), "t": Text("x"), "f": Formatted(), "n": 5, "b": b"<", "yes": True, "big": 10**50}),
    Case("a missing value from around a loop", {"main.html": "{% for i in [1, 2] %}{{ i }}{% if i == 2 %}{{ gone }}{% endif %}{% endfor %}"}),
    Case("a choice of what a page extends, which escapes otherwise",
         {"main.html": "{% extends 'a.html' if on else 'b.txt' %}{% block c %}{% for i in [x, 2] %}{{ i }}{% endfor %}{{ super() }}{% include 'other.html' %}{% include 'main.txt' %}{% endblock %}",
          "main.txt": "{% extends ['none.txt', 'b.txt'] %}{% block d %}{{ x }}{{ x|escape }}{% endblock %}",
          "a.html": "{% extends 'top.html' %}{% block c %}{{ x }}{% block d %}{{ x }}d{% endblock %}{% endblock %}",
          "b.txt": "{% extends 'top.txt' %}{% block c %}{{ x }}{% set s %}<{{ x }}{% endset %}{{ s }}{% block d %}{{ x }}{% endblock %}{% endblock %}",
          "top.html": "{{ x }}{% block c %}{% endblock %}{{ self.c()|upper }}", "top.txt": "{{ x }}{% block c %}{% endblock %}{{ self.d() }}{% filter upper %}{{ x }}{% endfilter %}",
          "other.html": "{% extends 'a.html' %}{% block d %}{{ super() }}o{% endblock %}"}, lambda: {"x": "<x>", "on": True}),
    Case("another choice of what a page extends",
         {"main.html": "{% extends 'a.html' if on else ('b.txt' if x else 'c.txt') %}{% block c %}{{ x }}{{ super() }}{% endblock %}", "a.html": "{% block c %}{{ x }}{% endblock %}",
          "b.txt": "{{ x }}{% block c %}{{ x }}{{ x|escaping }}{% endblock %}{% macro m() %}<{{ x }}{% endmacro %}{{ m() }}{{ _('<hi>') if _ is defined }}", "c.txt": "{% block c %}c{% endblock %}"}, lambda: {"x": "<x>", "on": False}, with_callables),
    Case("an autoescape tag around a block of a page, and pages that have none",
         {"main.html": "{% extends 'a.html' %}{% block c %}{{ x }}{% include 'plain.html' %}{% endblock %}", "a.html": "{% autoescape false %}{% block c %}{% endblock %}{{ self.c() }}{% endautoescape %}{{ x }}",
          "plain.html": "{% extends 'base.html' %}{% block c %}{{ x }}{{ super() }}{% endblock %}", "base.html": "{% block c %}{{ x }}{% endblock %}"}, lambda: {"x": "<x>"}),
    Case("macros that a layout imports, in blocks of what extends it",
         {"main.html": "{% extends 'mid.html' %}{% block a %}{{ ui.m(x) }}{{ m() }}{{ ui.k }}{% call ui.m() %}c{{ x }}{% endcall %}{{ ui.gone is defined }}{% for ui in [x] %}{{ ui }}{% endfor %}{{ super() }}{% endblock %}{% block c %}{% with ui = 1 %}{{ ui }}{% endwith %}{{ ui.m() }}{% set ui = 2 %}{{ ui }}{% endblock %}{% macro own() %}{{ ui.m() if ui else 'none' }}{% endmacro %}{% block d %}{{ own() }}{{ late.n() if late else 'late' }}{% endblock %}",
          "mid.html": "{% extends 'base.html' %}{% from 'other.html' import m %}{% block a %}{{ m('mid') }}{{ ui.m('mid') }}{% endblock %}",
          "base.html": "{% import 'ui.html' as ui %}{% block a %}{% endblock %}{% if x %}{% block c %}{% endblock %}{% endif %}{% block d %}{% endblock %}{% import 'other.html' as late %}{{ self.d() }}",
          "ui.html": "{% macro m(x='d') %}<{{ x }}{{ caller() if caller }}>{% endmacro %}{% set k = 'K' %}", "other.html": "{% macro m(x='o') %}other{{ x }}{% endmacro %}{% macro n() %}n{% endmacro %}"}, lambda: {"x": "<x>", "ui": "given", "m": "given", "late": 0}),
    Case("macros that templates of a chain import under one name",
         {"main.html": "{% extends 'mid.html' %}{% import 'other.html' as ui %}{% set m = 'set' %}{% block a %}{{ ui.m() }}{{ m() }}{% endblock %}{% block b scoped %}{{ ui }}{% endblock %}",
          "mid.html": "{% extends 'base.html' %}{% from 'ui.html' import m %}{% import 'other.html' as ui %}{% block a %}{% endblock %}",
          "base.html": "{% import 'ui.html' as ui %}{% block a %}{% endblock %}{% for ui in 'xy' %}{% block b scoped %}{% endblock %}{% endfor %}", "ui.html": "{% macro m(x='d') %}<{{ x }}{{ caller() if caller }}>{% endmacro %}{% set k = 'K' %}", "other.html": "{% macro m(x='o') %}other{{ x }}{% endmacro %}{% macro n() %}n{% endmacro %}"}),
    Case("a block that runs ahead of what a layout imports",
         {"main.html": "{% extends 'base.html' %}{% set early = self.a() %}{% block a %}{{ ui.m() if ui is defined else 'none' }}{% endblock %}{% block b %}{{ early }}{% endblock %}",
          "base.html": "{% import 'ui.html' as ui %}{% block a %}{% endblock %}{% block b %}{% endblock %}", "ui.html": "{% macro m(x='d') %}<{{ x }}{{ caller() if caller }}>{% endmacro %}{% set k = 'K' %}", "other.html": "{% macro m(x='o') %}other{{ x }}{% endmacro %}{% macro n() %}n{% endmacro %}"}),
    Case("a block that runs ahead of what its template imports, extending another",
         {"main.html": "{% extends 'base.html' %}{% macro first() %}f{% endmacro %}{% set x = self.a() %}{% import 'ui.html' as ui %}{% block a %}{{ first() }}{{ ui.m() }}{% endblock %}", "base.html": "{% block a %}{% endblock %}",
          "ui.html": "{% macro m(x='d') %}<{{ x }}>{% endmacro %}"}),
    Case("a block that runs ahead of what its template imports",
         {"main.html": "{% import 'ui.html' as early %}{{ self.a(1) if no }}{% set x = self.b() %}{% import 'ui.html' as ui %}{% block a %}{{ ui.m() }}{% endblock %}{% block b %}{{ early.m() }}{{ late() if late is defined else 'none' }}{% endblock %}{% macro late() %}l{% endmacro %}{{ self.b() }}{{ x }}",
          "ui.html": "{% macro m(x='d') %}<{{ x }}>{% endmacro %}"}),
    Case("what a layout imports under a condition, or sets again",
         {"main.html": "{% extends 'base.html' %}{% block a %}{{ ui.m() if ui else 'none' }}{{ two.m() if two.m else two }}{{ three.m() if three else 'three' }}{% endblock %}",
          "base.html": "{% if on %}{% import 'ui.html' as ui %}{% endif %}{% import 'ui.html' as two %}{% set two = 2 %}{{ self.a() }}{% import 'ui.html' as three %}{% block a %}{% endblock %}", "ui.html": "{% macro m(x='d') %}<{{ x }}{{ caller() if caller }}>{% endmacro %}{% set k = 'K' %}", "other.html": "{% macro m(x='o') %}other{{ x }}{% endmacro %}{% macro n() %}n{% endmacro %}"}, lambda: {"on": False, "ui": 0, "three": 0}),
    Case("self in functions of a block",
         {"main.html": "{% include 'part.html' %}{% block a %}{% macro m(x=self.b()) %}{{ self.b() or 1 }}{{ self.b()|upper }}{{ x }}{% endmacro %}{{ m() }}{% call(v) m() %}{{ self.b() ~ v }}{% endcall %}{% for i in [1, 2] if self.b() %}{{ i }}{% endfor %}{% for n in [[[]], []] recursive %}{{ self.b()|length }}{{ loop(n) }}{% endfor %}{% endblock %}{% block b %}<b>{% endblock %}",
          "part.html": "{% block b %}<own>{% endblock %}{% block c %}{% macro m() %}{{ self.b() or 1 }}{% endmacro %}{{ m() }}{% set n = m %}{{ n() }}{% endblock %}"}),
    Case("no autoescape of values of every kind", {"main.html": "{{ s }}{{ m }}{{ h }}{{ t }}{{ f }}{{ b }}{{ m + s }}{{ s | e }}"},
         lambda: {"s": HOSTILE, "m": Markup("<i>"), "h": "h", "t": Text("x"), "f": Formatted(), "b": b"<"}, NO_ESCAPE),
    Case("templates of different autoescape used together",
         {"main.html": "{% include 'a.txt' %}{% import 'm.txt' as m %}{{ m.f(x) }}{{ m.s }}{% from 'm.txt' import f %}{{ f(x) }}", "a.txt": "{{ x }}{% include 'b.html' %}", "b.html": "{{ x }}",
          "m.txt": "{% macro f(x) %}{{ x }}{% endmacro %}{% set s = '<s>' %}"}, lambda: {"x": "<x>"}),
    Case("a text that extends a page", {"main.html": "{% extends 'base.txt' %}{% block a %}{{ x }}{{ super() }}{% endblock %}", "base.txt": "{{ x }}{% block a %}{{ x }}{% endblock %}"}, lambda: {"x": "<x>"}),
    Case("autoescape blocks", {"main.html": "{{ x }}{% autoescape false %}{{ x }}{% set y = x %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endautoescape %}{{ x }}{{ y is defined }}"}, lambda: {"x": "<x>"}),
    Case("autoescape blocks with a value of run time", {"main.html": "{% for on in [true, false] %}{% autoescape on %}{{ x }}{{ '<' }}{% set s %}<{{ x }}{% endset %}{{ s }}{{ x | escaping }}{{ x is escaping }}{% filter upper %}<a>{{ x }}{% endfilter %}{% endautoescape %}{% endfor %}"}, lambda: {"x": "<x>"}, with_callables),
    Case("callables that ask for context, eval context and environment",
         {"main.html": "{{ 'user' | from_context }}{{ 1 | escaping }}{{ 2 | env_start }}{{ find('user') }}{{ start(1) }}{{ obj.named() }}{{ obj.escaped() }}{% set user = 'set' %}{{ find('user') }}{{ ['user'] | map('from_context') | list }}{{ x is escaping }}{% include 'a.txt' %}",
          "a.txt": "{{ 1 | escaping }}{{ find('user') }}{{ obj.named() }}{{ x is escaping }}"}, lambda: {"user": "<u>", "obj": Method(), "x": 1}, with_callables),
    Case("globals give way to variables and sets", {"main.html": "{{ ns_of() }}{{ range(2) | list }}{% set range = 5 %}{{ range }}{% include 'i.html' %}{% import 'm.html' as m %}{{ m.f() }}", "i.html": "{{ range }}", "m.html": "{% macro f() %}{{ ns_of() }}{{ range(1) | list }}{% endmacro %}"},
         lambda: {"ns_of": lambda: "mine"}, with_callables),
    Case("attributes and items that misbehave", {"main.html": "{{ o.kept }}{{ o['kept'] }}{{ o.broken }}{{ o.other }}{{ o['x'] }}{{ d.nope }}{{ d['nope'] }}{{ d.items | string | length > 1 }}{{ e['items'] }}{{ o | attr('kept') }}"},
         lambda: {"o": Odd(), "d": Defaults(), "e": {"items": "shadowed"}}, ),
    Case("a property that raises KeyError", {"main.html": "{{ o.keyless }}"}, lambda: {"o": Odd()}),
    Case("slots, numbers and missing items", {"main.html": "{{ l[0] }}{{ l.0 }}{{ l[-1] }}{{ l[7] is defined }}{{ n.a.b }}{{ l[7] }}"}, lambda: {"l": [1, 2], "n": SimpleNamespace(a={"b": "<"})}),
    *(
        Case(f"undefined as {kind.__name__}: {text}", {"main.html": text}, lambda: {"a": {}}, environment(undefined=kind))
        for kind in (jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined, AngryUndefined)
        for text in (
            "[{{ nope }}]", "{{ a.b }}", "{{ nope.x }}", "{{ nope.x.y }}", "{{ nope[1] }}", "{{ nope + 1 }}", "{{ nope() }}", "{{ a.b.c }}",
            "{% if nope %}{% else %}no{% endif %}", "{% for x in nope %}{% endfor %}.", "{{ nope is defined }}{{ nope | default('d') }}", "{{ nope == 1 }}",
            "{{ 'x' in nope }}", "{{ nope | upper }}", "{{ nope | length }}", "{{ [nope] | join }}", "{{ none.x }}", "{{ a() }}", "{{ nope ~ 'x' }}", "{{ (1 if false).x }}{{ 1 if false }}",
        )
    ),
    Case("finalize", {"main.html": "{{ y }}{{ x }}{{ z }}{% set s %}{{ x }}{% endset %}{{ s }}{{ m }}text"}, lambda: {"x": "<x>", "y": None, "z": 5, "m": Markup("<m>")}, environment(finalize=double, autoescape=True)),
    Case("finalize of constants", {"main.html": "{{ none }}{{ 'c' }}{{ 5 }}{{ '<' }}text"}, make=environment(finalize=double)),
    Case("finalize that asks for the context", {"main.html": "{{ 1 }}{{ x }}"}, lambda: {"x": "x"},
         environment(finalize=jinja2.pass_context(lambda context, value: f"{context.name}={value}"))),
    Case("i18n of the old style", {"main.html": "{% trans %}hello{% endtrans %}{% trans user=x %}hi {{ user }}{% endtrans %}{% trans n=2 %}one{% pluralize %}{{ n }} many 100%{% endtrans %}{{ _('<b>') }}{{ gettext('%(a)s') | format(a=x) }}"}, lambda: {"x": "<x>"}, old_style),
    Case("i18n of the new style", {"main.html": "{% trans %}Hello <b>{% endtrans %}{% trans user=x %}Hello {{ user }}%{% endtrans %}{% trans n=1 %}one{% pluralize %}{{ n }} many{% endtrans %}{{ _('Hello %(name)s', name=x) }}{{ ngettext('%(num)s a', '%(num)s b', 3) }}{{ pgettext('c', 'Hello') }}{{ npgettext('c', 'a', 'b', 2) }}{% trans 'ctx' %}Hello{% endtrans %}{% trans trimmed %}  a\n  b  {% endtrans %}"}, lambda: {"x": "<x>"}, new_style),
    Case("extensions with their own tags", {"main.html": "{% shout x %}b{{ x }}{% endshout %}{% where %}{% marked %}{{ x }}{% endmarked %}{{ x }}{% block b %}{% shout 'in' %}{% include 'i.html' %}{% endshout %}{% endblock %}", "i.html": "{% where %}"}, lambda: {"x": "<x>"}, environment(extensions=[CacheExtension], autoescape=True)),
    Case("a tag that imports a name, in a template that is included in a loop", {"main.html": "{% for x in [1, 2] %}{% include 'v.html' %}{% endfor %}", "v.html": "<{% version %}>"}, dict, environment(extensions=[CacheExtension])),
    Case("the debug extension", {"main.html": "{% set x = 1 %}{% debug %}"}, dict, lambda: jinja2.Environment(extensions=["jinja2.ext.debug"])),
    Case("a context class that sees every call", {"main.html": "{% extends 'base.html' %}{% from 'm.html' import f, g %}{% macro own(x) %}{{ x }}{% endmacro %}{% block b %}{{ super() }}{{ self.c() }}{{ own(1) }}{{ f(2) }}{% call f(3) %}c{{ own(4) }}{% endcall %}{% call g() %}d{% endcall %}{% for i in [1, 2] recursive %}{{ loop.cycle('a', 'b') }}{{ loop.index }}{% if i == 1 %}{{ loop([3]) }}{% endif %}{% endfor %}{{ _('hi') }}{% trans %}there{% endtrans %}{{ lipsum is callable }}{{ 'x'.upper() }}{% endblock %}{% block c %}{{ range(3)|list }}{{ joiner(',')() }}{% endblock %}", "base.html": "<{% block b %}base{{ x() }}{% endblock %}{% block c %}{% endblock %}>", "m.html": "{% macro f(x) %}f{{ x }}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}{% macro g() %}{{ caller() }}{{ caller() }}{% endmacro %}"}, lambda: {"x": lambda: "<x>"}, make=loud),
    Case("a context class and joined paths of one's own", {"a/main.html": "", "main.html": "{{ sticky }}{% include 'a/i.html' %}{% import 'a/m.html' as m %}{{ m.f() }}", "a/i.html": "{{ sticky }}{% include 'j.html' %}", "a/j.html": "j", "a/m.html": "{% macro f() %}{{ sticky }}{% endmacro %}"}, make=StickyEnvironment),
    Case("a sandbox lets in", {"main.html": "{{ x.upper() }}{{ '{}'.format('<') }}{{ [1] | map('string') | list }}{{ range(3) | list }}{{ d.k }}{% for a in d %}{{ a }}{% endfor %}"}, lambda: {"x": "x", "d": {"k": 1}}, SandboxedEnvironment),
    *(
        Case(f"a sandbox keeps out: {text}", {"main.html": text}, lambda: {"f": double, "l": [1]}, ImmutableSandboxedEnvironment)
        for text in ("{{ f.__globals__ }}", "{{ ''.__class__.mro() }}", "{{ l.append(1) }}", "{{ '{0.__class__}'.format(f) }}", "{{ range(9999999) }}", "{{ f | attr('__globals__') }}x", "{{ '{}'.format_map(l) }}")
    ),
    Case("a sandbox that intercepts operators", {"main.html": "{{ 1 + 2 }}{{ -x }}{{ 1 - 2 }}{{ x + x }}"}, lambda: {"x": 5}, Counting),
    Case("delimiters of one's own, with line statements", {"main.html": "<< x >> [% if x %]y[% endif %] (# gone #)\n%% for i in [1, 2]:\n  << i >> ## gone\n%% endfor\nend << '{{' >>"}, lambda: {"x": 1},
         environment(variable_start_string="<<", variable_end_string=">>", block_start_string="[%", block_end_string="%]", comment_start_string="(#", comment_end_string="#)", line_statement_prefix="%%", line_comment_prefix="##")),
    Case("new lines of another kind, the last one kept", {"main.html": "a\r\nb\rc\n{{ '\n' }}{{ x }}\n{% raw %}\n{% endraw %}\n"}, lambda: {"x": "\n"}, environment(newline_sequence="\r\n", keep_trailing_newline=True)),
    Case("trimmed and stripped blocks", {"main.html": "  {% if 1 %}\n  x\n  {% endif %}\n  {#+ c #}\n{%+ if 1 %} {%- endif +%}\n.\n"}, make=environment(trim_blocks=True, lstrip_blocks=True)),
    Case("an object prints what it contains", {"main.html": "{{ cycler('a', 'b').next() }}{{ joiner(', ')() }}{{ dict(a=1) }}{{ lipsum(n=0) }}{{ namespace(a=1).a }}"}),
    Case("a filter that fails", {"main.html": "{{ 'x' | round }}"}),
    Case("an unknown filter behind a condition", {"main.html": "{% if 'nope' is filter %}{{ 1 | nope }}{% else %}none{% endif %}{{ 1 is test }}"}, dict, NO_ESCAPE),
    Case("async-looking and reserved names", {"main.html": "{% set t_1 = 1 %}{% set l_0_x = 2 %}{{ t_1 }}{{ l_0_x }}{% set class = 3 %}{{ class }}{{ def }}{% macro lambda(print=1) %}{{ print }}{% endmacro %}{{ lambda() }}{{ environment }}{{ context }}"}, lambda: {"def": 4, "environment": 5, "context": 6}),
    *(Case(f"what is missing in a constant, {kind.__name__}",
           {"main.html": "{{ 1[:-1] }}{{ 1.x }}{{ {}['a'] }}{{ 'ab'[5] }}{{ [1][7:] }}{{ ({}|first).x if 1 is none else 1[1:] }}"},
           make=environment(undefined=kind))
      for kind in (jinja2.Undefined, jinja2.ChainableUndefined, jinja2.DebugUndefined)),
    Case("a macro sets an attribute of a name of the top level",
         {"main.html": "{% extends 'base.html' %}{% set ns = namespace(a=1) %}{% macro n(x) %}{% set ns.a = x %}{% endmacro %}{% block one %}{{ n(2) }}{{ ns.a }}{% endblock %}",
          "base.html": "{% block one %}{% endblock %}"}),
    Case("a block with a loop that nothing prints", {"main.html": "{% extends 'base.html' %}{% block one %}{% for a in b %}{{ a }}{% endfor %}{% endblock %}",
                                                     "base.html": "{% set e = 1 %}x{{ e }}"}),
    *(Case(f"a filter block that gives no text, {place}",
           {"main.html": f"{{% from 'lib.html' import m %}}{{% macro c() %}}{{{{ caller() }}}}{{% endmacro %}}{use}{{% for x in 1 %}}{{% endfor %}}",
            "lib.html": "{% macro f(a) %}{% filter reject %}{% endfilter %}{% endmacro %}{% macro m(a) %}{% endmacro %}{{ f(1) }}"},
           make=environment(undefined=jinja2.Undefined))
      for place, use in (
          ("in a module", ""),
          ("in a macro", "{% macro f(a) %}{% filter reject %}{% endfilter %}{% endmacro %}{{ f(1) }}"),
          ("in a call block", "{% call c() %}{% filter reject %}{% endfilter %}{% endcall %}"),
          ("in a call block in a loop", "{% for x in [1] %}{% call c() %}{% filter reject %}{% endfilter %}{% endcall %}{% endfor %}"),
          ("before another error", "{% macro f(a) %}{% filter reject %}{% endfilter %}{{ nothing.x }}{% endmacro %}{{ f(1) }}"),
          ("before another error in a loop", "{% for x in [1] recursive %}{% filter wordcount %}{% endfilter %}{{ nothing.x }}{% endfor %}"),
          ("before another error in a call block", "{% for x in [1] %}{% call c() %}{% filter reject %}{% endfilter %}{{ nothing.x }}{% endcall %}{% endfor %}"),
          ("in a recursive loop", "{% for x in [1] recursive %}{{ loop.index }}{% filter wordcount %}{% endfilter %}{% endfor %}"),
          ("of a function that is no macro", "{% macro f() %}{% call dict() %}{% endcall %}{% endmacro %}{{ f() }}"),
      )),
    *(Case(f"arguments of the filter default, {arguments}",
           {"main.html": "{% set a = x|default(ARGUMENTS) %}{{ a }}{{ nothing|d(ARGUMENTS) }}".replace("ARGUMENTS", arguments)},
           lambda: {"x": "text", "no": "", "y": 1})
      for arguments in ("", "y", "y, true", "y, no", "y, nothing", "y, boolean=true", "boolean=true", "boolean=nothing", "default_value=y",
                        "y, true, 3", "y, default_value=y", "y, what=1", "*[y, true]", "**{'boolean': nothing}", "boolean=y, default_value=no")),
    Case("a macro in a macro has the name of that, or of another",
         {"main.html": "{% extends 'base.html' %}{% macro b(x=a) %}{% macro b(x=a) %}{{ x }}{{ a }}{% endmacro %}{{ b() }}{% macro c() %}in{% endmacro %}{{ c() }}{% endmacro %}"
                       "{% macro c() %}out{% endmacro %}{{ b() }}{% block x %}{{ b('y') }}{{ c() }}{% endblock %}",
          "base.html": "{{ a }}{% block x %}{% endblock %}{{ a }}"},
         lambda: {"a": "<a>"}),
    Case("an iterator that is printed says whose it is",
         {"main.html": "{% for made in [xs|select, xs|select('odd'), xs|reject('odd'), xs|selectattr('a'), xs|rejectattr('a', 'odd'), xs|map('upper'), xs|map(attribute='a'), xs|unique, xs|batch(2), xs|slice(2)] %}{{ (made ~ '').split(' at ')[0] }}{% endfor %}"},
         lambda: {"xs": [1, 2]}),
    Case("a name that is set in a branch, and read by nothing, in what is included",
         {"main.html": "{% extends 'base.html' %}{{ a }}", "base.html": "{% include 'i.html' %}{{ a }}",
          "i.html": "{% for a in xs if a %}{% if a > 1 %}{% set b = 'set' %}{% else %}{% set c = 1 %}{% macro a(x=a) %}{{ x }}{{ a }}{% endmacro %}{% endif %}{% endfor %}"},
         lambda: {"xs": [0, 1, 2], "a": 1}),
    Case("attributes of names that are missing, or Python's own",
         {"main.html": "{{ nope.__class__.__name__ }}{{ nope.__doc__ is none }}{% if nope.x is defined %}x{% endif %}"
          "{% if c %}{% set late = c %}{% endif %}{{ late.x }}{{ late.items }}{{ nope.items }}{{ nope.a.b }}"},
         lambda: {"c": 0}),
    Case("filters outside of loops",
         {"main.html": "{{ xs|map(attribute='n')|join(', ') }}{{ xs|sum(attribute='n') }}{{ xs|sum(attribute='n', start=2) }}{{ ns|sum }}{{ f|round }}{{ f|round(1) }}{{ f|round(1, 'floor') }}"
          "{{ t|upper }}{{ t|title }}{{ t|trim }}{{ t|replace('a', 'b') }}{{ t|default('x') }}{{ t|default('x', true) }}{{ ''|default('x', true) }}{{ nope|default('x') }}{{ ns|first }}{{ ns|last }}"
          "{{ f|int }}{{ f|float }}{{ ns|list }}{{ t|string }}{{ ns is iterable }}{{ t is string }}{{ f is none }}{{ nope is defined }}{{ t is undefined }}{{ ns|length is odd }}{{ 4 is divisibleby 2 }}{{ xs|map(attribute='n')|list }}"},
         lambda: {"xs": [{"n": 1}, {"n": 2}], "ns": [1, 2], "f": 2.55, "t": " <a> "}),
    Case("pages that nothing refers to by name, included, imported and extended by names made at run time",
         {"main.html": "{% include n %}{{ section }}{% import n as page %}{{ page.section }}{{ page.ui is defined }}{{ page._own is defined }}{{ page }}"
          "{% import n as page with context %}{{ page.section }}{{ page }}{% include 'child.html' %}",
          "page.html": "{% extends 'base.html' %}{% import 'm.html' as ui %}{% from 'm.html' import f as g %}{% set section = 's' %}{% set _own = 1 %}{% set section = 't' %}"
          "{% block b %}{{ section }}{{ _own }}{{ ui.f(1) }}{{ g(2) }}{{ whole() }}{{ kept().find('section') }}{% endblock %}",
          "base.html": "[{% block b %}{% endblock %}{{ section }}{{ whole() }}{% block c %}{{ section }}{% endblock %}]", "m.html": "{% macro f(x) %}<{{ x }}>{% endmacro %}",
          "child.html": "{% extends n %}{% set section = 'u' %}{% block b %}{{ super() }}{{ section }}{% endblock %}"},
         lambda: {"n": "page.html", "section": 0}, make=observers),
    Case("a page of texts that nothing refers to by name",
         {"main.html": "{% include n %}{% include n %}{% import n as page %}{{ page }}", "page.html": "{% extends 'base.html' %}{% set a = 'A' %}{% block b %}{{ a }}{{ super() }}{% endblock %}",
          "base.html": "<{% block b %}{{ a }}{% endblock %}>"}, lambda: {"n": "page.html"}),
    Case("names that a page sets, what it extends sets, and its caller gives",
         {"main.html": "{% extends 'base.html' %}{% set a = 1 %}{% set b = none %}{% set c = 'c' %}{% block x %}{{ a }}{{ b }}{{ c }}{{ d }}{{ whole() }}{% endblock %}",
          "base.html": "{% set b = 2 %}{{ a }}{{ b }}{{ c }}{% block x %}{% endblock %}{% set d = 3 %}{{ self.x() }}"}, lambda: {"a": 0, "c": "given", "d": 0}, make=observers),
    Case("blocks that run before what is extended has its own", {
        "main.html": "{% extends 'base.html' %}{% for a in [1, 2] %}{% block one %}{{ super() }}{{ a }}{% endblock %}{% endfor %}", "base.html": "{% extends 'inc.html' %}", "inc.html": "<{% block one %}1{% endblock %}>"}),
    Case("blocks that run before what is extended, and find what it has", {
        "main.html": "{% extends n %}{% with %}{% block one %}{{ super() }}{{ self.two() }}{% endblock %}{% endwith %}", "n.html": "{% extends 'base.html' %}{% block one %}n{{ super is defined }}{% endblock %}{% block two %}2{% endblock %}",
        "base.html": "{% extends 'inc.html' %}{% block two %}b{{ super() }}{% endblock %}", "inc.html": "<{% block one %}1{% endblock %}{% block two %}two{% endblock %}>"}, lambda: {"n": "n.html"}),
    Case("blocks in a condition of what extends do not run", {
        "main.html": "{% extends 'base.html' %}{% if true %}{% block one %}{{ super() }}m{% endblock %}{% endif %}", "base.html": "{% extends 'inc.html' %}", "inc.html": "<{% block one %}1{% endblock %}>"}),
    Case("what a child extends runs blocks before it extends", {
        "main.html": "{% extends 'mid.html' %}{% block one %}m{{ super() }}{% endblock %}", "mid.html": "{% extends 'base.html' %}{% filter upper %}{% block one %}d{{ super() }}{% endblock %}{% endfilter %}{% block two %}{% endblock %}",
        "base.html": "{% extends 'inc.html' %}{% block one %}b{% endblock %}", "inc.html": "<{% block one %}1{% endblock %}{% block two %}2{% endblock %}>"}),
    Case("a name that what is inlined reads, and sets further in", {
        "main.html": "{% for d in 'uv' %}{% include 'i.html' %}{% endfor %}{% for d in 'uv' %}{% set c = d %}{% include 'j.html' %}{% endfor %}",
        "i.html": "{% if d %}{% endif %}{% with a = a, b = a %}{{ d }}{{ b }}{% set d = a %}{{ d }}{% endwith %}{{ d }}", "j.html": "{{ c }}{% with %}{{ c }}{% set c = 1 %}{{ c }}{% endwith %}"}, lambda: {"a": 2}),
    Case("a text that a page extends, which asks how output is escaped", {
        "main.html": "{% extends 'part.txt' %}", "part.txt": "{% trans a=x %}{{ a }}{% endtrans %}{{ x }}{% filter upper %}{{ x }}{% endfilter %}{% for i in [x] %}{% set y %}{{ i }}{% endset %}{{ y }}{{ [i, y]|join }}{% endfor %}{% include 'inner.txt' %}",
        "inner.txt": "{% trans a=x %}{{ a }}{% endtrans %}{{ x }}"}, lambda: {"x": "<x>"}),
    Case("loops of rows behind what a page extends", {
        "main.html": "{% extends 'base.html' %}{% for a, b in [(1, 2), (x, x)] %}{{ a }}{% endfor %}{% for a in [x] %}{{ a }}{% endfor %}", "base.html": "{{ x }}"}, lambda: {"x": "<x>"}),
    Case("loops of rows that may stand behind what a page extends", {
        "main.html": "{% if x %}{% extends 'base.html' %}{% endif %}{% for a in [x, 2] %}{{ a }}{% endfor %}", "base.html": "{{ x }}"}, lambda: {"x": 0}),
    *(Case(f"rows of {what}",
           {"main.html": "{% for x in xs %}<a{% if x.a %} title=\"{{ x.a }}\"{% endif %}>{{ x }}{{ y }}{{ loop.index }}{% if x == y %}={% elif loop.last %}{{ y.a }}{% endif %}</a>{{ loop.cycle(',', ';') }}{% endfor %}"
                         "{% for k, v in pairs %}{{ k }}={{ v.a }}{{ ', ' if not loop.last }}{% endfor %}{% include 'main.txt' %}", "main.txt": "{% for x in xs %}{{ x }}{{ x.a }}{% endfor %}"}, variables)
      for what, variables in (
          ("all types", lambda: {"xs": [{"a": "<"}, SimpleNamespace(a="&"), "text", Markup("<b>"), None, 1.5, Shown(iter(range(9)))], "y": {"a": "<y>"}, "pairs": {"<k>": {"a": 1}}.items()}),
          ("what has no such attribute", lambda: {"xs": [{"a": 1}, {}], "y": Undefined(name="y"), "pairs": [(1, 2)]}),
          ("what cannot be printed", lambda: {"xs": ["a", {"a": Undefined(name="z")}, jinja2.StrictUndefined(name="w")], "y": 1, "pairs": []}),
          ("what are no pairs", lambda: {"xs": ("<",), "y": 1, "pairs": [(1, {"a": 2}), (1, 2, 3)]}),
          ("what is no pair at all", lambda: {"xs": {}, "y": 1, "pairs": [1]}),
          ("what no plain type has", lambda: {"xs": iter("ab"), "y": 1, "pairs": zip("ab", [{"a": 1}], strict=False)}),
      )),
    *(Case(f"rows in which other code stands, of {what}", {
        "main.html": "{% import 'm.html' as m %}{% macro own(a) %}\n{{ a }}{% endmacro %}\n{% for x in xs %}\n{{ x.a }}{% for z in x.b %}\n{{ own(z) }}{{ z ~ y }}{% endfor %}\n{% include 'i.html' %}{% call m.box(x.a, loop.first) %}\n{{ x.keyless }}{{ own(x.a ~ '<') }}{% endcall %}\n{% endfor %}",
        "i.html": "\n{{ x.b }}{{ y }}\n{{ y.a }}", "m.html": "{% macro box(title, first=false) %}{% if first %}<{% endif %}\n{{ title }}{{ caller() }}{{ title }}{% endmacro %}"}, variables)
      for what, variables in (
          ("what is all there", lambda: {"xs": [{"a": "<", "b": "ab", "keyless": 1}, SimpleNamespace(a=1, b=[Markup("<i>"), None, 2.5], keyless="&")], "y": {"a": 1}}),
          ("what cannot be gone through", lambda: {"xs": [{"a": 1, "b": 2}], "y": 1}),
          ("what ends half-way", lambda: {"xs": [{"a": 1, "b": (1 // n for n in (1, 0))}], "y": 1}),
          ("what an included template lacks", lambda: {"xs": [{"a": 1, "b": "ab"}], "y": 1}),
          ("what a call block lacks", lambda: {"xs": [{"a": 1, "b": "ab"}], "y": {"a": 1}}),
          ("what fails in a call block", lambda: {"xs": [Failing()], "y": {"a": 1}}),
          ("what fails in a macro", lambda: {"xs": [{"a": jinja2.StrictUndefined(name="w"), "b": "", "keyless": 1}], "y": {"a": 1}}),
          ("what cannot be joined", lambda: {"xs": [{"a": 1, "b": [jinja2.StrictUndefined(name="w")]}], "y": 1}),
      )),
    *(Case(f"whether output is escaped is asked before {what}",
           {"main.html": "{% macro m(a, b) %}{% autoescape a %}" + text + "{% endautoescape %}{% endmacro %}{{ m() }}"}, lambda: {"x": "<"})
      for what, text in (("a value", "{{ not b }}"), ("a counter", "{% for i in [1] %}{{ loop.index }}{% endfor %}"), ("a choice", "{{ b if b else 1 }}"),
                         ("a text", "text"), ("a call", "{{ m(b) }}"), ("a loop", "{% for i in [b] %}{{ i }}{% endfor %}"), ("a constant", "{{ 1 }}"))),
    Case("nothing at all", {"main.html": ""}),
)  # fmt: skip
