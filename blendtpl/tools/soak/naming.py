"""Naming: what somebody who reads a program would call an object in memory.

Enters: an object. Leaves: a text such as ``list `_seen` of module app.filters``. Objects are looked at through the
collector, by their types and not by what they say of themselves, so that no code of theirs runs: a proxy would run some
when it is asked for its class.
"""

import functools
import gc
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import Context
from types import CellType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any

import jinja2

from blendtpl.runtime.traceback import Sources

_LONGEST = 9  # steps from an object to a name
_WIDEST = 2000  # objects to look at in one of those steps
_TRIED = 50  # objects that a circle is looked for from
_KEY = 40  # characters of a key that are shown

_PLAIN = frozenset((str, bytes, int, float, bool, type(None)))
_ATTRIBUTES = (
    *("__dict__", "__traceback__", "__context__", "__cause__", "args", "tb_frame", "tb_next", "f_back"),
    *("__self__", "__func__", "__wrapped__", "func", "keywords", "cell_contents", "gi_frame", "default_factory"),
    *("__closure__", "__defaults__", "__kwdefaults__"),
)


def kind_of(found: object) -> str:
    """Return the name of an object's type, with its module unless it is Python's own."""
    kind = type(found)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def called(found: Any, part: Any = None) -> str:
    """Return what an object is called, by the shortest way to it from a module, a class, a function or the like.

    With `part`, which it refers to, return what that is called.
    """
    way = _way(found)
    root, named = way[0], _named(way[0])
    if named is None:
        return f"{kind_of(found if part is None else part)} that no module, class or function is found to lead to"
    if issubclass(type(root), functools._lru_cache_wrapper):
        limit = root.cache_parameters()["maxsize"]
        return f"the cache of {named}, which has {'no limit' if limit is None else f'a limit of {limit}'}"
    if type(root) is Context:
        return named
    if part is not None:
        way.append(part)
    expression = _expression(way)
    return f"{kind_of(way[-1])} `{expression}` of {named}" if expression else named


def circle(garbage: Sequence[Any]) -> str:
    """Return how one of some objects refers to itself, such as ``Node `.children[0].parent` ``; `""` when none does."""
    inside = {id(each) for each in garbage}
    for start in sorted(garbage, key=_commonness)[:_TRIED]:
        steps: dict[int, Any] = {}  # from what each was reached
        todo = deque([start])
        while todo:
            each = todo.popleft()
            for part in gc.get_referents(each):
                if part is start:
                    way = [each]
                    while way[0] is not start:
                        way.insert(0, steps[id(way[0])])
                    return f"{kind_of(start)} `{_expression([*way, start], dotted=True)}`"
                if id(part) in inside and id(part) not in steps:
                    steps[id(part)] = each
                    todo.append(part)
    return ""


def _commonness(found: object) -> int:
    """Return a number that is the larger the less an object's type tells."""
    kind = type(found)
    if kind in {dict, list, tuple, set, CellType}:
        return 3
    return 2 if kind in {FrameType, FunctionType} else int(kind.__module__ == "builtins")


def _way(found: Any) -> list[Any]:
    """Return the objects from one that has a name to that object, each of which refers to the next."""
    steps: dict[int, Any] = {}  # what each refers to, on the way
    seen = {id(found): found}
    frontier = [found]
    for _ in range(_LONGEST):
        for each in frontier:
            if _named(each) is not None:
                return _followed(each, found, steps)
        inside = {id(each) for each in frontier}
        wider: list[Any] = []
        for each in gc.get_referrers(*frontier):
            if id(each) not in seen and type(each) is not FrameType:
                seen[id(each)] = each
                steps[id(each)] = next((part for part in gc.get_referents(each) if id(part) in inside), found)
                wider.append(each)
        frontier = wider[:_WIDEST]
    return [found]


def _followed(start: Any, end: Any, steps: Mapping[int, Any]) -> list[Any]:
    way = [start]
    while way[-1] is not end:
        way.append(steps[id(way[-1])])
    return way


