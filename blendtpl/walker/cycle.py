"""Cycle: one pass of a walker, with its own objects, its deadline and what it counts.

Enters: a walker's registry, and the figures of its worker. Leaves: what a function needs for one pass.
"""

from collections import Counter
from time import monotonic

from blendtpl.runtime.registry import Registry
from blendtpl.walker.cache import Cache
from blendtpl.walker.stats import Stats
from blendtpl.walker.survivor import Survivor

_COUNTED = frozenset(("renders", "rendered_bytes", "mails", "errors"))


class Cycle:
    """One pass of a walker.

    `number` counts from 1; `registry` is the walker's; `cache` has the objects of this cycle, which it lets go of when
    the cycle ends; `counters` is what `count` counted in it; `deadline` is when it has to be over, in seconds of
    `time.monotonic`, or `None`. `survivors` are the objects that outlived the cycle before, which a walker that checks
    has found.
    """

    __slots__ = ("__weakref__", "_stats", "cache", "counters", "deadline", "number", "registry", "survivors")

    def __init__(
        self,
        number: int,
        registry: Registry,
        stats: Stats,
        *,
        deadline: float | None = None,
        survivors: tuple[Survivor, ...] = (),
    ) -> None:
        self.number = number
        self.registry = registry
        self.deadline = deadline
        self.survivors = survivors
        self.cache = Cache()
        self.counters: Counter[str] = Counter()
        self._stats = stats

    @property
    def remaining(self) -> float | None:
        """How many seconds are left until the deadline, below zero when it has passed; `None` without one.

        Nothing ends a cycle that is late but the launcher, which tells the worker and then ends it.
        """
        return None if self.deadline is None else self.deadline - monotonic()

    def count(self, name: str, more: int = 1) -> None:
        """Count something. Mails, renders, rendered_bytes and errors are added to the worker's figures, too."""
        self.counters[name] += more
        if name in _COUNTED:
            setattr(self._stats, name, getattr(self._stats, name) + more)

    def report(self, *, backlog: float) -> None:
        """Tell how much is left to do, which the worker's figures show to others."""
        self._stats.backlog = backlog

    def __repr__(self) -> str:
        return f"<Cycle {self.number}: {len(self.cache)} objects>"
