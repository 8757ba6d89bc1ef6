"""Threads and forked processes render what a single thread does."""

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import Any

import pytest

import blendtpl
from testkit.examples import context_of, every_example

THREADS, RENDERS, PROCESSES = 16, 2000, 8

Work = list[tuple[str, dict[str, Any], str]]


@pytest.fixture(scope="module")
def work(registry: blendtpl.Registry) -> Work:
    """Return each example with the text that one thread makes of it."""
    found = []
    for name, example in every_example():
        context = context_of(name, example)
        found.append((name, context, registry.render(name, context)))
    return found


def starting_at(work: Work, share: int, shares: int) -> Iterator[tuple[str, dict[str, Any], str]]:
    start = share * len(work) // shares
    return cycle([*work[start:], *work[:start]])


@pytest.mark.slow
def test_16_threads_with_2000_renders_each_give_what_one_thread_does(registry: blendtpl.Registry, work: Work) -> None:
    barrier = threading.Barrier(THREADS)

    def run(thread: int) -> list[str]:
        barrier.wait()
        mixed = islice(starting_at(work, thread, THREADS), RENDERS)
        return [name for name, context, text in mixed if registry.render(name, context) != text]

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(run, range(THREADS))) == [[]] * THREADS


def test_threads_that_render_stream_and_fail_at_once_do_not_disturb_each_other(
    registry: blendtpl.Registry, work: Work
) -> None:
    barrier = threading.Barrier(8)

    def run(thread: int) -> int:
        barrier.wait()
        wrong = 0
        for name, context, text in islice(starting_at(work, thread, 8), 150):
            if thread % 2:
                wrong += "".join(registry[name].stream(context)) != text
            else:
                try:
                    registry.render(name)
                except blendtpl.UndefinedError as error:
                    wrong += "is undefined" not in str(error)
                wrong += registry.render(name, context) != text
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 0


def test_8_forked_processes_give_what_one_does(registry: blendtpl.Registry, work: Work) -> None:
    children = []
    for share in range(PROCESSES):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                mixed = islice(starting_at(work, share, PROCESSES), 2 * len(work))
                wrong = [name for name, context, text in mixed if registry.render(name, context) != text]
                os.write(write, json.dumps(wrong).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        children.append((pid, read))
    for pid, read in children:
        with os.fdopen(read, "rb") as answer:
            assert answer.read() == b"[]"
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
