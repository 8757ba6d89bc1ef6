"""Contexts: Jinja2's context, made so that making one costs little, and what holds for the whole of one render.

Enters: variables. Leaves: contexts. A context is Jinja2's own class to everybody who is passed one.
"""

from collections.abc import Callable, Mapping
from itertools import repeat
from operator import is_
from typing import Any

import jinja2
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.utils import missing

from blendtpl.bundle.environment import AS_JINJA2

Blocks = Mapping[str, Any]


class Render:
    """One render: the modules of its imports, and the contexts that have to be emptied when it is over.

    A context whose template sets something may come to hold a macro, which holds the context. Emptied, neither waits
    for the garbage collector.
    """

    __slots__ = ("_cleanups", "modules")

    def __init__(self) -> None:
        self._cleanups: list[Callable[[], object]] | None = None
        self.modules: dict[jinja2.Template, TemplateModule] | None = None

    def keep(self, empty: Callable[[], object]) -> None:
        """Have something emptied when the render is over, by a function."""
        if self._cleanups is None:
            self._cleanups = []
        self._cleanups.append(empty)

    def finish(self) -> None:
        """Empty what was kept for a render that is over."""
        self.modules = None
        if self._cleanups is not None:
            for empty in self._cleanups:
                empty()
            self._cleanups = None


class FastContext(Context):
    """A context that makes what few templates ask of it only when they do.

    `seen` looks names up in all that the context has; emitted code sets it to `None` when it sets a name. `given` are
    the variables of a render, which nobody changes; `parent` is made of these and the globals when it is asked for:
    most functions that are passed a context look up one name.
    """

    render: Render | None = None
    seen: Callable[[str, Any], Any] | None = None
    given: Mapping[str, Any] | None = None
    _globals: Mapping[str, Any] | None

    @classmethod
    def of_variables(
        cls,
        environment: jinja2.Environment,
        name: str | None,
        blocks: Mapping[str, Any] | None,
        globals: Mapping[str, Any],
        given: Mapping[str, Any] | None,
    ) -> "FastContext":
        """Return a context of variables, which have `missing` where there is none of that name."""
        context = cls.__new__(cls)  # without what `__init__` would make
        context.environment, context.name, context.blocks = environment, name, blocks  # type: ignore[assignment]
        context._globals, context.given, context.vars = globals, given, {}
        return context

    def __init__(
        self,
        environment: jinja2.Environment,
        parent: dict[str, Any],
        name: str | None,
        blocks: Blocks,
        globals: Mapping[str, Any] | None = None,
    ) -> None:
        self.parent = parent
        self.vars = {}
        self.environment = environment
        self.exported_vars = set()
        self.name = name
        self._globals = globals
        self.blocks = {name: [block] for name, block in blocks.items()}

    def __getattr__(self, attr: str) -> Any:
        value: Any
        if attr == "parent" and self.given is not None:
            value = {**(self._globals or {}), **self.given}
            if any(map(is_, self.given.values(), repeat(missing))):
                value = {name: each for name, each in value.items() if each is not missing}
        elif attr == "eval_ctx":
            value = EvalContext(self.environment, self.name)
        elif attr == "globals_keys":
            value = set(self._globals or ())
        elif attr == "exported_vars":
            value = set()
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {attr!r}")
        setattr(self, attr, value)
        return value

    def resolve_or_missing(self, key: str) -> Any:
        """Return what the context has under a name, or `missing`."""
        if self.given is None:
            return super().resolve_or_missing(key)
        if key in self.vars:
            return self.vars[key]
        if key in self.given:
            return self.given[key]
        return (self._globals or {}).get(key, missing)

    setattr(resolve_or_missing, AS_JINJA2, True)

    def empty(self) -> None:
        """Let go of what the template has set, which may hold this context."""
        self.vars.clear()
        self.seen = None

    def derived(self, locals: dict[str, Any] | None = None) -> Context:
        """Return a context of the same template that sees more, and belongs to the same render."""
        context = super().derived(locals)
        if isinstance(context, FastContext):
            context.render = self.render
        return context


# to whoever asks what it is, it is Jinja2's
FastContext.__name__ = FastContext.__qualname__ = "Context"
FastContext.__module__ = "jinja2.runtime"


_LOOKUPS = (Context.resolve_or_missing, FastContext.resolve_or_missing)


def render_of(context: Context) -> Render | None:
    """Return the render that a context belongs to, if it does."""
    return getattr(context, "render", None)


def emptier(context: Context) -> Callable[[], object]:
    """Return what has a context let go of all that its template has set, which may hold it."""
    return context.empty if isinstance(context, FastContext) else context.vars.clear


def reader(context: Context) -> Callable[[str, Any], Any]:
    """Return a function that looks a name up in a context: it takes the name and what to return for none."""
    if type(context) is FastContext:
        # one dict in place of two, so that a look-up is one call in C
        if context.seen is None:
            if not context.vars:
                return context.parent.get
            context.seen = {**context.parent, **context.vars}.get
        return context.seen
    if type(context).resolve_or_missing not in _LOOKUPS:
        return lambda name, default: context.resolve_or_missing(name)
    return {**context.parent, **context.vars}.get


__all__ = ["FastContext", "Render", "emptier", "reader", "render_of"]
