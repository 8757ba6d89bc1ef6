"""Hostile values: what raises, or changes the list or dict around it, when it is asked for anything.

Each is made by a Python expression, as all values of the fuzzer are.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

HOOKS = ("str", "html", "bool", "eq", "a", "item", "iter", "len", "hash", "call", "format", "lt", "add", "contains")


class Hostile:
    """A value that does something when one of its methods is called, and is nothing special otherwise."""

    def __init__(self, hook: str, do: Callable[[], object]) -> None:
        self.hook, self.do = hook, do

    def asked(self, hook: str) -> None:
        if hook == self.hook:
            self.do()

    def __str__(self) -> str:
        self.asked("str")
        return "<hostile>"

    __repr__ = object.__repr__

    def __bool__(self) -> bool:
        self.asked("bool")
        return True

    def __eq__(self, other: object) -> bool:
        self.asked("eq")
        return other == 1

    def __hash__(self) -> int:
        self.asked("hash")
        return 1

    def __lt__(self, other: object) -> bool:
        self.asked("lt")
        return False

    __gt__ = __lt__

    def __add__(self, other: object) -> str:
        self.asked("add")
        return "sum"

    __radd__ = __add__

    @property
    def a(self) -> str:
        self.asked("a")
        return "<a>"

    def __getitem__(self, key: object) -> Any:
        self.asked("item")
        if key == 2:
            raise IndexError(key)
        return f"<{key}>"

    def __iter__(self) -> Iterator[Any]:
        self.asked("iter")
        return iter((1, 2))

    def __len__(self) -> int:
        self.asked("len")
        return 2

    def __contains__(self, item: object) -> bool:
        self.asked("contains")
        return True

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        self.asked("call")
        return "<called>"

    def __format__(self, spec: str) -> str:
        self.asked("format")
        return "<formatted>"


class Marked(Hostile):
    def __html__(self) -> str:
        self.asked("html")
        return "<b>hostile</b>"


def _made(hook: str, do: Callable[[], object]) -> Hostile:
    return (Marked if hook == "html" else Hostile)(hook, do)


def raising(hook: str, kind: type[BaseException]) -> Hostile:
    """Return what raises when it is asked."""

    def fail() -> None:
        raise kind(hook)

    return _made(hook, fail)


CHANGES: dict[str, Callable[[list[Any]], object]] = {
    "append": lambda items: items.append("<new>"),
    "pop": lambda items: items and items.pop(),
    "clear": lambda items: items.clear(),
    "insert": lambda items: items.insert(0, "<first>"),
    "shift": lambda items: items and items.pop(0),
    "replace": lambda items: items.__setitem__(slice(-1, None), ["<other>"]),
    "reverse": lambda items: items.reverse(),
}


def changing(hook: str, change: str) -> list[Any]:
    """Return a list that changes, a few times, when its items are asked for something."""
    items: list[Any] = []
    left = [3]

    def do() -> None:
        left[0] -= 1
        if left[0] >= 0:
            CHANGES[change](items)

    items += [_made(hook, do), {"a": 1, "b": [_made(hook, do)]}, _made(hook, do), "<last>"]
    return items


def growing(hook: str) -> dict[Any, Any]:
    """Return a dict that gets more keys when its values are asked for something."""
    items: dict[Any, Any] = {}

    def do() -> None:
        items[f"key {len(items)}"] = "<new>"

    items |= {"a": _made(hook, do), "b": "<b>", "items_": [_made(hook, do)]}
    return items


_ASKED = ("str", "html", "bool", "eq", "a", "item")
ERRORS = ("ValueError", "AttributeError", "KeyError", "TypeError", "IndexError", "StopIteration", "RuntimeError")
NAMES: dict[str, Any] = {made.__name__: made for made in (raising, changing, growing)}
RAISING = tuple(f"raising({hook!r}, {kind})" for hook, kind in product(HOOKS, ERRORS))
CHANGING = tuple(f"changing({hook!r}, {change!r})" for hook, change in product(_ASKED, CHANGES))
GROWING = tuple(f"growing({hook!r})" for hook in _ASKED)
