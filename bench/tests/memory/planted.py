"""Subjects that grow, or do not, that fail, and that die: what the harness has to tell apart.

Run as a module it does a task as `bench.memory.child` does, but knows these subjects too.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from bench.memory import child
from bench.memory.registered import SUBJECTS, WORKLOADS, Context, Desk, Family, Kind, Part, Render, Subject, Work
from bench.memory.workloads import ALERT

MAIL, ERROR = "a planted mail", "a planted error"
SIZE = 2000  # bytes that one keeps for each render
BEGUN = 400  # renders, after which the warm-up is over

_PART = Part({"main.html": ""}, "main.html", lambda: {"x": 1})


def flat(part: Part, desk: Desk) -> Render:
    """Keeps nothing."""
    return lambda context: f"{context['x']}"


def keeping(part: Part, desk: Desk) -> Render:
    """Keeps some bytes for each render."""
    kept: list[bytes] = []
    return lambda context: kept.append(bytes(SIZE))


def cycling(part: Part, desk: Desk) -> Render:
    """Leaves a list in itself to the collector for each render."""

    def render(context: Context) -> None:
        made: list[object] = []
        made.append(made)

    return render


def talking(part: Part, desk: Desk) -> Render:
    """Prints what could be taken for a message."""
    return lambda context: print('{"sample": []}', flush=True)


def slow(part: Part, desk: Desk) -> Render:
    """Takes its time."""
    return lambda context: time.sleep(0.002)


def raising(part: Part, desk: Desk) -> Render:
    """Cannot prepare."""
    raise ValueError("no way\nin any of its lines")


def not_rendering(part: Part, desk: Desk) -> Render:
    """Raises whenever it is to render."""
    return lambda context: context["y"]


def at_last(end: Callable[[], object]) -> Callable[[Part, Desk], Render]:
    """Return what renders until the warm-up is over, and then does something else."""

    def prepare(part: Part, desk: Desk) -> Render:
        numbers = count()
        return lambda context: end() if next(numbers) > BEGUN else ""

    return prepare


def without_library(part: Part, desk: Desk) -> Render:
    """Is minijinja where that is not installed."""
    sys.modules["minijinja"] = None  # type: ignore[assignment]
    return SUBJECTS["minijinja"].prepare(WORKLOADS[ALERT].parts()[0], desk)


PLANTS = {
    "flat": flat,
    "keeping": keeping,
    "cycling": cycling,
    "talking": talking,
    "slow": slow,
    "raising": raising,
    "not rendering": not_rendering,
    "killed": at_last(lambda: os.kill(os.getpid(), signal.SIGKILL)),
    "leaving": at_last(lambda: os._exit(0)),
    "without library": without_library,
}


@contextmanager
def planted() -> Iterator[None]:
    """Have the subjects and workloads registered."""
    SUBJECTS.update({name: Subject(name, Family.OLD, plant) for name, plant in PLANTS.items()})
    WORKLOADS.update(
        {name: Work(name, kind, lambda: [_PART]) for name, kind in ((MAIL, Kind.ALERT), (ERROR, Kind.ERRORS))}
    )
    try:
        yield
    finally:
        for name in PLANTS:
            del SUBJECTS[name]
        del WORKLOADS[MAIL], WORKLOADS[ERROR]


if __name__ == "__main__":
    with planted():
        child.main()
