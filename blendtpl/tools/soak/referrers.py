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

_MOST = 3  # holders that are told
_SHARE = 0.2  # of what the first of them holds, from which on another is told

_BASES: tuple[tuple[type, Callable[[Any], int], Callable[[Any], Iterator[Any]]], ...] = (
    (dict, dict.__len__, lambda found: iter(dict.items(found))),
    (list, list.__len__, list.__iter__),
    (set, set.__len__, set.__iter__),
    (deque, deque.__len__, deque.__iter__),
)
_CONSTANTS = frozenset(map(type, (None, True, ..., NotImplemented)))
_SMALL = range(-5, 257)  # the numbers that Python has once

Lengths = list[tuple[Any, int]]


def lengths() -> Lengths:
    """Return every container that there is, and its length. The list keeps them alive, so that none is mistaken."""
    found = {id(each): each for each in gc.get_objects() if _length(each) is not None}
    for each in gc.get_objects():
        for part in gc.get_referents(each):
            if type(part) is dict and not gc.is_tracked(part):  # as one of mere texts is not
                found[id(part)] = part
    return [(each, _length(each) or 0) for each in found.values()]


def left(before: Lengths, new: list[Any], everything: list[Any]) -> tuple[list[Any], tuple[str, ...]]:
    """Return what is held of the objects that are `new` to the collector, and whatever else was added to `before`; and
    what those are called that hold most of it, of `everything` that there is.
    """
    fresh, old = {id(each) for each in new}, {id(each) for each, _ in before}
    referrers: list[_Holder] = []
    for each, was in before:
        more = (_length(each) or 0) - was
        if more > 0:
            reached = _reached(_added(each, was), fresh, old)
            referrers.append(_Holder(each, None, reached, max(more, len(reached))))
    grown = {id(holder.found) for holder in referrers}
    for each in everything:
        if id(each) in fresh or id(each) in grown or type(each) is FrameType:
            continue
        parts = [part for part in gc.get_referents(each) if id(part) in fresh]
        if parts:
            reached = _reached(parts, fresh, old)
            referrers.append(_Holder(each, parts[0], reached, len(reached)))
    referrers.sort(key=lambda holder: -holder.weight)
    worth = [holder for holder in referrers if holder.weight >= max(2, _SHARE * referrers[0].weight)]
    names = dict.fromkeys(called(holder.found, holder.part) for holder in worth[: 2 * _MOST])
    held = {key: found for holder in worth for key, found in holder.reached.items()}
    return list(held.values()), tuple(names)[:_MOST]


class _Holder(NamedTuple):
    """Something that was there before, what of it is to be named if not itself, and what is new that it holds."""

    found: Any
    part: Any
    reached: dict[int, Any]
    weight: int


def types_of(found: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    """Return how many objects there are of each type, most first."""
    return tuple(Counter(kind_of(each) for each in found).most_common())


def _length(found: Any) -> int | None:
    """Return the length of a container of Python's own, or of a class that stands on one."""
    kind = type(found)
    return next((length(found) for base, length, _ in _BASES if issubclass(kind, base)), None)


def _added(found: Any, was: int) -> Iterator[Any]:
    """Yield what is new in a container that was shorter; of a set, all there is."""
    kind = type(found)
    items = next(list(iterate(found)) for base, _, iterate in _BASES if issubclass(kind, base))
    for item in items if issubclass(kind, set) else items[was:]:
        if issubclass(kind, dict):
            yield from item
        else:
            yield item


def _reached(parts: Iterable[Any], fresh: set[int], old: set[int]) -> dict[int, Any]:
    """Return, by id, what is new of some objects and of all that is reached from them."""
    found: dict[int, Any] = {}
    todo = list(parts)
    while todo:
        each = todo.pop()
        if id(each) in found or (id(each) not in fresh if gc.is_tracked(each) else _is_old(each, old)):
            continue
        found[id(each)] = each
        todo += gc.get_referents(each)
    return found


def _is_old(found: Any, old: set[int]) -> bool:
    """Return whether something that the collector does not know of was surely there before."""
    kind = type(found)
    return kind in _CONSTANTS or (kind is int and found in _SMALL) or id(found) in old
