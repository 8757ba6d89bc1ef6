"""Scopes: what holds at one place of a template while it is lowered.

The scoping is Jinja2's own analysis (`jinja2.idtracking`), which says for every name in which Python variable it
is, and what that variable holds when its scope is entered (S1).
"""

from dataclasses import dataclass, replace
from typing import Any

from jinja2 import idtracking, nodes

from blendtpl.compiler.analysis.walk import Visitor


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope.

    `context` is the variable of the context. `loop` and `in_block`: whether what is set here is set by a round of a
    loop, or a block; `holders` are the dicts that have what has been set so. `soft`: whether it may never run (S2);
    `output_check`: whether a template prints only when it extends none. `function` numbers the function at hand, 0 for
    that of a template or block itself; `unset` are the arguments of a macro whose defaults are not yet looked at;
    `super_variable` is that of ``super``, where nothing else is set to it.
    """

    symbols: "Symbols"
    context: str = "context"
    toplevel: bool = False
    rootlevel: bool = False
    block: str | None = None
    loop: bool = False
    in_block: bool = False
    holders: frozenset[str] = frozenset()
    soft: bool = False
    output_check: bool = False
    breakable: bool = False
    in_macro: bool = False
    function: int = 0
    unset: frozenset[str] = frozenset()
    super_variable: str | None = None

    def inner(self, **changes: Any) -> "Scope":
        """Return a scope inside of this one."""
        own: dict[str, Any] = {"symbols": Symbols(self.symbols), "loop": False, "in_block": False}
        return replace(self, toplevel=False, rootlevel=False, soft=False, **{**own, **changes})

    def isolated(self, context: str) -> "Scope":
        """Return a scope that does not see the names of this one, but those of a context of its own."""
        return self.inner(symbols=Symbols(level=self.symbols.level + 1), context=context)

    def softened(self) -> "Scope":
        """Return this scope behind a condition: the same names, but what runs in it may never run (S2)."""
        return replace(self, soft=True, rootlevel=False)


class _FrameVisitor(Visitor, idtracking.FrameSymbolVisitor):
    """Jinja2's analysis of the names of one scope."""


class Symbols(idtracking.Symbols):
    """The names of one scope, as Jinja2 finds them, in less time. `imported` are those that are by now what nothing
    changes, each with the number of the function that was written then; `stays`: whether they are there as long as any
    function is that was made in the scope.
    """

    def __init__(self, parent: idtracking.Symbols | None = None, level: int | None = None) -> None:
        super().__init__(parent, level)
        self.imported: dict[str, tuple[tuple[str, str], int]] = {}
        self.stays = parent is None

    def origin(self, called: str, function: int) -> tuple[str, str] | None:
        """Return what was surely imported as a name, as far as code of a function can rely on that."""
        around: Any = self
        while around is not None and called not in around.refs:
            around = around.parent
        imported = around.imported.get(called) if around is not None else None
        return imported[0] if imported is not None and (around.stays or imported[1] == function) else None

    def analyze_node(self, node: nodes.Node, **kwargs: Any) -> None:
        """Find the names that are set and read in a node that has a scope of its own."""
        visitor = idtracking.RootVisitor(self)
        visitor.sym_visitor = _FrameVisitor(self)
        visitor.visit(node, **kwargs)
