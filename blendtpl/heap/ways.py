"""Ways: from what has a name to an object, over whatever refers to whatever.

Enters: an object, and what says whether another has a name. Leaves: the objects on the shortest way there. Running
frames are passed over, which the collector does not know; so is what this package itself holds while it looks.
"""

import gc
from collections.abc import Callable, Iterator
from typing import Any

from blendtpl.heap.referents import referents

_LONGEST = 16  # steps from an object to a name
_WIDEST = 2000  # objects to look at in one of those steps
_FEW = 20  # objects up to which the collector looks faster than Python, as it compares each with each


class Passed(dict[Any, Any]):
    """A dict that is no holder of what is in it."""

    __slots__ = ()


class PassedList(list[Any]):
    """A list that is no holder of what is in it."""

    __slots__ = ()


def way(found: Any, has_name: Callable[[Any], bool]) -> list[Any]:
    """Return the objects from one that has a name to that object, each of which refers to the next. When there is none,
    the first is what nothing is found to refer to, and has no name.
    """
    steps = Passed()  # what each refers to, on the way
    seen = Passed({id(found): found})
    frontier = PassedList([found])
    last = found
    for _ in range(_LONGEST):
        for each in frontier:
            if has_name(each):
                return _followed(each, found, steps)
        wider = PassedList()
        for each, part in _referrers(frontier):
            if id(each) not in seen:
                seen[id(each)] = each
                steps[id(each)] = part
                wider.append(each)
        if not wider:
            break
        frontier = PassedList(wider[:_WIDEST])
        last = frontier[0]
    return _followed(last, found, steps)


def _followed(start: Any, end: Any, steps: Passed) -> list[Any]:
    found = PassedList([start])
    while found[-1] is not end:
        found.append(steps[id(found[-1])])
    return found


def _referrers(frontier: PassedList) -> Iterator[tuple[Any, Any]]:
    """Yield what refers to some objects, each with the one that it refers to."""
    inside = {id(each) for each in frontier}
    parts = tuple(frontier)
    around = PassedList(gc.get_referrers(*parts) if len(parts) <= _FEW else gc.get_objects())
    for each in around:
        if each is parts or type(each) in (Passed, PassedList):
            continue
        part = next((part for part in referents(each) if id(part) in inside), None)
        if part is not None:
            yield each, part
