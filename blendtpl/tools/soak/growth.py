"""Growth: what calls leave behind, all of it: blocks of memory, waiting garbage, open files, and whatever may pile up.

Enters: a function, and how often to call it. Leaves: a `Growth`. The collector is off meanwhile, and runs where
something is counted only. What is counted is the second half: the first is for what Python does once, such as
specialising code, filling the caches of types and of regular expressions, and resizing its dicts.
"""

import atexit
import ctypes
import gc
import linecache
import sys
import threading
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

WARM_UP = 200  # Python specialises code in its first calls, and fills the caches of types and of regular expressions

# Nothing is allowed to grow, in blocks. An interned string or a resized dict of the interpreter is one or two, once,
# and a leak of one object in a thousand renders makes more from 10,000 renders on: five blocks in half of them.
SPARE_BLOCKS = 4

# A list, a dict or a buffer is one block, however long it becomes, but what is longer than 512 bytes comes from
# `malloc`, which counts bytes. It calls some of what is freed in use, to have it at hand: a few bytes come and go.
SPARE_BYTES = 4096

clear_caches: Callable[[], None] = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache


@dataclass(frozen=True, slots=True)
class Growth:
    """What was left in the second half of so many renders: the first half is for what happens once."""

    renders: int
    blocks: int
    bytes: int
    collected: int  # by the collector, which should have nothing to do
    survivors: int = 0  # of what went in
    events: tuple[str, ...] = ()  # of those that no render may cause, where somebody watched for them
    changes: tuple[str, ...] = ()  # of what is to stay as it was

    def __bool__(self) -> bool:
        grown = self.blocks > SPARE_BLOCKS or self.bytes > SPARE_BYTES
        return grown or bool(self.collected or self.survivors or self.events or self.changes)

    def __str__(self) -> str:
        parts = (
            f"{self.blocks} blocks",
            f"{self.bytes} bytes" if self.bytes else "",
            f"{self.collected} objects for the collector" if self.collected else "",
            f"{self.survivors} objects that went in" if self.survivors else "",
            *sorted(set(self.events)),
            *self.changes,
        )
        return ", ".join(part for part in parts if part) + f" in {self.renders - self.renders // 2} renders"


def attempt(render: Callable[[], object]) -> None:
    """Render; an error is looked at and forgotten."""
    try:
        render()
    except (Exception, SystemExit) as error:
        str(error)


def world() -> dict[str, object]:
    """Return what rendering must leave as it is, but for memory."""
    return {
        "sys.modules": sorted(sys.modules),
        "linecache.cache": sorted(map(str, linecache.cache)),
        "the number of open files": open_files(),
        "the number of atexit callbacks": atexit._ncallbacks(),
        "the number of threads": threading.active_count(),
    }


def open_files() -> int:
    """Return how many descriptors this process has open, or 0 where that cannot be known."""
    try:
        return len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return 0


def measure(
    render: Callable[[], object],
    renders: int,
    *,
    warm_up: int = WARM_UP,
    state: Callable[[], Mapping[str, object]] = world,
    watching: AbstractContextManager[list[str]] | None = None,
) -> Growth:
    """Return what grows in so many renders, for which the collector is off.

    `state` gives what is to be the same before and after; `watching` gives a list that gets the events to be told.
    """
    counts = array("q", [0] * 4)  # numbers in it are no objects
    half = renders // 2
    with no_collector():
        repeated(render, warm_up)
        gc.collect()  # what others left may hold a file: it is closed here, not while something is counted
        before = state()
        with watching or nullcontext([]) as events:
            repeated(render, half)
            collected = _count(counts, 0)
            repeated(render, renders - half)
            collected += _count(counts, 2)
        after = state()
    changes = tuple(f"{what} changed" for what in before if before[what] != after[what])
    return Growth(
        renders, counts[2] - counts[0], counts[3] - counts[1], collected, events=tuple(events), changes=changes
    )


def repeated(render: Callable[[], object], times: int) -> None:
    """Render so often."""
    for _ in repeat(None, times):
        attempt(render)


def survivors(
    render: Callable[[Mapping[str, Any]], object], variables: Callable[[], Mapping[str, Any]]
) -> tuple[str, ...]:
    """Return which parts of the variables that a render was given outlive it, as paths; `""` are the variables.

    Parts that something else holds are not among them, nor those of a type without weak references.
    """
    with no_collector():
        held = {path for path, watch in _watches(lambda context: None, variables) if watch() is not None}
        alive = [path for path, watch in _watches(render, variables) if watch() is not None]
    return tuple(path for path in alive if path not in held)


def _watches(
    render: Callable[[Mapping[str, Any]], object], variables: Callable[[], Mapping[str, Any]]
) -> list[tuple[str, "weakref.ref[Any]"]]:
    context = variables()
    watches = [(path, weakref.ref(part)) for path, part in _parts(context, "") if type(part).__weakrefoffset__]
    attempt(lambda: render(context))
    return watches


def _parts(value: object, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    parts: Iterable[tuple[str, object]] = ()
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if isinstance(value, dict):
        parts = [(f"{path}.{key}" if path else str(key), part) for key, part in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(f"{path}[{index}]", part) for index, part in enumerate(value)]
    for inner, part in parts:
        yield from _parts(part, inner)


@contextmanager
def no_collector() -> Iterator[None]:
    """Keep the collector off."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _count(counts: "array[int]", at: int) -> int:
    """Count blocks and bytes in use; return what the collector found, which empties Python's free lists, too."""
    collected = gc.collect()
    clear_caches()  # the cache of attributes holds the names that were asked for, some thousands of them
    counts[at] = sys.getallocatedblocks()
    counts[at + 1] = bytes_of_malloc()
    return collected


class _Mallinfo(ctypes.Structure):
    _fields_ = [
        (field, ctypes.c_size_t)
        for field in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]
    uordblks: int
    hblkhd: int


def bytes_of_malloc() -> int:
    """Return how much memory `malloc` has given out, or 0 where it does not say."""
    if _mallinfo is None:
        return 0
    info: _Mallinfo = _mallinfo()
    return info.uordblks + info.hblkhd


_mallinfo = getattr(ctypes.CDLL(None), "mallinfo2", None) if sys.platform == "linux" else None
if _mallinfo is not None:
    _mallinfo.restype = _Mallinfo
