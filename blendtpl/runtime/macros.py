"""Macros: Jinja2's objects for them, called in less time.

Enters: a macro, and what a template calls it with. Leaves: what Jinja2 gives for that, where output is escaped and
where it is not.
"""

from collections.abc import Callable
from typing import Any, cast

from jinja2.nodes import EvalContext
from jinja2.runtime import Macro
from jinja2.utils import missing
from markupsafe import Markup

_mark = cast("Callable[[type[Markup], str], Markup]", str.__new__)


def marked(text: str) -> Markup:
    """Return a text as markup; an exact string has nothing of what `Markup` looks for."""
    return _mark(Markup, text) if type(text) is str else Markup(text)  # noqa: S704  # which code of templates has escaped


def macro_text(macro: Macro, /, *args: Any, **kwargs: Any) -> str:
    """Return what a call gives where output is not escaped (M1)."""
    arguments = _ordered(macro, args, kwargs)
    return _general(macro, args, kwargs, escaped=False) if arguments is None else macro._func(*arguments)


def macro_markup(macro: Macro, /, *args: Any, **kwargs: Any) -> str:
    """Return what a call gives where output is escaped (E8)."""
    arguments = _ordered(macro, args, kwargs)
    return _general(macro, args, kwargs, escaped=True) if arguments is None else marked(macro._func(*arguments))


def _ordered(macro: Macro, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...] | list[Any] | None:
    """Return the arguments in the order of a macro's function, or `None` where there is more to say than that."""
    count = macro._argument_count
    if macro.catch_kwargs or macro.catch_varargs or macro.explicit_caller or len(args) > count:
        return None
    if len(args) == count and not kwargs and not macro.caller:
        return args
    used, arguments = 0, [*args]
    for name in macro.arguments[len(args) :]:
        value = kwargs.get(name, missing)
        used += name in kwargs
        arguments.append(value)
    if macro.caller:
        caller = kwargs.get("caller")
        if caller is None:
            return None
        used += 1
        arguments.append(caller)
    # a keyword of no argument is for Jinja2's own method to tell
    return arguments if used == len(kwargs) else None


def _general(macro: Macro, args: tuple[Any, ...], kwargs: dict[str, Any], *, escaped: bool) -> str:
    """Return what Jinja2's own method gives."""
    evaluation = object.__new__(EvalContext)
    evaluation.environment, evaluation.autoescape, evaluation.volatile = macro._environment, escaped, False
    return Macro.__call__(macro, evaluation, *args, **kwargs)
