"""Work that is done apart: what comes of it comes back, how it ended too, and nothing of it is left."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blendtpl.errors import BlendError
from blendtpl.tools.soak.growth import open_files
from blendtpl.tools.soak.processes import Death, Exhausted, run_isolated

MEMORY = 64 * 2**20


def work(item: str) -> str:
    if item == "raise":
        raise LookupError("gone")
    if item == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "exhausted":
        raise Exhausted from MemoryError()
    if item == "full":
        return str(len(bytearray(4 * MEMORY)))
    if item == "thread":
        threading.Thread(target=time.sleep, args=(1000,)).start()
    if item == "sleep":
        time.sleep(1000)
    return item * 2


def outcomes(*items: str, jobs: int = 2) -> dict[str, str | Death]:
    return dict(run_isolated(items, work, jobs=jobs, memory=MEMORY))


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = open_files()
    yield
    assert multiprocessing.active_children() == []
    assert open_files() == before


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_each_item_gives_what_the_function_returns(jobs: int) -> None:
    assert outcomes("a", "b", "c", jobs=jobs) == {"a": "aa", "b": "bb", "c": "cc"}


def test_a_system_without_fork_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(BlendError, match="processes that fork, which this system has not"):
        list(run_isolated(["a"], work, jobs=1, memory=MEMORY))


def test_a_result_that_is_larger_than_a_pipe_holds_comes_whole() -> None:
    large = "x" * 2**20
    assert outcomes(large) == {large: large * 2}


def test_how_a_process_ended_is_told_and_the_others_go_on() -> None:
    found = outcomes("raise", "kill", "a")

    assert found["a"] == "aa"
    assert found["kill"] == Death(-signal.SIGKILL, "")
    raised = found["raise"]
    assert isinstance(raised, Death)
    assert (raised.status, raised.full) == (1, False)
    assert raised.trace.startswith("LookupError: gone\n")
    assert f'File "{__file__}", line ' in raised.trace.splitlines()[1]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the data of a process")
def test_a_process_that_takes_more_memory_than_it_may_is_full() -> None:
    found = outcomes("full", "exhausted", "a")

    assert [isinstance(each, Death) and each.full for each in found.values()] == [item != "a" for item in found]


def test_a_thread_that_goes_on_is_not_waited_for() -> None:
    assert outcomes("thread") == {"thread": "threadthread"}


def test_no_process_outlives_an_iteration_that_ends_early() -> None:
    for _ in run_isolated(["a", "sleep", "sleep", "sleep"], work, jobs=4, memory=MEMORY):
        break
    with pytest.raises(KeyboardInterrupt):
        list(run_isolated(["sleep"], work, jobs=1, memory=MEMORY, tick=_interrupted))


def _interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_process_ends_with_its_parent() -> None:
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        for _ in run_isolated([writer], _say_who_and_wait, jobs=1, memory=MEMORY):
            pass
    os.close(writer)
    with open(reader, "rb") as told:
        child = int(told.readline())
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        assert told.read() == b""  # the other end is closed: the child is gone
    assert not Path(f"/proc/{child}/exe").exists()


def _say_who_and_wait(writer: int) -> None:
    os.write(writer, f"{os.getpid()}\n".encode())
    time.sleep(1000)
