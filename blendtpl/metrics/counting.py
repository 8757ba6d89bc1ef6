"""Counting: a function that is called as before, and counts its calls in a row of numbers.

Enters: a function, and where in a row its numbers are: calls, characters of the text or texts that it returned,
seconds, and calls that raised. Leaves: what is called in its place. `blendtpl.metrics._counting` does the same in C.

Each number is added to by one thread at a time: Python hands over to another only where something is called, and
nothing is between the reading of a number and its writing. Where threads run at once, there is a lock.
"""

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

CALLS, CHARACTERS, SECONDS, ERRORS = range(4)

_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
LOCK: AbstractContextManager[object] | None = None if _gil else threading.Lock()


def _counted(function: Callable[..., Any], row: "memoryview[float]", at: int) -> Callable[..., Any]:
    """Return a function that does what `function` does, for arguments without keywords, and counts that."""

    def call(*given: Any) -> Any:
        begun = perf_counter()
        try:
            result = function(*given)
        except BaseException:
            add(row, at, 0, perf_counter() - begun, failed=True)
            raise
        took = perf_counter() - begun
        size = _length(result)
        if LOCK is not None:
            add(row, at, size, took)
            return result
        row[at] += 1.0
        row[characters] += size
        row[seconds] += took
        return result

    characters, seconds = at + CHARACTERS, at + SECONDS
    return call


def _length(result: object) -> int:
    """Return how long a text is, or some together."""
    if type(result) is str:
        return len(result)
    return sum(len(text) for text in result if type(text) is str) if type(result) is tuple else 0


def add(row: "memoryview[float]", at: int, size: int, took: float, *, failed: bool = False) -> None:
    """Count a call that returned so many characters, or failed."""
    characters, seconds, errors = at + CHARACTERS, at + SECONDS, at + ERRORS
    with LOCK or nullcontext():
        row[at] += 1.0
        row[characters] += size
        row[seconds] += took
        if failed:
            row[errors] += 1.0


try:
    import blendtpl.metrics._counting as _counting  # a statement, which tools that freeze applications see
except ImportError:  # it was built where there was no C compiler
    _counting = None  # type: ignore[assignment]

IN_C = _counting is not None
# the same in C, where this installation has that
counted: Callable[..., Callable[..., Any]] = _counted if _counting is None else _counting.counted
