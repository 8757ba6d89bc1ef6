"""Binding: what the targets of `set`, `for` and `with` come to mean, and what a loop says of itself."""

from typing import Any

from jinja2 import nodes

from blendtpl.compiler.mail.lint.expressions import filtered
from blendtpl.compiler.mail.lint.scope import Scope
from blendtpl.compiler.mail.lint.values import Space, Unknown, named, names_in, unknown


def bind(target: nodes.Node, value: Any, scope: Scope) -> None:
    """Set the names of a target."""
    if isinstance(target, nodes.Name):
        scope.values[target.name] = value
    elif isinstance(target, nodes.NSRef):
        space = scope.find(target.name)
        if isinstance(space, Space):
            # of a loop whose rounds are run as one, nobody knows how often it is set
            space.values[target.attr] = unknown(f"{target.name}.{target.attr}", value) if scope.repeated else value
    elif isinstance(target, (nodes.Tuple, nodes.List)):
        same = isinstance(value, (list, tuple)) and len(value) == len(target.items)
        for at, part in enumerate(target.items):
            bind(part, value[at] if same else Unknown(f"{named(value)}[{at}]", names_in(value)), scope)


def forget(target: nodes.NSRef, scope: Scope) -> None:
    """Forget what an attribute is that is set in rounds of which nobody knows how many there are."""
    space = scope.find(target.name)
    if isinstance(space, Space):
        space.values[target.attr] = unknown(f"{target.name}.{target.attr}", space.values.get(target.attr))


def loop_of(at: int, items: list[Any]) -> Space:
    """Return the `loop` of a list that is known, in one of its rounds."""
    length = len(items)
    values = {
        "index": at + 1,
        "index0": at,
        "revindex": length - at,
        "revindex0": length - at - 1,
        "first": at == 0,
        "last": at == length - 1,
        "length": length,
        "previtem": items[at - 1] if at else unknown("loop.previtem"),
        "nextitem": items[at + 1] if at + 1 < length else unknown("loop.nextitem"),
    }
    return Space("loop", values)


def through(filters: nodes.Filter, text: Any, scope: Scope) -> Any:
    """Return what the filters of a block make of its text."""
    if isinstance(filters.node, nodes.Filter):
        text = through(filters.node, text, scope)
    return filtered(filters, text, scope)
