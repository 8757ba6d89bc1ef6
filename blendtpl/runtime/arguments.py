"""Arguments: the variables that a caller of `render` passes, as one dict.

Enters: mappings in order and keywords, of any type. Leaves: a new dict, or an error that says what is wanted. What
`dict` takes is taken, as by Jinja2: mappings, whatever has `keys`, and iterables of pairs.
"""

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Set, Sized
from contextlib import suppress
from typing import Any

from blendtpl.errors import ContextError

_NO_PAIRS = (str, bytes, bytearray, Mapping, Set)  # two of anything in these would be taken for a name and its value


def merged(start: dict[str, Any], name: str | None, mappings: tuple[Any, ...], variables: dict[str, Any]) -> Any:
    """Return one dict: the mappings in order, then the variables, all over what is there at the start.

    Raises `ContextError`, which tells of the template `name`, for what is neither a mapping nor pairs.
    """
    for mapping in mappings:
        start.update(mapping if type(mapping) is dict else _checked(mapping, name))
    start.update(variables)
    return start


def as_dict(name: str | None, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
    """Return what `dict` makes of the arguments, which is what Jinja2's templates do with them."""
    try:
        return dict(*arguments, **keywords)
    except (TypeError, ValueError) as error:
        inside = error.__traceback__ is None or error.__traceback__.tb_next is not None  # of code that `dict` called
        if inside or len(arguments) != 1 or _has_keys(arguments[0]):
            raise
    raise _refused(arguments[0], name)


def _checked(value: Any, name: str | None) -> Any:
    """Return a mapping as it is, or the pairs that there are instead."""
    if _has_keys(value):
        return value
    if isinstance(value, Iterable) or hasattr(type(value), "__getitem__"):
        pairs = list(value)
        listed = pairs or isinstance(value, (Sized, Iterator))  # not so a request, which gives the lines of its body
        if listed and not any(isinstance(pair, _NO_PAIRS) for pair in pairs):
            with suppress(TypeError, ValueError):
                return dict(pairs)
    raise _refused(value, name)


def _has_keys(value: Any) -> bool:
    return hasattr(value, "keys") and not isinstance(value, type)


def _refused(value: Any, name: str | None) -> ContextError:
    if value is None:
        return ContextError("None", name)
    kind = f"the class {value.__name__}" if isinstance(value, type) else f"a value of type {type(value).__name__}"
    return ContextError(kind, name)


def only_adds_to(globals: Any, others: Any) -> bool:
    """Return whether the globals of a template are surely those of another, and maybe more."""
    if type(globals) is not ChainMap or type(others) is not ChainMap or others.maps[0]:
        return False
    return len(globals.maps) == len(others.maps) == 2 and globals.maps[1] is others.maps[1]
