"""Frames: what holds at one place of a template while it is being emitted.

The scoping is Jinja2's own analysis (`jinja2.idtracking`), which says for every name in which Python variable it
is, and what that variable holds when its scope is entered.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from jinja2 import idtracking, nodes
from jinja2.visitor import NodeVisitor

ByKind = dict[type[nodes.Node], list[Any]]

# the fields of each kind of node that may have nodes in them
_PLAIN = {"name", "names", "ctx", "attr", "data", "op", "importname", "identifier", "recursive", "scoped", "required"}
_PLAIN |= {"with_context", "ignore_missing"}
_FIELDS = {
    kind: () if kind is nodes.Const else tuple(field for field in kind.fields if field not in _PLAIN)
    for kind in vars(nodes).values()
    if isinstance(kind, type) and issubclass(kind, nodes.Node)
}
_VISITORS = {kind: f"visit_{kind.__name__}" for kind in _FIELDS}


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

    symbols: idtracking.Symbols
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
    found: set[str] = set()
    _find(body, set(names), found)
    return found


def _find(body: Iterable[nodes.Node], wanted: set[str], found: set[str]) -> None:
    for node in body:
        if isinstance(node, nodes.Name):
            if node.ctx == "load" and node.name in wanted:
                found.add(node.name)
            elif node.ctx != "load":
                wanted.discard(node.name)
        elif _FIELDS[type(node)] and not isinstance(node, nodes.Block):
            _find(children(node), wanted, found)


class Visitor(NodeVisitor):
    """Jinja2's visitor in less time: it passes by nodes that no method is for and that have nothing below them."""

    def get_visitor(self, node: nodes.Node) -> Callable[..., Any] | None:
        """Return the method for a node of this kind."""
        return getattr(self, _VISITORS[type(node)], None)

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> None:
        """Visit what is below a node."""
        for child in children(node):
            visit = getattr(self, _VISITORS[type(child)], None)
            if visit is not None:
                visit(child, *args, **kwargs)
            elif _FIELDS[type(child)]:
                self.generic_visit(child, *args, **kwargs)


class _FrameVisitor(Visitor, idtracking.FrameSymbolVisitor):
    """Jinja2's analysis of the names of one scope."""


class Symbols(idtracking.Symbols):
    """The names of one scope, as Jinja2 finds them, in less time."""

    def analyze_node(self, node: nodes.Node, **kwargs: Any) -> None:
        """Find the names that are set and read in a node that has a scope of its own."""
        visitor = idtracking.RootVisitor(self)
        visitor.sym_visitor = _FrameVisitor(self)
        visitor.visit(node, **kwargs)


def children(node: nodes.Node) -> list[nodes.Node]:
    """Return the nodes directly below a node, in the order of the text, as Jinja2's much slower method does."""
    found: list[nodes.Node] = []
    for field in _FIELDS[type(node)]:
        value = getattr(node, field, None)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, nodes.Node):
                found.append(child)
    return found


def below(node: nodes.Node) -> list[nodes.Node]:
    """Return all nodes below a node, in the order of the text; the walk costs more than most questions of it do."""
    found: list[nodes.Node] = []
    _add_below(node, found)
    return found


def _add_below(node: nodes.Node, found: list[nodes.Node]) -> None:
    for field in _FIELDS[type(node)]:
        value = getattr(node, field, None)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, nodes.Node):
                found.append(child)
                if _FIELDS[type(child)]:
                    _add_below(child, found)


def by_kind(node: nodes.Node) -> ByKind:
    """Return all nodes below a node by what they are, those of a kind in the order of the text."""
    found: ByKind = {}
    for child in below(node):
        found.setdefault(type(child), []).append(child)
    return found


def has(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Return whether there is a node of one of these kinds below a node."""
    return any(isinstance(found, kinds) for found in below(node))
