"""Base: what all nodes of the intermediate form have in common.

A node is never changed: a pass that wants another makes one. At run time nothing enforces that, because making a frozen
dataclass takes three times as long, and there are more nodes than anything else in a build.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

Kind = TypeVar("Kind", bound=type)


@dataclass_transform(frozen_default=True)
def node(cls: Kind) -> Kind:
    """Make a class one of nodes, which are compared by identity and take their fields in order."""
    return dataclass(slots=True, eq=False)(cls)  # type: ignore[return-value]


@node
class Node:
    """Anything that a function is made of; `line` is that of the template whose code it is."""

    line: int


@node
class Value(Node):
    """What has a value, and may have an effect."""


@node
class Statement(Node):
    """What has an effect, and no value."""


Body = tuple[Statement, ...]


def parts(of: Node) -> Iterator[Node]:
    """Yield the nodes directly below a node, in the order in which they run."""
    for field in of.__dataclass_fields__:
        value = getattr(of, field)
        if isinstance(value, Node):
            yield value
        elif type(value) is tuple:
            yield from _in_tuple(value)


def _in_tuple(values: tuple[object, ...]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif type(value) is tuple:
            yield from _in_tuple(value)


def below(of: Node | tuple[Node, ...]) -> Iterator[Node]:
    """Yield all nodes below a node, or those of a body and all below them, in the order in which they run."""
    for part in of if isinstance(of, tuple) else parts(of):
        yield part
        yield from below(part)
