"""What renders leave behind: `blendtpl.tools.soak.growth`, and what may not happen while a render runs.

Enters: a function that renders, and how often to call it. Leaves: a `Growth`. The events of a render are watched by an
audit hook, and its registry is looked through.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, ModuleType
from typing import Any

import blendtpl
from blendtpl.heap.referents import referents
from blendtpl.tools.soak import growth
from blendtpl.tools.soak.growth import SPARE_BLOCKS, Growth

__all__ = ["EVENTS", "SPARE_BLOCKS", "Growth", "Value", "measure", "survivors", "watched", "world"]

EVENTS = (
    "open",
    "import",
    "compile",
    "exec",
    "marshal.loads",
    "os.listdir",
    "os.scandir",
    "subprocess.Popen",
    "socket.connect",
)  # of Python's audit hooks: none of them may happen while something is rendered


def measure(render: Callable[[], object], renders: int, registry: blendtpl.Registry | None = None) -> Growth:
    """Return what grows in so many renders, for which the collector is off, and what else happens."""
    return growth.measure(render, renders, state=lambda: world(registry), watching=watched())


def survivors(render: Callable[[Mapping[str, Any]], object], variables: Callable[[], Mapping[str, Any]]) -> int:
    """Return how many of the objects that a render was given, and that nothing else holds, outlive it."""
    return len(growth.survivors(render, lambda: _Given(variables(), watched_value=Value())))


def world(registry: blendtpl.Registry | None = None) -> dict[str, object]:
    """Return what rendering must leave as it is, but for memory."""
    return {**growth.world(), "the registry": registry and _shape(registry)}


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


class _Given(dict[str, Any]):
    """Variables that can be watched."""


class Value:
    """Something that can be watched."""


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
        todo.extend(referents(found))
    return len(seen), hash(frozenset(seen))
