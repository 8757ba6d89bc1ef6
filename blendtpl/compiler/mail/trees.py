"""Trees: what is asked of Jinja2's nodes while they are flattened.

Enters: a node. Leaves: what it is made of. Nothing here writes anything.
"""

from collections.abc import Iterator, Sequence

from jinja2 import nodes


def rest(node: nodes.If) -> nodes.If:
    """Return what a condition with `elif` goes on with, as a condition."""
    first = node.elif_[0]
    return nodes.If(first.test, first.body, node.elif_[1:], node.else_, lineno=first.lineno)


def filters(node: nodes.Node | None) -> set[str]:
    """Return the filters that a value goes through."""
    names: set[str] = set()
    while isinstance(node, nodes.Filter):
        names.add(node.name)
        node = node.node
    return names


def filtered(node: nodes.Node) -> nodes.Node:
    """Return the value that goes through filters."""
    while isinstance(node, nodes.Filter) and node.node is not None:
        node = node.node
    return node


def outer(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield what has a say in whether a value is markup: itself, and what it is one of."""
    yield node
    if isinstance(node, (nodes.CondExpr, nodes.Filter, nodes.Concat, nodes.Or, nodes.And, nodes.Add)):
        for child in node.iter_child_nodes():
            yield from outer(child)


def bodies(node: nodes.If) -> list[Sequence[nodes.Node]]:
    """Return the bodies of all branches, with the empty one that is there where no `else` is."""
    return [node.body, *(branch.body for branch in node.elif_), node.else_]


def branches(node: nodes.If) -> list[str]:
    """Return the data of each branch of a condition."""
    return ["".join(data_of(nodes.Template(list(body)))) for body in bodies(node)]


def data_of(node: nodes.Node) -> Iterator[str]:
    """Yield the data within a node."""
    for data in node.find_all(nodes.TemplateData):
        yield data.data
