"""Cases: what a template set, contexts and an environment come to in Jinja2 and in blendtpl."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes, sandbox
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.utils import internalcode
from markupsafe import Markup

import blendtpl
from testkit.passes import left_out
from tests.fuzz.values import echo, echo_later, find, make

EXTENSIONS = ("jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", blendtpl.FlushExtension)
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.IGNORECASE)
# how many items there are Jinja2 does not say where it is awaited, but prints a coroutine
_LOOP = re.compile(r"<AsyncLoopContext \d+/(?:\d+|<coroutine object AsyncLoopContext\.length at 0x0>)>")
_ITEM = re.compile(r"sequence item \d+")


class Angry(jinja2.Undefined):
    """A user's own kind."""

    def __str__(self) -> str:
        return f"<{self._undefined_name} is gone>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return f"<{self._undefined_name} called>"


class Sticky(Context):
    """A context with a name that is always there."""

    def resolve_or_missing(self, key: str) -> Any:
        return "<always>" if key == "c" else super().resolve_or_missing(key)


class Loud(Context):
    """A context that puts a mark around what a template calls."""

    @internalcode
    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # as Jinja2 has it
        result = super().call(__obj, *args, **kwargs)
        return Markup(f"({result})") if isinstance(result, str) else result


def brackets(value: Any) -> Any:
    return "<nothing>" if value is None else f"[{value}]" if isinstance(value, str) else value


@jinja2.pass_context
def named(context: Context, value: Any) -> Any:
    return Markup(f"{context.name}=") + str(value)


@jinja2.pass_eval_context
def flagged(eval_ctx: Any, value: Any) -> Any:
    return f"{bool(eval_ctx.autoescape)}:{value}"


@jinja2.pass_context
def of_context(context: Context, value: Any, *args: Any) -> str:
    return f"{value}@{context.name}:{context.get('a', '-')}"


@jinja2.pass_eval_context
def of_eval(eval_ctx: Any, value: Any, *args: Any) -> str:
    return f"<{value}:{bool(eval_ctx.autoescape)}>"


@jinja2.pass_environment
def of_environment(environment: jinja2.Environment, value: Any, *args: Any) -> str:
    return f"{value}{environment.block_start_string}"


@jinja2.pass_eval_context
def is_escaping(eval_ctx: Any, value: Any) -> bool:
    return bool(eval_ctx.autoescape)


@jinja2.pass_context
def is_known(context: Context, value: Any) -> bool:
    return isinstance(value, str) and value in context


class Rendering:
    """Has an environment of Jinja2's make what is undefined in a constant expression when the template renders, as
    blendtpl does where the class of that is a user's own. Jinja2 escapes its text when it compiles, by what holds
    outside of an `autoescape` tag that is decided at run time.
    """

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> Any:
        for node in source.find_all((nodes.Getattr, nodes.Getitem, nodes.Filter)):
            if not isinstance(node, nodes.Filter) or node.name in _LOOKING_UP:
                vars(node)["as_const"] = _impossible
        return super()._generate(source, *args, **kwargs)  # type: ignore[misc]


_LOOKING_UP = {name for name, function in FILTERS.items() if getattr(function, "jinja_pass_arg", None)}


def _impossible(eval_ctx: nodes.EvalContext | None = None) -> NoReturn:
    raise nodes.Impossible