def _named(found: Any) -> str | None:
    """Return what an object is called that has a name of its own, else `None`."""
    kind = type(found)
    if issubclass(kind, functools._lru_cache_wrapper):
        return _qualified(found)
    if kind is FunctionType:
        return f"function {_qualified(found)}"
    if issubclass(kind, type):
        return f"class {_qualified(found)}"
    if issubclass(kind, jinja2.Environment):
        return "the environment"
    if kind is Context:
        return "the variables of `contextvars`"
    if kind is dict and type(name := found.get("__name__")) is str:
        if type(found.get("__loader__")) is Sources:
            return f"the code of template {name}"
        module = sys.modules.get(name)
        if issubclass(type(module), ModuleType) and vars(module) is found:
            return f"module {name}"
    return None


def _qualified(found: Any) -> str:
    return f"{getattr(found, '__module__', '?')}.{getattr(found, '__qualname__', '?')}"


def _expression(way: Sequence[Any], *, dotted: bool = False) -> str:
    """Return how to get from the first object to the last, as Python would write it."""
    text, index = "", 0
    while index < len(way) - 1:
        holder, rest = way[index], way[index + 1 :]
        if (variable := _closed_over(holder, rest)) is not None:
            text += f".{variable}"
            index += 3
        elif (argument := _default_of(holder, rest)) is not None:
            text += f".{argument}"
            index += 2
        elif _is_namespace(holder, rest[0]):
            index += 1
        else:
            names = (index == 0 and _named(holder) is not None) or (index > 0 and _is_namespace(way[index - 1], holder))
            text += _name_in(holder, rest[0], names=names)
            index += 1
    return text if dotted else text.removeprefix(".")


def _closed_over(function: Any, rest: Sequence[Any]) -> str | None:
    """Return the name of the variable through which a function holds the third of some objects, if it does."""
    if type(function) is not FunctionType or len(rest) < 3 or rest[0] is not function.__closure__:
        return None
    cells = [id(cell) for cell in function.__closure__ or ()]
    return function.__code__.co_freevars[cells.index(id(rest[1]))]


def _default_of(function: Any, rest: Sequence[Any]) -> str | None:
    """Return the name of the argument whose default is the second of some objects, if it is one of that function."""
    if type(function) is not FunctionType or len(rest) < 2 or rest[0] is not function.__defaults__:
        return None
    defaults, code = [id(default) for default in function.__defaults__ or ()], function.__code__
    return code.co_varnames[code.co_argcount - len(defaults) + defaults.index(id(rest[1]))]


def _is_namespace(holder: Any, part: Any) -> bool:
    """Return whether something is the dict with the attributes of an object or of a class."""
    if type(part) is not dict:
        return False
    if issubclass(type(holder), type):
        return "__module__" in part
    return _attribute(holder, "__dict__") is part


def _name_in(holder: Any, part: Any, *, names: bool) -> str:
    """Return what to write behind an object to get at a part of it; `names`: it is a dict with attributes."""
    kind = type(holder)
    if issubclass(kind, dict):
        key = next((key for key, value in dict.items(holder) if value is part), part)
        return f".{key}" if names and type(key) is str else f"[{_shown(key)}]"
    for base in (list, tuple, deque):
        if issubclass(kind, base):
            return f"[{_index(base.__iter__(holder), part)}]"
    frame = holder if kind is FrameType else holder.gi_frame if kind is GeneratorType else None
    if frame is not None:
        variable = next((name for name, value in frame.f_locals.items() if value is part), "…")
        return f"{'.gi_frame' if frame is not holder else ''}.f_locals[{variable!r}]"
    names_of = (*_ATTRIBUTES, *_slots(kind), *(_attribute(holder, "__dict__") or ()))
    return next((f".{name}" for name in names_of if _attribute(holder, name) is part), ".…")


def _index(items: Iterable[Any], part: Any) -> int | str:
    return next((index for index, each in enumerate(items) if each is part), "…")


def _attribute(holder: Any, name: Any) -> Any:
    try:
        return object.__getattribute__(holder, name)
    except Exception:  # it has no such attribute, or a property of that name raises something
        return None


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots


def _shown(key: Any) -> str:
    return repr(key)[:_KEY] if type(key) in _PLAIN else f"a {kind_of(key)}"
