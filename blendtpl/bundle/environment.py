"""The environment: which options, filters, tests and globals templates are compiled for and rendered with.

Enters: what a user gives as ``environment=``. Leaves: a `jinja2.Environment` and its fingerprint, the options
that emitted code depends on. Nothing here compiles or renders, and no environment is ever changed.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import jinja2
from jinja2 import ext
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.tests import TESTS
from jinja2.utils import pass_context, pass_environment, pass_eval_context

from blendtpl.bundle.flush import FlushExtension
from blendtpl.errors import ConfigError
from blendtpl.mail.content_id import cid

Kind = TypeVar("Kind", bound=jinja2.Environment)
EnvironmentSource = jinja2.Environment | Callable[[], jinja2.Environment] | str | None

_ESCAPED = (".html", ".htm", ".xhtml", ".xml", ".svg")
ENGINE_ENDINGS = (".jinja", ".jinja2", ".j2", ".tmpl", ".tpl")  # of names of files that a template engine reads
ENGINE_ENDING = f"(?:{'|'.join(map(re.escape, ENGINE_ENDINGS))})"  # the same as a pattern
_OF_ENGINES = re.compile(rf"{ENGINE_ENDING}+\Z")

# Extensions that only add tags: what would be a syntax error without them. All but the last are Jinja2's own.
EXTENSIONS = (ext.i18n, ext.do, ext.loopcontrols, FlushExtension)

# what ``_`` is until it is something else: `gettext`, looked up in the context
GETTEXT_ALIAS = getattr(ext, "_gettext_alias", None)

# Everything that changes what is parsed or emitted. The rest of an environment is bound when a bundle is loaded.
_OPTIONS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "line_statement_prefix",
    "line_comment_prefix",
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
    "keep_trailing_newline",
    "sandboxed",
    "is_async",
)

_LIVE = frozenset(("blendtpl.live", "blendtpl.live_metered"))
AS_JINJA2 = "_as_jinja2"  # what marks a method of ours that does what Jinja2's of that name does
_MARK = "jinja_pass_arg"  # where Jinja2's decorators leave their mark
_MARKED = {
    getattr(pass_context(lambda: None), _MARK): "context",
    getattr(pass_eval_context(lambda: None), _MARK): "eval_context",
    getattr(pass_environment(lambda: None), _MARK): "environment",
}


def without_engine_ending(name: str) -> str:
    """Return a name without what a template engine has its files end with: `body.html` for `body.html.j2`."""
    return _OF_ENGINES.sub("", name)


def autoescape_by_name(name: str | None) -> bool:
    """Return whether a template of that name escapes its output: names that end like HTML, XML or SVG do, with or
    without what names of templates end with, such as ``.j2``, before or behind that.
    """
    return name is not None and without_engine_ending(name.lower()).endswith(_ESCAPED)


def default_environment() -> jinja2.Environment:
    """Return a new environment with blendtpl's defaults.

    They are Jinja2's but for: autoescape by name, `StrictUndefined`, Jinja2's own extensions `i18n` (with null
    translations until others are passed or installed), `do` and `loopcontrols`, the tag `flush` for streams, and the
    global `cid` for messages.
    """
    return with_defaults(jinja2.Environment, {})


def with_defaults(kind: type[Kind], options: Mapping[str, Any]) -> Kind:
    """Return a new environment of that class with these options, and with blendtpl's defaults for all others."""
    defaults = {"autoescape": autoescape_by_name, "undefined": jinja2.StrictUndefined, "extensions": EXTENSIONS}
    environment = kind(**{**defaults, **options})
    if ext.InternationalizationExtension.identifier in environment.extensions:
        environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # the extension's own
    environment.globals["cid"] = cid  # of images that go with a message
    return environment


