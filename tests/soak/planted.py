"""Leaks to be found: each filter leaves something in another way, and gives what it was given.

What they hold is held in the process that soaks, which is over then.
"""

import contextvars
import ctypes
import functools
import itertools
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn

import jinja2

import blendtpl

_seen: list[Any] = []
_nones: list[None] = []
_large: list[str] = []
_ring: deque[Any] = deque(maxlen=50)
_once: list[object] = []
_calls = itertools.count(1)
_error = ValueError("always the same")
_variable: contextvars.ContextVar[Any] = contextvars.ContextVar("_variable", default=None)


class Node:
    def __init__(self, name: object) -> None:
        self.name = name
        self.children: list[Node] = []
        self.parent: Node | None = None


class Ledger:
    kept: ClassVar[set[object]] = set()
    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[str, list[object]] = {"all": []}

    def __call__(self, value: Any) -> Any:
        self.rows["all"].append(value)
        return value


ledger = Ledger()


def remember(value: Any) -> Any:
    _seen.append(value)
    return value


def circle(value: Any) -> Any:
    root, leaf = Node(value), Node(value)
    root.children.append(leaf)
    leaf.parent = root
    return value


def fail_alike(value: Any) -> NoReturn:
    raise _error


def remember_and_fail(value: Any) -> NoReturn:
    _seen.append([])
    raise ValueError("a new one")


@functools.cache
def slug(value: str) -> str:
    return value.lower()


@functools.lru_cache(maxsize=500)
def short_slug(value: str) -> str:
    return value.lower()


def make_counted() -> Callable[[Any], Any]:
    counts: dict[Any, int] = {}

    def counted(value: Any) -> Any:
        counts[value] = counts.get(value, 0) + 1
        return value

    return counted


def rarely(value: Any, kept: list[object] = []) -> Any:  # noqa: B006  # it is a mistake, and shall be found
    if next(_calls) % 1000 == 0:
        kept.append(object())
    return value


def class_wide(value: Any) -> Any:
    Ledger.kept.add(value)
    return value


def none(value: Any) -> Any:
    _nones.append(None)
    return value


def chained(value: Any) -> Any:
    _variable.set((value, _variable.get()))
    return value


def _collecting() -> Iterator[None]:
    rows = []
    while True:
        rows.append(object())
        yield


_collector = _collecting()


def collected(value: Any) -> Any:
    next(_collector)
    return value


def reopened(value: Any) -> Any:
    os.dup(0)
    return value


def ring(value: Any) -> Any:
    _ring.append([value])
    return value


def late(value: Any) -> Any:
    if next(_calls) == 7000:
        _once.extend([] for _ in range(500))
    return value


def large(value: Any) -> Any:
    _large.append("x" * 100_000)
    return value


def crash(value: Any) -> Any:
    return ctypes.string_at(0)


def leave(value: Any) -> NoReturn:
    os._exit(5)


def leave_politely(value: Any) -> NoReturn:
    sys.exit(3)


def sleep(value: Any) -> Any:
    time.sleep(1000)
    return value


def say(value: Any) -> Any:
    print("this must not be among what the command prints", value)
    return value


FILTERS: tuple[Callable[[Any], Any], ...] = (
    *(remember, circle, fail_alike, remember_and_fail, slug, short_slug, rarely, class_wide, none, chained, collected),
    *(reopened, ring, late, large, crash, leave, leave_politely, sleep, say),
)


def environment() -> jinja2.Environment:
    made = blendtpl.default_environment()
    made.filters.update({function.__name__: function for function in FILTERS})
    made.filters["counted"] = make_counted()
    made.filters["ledger"] = ledger
    made.globals["log"] = []
    return made
