"""Fields: what a template finds under the name of an attribute.

Enters: a value, the attribute, and the class of what is undefined. Leaves: what `jinja2.Environment.getattr` gives for
it, or its text. `blendtpl._speedups` has some of these in C, which go on here with what is not found.
"""

import sys
from collections.abc import Callable
from typing import Any

from jinja2.utils import missing

from blendtpl.output import escape_any, escape_str


def field(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
    """Return ``value.attr`` as `attribute` does, for a name that is no method of a dict."""
    if type(value) is dict:
        try:
            return value[attr]
        except KeyError:
            return undefined(obj=value, name=attr)
    return attribute(undefined, value, attr, called)


def escaped_field(undefined: Any, value: Any, attr: str, called: str = "") -> str:
    """Return the text of what `field` returns, where output is escaped; calling that would take a third more."""
    if type(value) is dict:
        try:
            found = value[attr]
        except KeyError:
            found = undefined(obj=value, name=attr)
    else:
        found = attribute(undefined, value, attr, called)
    return escape_str(found) if type(found) is str else escape_any(found)


def text_field(undefined: Any, value: Any, attr: str, called: str = "") -> str:
    """Return the text of what `field` returns."""
    return str(field(undefined, value, attr, called))


Part = str | tuple[Any, ...]
Hole = tuple[Any, ...]

_PLAIN = frozenset((list, tuple, dict, type({}.items()), type({}.keys()), type({}.values())))


def rows(
    out: list[str], spec: tuple[Part, ...], undefined: Any, items: Any, escaped: bool, pairs: bool, *given: Any
) -> bool:
    """Write a row of text for each of `items`, unless that is of no plain type; return whether it is.

    The parts of a row are texts; ``()``, the number of the item, from 1; *holes*; and texts that are chosen. A hole is
    ``(n,)``, the nth of the values, or ``(n, name)``, an attribute of that. The values are the item, or, where items
    are pairs, both of what it is made of, and then what is given. ``(-1, a, b)`` is `a` for the last item and else `b`,
    ``(-2, a, b)`` is that for the first item, ``(-4, hole, a, b)`` when the hole is true, ``(-5, hole, hole, a, b)``
    when two are equal, and ``(-3, a, b, …)`` are in turn: each of these is a text, or a tuple of parts.
    """
    if type(items) not in _PLAIN:
        return False
    shown = escape_any if escaped else str
    for number, item in enumerate(items, 1):
        values = (*(pair(item) if pairs else (item,)), *given)
        out.append(_row(spec, number, values, items, undefined, shown))
    return True


def pair(item: Any) -> tuple[Any, Any]:
    """Return what is assigned to two names at once."""
    first, second = item
    return first, second


def _row(
    parts: str | tuple[Part, ...],
    number: int,
    values: tuple[Any, ...],
    items: Any,
    undefined: Any,
    shown: Callable[[Any], str],
) -> str:
    def found(hole: Hole) -> Any:
        return values[hole[0]] if len(hole) == 1 else field(undefined, values[hole[0]], hole[1])

    def text_of(part: Part) -> str:
        chosen: Any
        match part:
            case str():
                return part
            case ():
                return str(number)
            case [-3, *each]:
                chosen = each[(number - 1) % len(each)]
            case [-1, first, second]:
                chosen = first if number == len(items) else second
            case [-2, first, second]:
                chosen = first if number == 1 else second
            case [-4, hole, first, second]:
                chosen = first if found(hole) else second
            case [-5, hole, other, first, second]:
                chosen = first if found(hole) == found(other) else second
            case _:
                return shown(found(part))
        return _row(chosen, number, values, items, undefined, shown)

    return parts if type(parts) is str else "".join([text_of(part) for part in parts])


def attribute(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
    """Return ``value.attr`` as `jinja2.Environment.getattr` does.

    Where the value is `missing`, it is that of the name `called`, which is undefined.
    """
    try:
        return getattr(value, attr)
    except AttributeError:
        pass
    return not_found(undefined, value, attr, called)


def not_found(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
    """Return what `attribute` does where there is no attribute of that name."""
    if value is missing:
        return attribute(undefined, undefined(name=called), attr)
    return item_or_undefined(undefined, value, attr)


def item_or_undefined(undefined: Any, value: Any, attr: str) -> Any:
    """Return ``value[attr]`` where there is no attribute of that name."""
    try:
        return value[attr]
    except (TypeError, LookupError, AttributeError):
        return undefined(obj=value, name=attr)


NO_ATTRIBUTE = (AttributeError, KeyError)  # what says that there is none, of an object and of a dict


def absent(undefined: Any, value: Any, attr: str, is_no_dict: bool) -> Any:
    """Return ``value[attr]`` where there is no attribute of that name. Raises the error at hand when it does not say
    that, but is a `KeyError` of what a property did.
    """
    if is_no_dict and not isinstance(sys.exception(), AttributeError):
        raise
    return item_or_undefined(undefined, value, attr)
