"""Referrers: what calls have left behind, and who holds it.

Enters: what there was before, and what is new since. Leaves: how many objects of which types were left, and what those
that hold them are called.
"""

import gc
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, NamedTuple

from blendtpl.heap.naming import called, kind_of
from blendtpl.heap.referents import referents

_MOST = 3  # holders that are told
_SHARE = 0.2  # of what the first of them holds, from which on another is told

_BASES: tuple[tuple[type, Callable[[Any], int], Callable[[Any], Iterator[Any]]], ...] = (
    (dict, dict.__len__, lambda mapping: iter(dict.items(mapping))),
    (list, list.__len__, list.__iter__),
    (set, set.__len__, set.__iter__),
    (deque, deque.__len__, deque.__iter__),
)
_CONSTANTS = frozenset(map(type, (None, True, ..., NotImplemented)))
_SMALL = range(-5, 257)  # the numbers that Python has once

Lengths = list[tuple[Any, int]]


def lengths() -> Lengths:
    """Return every container that there is, and its length. The list keeps them alive, so that none is mistaken."""
    containers = {id(container): container for container in gc.get_objects() if _length(container) is not None}
    for parent in gc.get_objects():
        for part in referents(parent):
            if type(part) is dict and not gc.is_tracked(part):  # as one of mere texts is not
                containers[id(part)] = part
    return [(container, _length(container) or 0) for container in containers.values()]


def find_retained(before: Lengths, new: list[Any], everything: list[Any]) -> tuple[list[Any], tuple[str, ...]]:
    """Return what is held of the objects that are `new` to the collector, and whatever else was added to `before`; and
    what those are called that hold most of it, of `everything` that there is.
    """
    fresh, old = {id(item) for item in new}, {id(item) for item, _ in before}
    referrers: list[_Holder] = []
    for container, was in before:
        more = (_length(container) or 0) - was
        if more > 0:
            reached = _reached(_added(container, was), fresh, old)
            referrers.append(_Holder(container, None, reached, max(more, len(reached))))
    grown = {id(holder.referrer) for holder in referrers}
    for referrer in everything:
        if id(referrer) in fresh or id(referrer) in grown or type(referrer) is FrameType:
            continue
        parts = [part for part in referents(referrer) if id(part) in fresh]
        if parts:
            reached = _reached(parts, fresh, old)
            referrers.append(_Holder(referrer, parts[0], reached, len(reached)))
    referrers.sort(key=lambda holder: -holder.weight)
    worth = [holder for holder in referrers if holder.weight >= max(2, _SHARE * referrers[0].weight)]
    names = dict.fromkeys(called(holder.referrer, holder.part) for holder in worth[: 2 * _MOST])
    held = {key: held_object for holder in worth for key, held_object in holder.reached.items()}
    return list(held.values()), tuple(names)[:_MOST]


class _Holder(NamedTuple):
    """Something that was there before, what of it is to be named if not itself, and what is new that it holds."""

    referrer: Any
    part: Any
    reached: dict[int, Any]
    weight: int


def types_of(objects: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    """Return how many objects there are of each type, most first."""
    return tuple(Counter(kind_of(item) for item in objects).most_common())


def _length(container: Any) -> int | None:
    """Return the length of a container of Python's own, or of a class that stands on one."""
    kind = type(container)
    return next((length(container) for base, length, _ in _BASES if issubclass(kind, base)), None)


def _added(container: Any, was: int) -> Iterator[Any]:
    """Yield what is new in a container that was shorter; of a set, all there is."""
    kind = type(container)
    items = next(list(iterate(container)) for base, _, iterate in _BASES if issubclass(kind, base))
    for item in items if issubclass(kind, set) else items[was:]:
        if issubclass(kind, dict):
            yield from item
        else:
            yield item


def _reached(parts: Iterable[Any], fresh: set[int], old: set[int]) -> dict[int, Any]:
    """Return, by id, what is new of some objects and of all that is reached from them."""
    reached: dict[int, Any] = {}
    todo = list(parts)
    while todo:
        item = todo.pop()
        if id(item) in reached or (id(item) not in fresh if gc.is_tracked(item) else _is_old(item, old)):
            continue
        reached[id(item)] = item
        todo += referents(item)
    return reached


def _is_old(item: Any, old: set[int]) -> bool:
    """Return whether something that the collector does not know of was surely there before."""
    kind = type(item)
    return kind in _CONSTANTS or (kind is int and item in _SMALL) or id(item) in old