def resolve_environment(source: EnvironmentSource) -> jinja2.Environment:
    """Return the environment that `source` means.

    `source` is an environment, a callable that gives one, ``"module:name"`` of either, or `None` for blendtpl's
    defaults. Raises `ConfigError` when it is anything else.
    """
    if source is None:
        return default_environment()
    if isinstance(source, str):
        candidate = _import_named(source)
        shown = f"`{source}`"
    else:
        candidate, shown = source, "environment="
    if callable(candidate) and not isinstance(candidate, jinja2.Environment):
        candidate = candidate()
    if not isinstance(candidate, jinja2.Environment):
        raise ConfigError(f"{shown} is no jinja2.Environment and gives none, but a {type(candidate).__name__}")
    return candidate


def _import_named(source: str) -> Any:
    module_name, separator, attribute = source.partition(":")
    if not (separator and module_name and attribute):
        raise ConfigError(f'environment `{source}` is not of the form "module:name"')
    try:
        value: Any = importlib.import_module(module_name)
    except ImportError as error:
        raise ConfigError(f"environment `{source}`: cannot import `{module_name}`: {error}") from error
    for part in attribute.split("."):
        if not hasattr(value, part):
            raise ConfigError(f"environment `{source}`: `{module_name}` has no `{attribute}`")
        value = getattr(value, part)
    return value


def fingerprint(environment: jinja2.Environment) -> dict[str, Any]:
    """Return the options that emitted code depends on, as JSON values under stable names.

    Autoescape is not among them: it is a matter of each template, and the manifest has it there.
    """
    options: dict[str, Any] = {option: getattr(environment, option) for option in _OPTIONS}
    # a live environment is what it stands in for: a bundle that is compiled for one may be loaded for the other
    options["class"] = _qualified(next(kind for kind in type(environment).__mro__ if kind.__module__ not in _LIVE))
    options["undefined"] = _qualified(environment.undefined)
    options["context_class"] = _qualified(environment.context_class)
    options["finalize"] = environment.finalize and _qualified(environment.finalize)
    options["extensions"] = sorted(environment.extensions)
    options["policies"] = {name: _plain(value) for name, value in sorted(environment.policies.items())}
    options["intercepted"] = sorted(
        {*getattr(environment, "intercepted_binops", ()), *getattr(environment, "intercepted_unops", ())}
    )
    return options


def passed_argument(function: Any) -> str:
    """Return what a filter or test asks to be passed first: context, eval_context, environment, or nothing."""
    mark = getattr(function, _MARK, None)
    return "" if mark is None else _MARKED.get(mark, "")


def has_own_call(environment: jinja2.Environment) -> bool:
    """Return whether the contexts of an environment have a method of their own through which templates call."""
    return environment.context_class.call is not Context.call


def has_own_lookups(environment: jinja2.Environment) -> bool:
    """Return whether the contexts of an environment have a method of their own by which names are looked up."""
    method = environment.context_class.resolve_or_missing
    return method is not Context.resolve_or_missing and not hasattr(method, AS_JINJA2)


def prints_in_order(environment: jinja2.Environment) -> bool:
    """Return whether an extension asks that what a template prints is in its output before it calls anything."""
    return any(getattr(extension, "in_order", False) for extension in environment.extensions.values())


def is_own(environment: jinja2.Environment, kind: str, name: str) -> bool:
    """Return whether the filter or test (`kind`) of that name is Jinja2's own."""
    present, own = (environment.filters, FILTERS) if kind == "filter" else (environment.tests, TESTS)
    return name in own and present.get(name) is own[name]


def autoescape_of(environment: jinja2.Environment, name: str | None) -> bool:
    """Return whether `environment` escapes the output of the template of that name, or of one without."""
    autoescape = environment.autoescape
    return bool(autoescape(name) if callable(autoescape) else autoescape)


def _qualified(thing: Any) -> str:
    kind = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{kind.__module__}:{kind.__qualname__}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(inner) for inner in value)
    return value if value is None or isinstance(value, (str, int, float, bool)) else _qualified(value)
