"""Metered renders: what runs a render of an environment with a budget.

Enters: a function that renders, or a generator of pieces. Leaves: what it gives, or the `BudgetError` that stopped it,
which knows its place. It has what `blendtpl.runtime.awaiting` has for whoever renders, and goes through that where the
environment awaits.
"""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from types import ModuleType
from typing import Any

from blendtpl.bundle.budget import Budget
from blendtpl.errors import BudgetError
from blendtpl.runtime.metering import METER, Meter
from blendtpl.runtime.traceback import place_budget


class Metered:
    """Runs renders, each with a meter of its own."""

    __slots__ = ("_awaiting", "_budget")

    def __init__(self, budget: Budget, awaiting: ModuleType | None) -> None:
        self._budget, self._awaiting = budget, awaiting

    def complete(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return what a function that renders returns."""
        meter = Meter(self._budget)
        if self._awaiting is None:
            return _within(meter, function, *arguments)
        return self._awaiting.complete(_within, meter, function, *arguments)

    async def run(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return what a function that renders returns, and await what it waits for."""
        meter = Meter(self._budget)
        if self._awaiting is None:
            return _within(meter, function, *arguments)
        return await self._awaiting.run(_within, meter, function, *arguments)

    def complete_each(self, pieces: Generator[str, None, None]) -> Iterator[str]:
        """Yield the pieces of a stream."""
        counted = self._pieces(pieces)
        return counted if self._awaiting is None else self._awaiting.complete_each(counted)

    async def run_each(self, pieces: Generator[str, None, None]) -> AsyncIterator[str]:
        """Yield the pieces of a stream, and await what each waits for."""
        counted = self._pieces(pieces)
        if self._awaiting is not None:
            each = self._awaiting.run_each(counted)
            try:
                async for piece in each:
                    yield piece
            finally:
                await each.aclose()
            return
        try:
            for piece in counted:
                yield piece
        finally:
            counted.close()

    def _pieces(self, pieces: Generator[str, None, None]) -> Generator[str, None, None]:
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
