# ruff: noqa: E501  # template texts are easier to read in one line
"""Small template sets, each with one construct that a careless linker or run time breaks."""

from collections.abc import Iterator, Mapping
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
from testkit import ROOT
from testkit.case_files import Case, read_folder
from testkit.oracle import MakeEnvironment
from testkit.sections import Names

__all__ = ["CASES", "FOLDER", "NAMES", "PYTHON_CASES", "Case", "environment"]


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

    tags: ClassVar[set[str]] = {"shout", "where", "marked", "overlaid", "version"}  # type: ignore[misc]  # an instance has it, for Jinja2
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
        if token.value == "overlaid":
            variables = parser.parse_expression()
            body = parser.parse_statements(("name:endoverlaid",), drop_needle=True)
            return nodes.OverlayScope(variables, body, lineno=token.lineno)
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


@jinja2.pass_context
def template_named(context: Context, value: object) -> str:
    return f"{context.name}={value}"


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


NAMES = Names(
    environments={
        "callables": with_callables,
        "context observers": observers,
        "intercepting sandbox": Counting,
        "joined paths": StickyEnvironment,
        "new style gettext": new_style,
        "old style gettext": old_style,
    },
    undefined={"AngryUndefined": AngryUndefined},
    finalize={"brackets": double, "names the template": template_named},
    extensions={"tags": CacheExtension},
)

