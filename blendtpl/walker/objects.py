"""Objects: those of a cycle, what they refer to, and which of them somebody else refers to.

Enters: what loaders returned. Leaves: by `id`, what is held elsewhere, which is told by counting: Python says how many
references there are to an object, and the collector which of them the others of these objects have.
"""

import enum
import gc
import sys
from collections import Counter, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

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
class Scope:
    """What was made during a cycle: what the collector knows of since then; and, as it knows nothing of a dict or a
    tuple that has but texts and numbers, those of them that were not there before.
    """

    fresh: frozenset[int]
    before: Mapping[int, Any]

    def is_new(self, found: Any) -> bool:
        """Return whether something was made during the cycle and is an object of it."""
        if gc.is_tracked(found):
            return id(found) in self.fresh and not _is_shared(found)
        return type(found) in _MAY_BE_UNTRACKED and len(found) > 0 and id(found) not in self.before


def untracked() -> dict[int, Any]:
    """Return, by `id`, the dicts and tuples that the collector knows nothing of; they are kept, or others had their
    `id` one day.
    """
    found, known = Passed(), gc.get_objects()
    for at in range(0, len(known), _AT_ONCE):
        for part in gc.get_referents(*known[at : at + _AT_ONCE]):
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
    if issubclass(kind, FunctionType):
        return found.__closure__ is None
    return issubclass(kind, _SHARED) or f"{kind.__module__}.".startswith(_OURS)


class Objects:
    """Some objects, by `id`. Those that have a label are of the cycle; the others are what the loop has of its own."""

    __slots__ = ("_labels", "_objects", "_variables")

    def __init__(self, number: int, values: Mapping[Hashable, Any], scope: Scope) -> None:
        self._objects = Passed()
        self._labels: dict[int, Label] = {}
        self._variables: Counter[int] = Counter()
        for key, value in values.items():
            if is_followed(value) and id(value) not in self._objects:
                self._objects[id(value)] = value
                self._labels[id(value)] = Label(number, _shown(key), direct=True)
        self._spread(list(self._objects.values()), scope)

    def __len__(self) -> int:
        return len(self._objects)

    def __contains__(self, identity: int) -> bool:
        return identity in self._objects

    def own(self) -> Iterator[tuple[Label, Any]]:
        """Yield the objects of the cycle."""
        for identity, label in self._labels.items():
            if identity in self._objects:
                yield label, self._objects[identity]

    def some_own(self, identities: set[int]) -> bool:
        """Return whether any of these is an object of the cycle."""
        return not identities.isdisjoint(self._labels)

    def held_by_variables(self, values: Iterable[Any], scope: Scope) -> set[int]:
        """Take what variables of the loop hold, each of which is one reference. Return what of that is new, by `id`."""
        held = [value for value in values if id(value) in self._objects or scope.is_new(value)]
        self._variables.update(map(id, held))
        for value in held:
            self._objects.setdefault(id(value), value)
        self._spread(held, scope)
        return set(map(id, held))

    def held_elsewhere(self) -> set[int]:
        """Return, by `id`, to which of them somebody else refers."""
        references = self._references()
        self._objects[0] = object()  # to this one, nobody else does
        counts = list(map(sys.getrefcount, self._objects.values()))
        nobody = counts.pop()
        del self._objects[0]
        known = zip(references.items(), counts, strict=True)
        return {identity for (identity, inner), count in known if count - nobody > inner}

    def reached_from(self, some: Iterable[int]) -> set[int]:
        """Return some of them and all to which they lead, by `id`."""
        found = {identity for identity in some if identity in self._objects}
        todo = [self._objects[identity] for identity in found]
        while todo:
            for part in gc.get_referents(todo.pop()):
                if id(part) in self._objects and id(part) not in found:
                    found.add(id(part))
                    todo.append(part)
        return found

    def keep(self, some: set[int]) -> None:
        """Let go of all others."""
        kept = Passed((identity, each) for identity, each in self._objects.items() if identity in some)
        self._objects = kept

    def _references(self) -> dict[int, int]:
        """Return how many references each has that are known."""
        found = {identity: self._variables[identity] for identity in self._objects}
        for each in self._objects.values():
            for part in gc.get_referents(each):
                if id(part) in found:
                    found[id(part)] += 1
        return found

    def _spread(self, starts: Iterable[Any], scope: Scope) -> None:
        """Add what is new of all that some objects lead to."""
        todo = deque(starts)
        while todo:
            each = todo.popleft()
            label = self._labels.get(id(each))
            for part in _parts(each):
                if id(part) not in self._objects and scope.is_new(part):
                    self._objects[id(part)] = part
                    if label is not None:
                        self._labels[id(part)] = Label(label.cycle, label.key, direct=False)
                    todo.append(part)


def _parts(found: Any) -> list[Any]:
    """Return what an object refers to, but not, by way of a function, to all of its module."""
    if issubclass(type(found), FunctionType):
        return [found.__closure__, found.__defaults__, found.__kwdefaults__, *gc.get_referents(found.__dict__)]
    return gc.get_referents(found)


def _shown(key: Hashable) -> str:
    try:
        text = repr(key)
    except Exception:  # a key may be anybody's
        text = object.__repr__(key)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
