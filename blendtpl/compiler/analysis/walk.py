"""Walking trees: quick walks over what Jinja2's parser made.

Enters: a node. Leaves: the nodes below it, in the order of the text, as Jinja2's own much slower methods find them.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from jinja2 import nodes
from jinja2.visitor import NodeVisitor

Kind = TypeVar("Kind", bound=nodes.Node)
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


def children(node: nodes.Node) -> list[nodes.Node]:
    """Return the nodes directly below a node, in the order of the text, as Jinja2's much slower method does."""
    below_it: list[nodes.Node] = []
    held = node.__dict__
    for field in _FIELDS[node.__class__]:
        value = held.get(field)
        if value.__class__ in _FIELDS:
            below_it.append(value)
        elif value.__class__ is list:
            below_it += [child for child in value if child.__class__ in _FIELDS]
    return below_it


def fields(node: nodes.Node) -> list[nodes.Node | list[Any]]:
    """Return what the fields of a node hold that may have nodes in them: nodes, and lists."""
    held = node.__dict__
    values = [held.get(field) for field in _FIELDS[node.__class__]]
    return [value for value in values if value.__class__ in _FIELDS or value.__class__ is list]


def below(node: nodes.Node) -> list[nodes.Node]:
    """Return all nodes below a node, in the order of the text; the walk costs more than most questions of it do."""
    descendants: list[nodes.Node] = []
    _add_below(node, descendants)
    return descendants


def _add_below(node: nodes.Node, descendants: list[nodes.Node]) -> None:
    for child in children(node):
        descendants.append(child)
        if _FIELDS[child.__class__]:
            _add_below(child, descendants)


def by_kind(node: nodes.Node) -> ByKind:
    """Return all nodes below a node by what they are, those of a kind in the order of the text."""
    kinds: ByKind = {}
    for child in below(node):
        kinds.setdefault(type(child), []).append(child)
    return kinds


def of_kind(node: nodes.Node, kind: type[Kind]) -> list[Kind]:
    """Return the nodes of a kind below a node, in the order of the text."""
    return [descendant for descendant in below(node) if descendant.__class__ is kind]


def has(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Return whether there is a node of one of these kinds below a node."""
    return any(isinstance(descendant, kinds) for descendant in below(node))


def undeclared(body: Iterable[nodes.Node], names: Iterable[str]) -> set[str]:
    """Return which of the names are read in a body before anything in it sets them."""
    used: set[str] = set()
    _find(body, set(names), used)
    return used


def _find(body: Iterable[nodes.Node], names: set[str], used: set[str]) -> None:
    for node in body:
        if isinstance(node, nodes.Name):
            if node.ctx == "load" and node.name in names:
                used.add(node.name)
            elif node.ctx != "load":
                names.discard(node.name)
        elif _FIELDS[type(node)] and not isinstance(node, nodes.Block):
            _find(children(node), names, used)


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
