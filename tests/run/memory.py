"""What renders leave behind, all of it: blocks of memory, waiting garbage, open files, and whatever else may pile up.

Enters: a function that renders, and how often to call it. Leaves: a `Growth`. The collector is off meanwhile, and runs
where something is counted only.
"""

import atexit
import ctypes
import gc
import linecache
import sys
import threading
import weakref
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import blendtpl
from tests.run.everything import EVENTS
from tests.run.oracle import open_files

WARM_UP = 200  # Python specialises code in its first calls, and fills the caches of types and of regular expressions

# Nothing is allowed to grow, in blocks. An interned string or a resized dict of the interpreter is one or two, once,
# and a leak of one object in a thousand renders makes more from 10,000 renders on: five blocks in half of them.
SPARE_BLOCKS = 4

# A list, a dict or a buffer is one block, however long it becomes, but what is longer than 512 bytes comes from
# `malloc`, which counts bytes. It calls some of what is freed in use, to have it at hand: a few bytes come and go.
SPARE_BYTES = 4096

clear_caches: Callable[[], None] = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
"""Empties the interpreter's cache of attributes, which holds the names that were asked for, some thousands of them."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What was left in the second half of so many renders: the first half is for what happens once."""

    renders: int
    blocks: int
    bytes: int
    found: int  # by the collector, which should have nothing to do
    survivors: int  # of what went in
    events: tuple[str, ...]  # of those that no render may cause
    changes: tuple[str, ...]  # of what is to stay as it was

    def __bool__(self) -> bool:
        grown = self.blocks > SPARE_BLOCKS or self.bytes > SPARE_BYTES
        return grown or bool(self.found or self.survivors or self.events or self.changes)

    def __str__(self) -> str:
        told = (
            f"{self.blocks} blocks",
            f"{self.bytes} bytes" if self.bytes else "",
            f"{self.found} objects for the collector" if self.found else "",
            f"{self.survivors} objects that went in" if self.survivors else "",
            *sorted(set(self.events)),
            *self.changes,
        )
        return ", ".join(part for part in told if part) + f" in {self.renders - self.renders // 2} renders"


def attempt(render: Callable[[], object]) -> None:
    """Render; an error is looked at and forgotten."""
    try:
        render()
    except Exception as error:
        str(error)


def measure(render: Callable[[], object], renders: int, registry: blendtpl.Registry | None = None) -> Growth:
    """Return what grows in so many renders, for which the collector is off."""
    counts = array("q", [0] * 4)  # numbers in it are no objects
    half = renders // 2
    with _no_collector():
        _repeat(render, WARM_UP)
        before = world(registry)
        gc.collect()
        with watched() as events:
            _repeat(render, half)
            found = _count(counts, 0)
            _repeat(render, renders - half)
            found += _count(counts, 2)
        after = world(registry)
    changes = tuple(f"{what} changed" for what in before if before[what] != after[what])
    return Growth(renders, counts[2] - counts[0], counts[3] - counts[1], found, 0, tuple(events), changes)


def survivors(render: Callable[[Mapping[str, Any]], object], variables: Callable[[], Mapping[str, Any]]) -> int:
    """Return how many of the objects that a render was given, and that nothing else holds, outlive it."""
    with _no_collector():
        held = [watch() is not None for watch in _watches(lambda given: None, variables)]
        alive = [watch() is not None for watch in _watches(render, variables)]
    return sum(alive) - sum(held)


def world(registry: blendtpl.Registry | None = None) -> dict[str, object]:
    """Return what rendering must leave as it is, but for memory."""
    return {
        "sys.modules": sorted(sys.modules),
        "linecache.cache": sorted(map(str, linecache.cache)),
        "the number of open files": open_files(),
        "the number of atexit callbacks": atexit._ncallbacks(),
        "the number of threads": threading.active_count(),
        "the registry": registry and _shape(registry),
    }


@contextmanager
def watched() -> Iterator[list[str]]:
    """Give a list that gets each event of the audit hooks that no render may cause."""
    global _events
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    events: list[str] = []
    _events = events
    try:
        yield events
    finally:
        _events = None


_hooked: list[bool] = []  # a hook is for good, so that there is one for the process
_events: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _events is not None and event in EVENTS:
        _events.append(event)


@contextmanager
def _no_collector() -> Iterator[None]:
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _repeat(render: Callable[[], object], times: int) -> None:
    for _ in repeat(None, times):
        attempt(render)


def _count(counts: "array[int]", at: int) -> int:
    """Count blocks and bytes in use; return what the collector found, which empties Python's free lists, too."""
    found = gc.collect()
    clear_caches()
    counts[at] = sys.getallocatedblocks()
    counts[at + 1] = bytes_of_malloc()
    return found


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


class _Given(dict[str, Any]):
    """Variables that can be watched."""


class Value:
    """Something that can be watched."""


def _watches(
    render: Callable[[Mapping[str, Any]], object], variables: Callable[[], Mapping[str, Any]]
) -> list["weakref.ref[Any]"]:
    given = _Given(variables(), watched_value=Value())
    watches = [weakref.ref(found) for found in _parts(given) if type(found).__weakrefoffset__]
    attempt(lambda: render(given))
    return watches


def _parts(value: object) -> Iterator[Any]:
    yield value
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _parts(part)


def _shape(registry: blendtpl.Registry) -> tuple[int, ...]:
    """Return how many objects a registry holds, and which, outside of modules and classes."""
    outside = {id(module.__dict__) for module in list(sys.modules.values()) if isinstance(module, ModuleType)}
    seen: dict[int, object] = {}
    todo: list[object] = [registry]
    while todo:
        found = todo.pop()
        if id(found) in seen or id(found) in outside or isinstance(found, (type, ModuleType, CodeType)):
            continue
        seen[id(found)] = found
        todo.extend(gc.get_referents(found))
    return len(seen), hash(frozenset(seen))
