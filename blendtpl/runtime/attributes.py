"""Attributes: what a template finds under the name of an attribute.

Enters: a value, the attribute, and the class of what is undefined. Leaves: what `jinja2.Environment.getattr` gives for
it, or its text. `blendtpl.runtime._speedups` has some of these in C, which go on here with what is not found.
"""

import sys
from typing import Any

from jinja2.utils import missing

from blendtpl.runtime.causes import named, named_here
from blendtpl.runtime.exceptions import is_a, shortened, trace_of
from blendtpl.runtime.output import escape_any, escape_str

NO_ITEM = (TypeError, LookupError, AttributeError)  # what says to Jinja2 that there is none (L6)


def field(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
    """Return ``value.attr`` as `attribute` does, for a name that is no method of a dict (L4)."""
    if type(value) is dict:
        try:
            return value[attr]
        except NO_ITEM:
            return no_key(undefined, value, attr)
    return attribute(undefined, value, attr, called)


def escaped_field(undefined: Any, value: Any, attr: str, called: str = "") -> str:
    """Return the text of what `field` returns, where output is escaped; calling that would take a third more."""
    if type(value) is dict:
        try:
            result = value[attr]
        except NO_ITEM:
            result = no_key(undefined, value, attr)
    else:
        result = attribute(undefined, value, attr, called)
    return escape_str(result) if type(result) is str else escape_any(result)


def text_field(undefined: Any, value: Any, attr: str, called: str = "") -> str:
    """Return the text of what `field` returns (E5)."""
    return str(field(undefined, value, attr, called))


def attribute(undefined: Any, value: Any, attr: str, called: str = "") -> Any:
    """Return ``value.attr`` as `jinja2.Environment.getattr` does (L3).

    Where the value is `missing`, it is that of the name `called`, which is undefined (L2).
    """
    try:
        return getattr(value, attr)
    except AttributeError as error:
        name = named_here(attr, value, error)
    return item_or_undefined(undefined, value, attr, name, called)


def not_found(undefined: Any, value: Any, attr: str, called: str = "", error: BaseException | None = None) -> Any:
    """Return what `attribute` does where there is no attribute of that name, for the error that says so, if that came
    from inside.
    """
    name = attr if error is None else named(attr, value, error, trace_of(error))
    del error  # lest it, and this function, wait for each other
    return item_or_undefined(undefined, value, attr, name, called)


def item_or_undefined(undefined: Any, value: Any, attr: str, name: str, called: str = "") -> Any:
    """Return ``value[attr]`` where there is no attribute of that name; `name` is that of what is undefined."""
    if value is missing:
        return attribute(undefined, undefined(name=called), attr)
    try:
        return value[attr]
    except NO_ITEM as error:
        if name is attr:
            name = named_here(attr, value, error)
        return undefined(obj=value, name=name)


def no_key(undefined: Any, value: Any, attr: str) -> Any:
    """Return what stands for an item that a dict does not have (L4, L9)."""
    return undefined(obj=value, name=attr)


def absent(undefined: Any, value: Any, attr: str, is_no_dict: bool) -> Any:
    """Return ``value[attr]`` where there is no attribute of that name, or what is undefined where that was asked, of a
    dict. Raises the error at hand when it does not say that, but is a `KeyError` of what a property did (L6).
    """
    if not is_no_dict:
        return no_key(undefined, value, attr)
    if not is_a(sys.exception(), AttributeError):
        raise shortened(sys.exception())  # type: ignore[arg-type]  # there is one
    name = named_here(attr, value, sys.exception())  # type: ignore[arg-type]
    return item_or_undefined(undefined, value, attr, name)
