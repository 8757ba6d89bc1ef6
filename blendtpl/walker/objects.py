"""Objects: those of a cycle, what they refer to, and which of them somebody else refers to.

Enters: what loaders returned. Leaves: by `id`, what is held elsewhere, which is told by counting: Python says how many
references there are to an object, and the collector which of them the others of these objects have.
"""

import enum
import gc
import sys
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from blendtpl.heap.referents import referents
from blendtpl.heap.ways import Passed

_LONG_TEXT = 1000  # characters: a page or a picture, of which nobody has another reference by chance
_AT_ONCE = 1000  # objects that are asked together what they refer to
_SHOWN = 60  # characters of a key

_MAY_BE_UNTRACKED = frozenset((dict, tuple))
_TEXTS = frozenset((str, bytes))
_PLAIN = _TEXTS | {int, float, complex, bool, type(None)}
# anybody may refer to these, whoever made them
_SHARED = (type, ModuleType, CodeType, BuiltinFunctionType, enum.Enum)
_OURS = ("blendtpl.runtime.", "blendtpl.walker.", "blendtpl.bundle.")  # the registry and the walker outlive a cycle


@dataclass(frozen=True, slots=True)
class Label:
    """By what an object of a cycle is known: the key under which it was, or from which it was reached."""

    cycle: int
    key: str
    direct: bool


@dataclass(frozen=True, slots=True)
class Labels:
    """What the objects of a cycle are known by, when they are no more at hand."""

    cycle: int
    keys: dict[int, str] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)  # from what each of the others was reached

    def __contains__(self, identity: int) -> bool:
        return identity in self.keys or identity in self.parents

    def of(self, identity: int) -> Label:
        """Return what an object is known by."""
        start = identity
        while start not in self.keys:
            start = self.parents[start]
        return Label(self.cycle, self.keys[start], direct=start == identity)


@dataclass(frozen=True, slots=True)
class Scope:
    """What was made during a cycle: what the collector knows of since then; and, as it knows nothing of a dict or a
    tuple that has but texts and numbers, those of them that were not there before.
    """

    fresh: frozenset[int]
    before: Mapping[int, Any]
    shared: dict[type, bool] = field(default_factory=dict)  # which types are, of those that came up

    def is_new(self, found: Any) -> bool:
        """Return whether something was made during the cycle and is an object of it."""
        kind = type(found)
        if id(found) in self.before:  # a dict that was empty is new to the collector when something comes into it
            return False
        if id(found) in self.fresh:
            if (shared := self.shared.get(kind)) is None:
                shared = self.shared[kind] = kind is not FunctionType and _is_shared(found)
            return not shared and (kind is not FunctionType or found.__closure__ is not None)
        return kind in _MAY_BE_UNTRACKED and len(found) > 0 and not gc.is_tracked(found)


def untracked(values: Iterable[Any]) -> dict[int, Any]:
    """Return, by `id`, the dicts and tuples that the collector knows nothing of, among these values of variables and
    all that others refer to; they are kept, or others had their `id` one day.
    """
    found = Passed()
    for part in chain(values, _referents(gc.get_objects())):
        if type(part) in _MAY_BE_UNTRACKED and not gc.is_tracked(part):
            found[id(part)] = part
    return found


def is_followed(value: Any) -> bool:
    """Return whether what a loader returned can be told to be dead."""
    kind = type(value)
    if kind in _PLAIN:
        return kind in _TEXTS and len(value) >= _LONG_TEXT
    return not _is_shared(value)


def _is_shared(found: Any) -> bool:
    kind = type(found)
    if kind is FunctionType:
        return found.__closure__ is None
    return issubclass(kind, _SHARED) or f"{kind.__module__}.".startswith(_OURS)


class Objects:
    """Some objects, by `id`. Those that have a label are of the cycle; the others are what the loop has of its own."""

    __slots__ = ("_objects", "_variables", "labels")

    def __init__(self, number: int, values: Mapping[Hashable, Any], scope: Scope) -> None:
        self._objects = Passed()
        self._variables: Counter[int] = Counter()
        self.labels = Labels(number)
        for key, value in values.items():
            if is_followed(value) and id(value) not in self._objects:
                self._objects[id(value)] = value
                self.labels.keys[id(value)] = _shown(key)
        self._spread(list(self._objects.values()), scope, self.labels.parents)

    def own(self) -> Iterator[tuple[int, Any]]:
        """Yield the objects of the cycle, each behind its `id`."""
        labels = self.labels
        return ((identity, each) for identity, each in self._objects.items() if identity in labels)

    def some_own(self, identities: set[int]) -> bool:
        """Return whether any of these is an object of the cycle."""
        return any(identity in self.labels for identity in identities)

    def held_by_variables(self, values: Iterable[Any], scope: Scope) -> set[int]:
        """Take what variables of the loop hold, each of which is one reference. Return what of that is new, by `id`."""
        held = [value for value in values if id(value) in self._objects or scope.is_new(value)]
        self._variables.update(map(id, held))
        for value in held:
            self._objects.setdefault(id(value), value)
        self._spread(held, scope, {})
        return set(map(id, held))

    def held_elsewhere(self) -> set[int]:
        """Return, by `id`, to which of them somebody else refers."""
        known = Counter(self._variables)
        known.update(map(id, _referents(list(self._objects.values()))))
        self._objects[0] = object()  # to this one, nobody else does
        counts = list(map(sys.getrefcount, self._objects.values()))
        del self._objects[0]
        nobody = counts.pop()
        counted = zip(self._objects, counts, strict=True)
        return {identity for identity, count in counted if count - nobody > known[identity]}

    def reached_from(self, some: Iterable[int]) -> set[int]:
        """Return some of them and all to which they lead, by `id`."""
        objects = self._objects
        found = {identity for identity in some if identity in objects}
        todo = [objects[identity] for identity in found]
        while todo:
            for part in referents(todo.pop()):
                if id(part) in objects and id(part) not in found:
                    found.add(id(part))
                    todo.append(part)
        return found

    def keep(self, some: set[int]) -> None:
        """Let go of all others."""
        self._objects = Passed((identity, each) for identity, each in self._objects.items() if identity in some)

    def _spread(self, starts: Iterable[Any], scope: Scope, parents: dict[int, int]) -> None:
        """Add what is new of all that some objects lead to, and from which of them it was reached."""
        objects, todo = self._objects, list(starts)
        for each in todo:  # which becomes longer meanwhile
            for part in _parts(each):
                if id(part) not in objects and scope.is_new(part):
                    objects[id(part)] = part
                    parents[id(part)] = id(each)
                    todo.append(part)


def _referents(found: list[Any]) -> Iterator[Any]:
    """Yield what some objects refer to, as often as they do. Some are asked at a time, which takes less."""
    for at in range(0, len(found), _AT_ONCE):
        yield from referents(*found[at : at + _AT_ONCE])


def _parts(found: Any) -> list[Any]:
    """Return what an object refers to, but not, by way of a function, to all of its module."""
    if type(found) is FunctionType:
        return [found.__closure__, found.__defaults__, found.__kwdefaults__, *referents(found.__dict__)]
    return referents(found)


def _shown(key: Hashable) -> str:
    try:
        text = repr(key)
    except Exception:  # a key may be anybody's
        text = object.__repr__(key)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
