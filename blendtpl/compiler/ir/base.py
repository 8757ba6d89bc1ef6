"""Base: what all nodes of the intermediate form have in common.

A node is never changed: a pass that wants another makes one. At run time nothing enforces that, because making a frozen
dataclass takes three times as long, and there are more nodes than anything else in a build.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

Kind = TypeVar("Kind", bound=type)

# the types of fields that hold no nodes, as they are written
_PLAIN = frozenset(
    (
        *("str", "int", "bool", "Any", "str | None", "int | None", "tuple[str, ...]", "tuple[int, ...]"),
        *("frozenset[str]", "frozenset[str] | None", "tuple[Slot, ...]", "tuple[tuple[str, int], ...] | None"),
    )
)
FIELDS: dict[type, tuple[str, ...]] = {}  # the fields of each kind of node
CHILDREN: dict[type, tuple[str, ...]] = {}  # those of them that may hold nodes


@dataclass_transform(frozen_default=True)
def node(cls: Kind) -> Kind:
    """Make a class one of nodes, which are compared by identity and take their fields in order."""
    made: Any = dataclass(slots=True, eq=False)(cls)
    fields = made.__dataclass_fields__
    FIELDS[made] = tuple(fields)
    CHILDREN[made] = tuple(name for name, field in fields.items() if str(_written(field.type)) not in _PLAIN)
    return made  # type: ignore[no-any-return]


def _written(annotation: object) -> object:
    return annotation.__name__ if isinstance(annotation, type) and "[" not in repr(annotation) else annotation


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


def parts(of: Node) -> list[Node]:
    """Return the nodes directly below a node, in the order in which they run."""
    found: list[Node] = []
    for field in CHILDREN[of.__class__]:
        value = getattr(of, field)
        if value.__class__ is tuple:
            _add_in_tuple(value, found)
        elif value.__class__ in CHILDREN:
            found.append(value)  # type: ignore[arg-type]  # only nodes are of these classes
    return found


def _add_in_tuple(values: tuple[Any, ...], found: list[Node]) -> None:
    for value in values:
        if value.__class__ in CHILDREN:
            found.append(value)  # type: ignore[arg-type]
        elif value.__class__ is tuple:
            _add_in_tuple(value, found)


def below(of: Node | tuple[Node, ...]) -> Iterator[Node]:
    """Yield all nodes below a node, or those of a body and all below them, in the order in which they run."""
    waiting = [*(of if isinstance(of, tuple) else parts(of))][::-1]
    while waiting:
        part = waiting.pop()
        yield part
        if CHILDREN[part.__class__]:
            waiting += parts(part)[::-1]
