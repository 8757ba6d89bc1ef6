"""The figures of one worker in shared memory: what counts goes on where the slot's last worker ended.

Enters: a slot's row, one beside it, and what is counted by template there. Leaves: `Stats`. Prometheus takes a counter
that goes down for one that began anew, and a sum over workers would go down with each that leaves. So nothing of a slot
is ever set back: what it held when a worker began is noted beside it, and taken off whatever that worker is asked for.
Neither order nor lock matters then, and a worker may be killed at any instant.
"""

from collections.abc import Callable, Iterator
from typing import Any

from blendtpl.walker.stats import Stats

COUNTERS = (
    *("cycles", "renders", "rendered_bytes", "mails", "errors"),
    *("cache_hits", "cache_misses", "survivors"),
)
# what is counted by template as well, and in which of its figures
_BY_TEMPLATE = {"renders": 0, "rendered_bytes": 1, "errors": 3}


class _Counter:
    """A figure that goes up as long as there is the slot."""

    def __init__(self, name: str) -> None:
        self._name, self._at = name, Stats.FIELDS.index(name)

    def __get__(self, stats: "SlotStats | None", owner: type["SlotStats"]) -> Any:
        return self if stats is None else stats.total(self._name) - stats.before[self._at]

    def __set__(self, stats: "SlotStats", value: float) -> None:
        stats.row[self._at] += value - self.__get__(stats, SlotStats)


class SlotStats(Stats):
    """The `Stats` of a slot. `total` is what all its workers counted together, the attributes what this one did.

    Renders, characters and errors are those counted by template, and what the worker adds here.
    """

    __slots__ = ("_by_template", "before")

    def __init__(
        self, row: "memoryview[float]", before: "memoryview[float]", by_template: Callable[[int], float]
    ) -> None:
        self.before = before
        self._by_template = by_template
        super().__init__(row)

    def total(self, name: str) -> float:
        """Return what all workers of this slot counted."""
        here: float = self.row[Stats.FIELDS.index(name)]
        column = _BY_TEMPLATE.get(name)
        return here if column is None else here + self._by_template(column)

    def reset(self) -> None:
        """Begin anew, as for a worker that was just forked."""
        for at, name in enumerate(Stats.FIELDS):
            if name in COUNTERS:
                self.before[at] = self.total(name)
            else:
                self.row[at] = 0.0
        self.stop = self.backlog = self.pss = -1.0

    def items(self) -> Iterator[tuple[str, float]]:
        """Yield the name and the value of each figure, for the worker that is in the slot."""
        return ((name, getattr(self, name)) for name in Stats.FIELDS)


for _name in COUNTERS:
    setattr(SlotStats, _name, _Counter(_name))