UNDEFINED = {
    "Undefined": jinja2.Undefined,
    "StrictUndefined": jinja2.StrictUndefined,
    "ChainableUndefined": jinja2.ChainableUndefined,
    "DebugUndefined": jinja2.DebugUndefined,
    "Angry": Angry,
}
FINALIZE = {"": None, "brackets": brackets, "named": named, "flagged": flagged}
BASES = {
    "plain": (jinja2.Environment, blendtpl.Environment),
    "sandbox": (sandbox.SandboxedEnvironment, blendtpl.SandboxedEnvironment),
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of an environment, by names that can be printed, and the passes that its templates are compiled
    `without`. `escape` is on, off, or html for by name; `waits`: it is awaited, and so is some of what it is given.
    """

    escape: str = "html"
    undefined: str = "Undefined"
    finalize: str = ""
    base: str = "plain"
    context: str = ""
    newstyle: bool = True
    trim: bool = False
    optimized: bool = True
    without: tuple[str, ...] = ()
    waits: bool = False

    def environment(self, live: bool = False) -> jinja2.Environment:
        """Return a new environment of Jinja2's, or of blendtpl's."""
        kind = BASES[self.base][live]
        if self.undefined == "Angry" and not live:
            kind = type("rendering", (Rendering, kind), {})
        if self.context:
            kind = type(self.context, (kind,), {"context_class": {"sticky": Sticky, "loud": Loud}[self.context]})
        made: Any = kind(
            autoescape={"on": True, "off": False}.get(self.escape, lambda name: name is None or name.endswith("html")),
            undefined=UNDEFINED[self.undefined],
            finalize=FINALIZE[self.finalize],
            extensions=EXTENSIONS,
            trim_blocks=self.trim,
            lstrip_blocks=self.trim,
            optimized=self.optimized,
            enable_async=self.waits,
        )
        made.install_gettext_callables(
            lambda text, *args: text.replace("hello", "<salut>"),
            lambda one, many, count: one if count == 1 else many,
            newstyle=self.newstyle,
            pgettext=lambda context, text: f"{context}/{text}",
            npgettext=lambda context, one, many, count: f"{context}/{one if count == 1 else many}",
        )
        made.filters |= {"of_context": of_context, "of_eval": of_eval, "of_environment": of_environment}
        made.tests |= {"escaping": is_escaping, "known": is_known}
        made.globals |= {"shared": "<shared>", "e": 5, "echo": echo_later if self.waits else echo, "find": find}
        return made  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Case:
    """`main.html` of a template set, rendered with each of the contexts in turn."""

    title: str
    templates: Mapping[str, str]
    contexts: tuple[Mapping[str, str], ...] = ({},)
    options: Options = field(default_factory=Options)

    def __str__(self) -> str:
        """Return the case as the Python code that makes it."""
        templates = "".join(f"\n            {name!r}: {text!r}," for name, text in self.templates.items())
        contexts = "".join(f"\n            {dict(context)!r}," for context in self.contexts)
        given = [name for name in Options.__slots__ if getattr(self.options, name) != getattr(Options(), name)]
        options = ", ".join(f"{name}={getattr(self.options, name)!r}" for name in given)
        return (
            f"    Case(\n        {self.title!r},\n        {{{templates}\n        }},\n        ({contexts}\n        ),\n"
            f"        Options({options}),\n    ),"
        )


Outcome = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a side did instead of what Jinja2 does."""

    side: str
    expected: Outcome
    found: Outcome

    def __str__(self) -> str:
        return f"{self.side}:\n  jinja2:   {self.expected}\n  blendtpl: {self.found}"


def outcome(render: Callable[[], str]) -> Outcome:
    """Return the text, or Jinja2's class and message of what was raised instead."""
    try:
        return ("text", _LOOP.sub("<AsyncLoopContext>", _ADDRESS.sub("0x0", render())))
    except RecursionError:
        return ("RecursionError", "")  # how deep it went depends on the frames around
    except Exception as error:
        kinds = (kind for kind in type(error).__mro__ if not kind.__module__.startswith("blendtpl"))
        try:
            text = str(error.message if isinstance(error, jinja2.TemplateError) else error)
        except Exception as failing:  # a message may be a value that cannot be shown
            text = repr(failing)
        if isinstance(error, jinja2.TemplateSyntaxError):
            text = f"{text} at {error.name}:{error.lineno}"
        # what is joined, and so the number of what cannot be, depends on how much text goes out at a time
        text = text.replace("async generator raised", "generator raised")  # a word of Python's, of what a function is
        return (next(kinds).__qualname__, _ITEM.sub("sequence item", _ADDRESS.sub("0x0", text)))


def _forget(environment: jinja2.Environment) -> None:
    """Have no import without context remember anything of the renders before: in a bundle it does not."""
    for template in environment.cache.values():  # type: ignore[union-attr]  # these environments have one
        template._module = None


def _is_early(side: str, found: Outcome) -> bool:
    """Return whether a stream came upon something that is no text, from a `filter` block, before Jinja2 joins it."""
    return side == "stream" and found[1].startswith("sequence item: expected str instance")


def differences(case: Case) -> list[Difference]:
    """Return what blendtpl does differently."""
    with left_out(case.options.without):
        return _differences(case)


def _render(template: Any, recipe: Mapping[str, str]) -> str:
    return template.render(make(recipe))  # type: ignore[no-any-return]


def _stream(template: Any, recipe: Mapping[str, str]) -> str:
    return "".join(template.stream(make(recipe)))


def _render_later(template: Any, recipe: Mapping[str, str]) -> str:
    return asyncio.run(template.render_async(make(recipe, waits=True)))  # type: ignore[no-any-return]


def _stream_later(template: Any, recipe: Mapping[str, str]) -> str:
    async def pieces() -> str:
        return "".join([piece async for piece in template.stream_async(make(recipe, waits=True))])

    return asyncio.run(pieces())


def _differences(case: Case) -> list[Difference]:
    stock, live = case.options.environment(), case.options.environment(live=True)
    for environment in (stock, live):
        environment.loader = jinja2.DictLoader(dict(case.templates))
    broken = [outcome(lambda name=name: str(stock.get_template(name))) for name in case.templates]  # type: ignore[misc]
    if any(kind not in {"text", "TemplateSyntaxError", "TemplateAssertionError"} for kind, _ in broken):
        return []  # Jinja2's optimizer runs into the error of a constant expression, even where that would never run
    registry = None
    try:
        bundle = blendtpl.compile(case.templates, environment=case.options.environment())
        registry = blendtpl.load(bundle, environment=case.options.environment())
    except blendtpl.LinkError:
        pass  # a constant name of no template, an unguarded circle: blendtpl says so before anything renders
    except blendtpl.SourceError as error:
        if all(kind == "text" for kind, _ in broken):
            return [Difference("compile", ("text", "compiles"), ("SourceError", str(error)))]
    except Exception as error:
        return [Difference("compile", ("text", "compiles"), (type(error).__name__, str(error)))]
    else:
        wrong = [found for found in broken if found[0] != "text"]
        if wrong:
            return [Difference("compile", wrong[0], ("text", "compiles"))]
    found = []
    render = _render_later if case.options.waits else _render
    stream = _stream_later if case.options.waits else _stream
    for number, context in enumerate(case.contexts):
        _forget(stock)
        expected = outcome(lambda: render(stock.get_template("main.html"), context))  # noqa: B023
        sides: dict[str, Callable[[], str]] = {
            "Environment": lambda: render(live.get_template("main.html"), context),  # noqa: B023
        }
        if registry is not None:
            template = registry["main.html"]
            sides["bundle"] = lambda: render(template, context)  # noqa: B023
            sides["stream"] = lambda: stream(template, context)  # noqa: B023
        for side, rendering in sides.items():
            _forget(live)
            other = outcome(rendering)
            if other != expected and not _is_early(side, other):
                found.append(Difference(f"{side}, context {number}", expected, other))
    return found
