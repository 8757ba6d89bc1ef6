"""Garbage: what circles keep of a cycle is freed when it ends, and a few of its objects are watched until dead.

Enters: the objects of a cycle that ended. Leaves: how many of those that were watched outlived it.

Python's own collector does its work by the number of objects made, whenever that comes; here, what a cycle left is
collected where it is cheapest, and when no mail waits. The collector is left on or off, as the application has it.
"""

import gc
import sysconfig
from collections import deque
from collections.abc import Hashable
from itertools import islice
from time import perf_counter
from typing import Any
from weakref import ref

WATCHED = 8  # objects of one cycle, for a few microseconds
_WAITING = 64  # of them that may wait to be told apart from garbage

# A collection of everything there is takes at most this part of the time: half a percent.
_PART = 200

# Without the lock of the interpreter there are no generations, and each collection is one of everything.
_GENERATIONS = not sysconfig.get_config_var("Py_GIL_DISABLED")


class Garbage:
    """What one walker collects and watches."""

    __slots__ = ("_due", "_watched")

    def __init__(self) -> None:
        self._watched: deque[tuple[int, ref[Any]]] = deque(maxlen=_WAITING)
        self._due = 0.0  # when the next collection of everything may be

    def end(self, number: int, values: dict[Hashable, Any]) -> int:
        """Drop the objects of a cycle and collect what they leave. Return how many of those that were watched turn out
        to have outlived their cycle and the one after, in which a variable of the loop may still have held them.
        """
        self._watch(number, values)
        values.clear()
        if _GENERATIONS:
            gc.collect(1)
        return self._count(number)

    def _watch(self, number: int, values: dict[Hashable, Any]) -> None:
        step = len(values) // WATCHED or 1
        for value in islice(values.values(), number % step, None, step):
            if type(value) in (list, tuple) and value:  # these themselves cannot be watched
                value = value[number % len(value)]
            if type(value).__weakrefoffset__:
                self._watched.append((number, ref(value)))

    def _count(self, number: int) -> int:
        """Count those that are alive for longer than anything may be that is no leak, when a collection shows that they
        are no garbage. Where the collector is off, nobody else collects what is older than a cycle.
        """
        watched = self._watched
        while watched and watched[0][1]() is None:
            watched.popleft()
        suspected = bool(watched) and watched[0][0] < number
        if not (suspected or not _GENERATIONS or not gc.isenabled()) or perf_counter() < self._due:
            return 0
        began = perf_counter()
        gc.collect()
        ended = perf_counter()
        self._due = ended + _PART * (ended - began)
        survivors = sum(taken < number and each() is not None for taken, each in watched)
        self._watched = deque(((taken, each) for taken, each in watched if taken == number), maxlen=_WAITING)
        return survivors
