"""Translations: what emitted code calls for `gettext` and its like.

Enters: what a template calls, and with what. Leaves: the translated text with its variables in it, or what any other
function gives. `blendtpl.runtime._speedups` has `translation` in C.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import jinja2
from jinja2.utils import missing

from blendtpl.bundle.abi import Translation
from blendtpl.bundle.environment import GETTEXT_ALIAS
from blendtpl.runtime.calls import UNMARKED, stopped
from blendtpl.runtime.frame import true_context
from blendtpl.runtime.gettext import formatted, shape_of
from blendtpl.runtime.output import escape_str
from blendtpl.runtime.speedups import callee, escape_any, translation


def translated(
    frame: Any, function: Any, /, *texts: Any, _loop_vars: Any = None, _block_vars: Any = None, **variables: Any
) -> Any:
    """Return what a `gettext` function gives: Jinja2's new-style ones by `blendtpl.runtime.gettext`, others as any
    call.
    """
    if function is GETTEXT_ALIAS:
        function = true_context(frame).resolve("gettext")
    shape = shape_of(function)
    if shape is None or len(texts) != shape[0]:
        return callee(frame, function, _loop_vars, _block_vars)(*texts, **variables)
    context = true_context(frame)
    _, in_context, number = shape
    if in_context:
        variables.setdefault("context", texts[0])
    if number:
        variables.setdefault("num", texts[-1])  # (T4)
    try:
        text = callee(context, function.__closure__[0].cell_contents)(*texts)
    except StopIteration:
        text = stopped(context.environment.undefined)
    return formatted(text, variables, context.eval_ctx.autoescape, escape_str)


def bind_translator(environment: jinja2.Environment, called: str, count: str) -> Callable[[bool, Any, Any], list[Any]]:
    """Return what makes the translator of a function that a template calls with so many arguments, of what the context
    has for its name, and for `gettext`, which ``_`` looks up; of the function that the environment has, it is known.
    `sure`: whether output is escaped where it was compiled to be.
    """
    own_function, texts = environment.globals.get("gettext" if called == "_" else called), int(count)
    own = _behind(own_function, texts)

    def translator(sure: bool, function: Any, gettext: Any) -> list[Any]:
        found = gettext if function is GETTEXT_ALIAS else function
        translate = None if not sure else own if found is own_function else _behind(found, texts)
        undefined = environment.undefined
        if found is missing:
            found = undefined(name=called if function is missing else "gettext")
        return [found, translate, undefined, translated_otherwise]

    return translator


def _behind(function: Any, count: int) -> Any:
    """Return what a new-style `gettext` function with so many arguments asks for translations, when it is one of
    Jinja2's, and that is a plain function.
    """
    shape = shape_of(function)
    if shape is None or shape[0] != count:
        return None
    translate = function.__closure__[0].cell_contents
    return translate if type(translate) in UNMARKED and not hasattr(translate, "jinja_pass_arg") else None


def raw_gettext(undefined: Any, translate: Any, *arguments: Any) -> Any:
    """Return what a function that `behind` found gives, if any."""
    try:
        return None if translate is None else translate(*arguments)
    except StopIteration:
        return stopped(undefined)


def translated_otherwise(given: Sequence[Any], text: Any = missing) -> Any:
    """Return what `translation` does not make by itself, of all that it was given. `text` is what the translator gave,
    unless there is none, or it has raised `StopIteration` (U4).
    """
    (function, translate, undefined, _), frame, (flags, *names), *arguments = given
    scopes = {}
    if flags & Translation.SCOPED:
        loop_vars, block_vars, *arguments = arguments
        scopes = {"_loop_vars": loop_vars, "_block_vars": block_vars}
    count = len(arguments) - len(names)
    texts, variables = arguments[:count], dict(zip(names, arguments[count:], strict=True))
    escaped = bool(flags & Translation.ESCAPED)
    if translate is None:
        try:
            value = translated(frame, function, *texts, **variables, **scopes)
        except StopIteration:
            value = stopped(undefined)
    else:
        if flags & Translation.IN_CONTEXT:
            variables.setdefault("context", texts[0])
        if flags & Translation.NUMBERED:
            variables.setdefault("num", texts[-1])
        value = formatted(stopped(undefined) if text is missing else text, variables, escaped, escape_str)
    if not flags & Translation.PRINTED:
        return value
    return escape_any(value) if escaped else "".join((str(value),))  # an exact text, whatever `__str__` gives


# what emitted code finds under these names
NAMES: MappingProxyType[str, Any] = MappingProxyType(
    {helper.__name__: helper for helper in (translation, translated, translated_otherwise, raw_gettext)}
)
