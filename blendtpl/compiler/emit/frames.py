"""Frames: what holds at one place of a template while it is being emitted.

The scoping is Jinja2's own analysis (`jinja2.idtracking`), which says for every name in which Python variable it
is, and what that variable holds when its scope is entered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jinja2 import nodes
from jinja2.idtracking import Symbols


@dataclass(frozen=True, slots=True)
class Descent:
    """How a recursive loop goes down: the variables of the function to call, and of how deep it is."""

    render: str
    depth: str


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop whose `loop` is counters: the variables of its number, which counts from 1, of what it iterates over,
    and of Jinja2's loop object, which is there when that is neither list nor tuple.
    """

    number: str
    items: str
    ahead: str
    descent: Descent | None = None


@dataclass(slots=True)
class Frame:
    """A scope.

    `out` is the variable of the list that output is appended to; `streams`: whether it is the function's own, so
    that the function may yield to whoever wants the output in pieces. `context` is the variable of the context.
    """

    symbols: Symbols
    out: str = "out"
    streams: bool = True
    context: str = "context"
    toplevel: bool = False
    rootlevel: bool = False
    block: str | None = None
    loop: bool = False
    in_block: bool = False
    soft: bool = False
    output_check: bool = False
    counted: Loop | None = None

    def inner(self, *, isolated: bool = False) -> "Frame":
        """Return the frame of a scope inside of this one; an isolated one does not see its names."""
        symbols = Symbols(level=self.symbols.level + 1) if isolated else Symbols(self.symbols)
        return Frame(
            symbols,
            out=self.out,
            streams=self.streams,
            context=self.context,
            block=self.block,
            output_check=self.output_check,
        )

    def softened(self) -> "Frame":
        """Return this frame behind a condition: the same scope, but what runs in it may never run."""
        return replace(self, soft=True, rootlevel=False)


def undeclared(body: Iterable[nodes.Node], names: Iterable[str]) -> set[str]:
    """Return which of the names are read in a body before anything in it sets them."""
    wanted = set(names)
    found: set[str] = set()
    for node in body:
        _find(node, wanted, found)
    return found


def _find(node: nodes.Node, wanted: set[str], found: set[str]) -> None:
    if isinstance(node, nodes.Name):
        if node.ctx == "load" and node.name in wanted:
            found.add(node.name)
        elif node.ctx != "load":
            wanted.discard(node.name)
    elif not isinstance(node, nodes.Block):
        for child in node.iter_child_nodes():
            _find(child, wanted, found)


def has(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Return whether there is a node of one of these kinds below a node."""
    return any(True for _ in node.find_all(kinds))
