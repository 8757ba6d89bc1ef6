"""Edits of the environment that a page is compiled with; the templates stay."""

from functools import partial
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from bench.cliffs.pair import Pair, Scene, edit, site, varied
from bench.cliffs.pairs.loops import CITY
from bench.cliffs.scenes import CARDS, LIST, OBJECTS, PAGE, TABLE
from blendtpl.bundle.environment import with_defaults


def sandboxed(kind: type[jinja2.Environment] = SandboxedEnvironment) -> jinja2.Environment:
    """Return a sandboxed environment with the options of all others."""
    return with_defaults(kind, {"trim_blocks": True, "lstrip_blocks": True})


def _none_is_empty(value: object) -> object:
    return "" if value is None else value


def _upper(value: str) -> str:
    return value.upper()


def _with_filter() -> jinja2.Environment:
    environment = site()
    environment.filters["upper"] = _upper
    return environment


def _with_global() -> jinja2.Environment:
    environment = site()
    environment.globals["version"] = "1.2"
    return environment


class OwnContext(Context):
    """A context of an application's own, which changes nothing."""


class OwnEnvironment(jinja2.Environment):
    """An environment of an application's own, whose contexts are of its own."""

    context_class = OwnContext


class Lookups(jinja2.Environment):
    """An environment that looks attributes up its own way, which is Jinja2's."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look up an attribute."""
        return super().getattr(obj, attribute)


class Marks(Extension):
    """A tag that the pages have none of."""

    tags = {"mark"}  # noqa: RUF012  # the type is Jinja2's

    def parse(self, parser: Parser) -> nodes.Node:
        """Parse the tag, as nothing."""
        return nodes.Output([], lineno=next(parser.stream).lineno)


def _own(kind: type[jinja2.Environment]) -> jinja2.Environment:
    return with_defaults(kind, {"trim_blocks": True, "lstrip_blocks": True})


def _by(name: str, differs: str, scene: Scene, make: Any) -> Pair:
    return edit(scene, name, differs, make=make)


_UPPER = varied(TABLE, (CITY, "<td>{{ order.code|upper }}</td>"))
_STOCK = ["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"]

PAIRS = (
    _by("a sandbox", "a table of dicts is rendered in a sandbox", TABLE, sandboxed),
    _by("a sandbox, objects", "a table of objects is rendered in a sandbox", OBJECTS, sandboxed),
    _by("a sandbox, macros", "a list with macros is rendered in a sandbox", LIST, sandboxed),
    _by("a sandbox, callers", "cards are rendered in a sandbox", CARDS, sandboxed),
    _by("a sandbox, blocks", "a page is rendered in a sandbox", PAGE, sandboxed),
    _by(
        "an immutable sandbox",
        "a table is rendered in an immutable sandbox",
        TABLE,
        partial(sandboxed, ImmutableSandboxedEnvironment),
    ),
    _by(
        "finalize",
        "`None` is printed as nothing, by `finalize`; there is none",
        TABLE,
        partial(site, finalize=_none_is_empty),
    ),
    _by("finalize, macros", "the same, of a list with macros", LIST, partial(site, finalize=_none_is_empty)),
    _by("finalize, blocks", "the same, of a page", PAGE, partial(site, finalize=_none_is_empty)),
    _by("autoescape always", "all is escaped, whatever a template is called", TABLE, partial(site, autoescape=True)),
    _by("autoescape never", "nothing is escaped; nothing needs it", TABLE, partial(site, autoescape=False)),
    _by(
        "autoescape by a function",
        "a function of the application says what is escaped",
        TABLE,
        partial(site, autoescape=lambda name: True),
    ),
    _by(
        "another undefined",
        "what is undefined is printed as nothing; nothing is",
        TABLE,
        partial(site, undefined=jinja2.Undefined),
    ),
    _by(
        "a chainable undefined",
        "what is undefined may be asked for attributes; nothing is",
        PAGE,
        partial(site, undefined=jinja2.ChainableUndefined),
    ),
    _by("a filter by the name of one of Jinja2's", "the environment has its own `upper`", _UPPER, _with_filter),
    _by("a global more", "the environment has another global", TABLE, _with_global),
    _by("a context class", "contexts are of a class of the application's own", TABLE, partial(_own, OwnEnvironment)),
    _by("own lookups", "attributes are looked up by a method of the application's own", TABLE, partial(_own, Lookups)),
    _by(
        "an extension more",
        "the environment has another tag, which is not used",
        TABLE,
        partial(site, extensions=[*_STOCK, Marks]),
    ),
    _by(
        "without an optimizer",
        "constants are not worked out when a template is compiled",
        TABLE,
        partial(site, optimized=False),
    ),
)
