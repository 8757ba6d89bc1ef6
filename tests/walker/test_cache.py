"""The cache of a cycle: each object is loaded once, however many threads and tasks ask for it."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from blendtpl.walker import Cache, WalkerError

PATIENCE = 120.0


class Thing:
    """Can be watched."""


def not_asked() -> Thing:
    pytest.fail("it is there")


def test_an_object_is_loaded_once() -> None:
    cache = Cache()
    first = cache.get_or_load("a", Thing)
    assert cache.get_or_load("a", not_asked) is first
    nothing = [cache.get_or_load(("a", 1), lambda: None) for _ in range(2)]
    assert nothing == [None, None], "None is an object, too"
    assert (len(cache), "a" in cache, "b" in cache, cache.hits, cache.misses) == (2, True, False, 2, 2)


def waits(cache: Cache, count: int) -> None:
    """Return when so many threads or tasks wait for others."""
    event = threading.Event()
    while len(cache._waiting) < count:
        event.wait(0.001)


def test_of_many_threads_one_loads_and_the_others_wait_for_it() -> None:
    cache, calls = Cache(), []

    def load() -> Thing:
        calls.append(threading.get_ident())
        waits(cache, 7)
        return Thing()

    with ThreadPoolExecutor(8) as pool:
        things = list(pool.map(lambda _: cache.get_or_load("a", load), range(8)))
    assert len(calls) == len(set(map(id, things))) == 1
    assert (cache.misses, cache.hits) == (1, 7)


def test_an_error_is_for_its_own_caller_and_the_next_that_waits_tries() -> None:
    cache, calls = Cache(), []

    def load() -> Thing:
        calls.append(1)
        if len(calls) == 1:
            waits(cache, 3)
            raise OSError("for a moment")
        return Thing()

    with ThreadPoolExecutor(4) as pool:
        tried = [pool.submit(cache.get_or_load, "a", load) for _ in range(4)]
        errors = [each.exception(PATIENCE) for each in tried]
    assert [str(error) for error in errors if error] == ["for a moment"]
    assert len({id(each.result()) for each in tried if not each.exception()}) == 1
    assert len(calls) == 2


def test_an_error_that_is_kept_keeps_no_object_of_the_cycle() -> None:
    cache = Cache()

    def fails() -> Thing:
        raise ValueError("no such thing")

    held = weakref.ref(cache.get_or_load("a", Thing))
    with pytest.raises(ValueError, match="no such thing") as kept:
        cache.get_or_load("b", fails)
    cache.empty()
    assert kept.value.__traceback__ is not None
    assert held() is None


def test_a_loader_that_asks_for_its_own_object_is_an_error_and_no_deadlock() -> None:
    cache = Cache()

    def load() -> Thing:
        return cache.get_or_load("a", load)

    with pytest.raises(WalkerError) as raised:
        cache.get_or_load("a", load)
    assert str(raised.value) == "the loader of key `'a'` waits for itself: no object can be made of its own"
    assert isinstance(cache.get_or_load("a", Thing), Thing)


def test_threads_whose_loaders_wait_for_each_other_get_an_error_and_no_deadlock() -> None:
    cache, barrier = Cache(), threading.Barrier(2)

    def load(other: str, again: Callable[[], Thing]) -> Callable[[], Thing]:
        def loader() -> Thing:
            barrier.wait(PATIENCE)
            return cache.get_or_load(other, again)

        return loader

    with ThreadPoolExecutor(2) as pool:
        tried = [pool.submit(cache.get_or_load, key, load(other, Thing)) for key, other in ("ab", "ba")]
        errors = [each.exception(PATIENCE) for each in tried]
    assert [type(error) for error in errors if error] == [WalkerError]
    assert all(key in cache for key in "ab")


def test_a_key_in_an_error_is_short_and_on_one_line() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    cache = Cache()
    cache.empty()
    for key, shown in (("a\nb" * 50, "'a\\nba"), (Odd(), "<"), ("x" * 500, "x…`")):
        with pytest.raises(WalkerError) as raised:
            cache.get_or_load(key, Thing)
        assert shown in str(raised.value)
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 220


def test_of_many_tasks_one_loads_and_the_others_wait_for_it() -> None:
    async def main() -> None:
        cache, calls = Cache(), []

        async def load() -> Thing:
            calls.append(1)
            while len(cache._waiting) < 7:
                await asyncio.sleep(0)
            return Thing()

        things = await asyncio.gather(*(cache.get_or_load_async("a", load) for _ in range(8)))
        assert len(calls) == len(set(map(id, things))) == 1
        assert await cache.get_or_load_async("a", load) is things[0]

    asyncio.run(main())


def test_when_the_task_that_loads_is_cancelled_another_takes_over() -> None:
    async def main() -> None:
        cache, never = Cache(), asyncio.Event()

        async def stuck() -> Thing:
            await never.wait()
            return Thing()

        async def load() -> Thing:
            return Thing()

        first = asyncio.create_task(cache.get_or_load_async("a", stuck))
        await asyncio.sleep(0)
        others = [asyncio.create_task(cache.get_or_load_async("a", load)) for _ in range(3)]
        await asyncio.sleep(0)
        others[0].cancel()
        first.cancel()
        found = await asyncio.gather(first, *others, return_exceptions=True)
        assert [type(each) for each in found] == [asyncio.CancelledError, asyncio.CancelledError, Thing, Thing]
        assert found[2] is found[3]
        assert not cache._waiting
        assert not cache._loading

    asyncio.run(main())


def test_a_task_whose_loader_asks_for_its_own_object_gets_an_error() -> None:
    async def main() -> None:
        cache = Cache()

        async def load() -> Thing:
            return await cache.get_or_load_async("a", load)

        with pytest.raises(WalkerError, match="waits for itself"):
            await cache.get_or_load_async("a", load)

    asyncio.run(main())


def test_a_task_that_would_block_its_own_loop_gets_an_error() -> None:
    async def main() -> None:
        cache, never = Cache(), asyncio.Event()

        async def stuck() -> Thing:
            await never.wait()
            return Thing()

        first = asyncio.create_task(cache.get_or_load_async("a", stuck))
        await asyncio.sleep(0)
        with pytest.raises(WalkerError, match="waits for what waits for it"):
            cache.get_or_load("a", Thing)
        never.set()
        await first

    asyncio.run(main())


def test_a_task_waits_for_what_a_thread_loads_and_a_thread_for_what_a_task_loads() -> None:
    async def main() -> None:
        cache = Cache()

        def load() -> Thing:
            waits(cache, 1)
            return Thing()

        async def load_in_task() -> Thing:
            while not cache._waiting:
                await asyncio.sleep(0)
            return Thing()

        in_thread = asyncio.create_task(asyncio.to_thread(cache.get_or_load, "a", load))
        while "a" not in cache._loading:
            await asyncio.sleep(0)
        assert await cache.get_or_load_async("a", load_in_task) is await in_thread
        in_task = asyncio.create_task(cache.get_or_load_async("b", load_in_task))
        await asyncio.sleep(0)
        assert await asyncio.to_thread(cache.get_or_load, "b", load) is await in_task

    asyncio.run(main())


def test_a_loader_that_is_async_is_refused_where_nobody_awaits_it() -> None:
    cache = Cache()

    async def load() -> Thing:
        return Thing()

    with pytest.raises(WalkerError, match=r"is async: use `await cache.get_or_load_async\(…\)`"):
        cache.get_or_load("a", load)  # type: ignore[unused-coroutine]
    assert "a" not in cache


def test_what_is_loaded_when_the_cycle_is_over_is_its_callers_alone(no_collector: None) -> None:
    cache = Cache()

    def load() -> Thing:
        assert list(cache.empty().values()) == []
        return Thing()

    held = weakref.ref(cache.get_or_load("a", load))
    assert held() is None
    assert len(cache) == 0


def test_an_emptied_cache_holds_nothing(no_collector: None) -> None:
    cache = Cache()
    held: Any = weakref.ref(cache.get_or_load("a", Thing))
    assert held() is not None
    cache.empty()
    assert held() is None
    assert not gc.garbage
