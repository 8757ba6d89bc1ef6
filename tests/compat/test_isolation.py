"""Threads, tasks, generators and forks have their own buffers and once-lists."""

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context

import pytest

from blendtpl.compat import Capture, CaptureError, IncludeShim
from tests.compat.support import shim_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TEMPLATES = {"n.html": "{{ n }};", "call.html": "<{% do call() %}>"}


def say(shim: IncludeShim, n: object, *, once: bool = False) -> None:
    (shim.include_once if once else shim.include)("n.php", {"n": n})


def test_a_thread_prints_into_its_own_buffers() -> None:
    shim, stream = shim_for(TEMPLATES)
    together = threading.Barrier(4)

    def page(n: int) -> str:
        with shim.request(), shim.capture() as found:
            for _ in range(50):
                together.wait()
                say(shim, n)
            say(shim, n, once=True)
        return found.text

    with shim.capture() as outer, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(page, range(4))) == [f"{n};" * 50 for n in range(4)]
    assert (outer.text, stream.getvalue()) == ("", "")


def test_a_thread_that_is_given_a_copy_of_the_context_prints_into_its_own_buffers_too() -> None:
    shim, stream = shim_for(TEMPLATES)
    with shim.capture() as outer, ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, say, shim, 1).result()
        say(shim, 2)
    assert (outer.text, stream.getvalue()) == ("2;", "1;")


def test_a_task_prints_into_its_own_buffers() -> None:
    shim, stream = shim_for(TEMPLATES)

    async def page(n: int) -> str:
        with shim.request(), shim.capture() as found:
            for _ in range(20):
                say(shim, n)
                await asyncio.sleep(0)
            say(shim, n, once=True)
            say(shim, n, once=True)
        return found.text

    async def both() -> tuple[list[str], str]:
        with shim.request(), shim.capture() as outer:
            tasks = [asyncio.create_task(page(n)) for n in range(3)]
            say(shim, "outer", once=True)
            await asyncio.sleep(0)
            say(shim, "outer")
            return [await task for task in tasks], outer.text

    texts, outer = asyncio.run(both())
    assert texts == [f"{n};" * 20 for n in range(3)]
    assert (outer, stream.getvalue()) == ("outer;outer;", "")


def test_a_coroutine_that_is_awaited_prints_where_its_task_does() -> None:
    shim, stream = shim_for(TEMPLATES)

    async def part() -> None:
        say(shim, 1)
        await asyncio.sleep(0)
        say(shim, 2)

    async def page() -> str:
        with shim.capture() as found:
            await part()
        return found.text

    assert asyncio.run(page()) == "1;2;"
    with shim.capture() as around:
        asyncio.run(part())
    assert (around.text, stream.getvalue()) == ("1;2;", "")


def pages(shim: IncludeShim, n: str) -> Generator[str, None, None]:
    with shim.request(), shim.capture() as found:
        say(shim, n, once=True)
        yield ""
        say(shim, n)
        say(shim, "never", once=True)
        yield ""
    yield found.text


def test_a_generator_prints_into_its_own_buffers() -> None:
    shim, stream = shim_for(TEMPLATES)
    first, second = pages(shim, "a"), pages(shim, "b")
    with shim.capture() as outer:
        next(first)
        say(shim, 1)
        next(second)
        say(shim, 2)
        with shim.capture() as inner:
            next(first)
            say(shim, 3)
            next(second)
        assert next(first) == "a;a;"
    say(shim, 4)
    assert next(second) == "b;b;"
    assert (outer.text, inner.text, stream.getvalue()) == ("1;2;", "3;", "4;")


def test_a_generator_that_is_given_up_leaves_nothing_open() -> None:
    shim, stream = shim_for(TEMPLATES)
    left = pages(shim, "a")
    next(left)
    del left
    gc.collect()
    say(shim, 1)
    other = pages(shim, "b")
    next(other)
    copy_context().run(other.close)  # by whoever else
    say(shim, 2)
    assert stream.getvalue() == "1;2;"


def test_what_a_context_manager_opens_is_for_whoever_enters_it() -> None:
    shim, _ = shim_for(TEMPLATES)

    @contextmanager
    def page() -> Iterator[Capture]:
        with shim.request(), shim.capture() as found:
            yield found

    @asynccontextmanager
    async def async_page() -> AsyncIterator[Capture]:
        with page() as found:
            await asyncio.sleep(0)
            yield found

    async def main() -> str:
        async with async_page() as found:
            say(shim, 1, once=True)
            await asyncio.create_task(elsewhere())
            say(shim, 2, once=True)
        return found.text

    async def elsewhere() -> None:
        with page() as other:
            say(shim, 3)
        assert other.text == "3;"

    with page() as outer:
        say(shim, 1)
        assert asyncio.run(main()) == "1;"
    assert outer.text == "1;"


def test_a_capture_in_a_function_that_a_template_calls_holds_what_is_included_there() -> None:
    shim, stream = shim_for(TEMPLATES)
    inner: list[str] = []

    def call() -> None:
        with shim.capture() as found:
            say(shim, 1)
            shim.include("call.php", {"call": lambda: say(shim, 2)})
        inner.append(found.text)
        say(shim, 3)

    async def page() -> str:
        with shim.capture() as found:
            shim.include("call.php", {"call": call})
        return found.text

    def one() -> Iterator[str]:
        with shim.capture() as found:
            shim.include("call.php", {"call": call})
        yield found.text

    assert asyncio.run(page()) == "<3;>"
    assert list(one()) == ["<3;>"]
    shim.include("call.php", {"call": call})
    assert inner == ["1;<2;>"] * 3
    assert stream.getvalue() == "<3;>"


def test_a_generator_that_a_template_goes_on_with_prints_into_its_own_buffers() -> None:
    shim, stream = shim_for(TEMPLATES)
    pieces = pages(shim, "a")
    next(pieces)

    def call() -> None:
        say(shim, 1)
        next(pieces)
        say(shim, 2)

    shim.include("call.php", {"call": call})
    assert next(pieces) == "a;a;"
    assert stream.getvalue() == "<1;2;>"


def test_a_buffer_that_another_task_or_thread_opened_cannot_be_closed() -> None:
    shim, _ = shim_for(TEMPLATES)
    opened: list[Capture] = []

    async def opens() -> None:
        opened.append(shim.capture())
        await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(opens(), closes())

    async def closes() -> None:
        await asyncio.sleep(0)
        with pytest.raises(CaptureError, match="another thread, task or generator opened it"):
            opened[-1].close()

    asyncio.run(main())
    thread = threading.Thread(target=lambda: opened.append(shim.capture()))
    thread.start()
    thread.join()
    with pytest.raises(CaptureError, match="another thread, task or generator opened it"):
        opened[-1].close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_prints_into_its_own_buffers() -> None:
    shim, stream = shim_for(TEMPLATES)
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()

    def child() -> None:
        say(shim, "child")
        say(shim, "child", once=True)
        results.put((outer.text, shim.report().calls))

    with shim.request(), shim.capture() as outer:
        say(shim, "before")
        process = context.Process(target=child)
        process.start()
        process.join()
        say(shim, "after")
    assert results.get() == ("before;child;", 3)
    assert (outer.text, stream.getvalue(), shim.report().calls) == ("before;after;", "", 2)
