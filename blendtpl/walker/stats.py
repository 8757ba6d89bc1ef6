"""Stats: the figures of one worker, in a row of numbers that other processes may read while they are written.

Enters: a worker's own buffer, or its row of memory that a pool shares. Leaves: one attribute for each figure. Each is
one aligned double, which is written whole or not at all: a worker that is killed in the middle of a write spoils none.
"""

from collections.abc import Iterator
from typing import Any, overload


class _Figure:
    """One number of the row."""

    def __set_name__(self, owner: type["Stats"], name: str) -> None:
        self._at = len(owner.FIELDS)
        owner.FIELDS += (name,)

    @overload
    def __get__(self, stats: None, owner: type["Stats"]) -> "_Figure": ...

    @overload
    def __get__(self, stats: "Stats", owner: type["Stats"]) -> float: ...

    def __get__(self, stats: "Stats | None", owner: type["Stats"]) -> Any:
        return self if stats is None else stats.row[self._at]

    def __set__(self, stats: "Stats", value: float) -> None:
        stats.row[self._at] = value


class Stats:
    """The figures of a worker. Times are seconds of ``time.monotonic``, which all processes of a machine share; sizes
    are bytes; what counts goes up as long as the worker lives.
    """

    __slots__ = ("row",)
    FIELDS: tuple[str, ...] = ()

    pid = _Figure()
    started = _Figure()  # when the worker was forked
    ready = _Figure()  # when it began its first cycle; 0: not yet
    cycle_started = _Figure()  # 0: between two cycles
    deadline = _Figure()  # when the cycle has to be over; 0: whenever it is
    stop = _Figure()  # why it leaves, the exit status of a `Stop`; -1: it does not
    cycles = _Figure()  # those that ended
    renders = _Figure()
    rendered_bytes = _Figure()  # characters are counted, as bytes would have to be made
    mails = _Figure()
    errors = _Figure()
    backlog = _Figure()  # what the function last reported; -1: nothing
    rss = _Figure()
    base_rss = _Figure()  # when the worker was forked
    pss = _Figure()  # -1: not known here
    cache_size = _Figure()  # objects in the cache of the last cycle, when it ended
    cache_hits = _Figure()
    cache_misses = _Figure()
    survivors = _Figure()  # objects that outlived the cycle whose cache they were in

    def __init__(self, row: "memoryview[float] | None" = None) -> None:
        """Use a row of `len(Stats.FIELDS)` doubles, as it is; or one of this process alone, of a worker that begins."""
        own = memoryview(bytearray(8 * len(Stats.FIELDS))).cast("d")
        self.row: memoryview[float] = own if row is None else row
        if row is None:
            self.reset()

    def reset(self) -> None:
        """Begin anew, as for a worker that was just forked."""
        for at in range(len(Stats.FIELDS)):
            self.row[at] = 0.0
        self.stop = self.backlog = self.pss = -1.0

    def items(self) -> Iterator[tuple[str, float]]:
        """Yield the name and the value of each figure."""
        return zip(Stats.FIELDS, self.row.tolist(), strict=True)
