"""Safe lookups: what a sandboxed environment lets a template have.

Enters: an environment with the `getattr` and `getitem` of `jinja2.sandbox.SandboxedEnvironment`, a value and a name.
Leaves: what those give, refused attributes too. What Jinja2 finds out by asking of each value whether it is of one of
some twelve kinds, is known of most by their type; everything else is asked as Jinja2 asks, and so is an environment
that decides by itself. `blendtpl.runtime._speedups` has these in C.

A refused attribute is never given to anybody: whatever is not known here to be harmless is for the environment to say.
"""

from types import (
    AsyncGeneratorType,
    BuiltinMethodType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    TracebackType,
)
from typing import Any

from jinja2 import sandbox
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment
from markupsafe import Markup

# what has attributes that are never safe: of these the environment is asked
INTERNAL = frozenset(
    (
        *(FunctionType, MethodType, CodeType, TracebackType, FrameType),
        *(GeneratorType, CoroutineType, AsyncGeneratorType),
    )
)
METHODS = (MethodType, BuiltinMethodType)
_PLAIN = frozenset((str, Markup, int, float, bool, type(None), list, tuple, dict))
# what `ImmutableSandboxedEnvironment` refuses of one kind of values or another
CHANGING = frozenset().union(*(names for _, names in sandbox._mutable_spec))
WRAPS = SandboxedEnvironment.wrap_str_format
CALLABLE = SandboxedEnvironment.is_safe_callable
REFUSES_PRIVATE = SandboxedEnvironment.is_safe_attribute
REFUSES_CHANGES = ImmutableSandboxedEnvironment.is_safe_attribute


def is_plain(value: Any) -> bool:
    """Return whether a value is surely not of a kind that has attributes which are never safe, and does not pretend to
    be.
    """
    kind = type(value)
    if kind in _PLAIN:
        return True
    try:
        pretends = value.__class__ is not kind
    except Exception:
        return False
    return not (pretends or kind in INTERNAL or issubclass(kind, type))


def safe_value(environment: Any, value: Any, name: str, found: Any) -> Any:
    """Return what has been found as an attribute of a value, or what stands for what the environment refuses."""
    wraps = environment.wrap_str_format
    if getattr(wraps, "__func__", None) is not WRAPS or (type(found) not in _PLAIN and isinstance(found, METHODS)):
        formatting = wraps(found)
        if formatting is not None:
            return formatting
    refuses = environment.is_safe_attribute
    function = getattr(refuses, "__func__", None)
    if (
        type(name) is str
        and name[:1] != "_"
        and (function is REFUSES_PRIVATE or (function is REFUSES_CHANGES and name not in CHANGING))
        and is_plain(value)
    ):
        return found
    return found if refuses(value, name, found) else environment.unsafe_undefined(value, name)


def safe_attribute(environment: Any, undefined: Any, value: Any, name: str) -> Any:
    """Return what `SandboxedEnvironment.getattr` does."""
    try:
        found = getattr(value, name)
    except AttributeError:
        return safe_no_attribute(undefined, value, name)
    return safe_value(environment, value, name, found)


def safe_no_attribute(undefined: Any, value: Any, name: str) -> Any:
    """Return what that does for what is no attribute, while the error that says so is being handled."""
    try:
        return value[name]
    except (TypeError, LookupError):
        return undefined(obj=value, name=name)


def safe_item(environment: Any, undefined: Any, value: Any, key: Any) -> Any:
    """Return what `SandboxedEnvironment.getitem` does."""
    try:
        return value[key]
    except (TypeError, LookupError):
        return safe_no_item(environment, undefined, value, key)


def safe_no_item(environment: Any, undefined: Any, value: Any, key: Any) -> Any:
    """Return what that does for what is no item, while the error that says so is being handled."""
    if not isinstance(key, str):
        return undefined(obj=value, name=key)
    try:
        attr = str(key)
    except Exception:
        return undefined(obj=value, name=key)
    try:
        found = getattr(value, attr)
    except AttributeError:
        return undefined(obj=value, name=key)
    return safe_value(environment, value, key, found)
