"""Calls: what a template calls, given what it asks to be passed first.

Enters: a frame, a function of anybody's, and arguments. Leaves: what `jinja2.runtime.Context.call` gives, or what it
would call. `blendtpl.runtime._speedups` has `callee`, `invoked` and `safely_invoked` in C, which go on here with what
asks to be passed something, and with what is no plain function.
"""

from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.runtime import Macro

from blendtpl.bundle.environment import passed_argument
from blendtpl.runtime.frame import evaluation, true_context
from blendtpl.runtime.macros import macro_markup, macro_text
from blendtpl.runtime.safe import CALLABLE
from blendtpl.runtime.traceback import STOPPED

UNMARKED = frozenset((FunctionType, BuiltinFunctionType, MethodType))  # unless they have a mark of their own


def callee(frame: Any, function: Any, _loop_vars: Any = None, _block_vars: Any = None) -> Callable[..., Any]:
    """Return what to call for a function of a template: itself, or with what it asks to be passed first.

    These are the rules of `jinja2.runtime.Context.call`.
    """
    if type(function) in UNMARKED and not hasattr(function, "jinja_pass_arg"):
        return function  # type: ignore[no-any-return]
    if type(function) is Macro:
        return partial(macro_markup if evaluation(frame).autoescape else macro_text, function)
    if hasattr(function, "__call__") and passed_argument(function.__call__):  # noqa: B004  # as Jinja2 asks
        function = function.__call__
    argument = passed_argument(function)
    if not argument:
        return function  # type: ignore[no-any-return]
    context = true_context(frame)
    if argument == "eval_context":
        return partial(function, context.eval_ctx)
    if argument == "environment":
        return partial(function, context.environment)
    if _loop_vars:
        context = context.derived(_loop_vars)
    if _block_vars:
        context = context.derived(_block_vars)
    return partial(function, context)


def safe_callee(
    environment: Any, frame: Any, function: Any, _loop_vars: Any = None, _block_vars: Any = None
) -> Callable[..., Any]:
    """Return what `callee` does for what a sandbox lets a template call; see `SandboxedEnvironment.call`."""
    is_safe = environment.is_safe_callable
    # of these none can say that it is not to be called
    known = type(function) is BuiltinFunctionType and getattr(is_safe, "__func__", None) is CALLABLE
    if not known and not is_safe(function):
        raise SecurityError(f"{function!r} is not safely callable")
    return callee(frame, function, _loop_vars, _block_vars)


def safely_invoked(
    environment: Any, frame: Any, _loop_vars: Any, _block_vars: Any, function: Any, /, *arguments: Any, **keywords: Any
) -> Any:
    """Return what `invoked` does in a sandbox."""
    called = safe_callee(environment, frame, function, _loop_vars, _block_vars)
    try:
        return called(*arguments, **keywords)
    except StopIteration:
        return stopped(environment.undefined)


def invoked(frame: Any, _loop_vars: Any, _block_vars: Any, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """Return what a call of a template gives, or something undefined where that raises `StopIteration` (U4)."""
    try:
        return callee(frame, function, _loop_vars, _block_vars)(*arguments, **keywords)
    except StopIteration:
        return stopped_in(frame)


def stopped_in(frame: Any) -> Any:
    """Return what `invoked` gives for what raised `StopIteration`."""
    return stopped(true_context(frame).environment.undefined)


def stopped(undefined: Any) -> Any:
    """Return what Jinja2 makes of a call that raised `StopIteration` (U4)."""
    return undefined(STOPPED)
