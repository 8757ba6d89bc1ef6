"""Naming: what somebody who reads a program would call an object in memory.

Enters: an object. Leaves: a text such as ``list `_seen` of module app.filters``. Objects are looked at through the
collector, by their types and not by what they say of themselves, so that no code of theirs runs: a proxy would run some
when it is asked for its class.
"""

import functools
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from types import AsyncGeneratorType, CellType, CoroutineType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any

import jinja2

from blendtpl.heap.frames import Root, variables
from blendtpl.heap.referents import referents
from blendtpl.heap.ways import way
from blendtpl.runtime.traceback import Sources

_TRIED = 50  # objects that a circle is looked for from
_KEY = 40  # characters of a key that are shown

_PLAIN = frozenset((str, bytes, int, float, bool, type(None)))
_ATTRIBUTES = (
    *("__dict__", "__traceback__", "__context__", "__cause__", "args", "tb_frame", "tb_next", "f_back"),
    *("__self__", "__func__", "__wrapped__", "func", "keywords", "cell_contents", "gi_frame", "default_factory"),
    *("__closure__", "__defaults__", "__kwdefaults__", "_coro", "_result", "_exception"),
)
# what waits for its next step, and where its frame is
_SUSPENDED: dict[type, str] = {GeneratorType: "gi_frame", CoroutineType: "cr_frame", AsyncGeneratorType: "ag_frame"}
_NO_ROOTS: Mapping[int, Root] = {}


def kind_of(found: object) -> str:
    """Return the name of an object's type, with its module unless it is Python's own."""
    kind = type(found)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def called(found: Any, part: Any = None) -> str:
    """Return what an object is called, by the shortest way to it from a module, a class, a function or the like.

    With `part`, which it refers to, return what that is called.
    """
    steps = way(found, lambda each: _named(each) is not None)
    if _named(steps[0]) is None:
        return f"{kind_of(found if part is None else part)} that no module, class or function is found to lead to"
    if part is not None and not _is_whole(steps[0]):
        steps.append(part)
    text = _told(steps, Root("", str(_named(steps[0]))))
    return f"{kind_of(steps[-1])} {text}" if text.startswith("`") else text


@dataclass(frozen=True, slots=True)
class Held:
    """As what an object is held: its name by the shortest way, and what is on that way. `known`: the way has a name."""

    name: str
    chain: tuple[str, ...]
    known: bool = True


NOT_LOOKED_FOR = Held("something that was not looked for, as there are many", (), known=False)


def held_as(found: Any, roots: Mapping[int, Root] = _NO_ROOTS) -> Held:
    """Return as what an object is held. `roots` are what has a name by where it is, by `id`: what the variables of
    functions that run have for values. They are told when nothing else is found, which holds objects for longer.
    """
    steps = way(found, lambda each: _named(each) is not None)
    name = _named(steps[0])
    if name is None and roots:
        steps = way(found, lambda each: id(each) in roots)
    first = steps[0]
    root = Root("", name) if name is not None else roots.get(id(first))
    if root is not None:
        return Held(_told(steps, root), (root.where, *map(kind_of, steps if root.variable else steps[1:])))
    chain = tuple(map(kind_of, steps))
    if len(steps) == 1:
        return Held("something that cannot be looked into, such as a part of a library in C", chain, known=False)
    called_back = callable(first) or type(first) is tuple  # as it is when `atexit` has it
    name = f"{chain[0]} {_qualified(first)}" if callable(first) else chain[0]
    where = "`atexit` or a library in C" if called_back else "a library in C"
    return Held(f"`{_expression(steps)}` of a {name} that cannot be found in anything, as what {where} holds", chain)


def _told(steps: Sequence[Any], root: Root) -> str:
    """Return how to get to the last of some objects, which begin at that root."""
    first = steps[0]
    if not root.variable and issubclass(type(first), functools._lru_cache_wrapper):
        limit = first.cache_parameters()["maxsize"]
        return f"the cache of {root.where}, which has {'no limit' if limit is None else f'a limit of {limit}'}"
    name = root.variable
    if type(first) is Context:
        inside = {id(step): at for at, step in enumerate(steps)}
        items = ((variable.name, inside[id(value)]) for variable, value in first.items() if id(value) in inside)
        name, at = next(items, ("", len(steps) - 1))
        steps = steps[at:]
    expression = f"{name}{_expression(steps, dotted=bool(name))}"
    local = any(issubclass(type(step), threading.local) for step in steps)
    text = f"`{expression}` of {root.where}" if expression else root.where
    return f"{text}, which is local to a thread" if local else text


def _is_whole(found: Any) -> bool:
    """Return whether something is named without what of it is meant."""
    return type(found) is Context or issubclass(type(found), functools._lru_cache_wrapper)


def circle(garbage: Sequence[Any]) -> str:
    """Return how one of some objects refers to itself, such as ``Node `.children[0].parent` ``; `""` when none does."""
    inside = {id(each) for each in garbage}
    for start in sorted(garbage, key=_commonness)[:_TRIED]:
        steps: dict[int, Any] = {}  # from what each was reached
        todo = deque([start])
        while todo:
            each = todo.popleft()
            for part in referents(each):
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
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and issubclass(kind, asyncio.Task) and not asyncio.Task.done(found):
        return f"task `{asyncio.Task.get_name(found)}`, which is not done"
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
        elif issubclass(type(holder), threading.local) and len(rest) > 2:  # two dicts: by thread, and by name
            text += _name_in(rest[1], rest[2], names=True)
            index += 3
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
    attribute = _SUSPENDED.get(kind, "")
    frame = holder if kind is FrameType else _attribute(holder, attribute) if attribute else None
    if type(frame) is FrameType:
        variable = next((name for name, value in variables(frame).items() if value is part), "…")
        return f"{f'.{attribute}' if attribute else ''}.f_locals[{variable!r}]"
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
