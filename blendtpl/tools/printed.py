"""Printed: what templates print that nobody wants to read: bytes as ``b'…'``, coroutines, functions, addresses.

Enters: an environment, and contexts. Leaves: what was printed by accident, and where. It is Jinja2 that renders
here: its `finalize` is given every value that is printed, and called from the line that prints it.
"""

import copy
import functools
import html
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import BuiltinFunctionType, FrameType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

import jinja2
from jinja2.runtime import Context, Macro

from blendtpl.bundle.environment import passed_argument
from blendtpl.live import _Live
from blendtpl.runtime.linked_environment import LinkedEnvironment
from blendtpl.tools.contexts import Make

_ADDRESS = re.compile(r"(?:<|&lt;)[^<>&\n]{1,200} at 0x[0-9a-f]{6,}(?:>|&gt;)", re.IGNORECASE)
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, functools.partial)
_CONTAINERS = (list, tuple, set, frozenset, dict)
_WATCHED = 4  # contexts of a template that are looked at


@dataclass(frozen=True, slots=True, order=True)
class Printed:
    """What a template prints by accident, and what to do about it. `line` is 0 where it is not known."""

    template: str
    line: int
    what: str
    remedy: str
    context: str

    def __str__(self) -> str:
        place = f"`{self.template}`, line {self.line}," if self.line else f"`{self.template}`"
        return f"{place} prints {self.what}, with {self.context}: {self.remedy}"


class Watch:
    """Renders with an environment like another, and notes what is printed by accident."""

    def __init__(self, environment: jinja2.Environment, loader: jinja2.BaseLoader) -> None:
        self._environment = copy_of(environment, loader, stock_class(environment))
        self._environment.finalize = self._noting(self._environment.finalize)
        self._printed: dict[tuple[str, int, str], Printed] = {}
        self._context = ""
        self._counts: dict[str, int] = {}

    @property
    def printed(self) -> tuple[Printed, ...]:
        """What was printed by accident, each once for a line of a template."""
        return tuple(sorted(self._printed.values()))

    def render(self, name: str, context: str, make: Make) -> None:
        """Render a template that is known to render with that context, if it has not been rendered with many."""
        if self._counts.setdefault(name, 0) >= _WATCHED:
            return
        self._counts[name] += 1
        self._context, self._noted = context, False
        try:
            text = self._environment.get_template(name).render(make())
        except Exception:  # it is not here that errors are told
            return
        if not self._noted and (hidden := _ADDRESS.search(text)):  # made into a text before it was printed
            shown = re.sub(r"0x[0-9a-f]+", "0x…", html.unescape(hidden[0]), flags=re.IGNORECASE)
            self._add(name, 0, f"`{shown}`", "print what is meant of that value")

    def _noting(self, finalize: Callable[..., Any] | None) -> Callable[..., Any]:
        passed = passed_argument(finalize)

        @jinja2.pass_context  # whose values are not known when a template is compiled, so that all of them come here
        def noted(context: Context, value: Any) -> Any:
            if finalize is not None:
                first = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}
                value = finalize(first[passed], value) if passed else finalize(value)
            if type(value) is not str and (finding := _finding(value)):
                self._note(sys._getframe(1), *finding)
            return value

        return noted

    def _note(self, frame: FrameType, what: str, remedy: str) -> None:
        name, lines = frame.f_globals.get("name"), frame.f_globals.get("debug_info")
        if not (isinstance(name, str) and isinstance(lines, str)):
            return
        line = 0
        for pair in filter(None, lines.split("&")):  # in the order of the code
            at, _, code = pair.partition("=")
            if int(code) <= frame.f_lineno:
                line = int(at)
        self._add(name, line, what, remedy)

    def _add(self, name: str, line: int, what: str, remedy: str) -> None:
        self._noted = True
        self._printed.setdefault((name, line, what), Printed(name, line, what, remedy, self._context))


def _finding(value: Any) -> tuple[str, str] | None:
    """Return what a value is that is hardly meant to be printed, and what to do; `None` for all others."""
    if isinstance(value, (str, int, float)) or value is None:
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{type(value).__name__} as `{'b' if type(value) is bytes else type(value).__name__}'…'`", (
            "decode them first, as by `.decode()`"
        )
    if inspect.isawaitable(value):
        return f"a {type(value).__name__}", "await it, and pass what it gives to the template"
    if isinstance(value, GeneratorType) or inspect.isasyncgen(value):
        return "a generator", "loop over it, or use `|join`"
    if isinstance(value, Macro):
        return f"the macro `{value.name}`", f"call it: `{value.name}()`"
    if isinstance(value, _FUNCTIONS):
        name = getattr(value, "__name__", "")
        return f"the function `{name}`" if name else "a function", "call it, with `()` behind its name"
    if isinstance(value, (type, ModuleType)):
        return f"the {type(value).__name__} `{value.__name__}`", "print what is meant of it"
    return None if hasattr(type(value), "__html__") else _finding_by_text(value)


def _finding_by_text(value: Any) -> tuple[str, str] | None:
    try:
        text = str(value)
    except Exception:  # which is for rendering to raise
        return None
    kind = type(value).__qualname__
    if isinstance(value, _CONTAINERS):
        parts = [*value, *(value.values() if isinstance(value, dict) else ())]
        if any(isinstance(part, (bytes, bytearray)) for part in parts):
            return f"bytes in a {kind}", "decode them first, as by `.decode()`"
    if _ADDRESS.search(text):
        return f"a value of type {kind} by its address", "print one of its attributes, or give its class a `__str__`"
    return None


@contextmanager
def coroutines_unawaited() -> Iterator[None]:
    """Let coroutines that are printed go without a warning of Python's: what is printed is told with its place."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"coroutine .* was never awaited", RuntimeWarning)
        yield


def stock_class(environment: jinja2.Environment) -> type[jinja2.Environment]:
    """Return the class of an environment, or one that does the same by Jinja2's own compiler and from a loader."""
    kind = type(environment)
    if issubclass(kind, LinkedEnvironment):  # that of a registry, which has its templates already
        kind = next(
            base
            for base in kind.__mro__
            if issubclass(base, jinja2.Environment) and not issubclass(base, LinkedEnvironment)
        )
    if not issubclass(kind, _Live):
        return kind
    own = {"compile": jinja2.Environment.compile, "template_class": jinja2.Template, "context_class": Context}
    return type(kind.__name__, (kind,), own)


def copy_of(
    environment: jinja2.Environment, loader: jinja2.BaseLoader, kind: type[jinja2.Environment]
) -> jinja2.Environment:
    """Return an environment of that class with the same options, filters, tests and globals, and another loader."""
    copied = object.__new__(kind)
    for name, value in vars(environment).items():
        if name not in {"context_class", "template_class"}:
            setattr(copied, name, copy.copy(value) if type(value) in {dict, list, set} else value)
    copied.policies = dict(environment.policies)
    copied.loader, copied.bytecode_cache, copied.cache = loader, None, {}
    copied.auto_reload, copied.shared = False, False
    copied.extensions = {name: extension.bind(copied) for name, extension in environment.extensions.items()}
    return copied
