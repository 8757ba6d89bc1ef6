"""Exports: what the top level of a template sets, and how whoever sees its context gets to know.

Enters: names and values, in the order in which they are set. Leaves: statements that put them into the slots of the
scope, or into the context; and, before anything that may ask for a context, one that tells the context which was made
of the scope.
"""

import ast
from collections.abc import Mapping

from blendtpl.bundle import abi
from blendtpl.compiler.codegen.pyast import attribute, call, const, is_not, item, name
from blendtpl.compiler.codegen.writer import Writer


class Stores:
    """Writes what is set; `slots` is where a frame has it, `None` for code that runs with a context."""

    def __init__(self, code: Writer, slots: Mapping[str, int] | None) -> None:
        self._code, self._slots = code, slots
        self._unpublished: list[list[str]] = []  # what no context was told, in runs of which every other is exported

    @property
    def waits(self) -> bool:
        """Whether anything has been set that a context was not told."""
        return bool(self._unpublished)

    def publish(self, called: str, variable: str, *, export: bool) -> None:
        """Write that a name has been set to what a variable holds."""
        value = name(variable)
        if self._slots is None:
            self._code.do(call("publish", name("context"), const(called), value, const(export)))
            return
        for slot in (called, f"{called}="):
            if slot in self._slots:
                at = ast.Subscript(name("context"), const(self._slots[slot]), ast.Store())
                self._code.add(ast.Assign([at], value))
        while not self._unpublished or len(self._unpublished) % 2 == export:
            self._unpublished.append([])
        self._unpublished[-1].append(called)

    def tell(self) -> None:
        """Write that a context which was made of the scope is told: whatever is next may ask it (S9)."""
        if self._unpublished:
            has_context = is_not(item(name("context"), const(0)), None)
            runs = [const(tuple(run)) for run in self._unpublished]
            publish_all = call("publish_set", name("context"), attribute(name(abi.SELF), "stores"), *runs)
            self._unpublished = []
            self._code.add(ast.If(has_context, [ast.Expr(publish_all)], []))
