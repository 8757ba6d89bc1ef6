"""Lookup filters: `attr`, and how other filters look up the attribute that they are given the name of.

Enters: an environment, values and names. Leaves: what Jinja2's own functions find, without a call of
`Environment.getitem` for each, where that is Jinja2's.
"""

from abc import ABCMeta
from typing import Any

import jinja2
from jinja2 import filters
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from blendtpl.runtime.exceptions import shortened, static, trace_of
from blendtpl.runtime.items import Get, no_attr
from blendtpl.runtime.safe import safe_value
from blendtpl.runtime.speedups import getter

_SAFE_GETITEM = SandboxedEnvironment.getitem
_PLAIN = frozenset((str, Markup, int, float, bool, type(None), list, tuple, dict))
_GENERIC: Any = object.__getattribute__
_METACLASSES = frozenset((type, ABCMeta))
_NAMESPACE = vars(type)["__dict__"]


def lookups_of(environment: jinja2.Environment, method: str) -> str:
    """Return whose `getitem` or `getattr` an environment has: "plain" for that of `jinja2.Environment`, "safe" for that
    of `jinja2.sandbox.SandboxedEnvironment`, and "own" for any other.
    """
    found = getattr(getattr(environment, method), "__func__", None)
    if found is getattr(jinja2.Environment, method):
        return "plain"
    return "safe" if found is getattr(SandboxedEnvironment, method) else "own"


def key_of(environment: jinja2.Environment, attribute: Any, *, fold: bool = False, default: Any = None) -> Get:
    """Return what `jinja2.filters.make_attrgetter` does; texts are in lower case if `fold`."""
    parts = (attribute,) if _is_plain(attribute) else tuple(filters._prepare_attribute_parts(attribute))
    guard = environment if getattr(environment.getitem, "__func__", None) is _SAFE_GETITEM else None
    return getter(environment.undefined, parts, fold, default, guard)


def keys_of(environment: jinja2.Environment, attribute: Any, *, fold: bool = False) -> Get:
    """Return what `jinja2.filters.make_multi_attrgetter` does."""
    names: list[Any] = attribute.split(",") if isinstance(attribute, str) else [attribute]
    gets = [key_of(environment, name, fold=fold) for name in names]
    return lambda item: [get(item) for get in gets]


def _is_plain(attribute: Any) -> bool:
    """Return whether an attribute is the name of one, rather than a path, several, or a number."""
    return type(attribute) is str and attribute.isidentifier()


def _is_usual(kind: type) -> bool:
    """Return whether what a class has is all that its objects have, beside what is in their ``__dict__``: then Python
    finds what `getattr_static` does.
    """
    if kind in _PLAIN:
        return True
    if kind.__getattribute__ is not _GENERIC or hasattr(kind, "__getattr__"):
        return False
    return type(kind) in _METACLASSES or static(type(kind), "__dict__") is _NAMESPACE


def attr(environment: jinja2.Environment, obj: Any, name: str) -> Any:
    """Return what `do_attr` does, which looks through the classes of each value before it asks that."""
    if type(name) is not str or not _is_usual(type(obj)):
        return filters.do_attr(environment, obj, name)
    try:
        return getattr(obj, name)
    except AttributeError as error:
        trace = trace_of(error)
        inside = None if trace is None or trace.tb_next is None else shortened(error)
    return no_attr(environment, obj, name, inside)


def safe_attr(environment: jinja2.Environment, obj: Any, name: str) -> Any:
    """Return what `do_attr` does in a sandboxed environment."""
    if type(name) is not str or not _is_usual(type(obj)):
        return filters.do_attr(environment, obj, name)
    try:
        found = getattr(obj, name)
    except AttributeError:
        if static(type(obj), name) is not None:
            try:
                return obj[name]
            except (TypeError, LookupError):
                pass
    else:
        return safe_value(environment, obj, name, found)
    return environment.undefined(obj=obj, name=name)
