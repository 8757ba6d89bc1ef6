"""Metering: what one render has taken of its budget so far.

Enters: what emitted code, and an environment with a budget, tell of what a template does. Leaves: nothing, or a
`BudgetError` once a limit is passed. A meter belongs to one render: it is in a context variable while that runs, so
that threads, tasks and renders within renders each have their own. One that is spent stops whatever is counted next,
so that nobody who catches its error goes on for long.
"""

from collections.abc import Iterable, Iterator, Sized
from contextvars import ContextVar
from time import monotonic
from types import GeneratorType
from typing import Any

from jinja2.utils import Namespace

from blendtpl.bundle.budget import Budget, BudgetError
from blendtpl.errors import RenderError

METER: ContextVar["Meter | None"] = ContextVar("blendtpl_meter", default=None)

TEXTS = (str, bytes, bytearray)
_VIEWS: tuple[Any, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_CONTAINERS: tuple[Any, ...] = (list, tuple, set, frozenset, *_VIEWS)
_NAMES = "_Namespace__attrs"  # what a namespace shows as its text
_SMALL = frozenset((bool, float, type(None)))
_LAZY = (GeneratorType, map)
_COPIED = 16  # bits: as many bytes are copied in a round of a loop, for what takes more than its length of them


class Meter:
    """What one render has taken so far."""

    __slots__ = ("budget", "depth", "held", "output", "spent", "turns", "until")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.output = self.turns = self.depth = 0
        self.held: list[int] = []
        self.spent = ""
        self.until = None if budget.seconds is None else monotonic() + budget.seconds

    def exceeded(self, budget: str) -> BudgetError:
        """Return the error of a budget that is used up, which no more of this render goes beyond."""
        self.spent = budget
        return BudgetError(budget, getattr(self.budget, budget))

    def check(self) -> None:
        """Look whether there is any time left."""
        if self.spent:
            raise self.exceeded(self.spent)
        if self.until is not None and monotonic() > self.until:
            raise self.exceeded("seconds")

    def turn(self, count: int = 1) -> None:
        """Count rounds of a loop."""
        self.turns += count
        if self.budget.turns is not None and self.turns > self.budget.turns:
            raise self.exceeded("turns")
        self.check()

    def copy(self, size: int) -> None:
        """Count bytes that are copied by what takes more time than the length of what it is given."""
        self.turn(size >> _COPIED)

    def write(self, size: int) -> None:
        """Count bytes of output."""
        self.output += size
        if self.budget.output is not None and self.output > self.budget.output:
            raise self.exceeded("output")
        self.check()

    def enter(self) -> None:
        """Count a call, an include or a block that begins."""
        self.depth += 1
        if self.budget.depth is not None and self.depth > self.budget.depth:
            raise self.exceeded("depth")
        self.check()

    def fit(self, length: int) -> None:
        """Look whether a value may become that long."""
        if self.budget.length is not None and length > self.budget.length:
            raise self.exceeded("length")

    def made(self, value: Any) -> Any:
        """Return a value that a template has made, when it is not too long."""
        if isinstance(value, TEXTS):
            self.fit(len(value))
        elif isinstance(value, int):
            self.fit(value.bit_length())
        elif isinstance(value, (list, tuple, dict, set, frozenset)):
            self.fit(len(value))
        return self.counted(value) if type(value) in _LAZY else value

    def measure(self, value: Any) -> int:
        """Return how long a value is, with all in it, when that is not too long.

        What is in it more than once counts more than once, as it does for whoever prints or compares it.
        """
        total, waiting = 0, [value]
        while waiting:
            value = waiting.pop()
            total += 1
            if isinstance(value, TEXTS):
                total += len(value)
            elif type(value) in _SMALL:
                continue
            elif isinstance(value, int):
                total += value.bit_length() >> 1
            elif isinstance(value, dict):
                waiting += value.keys()
                waiting += value.values()
            elif isinstance(value, _CONTAINERS):
                waiting += value
            elif isinstance(value, Namespace):
                waiting.append(object.__getattribute__(value, _NAMES))
            self.fit(max(total - 1, len(waiting)))
        return total - 1

    def counted(self, value: Any) -> Any:
        """Return what is iterated over, such that what iterates over it counts."""
        return self._each(value) if hasattr(value, "__next__") and not isinstance(value, TEXTS) else value

    def _each(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self.turn()
            yield value

    def go_through(self, value: Any) -> Any:
        """Return what a filter or a method goes through: counted at once where it is known how long it is."""
        if isinstance(value, Sized) and not isinstance(value, str):
            self.turn(len(value))
            return value
        return self.counted(value)


def size_of(text: str) -> int:
    """Return how many bytes a text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def current() -> Meter:
    """Return the meter of the render at hand."""
    meter = METER.get()
    if meter is None:
        raise RenderError("what has a budget runs in a render alone: nothing counts for it here")
    return meter


# -- what emitted code calls -------------------------------------------------------------------------------------------


def turn() -> bool:
    """Count a round of a loop; true."""
    current().turn()
    return True


def enter() -> None:
    """Count a template or a block that begins."""
    current().enter()


def leave() -> None:
    """Note that it has ended."""
    meter = current()
    meter.depth -= 1
    meter.check()


def write(size: int) -> None:
    """Count constant text, in bytes."""
    current().write(size)


def hold() -> None:
    """Note where output begins that is held back, to be printed elsewhere, or never."""
    meter = current()
    meter.held.append(meter.output)


def release() -> None:
    """Take back what was counted of it since then."""
    meter = current()
    meter.output = min(meter.held.pop(), meter.output)


def so_far() -> int:
    """Return how much output there is."""
    return current().output


def held_back(before: int, text: Any) -> Any:
    """Return the text of a block, which counts where it is printed; `before` is what there was before it."""
    meter = current()
    meter.output = min(before, meter.output)
    return meter.made(text)


def measured(value: Any) -> Any:
    """Return a value that is not too long to go through all of it."""
    kind = type(value)
    if kind is str or kind not in _SMALL:
        meter = current()
        meter.check()
        meter.measure(value)
    return value


def made(value: Any) -> Any:
    """Return a value that was just made, when it is not too long."""
    return current().made(value)


OWN: frozenset[Any] = frozenset((turn, enter, leave, write, hold, release, so_far, held_back, measured, made))
