"""Items: what a template finds under a key, and what filters look up by the name of an attribute.

Enters: a value, a key, and the class of what is undefined. Leaves: what `jinja2.Environment.getitem` gives for it; or,
in a sandboxed environment, what that of `jinja2.sandbox.SandboxedEnvironment` gives. `blendtpl.runtime._speedups` has
`getter` in C, which goes on here with what is not found.
"""

from collections.abc import Callable
from typing import Any

import jinja2
from jinja2.runtime import Undefined

from blendtpl.runtime.attributes import NO_ITEM, item_or_undefined
from blendtpl.runtime.causes import named, named_here
from blendtpl.runtime.exceptions import context_of, set_context, static, trace_of
from blendtpl.runtime.safe import safe_item

Get = Callable[[Any], Any]


def subscript(undefined: Any, value: Any, key: Any) -> Any:
    """Return ``value[key]`` as `jinja2.Environment.getitem` does (L5)."""
    kind = type(value)
    if kind is not dict and not hasattr(kind, "__getitem__") and not issubclass(kind, type):
        return no_items(undefined, value, key)
    try:
        return value[key]
    except NO_ITEM as error:
        return attribute_or_undefined(undefined, value, key, named_here(key, value, error))


def attribute_or_undefined(undefined: Any, value: Any, key: Any, name: Any) -> Any:
    """Return what `subscript` does where there is no such item; `name` is that of what is undefined."""
    if isinstance(key, str):
        try:
            attr = str(key)
        except Exception:
            return undefined(obj=value, name=key)
        try:
            return getattr(value, attr)
        except AttributeError as error:
            if name is key:
                name = named_here(key, value, error)
    return undefined(obj=value, name=name)


def no_items(undefined: Any, value: Any, key: Any) -> Any:
    """Return what `subscript` does for a value that has no items at all: it is not asked for one, as the error would
    say no more than that.
    """
    try:
        return attribute_or_undefined(undefined, value, key, key)
    except BaseException as error:
        as_if_asked(value, key, error)
        raise


def as_if_asked(value: Any, key: Any, error: BaseException) -> None:
    """Have an error arise while the one was being handled that says that a value has no items, as it does in Jinja2."""
    seen = [error]
    while (before := context_of(seen[-1])) is not None and not any(before is other for other in seen):
        seen.append(before)
    if before is None:
        try:
            value[key]
        except TypeError as refused:
            set_context(refused, None)
            set_context(seen[-1], refused)


def no_item(undefined: Any, value: Any, key: Any, error: BaseException | None = None) -> Any:
    """Return what `subscript` does where a dict has no such item, for the error of a key that was compared, if any."""
    name = key if error is None else named(key, value, error, trace_of(error))
    del error  # lest it, and this function, wait for each other
    return attribute_or_undefined(undefined, value, key, name)


def no_such(undefined: Any, value: Any, key: Any, error: BaseException | None = None) -> Any:
    """Return what is undefined where a value has neither items nor that attribute, for the error that says so, if that
    came from inside.
    """
    name = key if error is None else named(key, value, error, trace_of(error))
    del error
    return undefined(obj=value, name=name)


def no_attr(environment: Any, value: Any, name: str, error: BaseException | None = None) -> Any:
    """Return what the filter `attr` does for an attribute that is not there; or that fails by an error which says so:
    then the item of that name is asked for. `error` is that, if it came from inside.
    """
    inside = name if error is None else named(name, value, error, trace_of(error))
    del error
    if static(type(value), name) is None:
        return environment.undefined(obj=value, name=name)
    return item_or_undefined(environment.undefined, value, name, inside)


def getter(
    undefined: Any,
    parts: tuple[Any, ...],
    fold: bool = False,
    default: Any = None,
    guard: jinja2.Environment | None = None,
) -> Get:
    """Return what looks up, in an item, what `parts` lead to, as `jinja2.filters.make_attrgetter` does.

    A text is in lower case if `fold`. Where a default is given, that stands for what is undefined on the way. `guard`
    is a sandboxed environment, of which the rules are.
    """

    def get(item: Any) -> Any:
        for part in parts:
            if guard is not None:
                item = safe_item(guard, undefined, item, part)
            elif type(item) is dict:
                try:
                    item = item[part]
                except NO_ITEM as error:
                    item = attribute_or_undefined(undefined, item, part, named_here(part, item, error))
            else:
                item = subscript(undefined, item, part)
            if default is not None and isinstance(item, Undefined):
                item = default
        return item.lower() if fold and isinstance(item, str) else item

    return get
