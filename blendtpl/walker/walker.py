"""Walker: cycle after cycle, each with its own objects, until it is time to leave.

Enters: a registry and limits. Leaves: cycles; the last of them is finished, and `stop` says why it was the last.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Hashable
from datetime import timedelta
from time import monotonic
from typing import Any

from blendtpl.errors import WalkerError
from blendtpl.extras import NotInstalledError
from blendtpl.runtime.registry import Registry
from blendtpl.walker.check import Check
from blendtpl.walker.cycle import Cycle
from blendtpl.walker.garbage import Garbage
from blendtpl.walker.limits import read_limits, rss_of_this_process
from blendtpl.walker.signals import Signals
from blendtpl.walker.stats import Stats
from blendtpl.walker.stop import Stop
from blendtpl.walker.survivor import Survivor

Duration = float | str | timedelta
Size = int | float | str

_RSS_EVERY = 1.0  # seconds, where no limit asks for the size of the process


class Walker:
    """What a long-lived process goes round in: ``for cycle in Walker(registry, max_age="20m").cycles():``.

    It leaves after the cycle in which it became as old as `max_age`, give or take the share `jitter`, so that no two
    leave together; in which it grew by `max_growth` since it was made, or forked; in which it came to `max_rss`; or in
    which SIGTERM or SIGINT came. `deadline` is how long a cycle may take. Durations are seconds, a `timedelta` or a
    text such as ``20m``; sizes are bytes or a text such as ``40MB``, and need psutil.

    With `check`, every object that was in the cache of a cycle is shown to be dead when it ended, or found in
    `cycle.survivors` of the next one. `stats` is the row of figures that others read. Raises `ConfigError` for a limit
    that is none.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        max_age: Duration | None = None,
        max_growth: Size | None = None,
        max_rss: Size | None = None,
        jitter: float = 0.1,
        check: bool = False,
        deadline: Duration | None = None,
        stats: Stats | None = None,
    ) -> None:
        self.limits = read_limits(max_age, max_growth, max_rss, jitter, deadline)
        self.registry = registry
        self.stats = Stats() if stats is None else stats
        self.survivors: tuple[Survivor, ...] = ()
        self._stop: Stop | None = None
        self._number = 0
        self._runs = False
        self._garbage = Garbage()
        self._check = Check() if check else None
        self._shared = stats is not None
        self._begin_process()

    @property
    def stop(self) -> Stop | None:
        """Why it leaves, or `None` as long as it does not."""
        return self._stop

    @property
    def exit_status(self) -> int:
        """The status that the process is to end with: ``sys.exit(walker.exit_status)``."""
        return 0 if self._stop is None else self._stop.exit_status

    @property
    def not_followed(self) -> int:
        """How many objects of the last cycle a walker that checks cannot tell to be dead: texts, numbers, and whatever
        else anybody may refer to.
        """
        return 0 if self._check is None else self._check.not_followed

    def end(self, stop: Stop = Stop.TERMINATED) -> bool:
        """Leave after the cycle that runs; from a handler of signals, or any thread. Return whether that is news."""
        if self._stop is not None:
            return False
        self._stop = stop
        self.stats.stop = float(stop)
        return True

    def cycles(self) -> "Cycles":
        """Return the cycles, for a `for` or an `async for`; one loop at a time."""
        return Cycles(self)

    def begin(self) -> Cycle:
        """Begin one cycle outside of a loop, which `finish` ends: what a task queue calls around each of its tasks. It
        knows its own limits and signals; `stop` says when one of the walker's is met.
        """
        if not self._runs or self._pid != os.getpid():
            self._enter()
        return self._begin()

    def finish(self, cycle: Cycle) -> None:
        """End a cycle that `begin` has begun; its cache is empty then, and takes no more."""
        self._finish(cycle)

    def _begin_process(self) -> None:
        """Take the age and the size to begin with, of this process: one that was forked has its own."""
        stats, fresh = self.stats, not self._shared
        self._pid = os.getpid()
        if fresh or not stats.started:
            stats.started = monotonic()
        if stats.pid and stats.pid != self._pid:
            fresh = True
        stats.pid = float(self._pid)
        self._age = self.limits.age()
        self._rss: Callable[[], int] | None = None
        self._rss_due = 0.0
        try:
            if self._shared or self.limits.of_memory:
                self._rss = rss_of_this_process()
        except NotInstalledError:
            if self.limits.of_memory:
                raise
        if self._rss is not None:
            stats.rss = float(self._rss())
            if fresh or not stats.base_rss:
                stats.base_rss = stats.rss

    def _enter(self) -> None:
        if self._runs and self._pid == os.getpid():  # else the loop is that of the process that forked
            raise WalkerError("the walker runs already: one loop over its cycles at a time, which ends when it is left")
        self._runs = True
        if self._check is not None:
            self._check.start(sys._getframe())

    def _leave(self) -> None:
        self._runs = False
        if self._check is not None:
            self._check.close()

    def _begin(self) -> Cycle:
        if self._pid != os.getpid():
            self._begin_process()
        stats, now = self.stats, monotonic()
        self._number += 1
        if self._check is not None:
            self._check.begin()
        if not stats.ready:
            stats.ready = now
        deadline = None if self.limits.deadline is None else now + self.limits.deadline
        stats.deadline = deadline or 0.0
        stats.cycle_started = now
        return Cycle(self._number, self.registry, stats, deadline=deadline, survivors=self.survivors)

    def _finish(self, cycle: Cycle) -> None:
        """End a cycle that was run to its end."""
        values = self._empty(cycle)
        if self._check is None:
            self.stats.survivors += self._garbage.end(cycle.number, values)
        else:
            self.survivors = self._check.end(cycle.number, values, sys._getframe())
            self.stats.survivors += len(self.survivors)
        self.stats.cycles += 1
        self._look_at_limits()

    def _abandon(self, cycle: Cycle) -> None:
        """End a cycle whose loop was left. What left it, as an exception, may hold its objects: nothing is checked."""
        self._garbage.end(cycle.number, self._empty(cycle))

    def _empty(self, cycle: Cycle) -> dict[Hashable, Any]:
        """Return what was in the cache of a cycle, which lets go of it."""
        stats, cache, values = self.stats, cycle.cache, cycle.cache.empty()
        stats.cycle_started = stats.deadline = 0.0
        stats.cache_size = len(values)
        stats.cache_hits += cache.hits
        stats.cache_misses += cache.misses
        return values

    def _look_at_limits(self) -> None:
        now, stats = monotonic(), self.stats
        if self._rss is not None and (self.limits.of_memory or now >= self._rss_due):
            self._rss_due = now + _RSS_EVERY
            stats.rss = float(self._rss())
        if self._age is not None and now - stats.started >= self._age:
            self.end(Stop.AGE)
        elif (stop := self.limits.reached(stats.rss, stats.base_rss)) is not None:
            self.end(stop)


