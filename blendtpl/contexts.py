"""Contexts: Jinja2's context, made so that making one costs little, and what holds for the whole of one render.

Enters: variables. Leaves: contexts. A context is Jinja2's own class to everybody who is passed one.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context

Blocks = Mapping[str, Any]


class Render:
    """One render: the modules of its imports, and the contexts that have to be emptied when it is over.

    A context whose template sets something may come to hold a macro, which holds the context. Emptied, neither waits
    for the garbage collector.
    """

    __slots__ = ("contexts", "modules")

    def __init__(self) -> None:
        self.contexts: list[Context] = []
        self.modules: dict[jinja2.Template, TemplateModule] = {}

    def finish(self) -> None:
        """Empty the contexts of a render that is over."""
        for context in self.contexts:
            context.vars.clear()
        self.contexts.clear()
        self.modules.clear()


class FastContext(Context):
    """A context that makes what few templates ask of it only when they do."""

    render: Render | None = None
    _globals: Mapping[str, Any] | None

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
        if attr == "eval_ctx":
            self.eval_ctx = EvalContext(self.environment, self.name)
        elif attr == "globals_keys":
            self.globals_keys = set(self._globals or ())
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {attr!r}")
        return self.__dict__[attr]

    def derived(self, locals: dict[str, Any] | None = None) -> Context:
        """Return a context of the same template that sees more, and belongs to the same render."""
        made = super().derived(locals)
        if isinstance(made, FastContext):
            made.render = self.render
        return made


# to whoever asks what it is, it is Jinja2's
FastContext.__name__ = FastContext.__qualname__ = "Context"
FastContext.__module__ = "jinja2.runtime"


def render_of(context: Context) -> Render | None:
    """Return the render that a context belongs to, if it does."""
    return getattr(context, "render", None)


def reader(context: Context) -> Callable[[str, Any], Any]:
    """Return a function that looks a name up in a context: it takes the name and what to return for none."""
    if type(context).resolve_or_missing is not Context.resolve_or_missing:
        return lambda name, default: context.resolve_or_missing(name)
    return {**context.parent, **context.vars}.get if context.vars else context.parent.get


__all__ = ["FastContext", "Render", "reader", "render_of"]
