"""Metered renders: what runs a render of an environment with a budget.

Enters: a function that renders, or a generator of pieces. Leaves: what it gives, or the `BudgetError` that stopped it,
which knows its place. It is a runner (`blendtpl.runtime.runner`), around that of an environment which awaits, or has
translations.
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from blendtpl.bundle.budget import Budget, BudgetError
from blendtpl.runtime.metering import METER, Meter
from blendtpl.runtime.runner import Given, Pieces, Runner, awaitable
from blendtpl.runtime.traceback import place_budget


class Metered:
    """Runs renders, each with a meter of its own, by what they would go through without."""

    __slots__ = ("_around", "_budget")

    def __init__(self, budget: Budget, around: Runner | None) -> None:
        self._budget, self._around = budget, around

    def complete(self, given: Given, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return what a function that renders returns."""
        meter = Meter(self._budget)
        if self._around is None:
            return _within(meter, function, *arguments)
        return self._around.complete(given, _within, meter, function, *arguments)

    async def run(self, given: Given, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return the same, and await what it waits for."""
        meter = Meter(self._budget)
        if self._around is None:
            return _within(meter, function, *arguments)
        return await self._around.run(given, _within, meter, function, *arguments)

    def complete_each(self, given: Given) -> Callable[[Pieces], Iterator[str]]:
        """Return what yields the pieces of a stream."""
        steps = None if self._around is None else self._around.complete_each(given)
        return self._pieces if steps is None else lambda pieces: steps(self._pieces(pieces))

    def run_each(self, given: Given) -> Callable[[Pieces], AsyncGenerator[str, None]]:
        """Return the same, which awaits what each piece waits for."""
        steps = awaitable if self._around is None else self._around.run_each(given)
        return lambda pieces: steps(self._pieces(pieces))

    def _pieces(self, pieces: Pieces) -> Pieces:
        meter = Meter(self._budget)
        try:
            while (piece := _within(meter, next, pieces, None)) is not None:
                yield piece
        finally:
            _within(meter, pieces.close)


def _within(meter: Meter, function: Callable[..., Any], /, *arguments: Any) -> Any:
    """Return what a function returns that is counted by a meter."""
    around = METER.get()
    METER.set(meter)
    try:
        return function(*arguments)
    except BudgetError as error:
        place_budget(error, error)
        raise
    except RecursionError as recursion:
        if meter.budget.depth is None:
            raise
        deep = meter.exceeded("depth")
        place_budget(deep, recursion)
    finally:
        METER.set(around)
    raise deep