class Cycles:
    """The cycles of a walker, one after the other. When the loop is left, by whatever way, so is the cycle that runs:
    its cache is emptied, and signals are as they were. Who keeps this in a variable calls `close` for that.
    """

    __slots__ = ("__weakref__", "_cycle", "_open", "_signals", "_walker")

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._cycle: Cycle | None = None
        self._open: bool | None = None  # `None`: nobody has asked for the first cycle yet
        self._signals = Signals(walker.end)

    def __iter__(self) -> "Cycles":
        return self

    def __next__(self) -> Cycle:
        self._turn()
        cycle = self._begin()
        if cycle is None:
            raise StopIteration
        return cycle

    def __aiter__(self) -> "Cycles":
        return self

    async def __anext__(self) -> Cycle:
        try:
            # Others have their turn, however little the loop itself waits; and what woke it last, which may be a future
            # with objects of the cycle, is no more at work when these are to be gone.
            await asyncio.sleep(0)
        except BaseException:
            self.close()
            raise
        self._turn()
        cycle = self._begin()
        if cycle is None:
            raise StopAsyncIteration
        return cycle

    def close(self) -> None:
        """Leave the loop: end the cycle that runs, as one that was not run to its end, and give signals back."""
        was_open, self._open = self._open, False
        if not was_open:
            return
        try:
            cycle, self._cycle = self._cycle, None
            if cycle is not None:
                self._walker._abandon(cycle)
        finally:
            self._walker._leave()
            self._signals.restore()

    def __del__(self) -> None:
        self.close()

    def _turn(self) -> None:
        """Go from one cycle to between it and the next."""
        if self._open is None:
            self._walker._enter()
            self._open = True
            self._signals.install()
        cycle, self._cycle = self._cycle, None
        if cycle is not None:
            try:
                self._walker._finish(cycle)
            except BaseException:
                self.close()
                raise

    def _begin(self) -> Cycle | None:
        if not self._open:
            return None
        if self._walker.stop is not None:
            self.close()
            return None
        self._cycle = self._walker._begin()
        return self._cycle
