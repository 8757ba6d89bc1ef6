"""Fields: what a template finds under the name of an attribute.

Enters: a value, the attribute, and the class of what is undefined. Leaves: what `jinja2.Environment.getattr` gives for
it, or its text. `blendtpl._speedups` has some of these in C, which go on here with what is not found.
"""

import sys
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
