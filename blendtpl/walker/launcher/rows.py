"""Rows: the figures of all workers of a pool, in memory that they share with the launcher.

Enters: how many workers there may be at once. Leaves: a row for each. Whoever has better rows, in which what is
rendered is counted by template, gives those to the launcher instead.
"""

import math
import mmap

from blendtpl.runtime.registry import Registry
from blendtpl.walker.launcher.pool import Seen
from blendtpl.walker.stats import Stats

_DOUBLE = 8


class Rows:
    """Rows that nobody but the processes of this pool can see."""

    def __init__(self, count: int) -> None:
        width = len(Stats.FIELDS)
        numbers = memoryview(mmap.mmap(-1, max(1, count) * width * _DOUBLE)).cast("d")
        self._rows = [numbers[at * width : (at + 1) * width] for at in range(count)]

    def stats(self, row: int) -> Stats:
        """Return the figures of the worker in a row."""
        return Stats(self._rows[row])

    def registry(self, registry: Registry, row: int) -> Registry:
        """Return the registry as the worker in a row is to have it. Called in that worker."""
        return registry

    def add(self, registry: Registry) -> None:
        """Be told of a registry that workers will have. Called in the launcher."""

    def rotated(self, row: int, reason: str) -> None:
        """Be told that the worker in a row is gone, and why."""
        self.stats(row).pid = 0.0


def seen(stats: Stats) -> Seen:
    """Return what a row says that decisions depend on."""
    return Seen(
        ready=stats.ready > 0.0,
        cycles=int(stats.cycles),
        busy=stats.cycle_started > 0.0,
        deadline=stats.deadline or math.inf,
        growth=max(0.0, stats.rss - stats.base_rss),
        rss=stats.rss,
    )
