"""Check: every object that was in the cache of a cycle is shown to be dead when the cycle ended, or named.

Enters: the objects of a cycle. Leaves: those that outlived it, each with what holds it. By these rules:

1. Looked at is what loaders returned, and what was made during the cycle and is reached from there by way of what was
   made during the cycle. To tell that, what the collector knows of is frozen when a cycle begins.
2. A reference that none of these objects has, nor a variable of the loop, is somebody else's (`objects.py`). What is
   reached by way of one is suspected.
3. All else is dropped and collected, garbage that referred to it too. What somebody else still refers to then is a
   survivor; so is what a weak reference shows alive, though nobody else seemed to refer to it.
4. What a variable of the loop holds is looked at when the next cycle ends, in which it should have got another.

Texts, numbers, classes, modules, and functions without a closure are no objects of a cycle: anybody may refer to them.
"""

import gc
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from types import FrameType
from typing import Any
from weakref import ref

from blendtpl.heap.frames import Root, named, running, stack, variables
from blendtpl.heap.naming import NOT_LOOKED_FOR, held_as, kind_of
from blendtpl.heap.ways import Passed
from blendtpl.walker.objects import Label, Labels, Objects, Scope, is_followed, untracked
from blendtpl.walker.survivor import Survivor

_NAMED = 25  # survivors of a cycle for which it is found out what holds them, which takes a look at all of memory
_PART = 20  # looking at all of memory where nothing asks for it takes one part in so many of the time

_OWN = frozenset(("blendtpl.walker.check", "blendtpl.walker.walker"))


class Check:
    """What is checked of one walker; of one at a time, as there is one collector in a process.

    `not_followed` is how many objects of the last cycle cannot be told to be dead, as anybody may refer to them.
    """

    def __init__(self) -> None:
        self._late = _Watched(Labels(0))  # what variables of the loop held when the last cycle ended
        self._before: dict[int, Any] = {}
        self._was_frozen = False
        self._due = 0.0
        self.not_followed = 0

    def start(self, frame: FrameType) -> None:
        """Begin, before the first cycle. What was frozen before is as any other object until the end. The loop is among
        what called `frame`.
        """
        self._was_frozen = gc.get_freeze_count() > 0
        gc.unfreeze()
        self._before = untracked(value for each in stack(frame) for value in variables(each).values())

    def begin(self) -> None:
        """Begin a cycle: whatever there is by now is none of its objects."""
        now = perf_counter()
        if now >= self._due:
            _collect_all()
            self._due = perf_counter() + _PART * (perf_counter() - now)
        gc.freeze()

    def close(self) -> None:
        """End, after the last cycle."""
        self._late = _Watched(Labels(0))
        self._before.clear()
        if not self._was_frozen:
            gc.unfreeze()

    def end(self, number: int, values: dict[Hashable, Any], frame: FrameType) -> tuple[Survivor, ...]:
        """Drop the objects of a cycle, and return those that are alive. The loop is among what called `frame`."""
        frames = [each for each in stack(frame) if each.f_globals.get("__name__") not in _OWN]
        scope = Scope(frozenset(map(id, gc.get_objects())), self._before)
        self.not_followed = sum(not is_followed(value) for value in values.values())
        objects = Objects(number, values, scope)
        values.clear()
        in_variables = [_variables(objects, each, scope) for each in frames]
        in_loop = objects.reached_from(set().union(*in_variables))
        watched = [(identity, ref(each)) for identity, each in objects.own() if type(each).__weakrefoffset__]
        own = {identity for identity in in_loop if identity in objects.labels}
        alive = _Alive()
        held = self._held(objects, in_loop, alive)
        now = _Watched(objects.labels, [each for each in watched if each[0] not in held and each[0] not in in_loop])
        alive.look_at(now, self._late)
        alive.look_for(self._late, frames, scope)
        later = [each for each in watched if each[0] in in_loop and each[0] not in held]
        self._late = _Watched(objects.labels, later, own - held - {identity for identity, _ in later})
        return alive.survivors(_roots(frames, scope, in_loop)) if alive else ()

    def _held(self, objects: Objects, in_loop: set[int], alive: "_Alive") -> set[int]:
        """Drop the objects but for what somebody else refers to, when garbage is gone that did; return, by `id`, all
        that is held by that.
        """
        suspects = objects.reached_from(objects.held_elsewhere())
        objects.keep(suspects | in_loop)
        held: set[int] = set()
        if objects.some_own(suspects):
            _collect_all()
            referred = objects.held_elsewhere()
            held = objects.reached_from(referred)
            for identity, each in objects.own():
                if identity in referred or (identity in held and identity in objects.labels.keys):
                    alive.add(objects.labels.of(identity), each)
        objects.keep(set())
        return held


@dataclass(frozen=True, slots=True)
class _Watched:
    """Objects that are to be dead: by weak references, and by `id` those of which there can be none."""

    labels: Labels
    references: list[tuple[int, "ref[Any]"]] = field(default_factory=list)
    others: set[int] = field(default_factory=set)


class _Alive:
    """What is found alive that was to be dead, in the order in which it is told."""

    def __init__(self) -> None:
        self._objects = Passed()
        self._labels: dict[int, Label] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def add(self, label: Label, found: Any) -> None:
        """Add an object."""
        self._objects[id(found)] = found
        self._labels.setdefault(id(found), label)

    def look_at(self, *watched: _Watched) -> None:
        """Add what is alive, when all garbage is gone."""
        gc.collect()
        for each in watched:
            seen = [(identity, reference) for identity, reference in each.references if reference() is not None]
            if seen:
                _collect_all()
            for identity, reference in seen:
                if (found := reference()) is not None:
                    self.add(each.labels.of(identity), found)

    def look_for(self, late: _Watched, frames: Iterable[FrameType], scope: Scope) -> None:
        """Add what a variable still holds of that which has no weak references, and is no newer object of that `id`."""
        for frame in frames if late.others else ():
            for value in variables(frame).values():
                if id(value) in late.others and not scope.is_new(value):
                    self.add(late.labels.of(id(value)), value)

    def survivors(self, roots: Mapping[int, Root]) -> tuple[Survivor, ...]:
        """Return what is told of them, those first that loaders returned."""
        told: list[Survivor] = []
        if self._objects:
            gc.unfreeze()  # who refers to what is not told of frozen objects
        ordered = sorted(self._labels.items(), key=lambda item: not item[1].direct)
        for count, (identity, label) in enumerate(ordered):
            found = self._objects[identity]
            held = held_as(found, roots) if count < _NAMED else NOT_LOOKED_FOR
            if held.known or gc.is_tracked(found) or type(found).__weakrefoffset__:  # else a constant of some code
                told.append(Survivor(label.cycle, label.key, kind_of(found), label.direct, held.name, held.chain))
        return tuple(told)


def _variables(objects: Objects, frame: FrameType, scope: Scope) -> set[int]:
    return objects.held_by_variables(variables(frame).values(), scope)


def _roots(frames: Iterable[FrameType], scope: Scope, in_loop: set[int]) -> dict[int, Root]:
    """Return, by `id`, what variables hold, but for what the loop's hold of the cycle that ended: that is excused."""
    found = dict(running())
    for frame in frames:
        for identity, root in named(frame, ", which runs"):
            if (identity not in scope.fresh or identity in scope.before) and identity not in in_loop:
                found.setdefault(identity, root)
    return found


def _collect_all() -> None:
    gc.unfreeze()
    gc.collect()
