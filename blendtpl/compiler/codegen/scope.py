"""Scopes: what holds at one place of a template while it is being emitted.

The scoping is Jinja2's own analysis (`jinja2.idtracking`), which says for every name in which Python variable it
is, and what that variable holds when its scope is entered (S1).
"""

from dataclasses import dataclass, replace
from typing import Any

from jinja2 import idtracking, nodes

from blendtpl.compiler.analysis.walk import Visitor


@dataclass(frozen=True, slots=True)
class Descent:
    """How a recursive loop goes down: the variables of the function to call, and of how deep it is."""

    render: str
    depth: str


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop whose `loop` is counters: the variables of its number, which counts from 1, of what it iterates over,
    and of what knows what is to come of these, which is there unless that is a tuple.
    """

    number: str
    items: str
    ahead: str
    descent: Descent | None = None


@dataclass(slots=True)
class Scope:
    """A scope.

    `out` is the variable of the list that output is appended to; `streams`: whether it is the function's own, so
    that the function may yield to whoever wants the output in pieces. Where it is that of whoever calls, and Jinja2
    makes a text first, `unsure` is the variable of a list of what may be no text. `context` is the variable of the
    context.
    """

    symbols: "Symbols"
    out: str = "out"
    streams: bool = True
    unsure: str = ""
    context: str = "context"
    toplevel: bool = False
    rootlevel: bool = False
    block: str | None = None
    loop: bool = False
    in_block: bool = False
    soft: bool = False
    output_check: bool = False
    counted: Loop | None = None

    def inner(self, *, isolated: bool = False) -> "Scope":
        """Return the frame of a scope inside of this one; an isolated one does not see its names."""
        symbols = Symbols(level=self.symbols.level + 1) if isolated else Symbols(self.symbols)
        return Scope(
            symbols,
            out=self.out,
            streams=self.streams,
            unsure=self.unsure,
            context=self.context,
            block=self.block,
            output_check=self.output_check,
        )

    def softened(self) -> "Scope":
        """Return this frame behind a condition: the same scope, but what runs in it may never run (S2)."""
        return replace(self, soft=True, rootlevel=False)


class _FrameVisitor(Visitor, idtracking.FrameSymbolVisitor):
    """Jinja2's analysis of the names of one scope."""


class Symbols(idtracking.Symbols):
    """The names of one scope, as Jinja2 finds them, in less time. `imported` are those that are by now what nothing
    changes, each with the function that was written then; `stays`: whether they are there as long as any function is
    that was made in the scope.
    """

    def __init__(self, parent: idtracking.Symbols | None = None, level: int | None = None) -> None:
        super().__init__(parent, level)
        self.imported: dict[str, tuple[tuple[str, str], object]] = {}
        self.stays = parent is None

    def origin(self, called: str, function: object) -> tuple[str, str] | None:
        """Return what was surely imported as a name, as far as code of a function can rely on that."""
        around: Any = self
        while around is not None and called not in around.refs:
            around = around.parent
        imported = around.imported.get(called) if around is not None else None
        return imported[0] if imported is not None and (around.stays or imported[1] is function) else None

    def analyze_node(self, node: nodes.Node, **kwargs: Any) -> None:
        """Find the names that are set and read in a node that has a scope of its own."""
        visitor = idtracking.RootVisitor(self)
        visitor.sym_visitor = _FrameVisitor(self)
        visitor.visit(node, **kwargs)
