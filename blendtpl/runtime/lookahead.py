"""Lookahead: what a loop goes through that asks whether an item is the last, or how many there are.

Enters: the items. Leaves: these, and the answers of `jinja2.runtime.LoopContext`, which asks no more often and no
earlier: the next item is taken when somebody asks for it, and comes next whatever becomes of a list in the meantime;
and a length is that of the moment when it was first asked for. `blendtpl.runtime._speedups` has `Lookahead` in C.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2.utils import missing


class Counted:
    """A list that is counted once."""

    __slots__ = ("_items", "_length")

    def __init__(self, items: Any) -> None:
        self._items: Any = items
        self._length: int | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    @property
    def length(self) -> int:
        """How many items there were when that was asked first (P3)."""
        if self._length is None:
            self._length = len(self._items)
        return self._length


class Lookahead(Counted):
    """Items of which the next one can be looked at."""

    __slots__ = ("_after", "_rest")

    def __init__(self, items: Iterable[Any]) -> None:
        super().__init__(items)
        self._rest, self._after = iter(items), missing

    def __iter__(self) -> Iterator[Any]:
        for item in self._rest:
            yield item
            while self._after is not missing:
                item, self._after = self._after, missing
                yield item

    @property
    def last(self) -> bool:
        """Whether nothing follows (P2)."""
        if self._after is missing:
            self._after = next(self._rest, missing)
        return self._after is missing
