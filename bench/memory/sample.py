"""One sample of a process: how much memory it has, and how much of everything that may pile up.

Enters: the number of a process, of this one or another. Leaves: rows of numbers, whose columns `COLUMNS` names. Taking
one leaves nothing behind: the row is an array that is there already, and numbers in it are no objects. Where a number
cannot be known, it is `UNKNOWN`: outside of Linux, and what only Python has of another process.

Python keeps what is freed of some types at hand, up to 2,000 tuples of each length, which would look like growth until
there are so many. A sample empties these lists, as a collection does, but without looking for garbage; where the
collector is on it leaves that to the collector, because it would change what that looks at.
"""

import gc
import linecache
import os
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

import psutil

from blendtpl.tools.soak.growth import bytes_of_malloc, clear_caches

COLUMNS = (
    "rss",  # of `smaps_rollup`, which counts; that of `stat` is kept up by the way, and may be off by some pages
    "pss",  # what is shared is divided among those that share it
    "private_dirty",  # what no one else has, and no file holds
    "bytes",  # given out by `malloc`, or by PHP's own
    "blocks",  # of `sys.getallocatedblocks`
    "pending",  # objects made since the start, or since a collection, less those that went
    "collections",
    "modules",
    "lines",  # files in `linecache`
    "files",  # open
    "threads",
)
_RSS, _PSS, _PRIVATE_DIRTY, _BYTES, _BLOCKS, _PENDING, *_OTHERS = range(len(COLUMNS))
_COLLECTIONS, _MODULES, _LINES, _FILES, _THREADS = _OTHERS
UNKNOWN = -1

_KILOBYTE = 1024
_LARGEST = 4096  # bytes of `smaps_rollup`, which has some 800
_FIELDS = {b"Rss": _RSS, b"Pss": _PSS, b"Private_Dirty": _PRIVATE_DIRTY}

Row = "array[int]"
Take = Callable[["array[int]"], None]


def new_row() -> "array[int]":
    """Return a row for a sample."""
    return array("q", [UNKNOWN] * len(COLUMNS))


def sampler(process: int, usage: Callable[[], int] | None = None) -> Take:
    """Return what puts a sample of a process into a row; `usage` says what another process has in use."""
    watched = psutil.Process(process)
    resident = _rollup_reader(process) or _resident_reader(watched)
    own = process == os.getpid()

    def take(row: "array[int]") -> None:
        if own:
            pending = gc.get_count()[0]
            clear_caches()
            if gc.isenabled():
                row[_PENDING] = pending
            else:
                row[_PENDING] = max(row[_PENDING], 0) + pending
                _clear_free_lists()
            row[_BLOCKS] = sys.getallocatedblocks()
            row[_COLLECTIONS] = sum(generation["collections"] for generation in gc.get_stats())
            row[_MODULES] = len(sys.modules)
            row[_LINES] = len(linecache.cache)
        resident(row)
        row[_BYTES] = usage() if usage else bytes_of_malloc()
        row[_FILES] = watched.num_fds() if hasattr(watched, "num_fds") else UNKNOWN
        row[_THREADS] = watched.num_threads()

    return take


def census() -> dict[str, int]:
    """Return how many objects there are of each type, of those that the collector looks at."""
    kinds: dict[type, int] = {}
    for member in gc.get_objects():
        kind = type(member)
        kinds[kind] = kinds.get(kind, 0) + 1  # a Counter would ask whether it is given a mapping, and remember that
    counts: dict[str, int] = {}
    for kind, count in kinds.items():
        name = f"{kind.__module__}.{kind.__qualname__}"
        counts[name] = counts.get(name, 0) + count
    return counts


def _clear_free_lists() -> None:
    gc.freeze()
    gc.collect()
    gc.unfreeze()


def _rollup_reader(process: int) -> Take | None:
    """Return what reads RSS, PSS and private dirty memory, where the system tells them all."""
    path = Path(f"/proc/{process}/smaps_rollup")
    try:
        file = os.open(path, os.O_RDONLY)
        os.pread(file, 1, 0)
    except OSError:
        return None
    buffer = bytearray(_LARGEST)
    view = memoryview(buffer)

    def read(row: "array[int]") -> None:
        size = os.preadv(file, [view], 0)
        for line in bytes(view[:size]).splitlines():
            name, _, value = line.partition(b":")
            if (column := _FIELDS.get(name)) is not None:
                row[column] = int(value.split()[0]) * _KILOBYTE

    return read


def _resident_reader(watched: psutil.Process) -> Take:
    def read(row: "array[int]") -> None:
        row[_RSS] = watched.memory_info().rss

    return read