PYTHON_CASES = (
    Case("what is printed has an effect, in the order of the page",
         {"main.html": "{% extends 'base.html' %}{% block a %}{{ count() }}{% include 'i.html' %}{{ count() }}{{ super() }}{{ shown }}{% if count() %}{{ count() }}{{ shown }}{% endif %}{% endblock %}",
          "base.html": "{{ count() }}{{ shown }}{% block a %}{{ shown }}{{ count() }}{% endblock %}{{ shown }}{% import 'm.html' as m %}{{ m.f(count(), shown) }}{{ count() }}",
          "m.html": "{% macro f(a, b, c=5) %}{{ b }}{{ a }}{{ c }}{{ b }}{% endmacro %}", "i.html": "{{ shown }}{{ count() }}{{ shown }}"}, counting),
    Case("self that is set, and self as a value", {"main.html": "{% set self = {'a': joiner} %}{% block a %}a{% endblock %}{{ self.a }}{{ f(self) }}", "i.html": ""}, lambda: {"f": lambda value: type(value).__name__}),
    Case("self handed to others", {"main.html": "{% extends 'base.html' %}{% from 'm.html' import show %}{% block a %}a{{ x }}{% endblock %}{% block b %}{{ show(self) }}{% set s = self %}{{ s.a() }}{{ f(self) }}{% endblock %}", "base.html": "{% block b %}{% endblock %}{% block a %}{% endblock %}{% set s = self %}{{ s.a() }}", "m.html": "{% macro show(page) %}{{ page.a() }}{% endmacro %}"},
         lambda: {"x": 1, "f": lambda value: type(value).__name__}),
    Case("a loop over a generator, with length and look ahead", {"main.html": "{% for x in xs %}{{ x }}{{ loop.last }}{{ loop.revindex }}{% endfor %}{% for x in xs %}again{% else %}empty{% endfor %}"},
         lambda: {"xs": numbers()}),
    Case("autoescape of values of every kind",
         {"main.html": "{{ s }}{{ m }}{{ h }}{{ t }}{{ f }}{{ n }}{{ none }}{{ b }}{{ [s, m] }}{{ m + s }}{{ s | safe }}{{ m ~ s }}{{ '<' ~ s }}{{ '<' }}{{ f | string }}{{ s | e | e }}{{ m | forceescape }}"},
         lambda: {"s": HOSTILE, "m": Markup("<i>"), "h": Html(), "t": Text("x"), "f": Formatted(), "n": 5, "b": b"<"}),
    Case("values of every kind from around a loop",
         {"main.html": "{% extends 'base.html' %}{% block a %}{% for i in [1, 2] %}{{ s }}{{ m }}{{ h }}{{ t }}{{ f }}{{ n }}{{ none }}{{ b }}{{ yes }}{{ big }}{% include 'part.html' %}{% set s = 'own <' ~ i %}{{ s }}{% endfor %}{{ s }}{% endblock %}",
          "base.html": "{% set n = '<n>' %}{% for i in [1, 2] %}{{ s }}{{ n }}{% for s in [s, i] %}{{ s }}{{ n }}{% endfor %}{% autoescape false %}{{ s }}{% endautoescape %}{% endfor %}{% block a %}{% endblock %}",
          "part.html": "{{ s }}{{ i }}{{ n }}{% for node in [[[]], []] recursive %}{{ s }}{{ h }}{{ loop(node) }}{% endfor %}{% macro p(x) %}{% for j in [x, s] %}{{ j }}{{ x }}{{ s }}{% endfor %}{% endmacro %}{{ p(m) }}"},
         lambda: {"s": HOSTILE, "m": Markup("<i>"), "h": Html(), "t": Text("x"), "f": Formatted(), "n": 5, "b": b"<", "yes": True, "big": 10**50}),
    Case("no autoescape of values of every kind", {"main.html": "{{ s }}{{ m }}{{ h }}{{ t }}{{ f }}{{ b }}{{ m + s }}{{ s | e }}"},
         lambda: {"s": HOSTILE, "m": Markup("<i>"), "h": "h", "t": Text("x"), "f": Formatted(), "b": b"<"}, NO_ESCAPE),
    Case("callables that ask for context, eval context and environment",
         {"main.html": "{{ 'user' | from_context }}{{ 1 | escaping }}{{ 2 | env_start }}{{ find('user') }}{{ start(1) }}{{ obj.named() }}{{ obj.escaped() }}{% set user = 'set' %}{{ find('user') }}{{ ['user'] | map('from_context') | list }}{{ x is escaping }}{% include 'a.txt' %}",
          "a.txt": "{{ 1 | escaping }}{{ find('user') }}{{ obj.named() }}{{ x is escaping }}"}, lambda: {"user": "<u>", "obj": Method(), "x": 1}, with_callables),
    Case("globals give way to variables and sets", {"main.html": "{{ ns_of() }}{{ range(2) | list }}{% set range = 5 %}{{ range }}{% include 'i.html' %}{% import 'm.html' as m %}{{ m.f() }}", "i.html": "{{ range }}", "m.html": "{% macro f() %}{{ ns_of() }}{{ range(1) | list }}{% endmacro %}"},
         lambda: {"ns_of": lambda: "mine"}, with_callables),
    Case("attributes and items that misbehave", {"main.html": "{{ o.kept }}{{ o['kept'] }}{{ o.broken }}{{ o.other }}{{ o['x'] }}{{ d.nope }}{{ d['nope'] }}{{ d.items | string | length > 1 }}{{ e['items'] }}{{ o | attr('kept') }}"},
         lambda: {"o": Odd(), "d": Defaults(), "e": {"items": "shadowed"}}, ),
    Case("a property that raises KeyError", {"main.html": "{{ o.keyless }}"}, lambda: {"o": Odd()}),
    Case("slots, numbers and missing items", {"main.html": "{{ l[0] }}{{ l.0 }}{{ l[-1] }}{{ l[7] is defined }}{{ n.a.b }}{{ l[7] }}"}, lambda: {"l": [1, 2], "n": SimpleNamespace(a={"b": "<"})}),
    Case("finalize", {"main.html": "{{ y }}{{ x }}{{ z }}{% set s %}{{ x }}{% endset %}{{ s }}{{ m }}text"}, lambda: {"x": "<x>", "y": None, "z": 5, "m": Markup("<m>")}, environment(finalize=double, autoescape=True)),
    Case("a context class that sees every call", {"main.html": "{% extends 'base.html' %}{% from 'm.html' import f, g %}{% macro own(x) %}{{ x }}{% endmacro %}{% block b %}{{ super() }}{{ self.c() }}{{ own(1) }}{{ f(2) }}{% call f(3) %}c{{ own(4) }}{% endcall %}{% call g() %}d{% endcall %}{% for i in [1, 2] recursive %}{{ loop.cycle('a', 'b') }}{{ loop.index }}{% if i == 1 %}{{ loop([3]) }}{% endif %}{% endfor %}{{ _('hi') }}{% trans %}there{% endtrans %}{{ lipsum is callable }}{{ 'x'.upper() }}{% endblock %}{% block c %}{{ range(3)|list }}{{ joiner(',')() }}{% endblock %}", "base.html": "<{% block b %}base{{ x() }}{% endblock %}{% block c %}{% endblock %}>", "m.html": "{% macro f(x) %}f{{ x }}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}{% macro g() %}{{ caller() }}{{ caller() }}{% endmacro %}"}, lambda: {"x": lambda: "<x>"}, make=loud),
    *(
        Case(f"a sandbox keeps out: {text}", {"main.html": text}, lambda: {"f": double}, ImmutableSandboxedEnvironment)
        for text in ("{{ f.__globals__ }}", "{{ '{0.__class__}'.format(f) }}", "{{ f | attr('__globals__') }}x")
    ),
    *(Case(f"rows of {what}",
           {"main.html": "{% for x in xs %}<a{% if x.a %} title=\"{{ x.a }}\"{% endif %}>{{ x }}{{ y }}{{ loop.index }}{% if x == y %}={% elif loop.last %}{{ y.a }}{% endif %}</a>{{ loop.cycle(',', ';') }}{% endfor %}"
                         "{% for k, v in pairs %}{{ k }}={{ v.a }}{{ ', ' if not loop.last }}{% endfor %}{% include 'main.txt' %}", "main.txt": "{% for x in xs %}{{ x }}{{ x.a }}{% endfor %}"}, variables)
      for what, variables in (
          ("all types", lambda: {"xs": [{"a": "<"}, SimpleNamespace(a="&"), "text", Markup("<b>"), None, 1.5, Shown(iter(range(9)))], "y": {"a": "<y>"}, "pairs": {"<k>": {"a": 1}}.items()}),
          ("what has no such attribute", lambda: {"xs": [{"a": 1}, {}], "y": Undefined(name="y"), "pairs": [(1, 2)]}),
          ("what cannot be printed", lambda: {"xs": ["a", {"a": Undefined(name="z")}, jinja2.StrictUndefined(name="w")], "y": 1, "pairs": []}),
          ("what no plain type has", lambda: {"xs": iter("ab"), "y": 1, "pairs": zip("ab", [{"a": 1}], strict=False)}),
      )),
    *(Case(f"rows in which other code stands, of {what}", {
        "main.html": "{% import 'm.html' as m %}{% macro own(a) %}\n{{ a }}{% endmacro %}\n{% for x in xs %}\n{{ x.a }}{% for z in x.b %}\n{{ own(z) }}{{ z ~ y }}{% endfor %}\n{% include 'i.html' %}{% call m.box(x.a, loop.first) %}\n{{ x.keyless }}{{ own(x.a ~ '<') }}{% endcall %}\n{% endfor %}",
        "i.html": "\n{{ x.b }}{{ y }}\n{{ y.a }}", "m.html": "{% macro box(title, first=false) %}{% if first %}<{% endif %}\n{{ title }}{{ caller() }}{{ title }}{% endmacro %}"}, variables)
      for what, variables in (
          ("what is all there", lambda: {"xs": [{"a": "<", "b": "ab", "keyless": 1}, SimpleNamespace(a=1, b=[Markup("<i>"), None, 2.5], keyless="&")], "y": {"a": 1}}),
          ("what ends half-way", lambda: {"xs": [{"a": 1, "b": (1 // n for n in (1, 0))}], "y": 1}),
          ("what fails in a call block", lambda: {"xs": [Failing()], "y": {"a": 1}}),
          ("what fails in a macro", lambda: {"xs": [{"a": jinja2.StrictUndefined(name="w"), "b": "", "keyless": 1}], "y": {"a": 1}}),
          ("what cannot be joined", lambda: {"xs": [{"a": 1, "b": [jinja2.StrictUndefined(name="w")]}], "y": 1}),
      )),
)  # fmt: skip

FOLDER = ROOT / "tests" / "cases" / "render"
CASES = (*read_folder(FOLDER, NAMES), *PYTHON_CASES)
