"""Cache: the objects of one cycle, each loaded once, however many threads and tasks ask for it at a time.

Enters: keys and loaders. Leaves: objects, until the cycle ends: the cache then lets go of all and takes no more.

Whoever asks first for a key loads; all others wait. A loader that fails fails for its own caller only: nothing is kept,
and the next that waits tries with a loader of its own, so that no exception is shared and nothing transient is
multiplied. Waiting that could not end is an error.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from threading import Lock, RLock, get_ident
from typing import Any, TypeVar

from blendtpl.errors import WalkerError
from blendtpl.printable import one_line

T = TypeVar("T")

_MISSING: Any = object()
_SHOWN = 60  # characters of a key in an error


class Cache:
    """The objects of one cycle by key. `hits` and `misses` count; `len()` is how many there are."""

    __slots__ = ("__weakref__", "_loading", "_lock", "_over", "_values", "_waiting", "hits", "misses")

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}
        self._loading: dict[Hashable, _Flight] = {}
        self._waiting: dict[object, _Flight] = {}  # for what each thread or task waits
        self._lock = RLock()  # a finalizer that runs meanwhile may ask for an object, too
        self._over = False
        self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def get_or_load(self, key: Hashable, loader: Callable[[], T]) -> T:
        """Return the object of a key; when there is none yet, what `loader()` returns, which is kept for the cycle.

        Other threads that ask meanwhile wait for it. Raises what the loader raises, and `WalkerError` when the loader
        waits, by whatever way, for the object that it is to load, or when the cycle is over.
        """
        value: T = self._values.get(key, _MISSING)
        if value is not _MISSING:
            self.hits += 1
            return value
        me = get_ident()
        while True:
            value, flight, woken = self._begin(key, me, _gate)
            if flight is None:
                return value
            if woken is None:
                return self._load(key, loader, flight)
            try:
                woken.acquire()
            finally:
                self._waiting.pop(me, None)

    async def get_or_load_async(self, key: Hashable, loader: Callable[[], Awaitable[T]]) -> T:
        """Do as `get_or_load` where `await loader()` gives the object. Other tasks and threads wait for it; when the
        task that loads is cancelled, the next that waits takes over.
        """
        value: T = self._values.get(key, _MISSING)
        if value is not _MISSING:
            self.hits += 1
            return value
        me: object = asyncio.current_task() or get_ident()
        while True:
            value, flight, woken = self._begin(key, me, _future)
            if flight is None:
                return value
            if woken is None:
                return await self._load_async(key, loader, flight)
            try:
                await woken
            finally:
                self._waiting.pop(me, None)

    def empty(self) -> dict[Hashable, Any]:
        """End: return what there was, and take no more. What is loaded from now on is its caller's alone."""
        with self._lock:
            self._over = True
            values, self._values = self._values, {}
        return values

    def _load(self, key: Hashable, loader: Callable[[], T], flight: "_Flight") -> T:
        value: T = _MISSING
        try:
            value = loader()
            if inspect.iscoroutine(value):
                value.close()
                value = _MISSING
                raise WalkerError(f"the loader of {_shown(key)} is async: use `await cache.get_or_load_async(…)`")
        finally:
            self._end(key, flight, value)
        return value

    async def _load_async(self, key: Hashable, loader: Callable[[], Awaitable[T]], flight: "_Flight") -> T:
        value: T = _MISSING
        try:
            value = await loader()
        finally:
            self._end(key, flight, value)
        return value

    def _begin(
        self, key: Hashable, me: object, waiter: "Callable[[], tuple[Any, Callable[[], object]]]"
    ) -> "tuple[Any, _Flight | None, Any]":
        """Return the object when it is there; else a flight, and, when it is another's, what to wait for."""
        with self._lock:
            if self._over:
                raise WalkerError(
                    f"{_shown(key)} is asked for when the cycle is over, whose cache takes no more objects"
                )
            if (value := self._values.get(key, _MISSING)) is not _MISSING:
                self.hits += 1
                return value, None, None
            flight = self._loading.get(key)
            if flight is None:
                flight = self._loading[key] = _Flight(me)
                self.misses += 1
                return None, flight, None
            self._refuse_circle(key, flight, me)
            woken, wake = waiter()
            flight.wakes.append(wake)
            self._waiting[me] = flight
            return None, flight, woken

    def _refuse_circle(self, key: Hashable, flight: "_Flight", me: object) -> None:
        """Raise an error when waiting for a flight would never end."""
        here, step = get_ident(), flight
        while True:
            # a thread that waits runs none of its tasks; a task that waits is in a thread that does nothing else
            if step.owner in (me, here) or (me == here and step.thread == here):
                what = "itself" if step is flight and step.owner == me else "what waits for it"
                raise WalkerError(f"the loader of {_shown(key)} waits for {what}: no object can be made of its own")
            further = self._waiting.get(step.owner)
            if further is None:
                return
            step = further

    def _end(self, key: Hashable, flight: "_Flight", value: object) -> None:
        with self._lock:
            del self._loading[key]
            if value is not _MISSING and not self._over:
                self._values[key] = value
        for wake in flight.wakes:
            with suppress(RuntimeError):  # the loop of a task that waited is closed: nobody waits there any more
                wake()


class _Flight:
    """One load under way: who does it, in which thread, and what wakes those that wait for it."""

    __slots__ = ("owner", "thread", "wakes")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.thread = get_ident()
        self.wakes: list[Callable[[], object]] = []


def _gate() -> tuple[Lock, Callable[[], object]]:
    """Return what a thread waits for, and how it is woken."""
    gate = Lock()
    gate.acquire()
    return gate, gate.release


def _future() -> tuple["asyncio.Future[None]", Callable[[], object]]:
    """Return what a task waits for, and how it is woken from any thread."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def woken() -> None:
        if not future.done():
            future.set_result(None)

    return future, lambda: loop.call_soon_threadsafe(woken)


def _shown(key: object) -> str:
    try:
        text = repr(key)
    except Exception:  # a key may be anybody's, and this is told in an error already
        text = object.__repr__(key)
    return f"key `{one_line(text if len(text) <= _SHOWN else f'{text[:_SHOWN]}…')}`"
