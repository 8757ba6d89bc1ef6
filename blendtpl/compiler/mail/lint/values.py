"""Values: what is known of what a template works with, while nobody has given it any variable.

A value is a plain one of Python where it is known. Where it is not, it is `Unknown`, and has a name under which it is
asked for everywhere. `Rendered` is text of which parts are unknown. Lists, tuples and dicts may have either inside.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes
from markupsafe import Markup, escape

HOLE = "\ue000"  # stands in a text for what is not known
ANY = "\ue001"  # for what may be any HTML, with elements in it
HOLES = HOLE + ANY

_NAME = 400  # characters of a name, which has only to be told apart from others
_TAIL = 100  # of a longer one that are kept, with what is asked of it


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and where in which template it begins. `names` are the variables that a hole is made of."""

    text: str
    template: str
    line: int
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that depends on variables; two of one `name` are the same in one render. `names` are those variables;
    `markup`: whether it may be HTML with elements.
    """

    name: str
    names: frozenset[str] = frozenset()
    markup: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text, in part unknown. `markup`: whether it is not escaped any more."""

    pieces: tuple[Piece, ...]
    markup: bool = True

    @property
    def text(self) -> str:
        """All of the text, with holes."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(slots=True)
class Space:
    """Something with attributes: a module, a namespace, a `loop`. `again` renders the body of a loop that is recursive
    for what it is called with.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    again: Callable[[Any], Rendered] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Macro:
    """A macro or the body of a call block, and the scope that it sees."""

    node: nodes.Macro | nodes.CallBlock
    scope: Any
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class BlockCall:
    """What `super` and ``self.name`` are: a block of a page, from that level of its bodies on."""

    name: str
    level: int
    scope: Any


def is_known(value: Any) -> bool:
    """Return whether nothing in a value is unknown."""
    if isinstance(value, (Unknown, Rendered, Space, Macro, BlockCall)):
        return False
    if isinstance(value, dict):
        return all(map(is_known, value)) and all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, (list, tuple)) else True


def named(value: Any) -> str:
    """Return the name of a value."""
    if isinstance(value, (Unknown, Space, Macro, BlockCall)):
        return value.name
    if isinstance(value, Rendered):
        return _short(value.text)
    if isinstance(value, (list, tuple)):
        return _short(f"[{', '.join(map(named, value))}]")
    return _short(repr(value))


def _short(name: str) -> str:
    if len(name) <= _NAME:
        return name
    return f"#{hashlib.sha256(name[:-_TAIL].encode('utf-8', 'replace')).hexdigest()[:16]}{name[-_TAIL:]}"


def names_in(value: Any) -> frozenset[str]:
    """Return the variables that a value is made of."""
    if isinstance(value, Unknown):
        return value.names
    if isinstance(value, Rendered):
        return frozenset().union(*(piece.names for piece in value.pieces))
    if isinstance(value, dict):
        return names_in([*value, *value.values()])
    return frozenset().union(*map(names_in, value)) if isinstance(value, (list, tuple)) else frozenset()


def unknown(name: str, *parts: Any) -> Unknown:
    """Return what is made of other values in a way that is not followed."""
    return Unknown(_short(name), names_in(parts))


def pieces_of(value: Any, template: str, line: int, *, escaping: bool) -> tuple[Piece, ...]:
    """Return what printing a value gives."""
    if isinstance(value, Rendered):
        if value.markup or not escaping:
            return value.pieces
        return tuple(Piece(str(escape(piece.text)), piece.template, piece.line, piece.names) for piece in value.pieces)
    if isinstance(value, (Unknown, Space, Macro, BlockCall)) or not is_known(value):
        markup = isinstance(value, Unknown) and value.markup
        return (Piece(ANY if markup else HOLE, template, line, names_in(value)),)
    text = str(escape(value)) if escaping else str(value)
    return (Piece(text, template, line),) if text else ()


def joined(values: Iterable[Any], template: str, line: int) -> Any:
    """Return what ``~`` makes of values."""
    listed = list(values)
    if all(map(is_known, listed)):
        markup = any(isinstance(value, Markup) for value in listed)
        return Markup("").join(listed) if markup else "".join(map(str, listed))
    markup = any(isinstance(value, Markup) or (isinstance(value, Rendered) and value.markup) for value in listed)
    pieces = (piece for value in listed for piece in pieces_of(value, template, line, escaping=markup))
    return Rendered(tuple(pieces), markup)
