"""Cycles, the limits that end them, and signals."""

import asyncio
import gc
import json
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import blendtpl
from blendtpl.walker import Cycle, Stats, Stop, Walker, WalkerError


class Thing:
    """Can be watched."""


@pytest.fixture
def rss(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How large the process says it is, as its only item."""
    size = [100_000_000]
    monkeypatch.setattr("blendtpl.walker.walker.rss_of_this_process", lambda: lambda: size[0])
    return size


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is, as its only item."""
    now = [1000.0]
    monkeypatch.setattr("blendtpl.walker.walker.monotonic", lambda: now[0])
    monkeypatch.setattr("blendtpl.walker.cycle.monotonic", lambda: now[0])
    return now


@contextmanager
def handled(number: int, handler: Any) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def test_a_cycle_has_what_one_pass_needs(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)
    numbers = []
    for cycle in walker.cycles():
        assert cycle.registry is registry
        assert (cycle.deadline, cycle.remaining, cycle.survivors, len(cycle.cache)) == (None, None, (), 0)
        cycle.count("mails", 2)
        cycle.count("skipped")
        assert cycle.counters == {"mails": 2, "skipped": 1}
        cycle.report(backlog=12)
        cycle.cache.get_or_load("a", Thing)
        cycle.cache.get_or_load("a", Thing)
        numbers.append(cycle.number)
        if cycle.number == 3:
            walker.end()
    assert numbers == [1, 2, 3]
    assert (walker.stop, walker.exit_status) == (Stop.TERMINATED, 0)
    stats = walker.stats
    assert (stats.pid, stats.cycles, stats.mails, stats.backlog, stats.stop) == (os.getpid(), 3, 6, 12, Stop.TERMINATED)
    assert (stats.cache_size, stats.cache_hits, stats.cache_misses) == (1, 3, 3)
    assert 0 < stats.started <= stats.ready
    assert (stats.cycle_started, stats.deadline) == (0, 0)
    assert list(walker.cycles()) == []


def test_a_deadline_is_told_to_the_cycle_and_in_the_figures(registry: blendtpl.Registry, clock: list[float]) -> None:
    walker = Walker(registry, deadline="30s")
    for cycle in walker.cycles():
        assert (cycle.deadline, cycle.remaining) == (1030, 30)
        assert (walker.stats.cycle_started, walker.stats.deadline) == (1000, 1030)
        clock[0] += 40
        assert cycle.remaining == -10
        walker.end()


def ages(walker: Walker, clock: list[float]) -> int:
    """Return at which age, in seconds, a walker leaves whose cycles take one."""
    for _ in walker.cycles():
        clock[0] += 1
    return int(clock[0] - walker.stats.started)


def test_a_walker_leaves_at_its_age_when_the_cycle_is_finished(registry: blendtpl.Registry, clock: list[float]) -> None:
    walker = Walker(registry, max_age="20m", jitter=0)
    assert ages(walker, clock) == 1200
    assert (walker.stop, walker.exit_status, walker.stats.stop) == (Stop.AGE, 80, 80)
    assert Stop.AGE.reason == "max age"


def test_walkers_of_one_age_leave_at_different_times(registry: blendtpl.Registry, clock: list[float]) -> None:
    found = [ages(Walker(registry, max_age=1000, jitter=0.2), clock) for _ in range(16)]
    assert len(set(found)) > 1
    assert all(800 <= age <= 1201 for age in found)


def test_a_walker_leaves_when_it_has_grown(registry: blendtpl.Registry, rss: list[int]) -> None:
    walker = Walker(registry, max_growth="40MB")
    rss[0] += 1
    sizes = []
    for _ in walker.cycles():
        sizes.append(rss[0])
        rss[0] += 15_000_000
    assert sizes[-1] - 100_000_000 == 30_000_001
    assert (walker.stop, walker.exit_status) == (Stop.GROWTH, 81)


def test_a_walker_leaves_when_it_is_too_large_but_not_before_its_first_cycle(
    registry: blendtpl.Registry, rss: list[int]
) -> None:
    walker = Walker(registry, max_rss="90MB", max_growth="1GB")
    assert len(list(walker.cycles())) == 1
    assert (walker.stop, walker.exit_status) == (Stop.RSS, 82)


def test_growth_is_that_since_the_fork(registry: blendtpl.Registry, tmp_path: Path) -> None:
    walker = Walker(registry, max_growth="60MB", max_age=3600)
    hoard = bytearray(100_000_000)
    child = os.fork()
    if not child:
        try:
            cycles = 0
            for _ in walker.cycles():
                cycles += 1
                if cycles == 2:
                    hoard += bytes(100_000_000)
            told = [cycles, walker.stop, walker.stats.pid == os.getpid(), walker.stats.base_rss > 100_000_000]
            (tmp_path / "told").write_text(json.dumps(told))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert json.loads((tmp_path / "told").read_text()) == [2, Stop.GROWTH, True, True]


def test_processes_that_are_forked_from_one_walker_choose_their_own_ages(registry: blendtpl.Registry) -> None:
    walker, (read, write) = Walker(registry, max_age=1000), os.pipe()
    for _ in range(4):
        if not os.fork():
            try:
                next(walker.cycles())
                os.write(write, f"{walker._age}\n".encode())
            finally:
                os._exit(0)
    for _ in range(4):
        os.wait()
    os.close(write)
    with open(read) as told:
        ages = [float(line) for line in told]
    assert len(ages) == 4
    assert len({walker._age, *ages}) > 1


def test_what_the_launcher_knows_of_the_fork_is_kept(registry: blendtpl.Registry, rss: list[int]) -> None:
    stats = Stats()
    stats.started, stats.base_rss, stats.pid = 5.0, 70_000_000.0, float(os.getpid())
    walker = Walker(registry, max_growth="20MB", stats=stats)
    assert (stats.started, stats.base_rss, stats.rss) == (5, 70_000_000, 100_000_000)
    assert len(list(walker.cycles())) == 1
    assert walker.stop is Stop.GROWTH


def test_a_limit_of_memory_says_what_to_install(registry: blendtpl.Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(blendtpl.ConfigError, match="a limit of memory needs `psutil`: install blendtpl with the extra"):
        Walker(registry, max_rss="1GB")
    Walker(registry, max_age="1h", stats=Stats())


@pytest.mark.parametrize("jitter", [-0.1, 1, "a tenth", True, float("nan")])
def test_a_jitter_is_a_share(registry: blendtpl.Registry, jitter: Any) -> None:
    with pytest.raises(blendtpl.ConfigError, match=r"jitter: `.*` is no share from 0 to below 1"):
        Walker(registry, jitter=jitter)


@pytest.mark.parametrize(
    ("number", "stop", "status"), [(signal.SIGTERM, Stop.TERMINATED, 0), (signal.SIGINT, Stop.INTERRUPTED, 130)]
)
def test_a_signal_ends_the_loop_when_the_cycle_is_finished(
    registry: blendtpl.Registry, number: signal.Signals, stop: Stop, status: int
) -> None:
    before, walker, finished = signal.getsignal(number), Walker(registry), []
    for cycle in walker.cycles():
        if cycle.number == 2:
            signal.raise_signal(number)
        finished.append(cycle.number)
    assert finished == [1, 2]
    assert (walker.stop, walker.exit_status) == (stop, status)
    assert signal.getsignal(number) is before


def test_the_second_interrupt_does_not_wait_for_the_cycle(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)

    def run() -> None:
        for _ in walker.cycles():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            pytest.fail("it was interrupted")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert walker.stop is Stop.INTERRUPTED
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_interrupt_after_a_termination_still_waits(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)
    for _ in walker.cycles():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert walker.stop is Stop.TERMINATED


def test_the_handler_of_somebody_else_is_called_too(registry: blendtpl.Registry) -> None:
    seen: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    with handled(signal.SIGTERM, handler):
        for _ in Walker(registry).cycles():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is handler
    assert seen == [signal.SIGTERM]


def test_a_signal_that_is_ignored_stays_so(registry: blendtpl.Registry) -> None:
    with handled(signal.SIGINT, signal.SIG_IGN):
        walker = Walker(registry)
        for cycle in walker.cycles():
            signal.raise_signal(signal.SIGINT)
            if cycle.number == 2:
                walker.end(Stop.DONE)
    assert walker.stop is Stop.DONE


def test_a_handler_that_came_meanwhile_stays(registry: blendtpl.Registry) -> None:
    def handler(number: int, frame: FrameType | None) -> None:
        """Do nothing."""

    walker, before = Walker(registry), signal.getsignal(signal.SIGTERM)
    try:
        for _ in walker.cycles():
            signal.signal(signal.SIGTERM, handler)
            walker.end()
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_walker_in_a_thread_leaves_signals_alone_and_can_be_ended(registry: blendtpl.Registry) -> None:
    walker, began, handlers = Walker(registry), threading.Event(), []

    def run() -> None:
        for _ in walker.cycles():
            handlers.append(signal.getsignal(signal.SIGTERM))
            began.set()

    before, thread = signal.getsignal(signal.SIGTERM), threading.Thread(target=run)
    thread.start()
    assert began.wait(120)
    walker.end()
    thread.join(120)
    assert not thread.is_alive()
    assert set(handlers) == {before}


def fails(walker: Walker, held: list[Any]) -> None:
    for cycle in walker.cycles():
        held.append(weakref.ref(cycle.cache.get_or_load("a", Thing)))
        raise OSError("the body failed")


def leaves(walker: Walker, held: list[Any]) -> None:
    for cycle in walker.cycles():
        held.append(weakref.ref(cycle.cache.get_or_load("a", Thing)))
        break


def fails_async(walker: Walker, held: list[Any]) -> None:
    async def main() -> None:
        async for cycle in walker.cycles():
            held.append(weakref.ref(cycle.cache.get_or_load("a", Thing)))
            raise OSError("the body failed")

    asyncio.run(main())


def leaves_async(walker: Walker, held: list[Any]) -> None:
    async def main() -> None:
        async for cycle in walker.cycles():
            held.append(weakref.ref(cycle.cache.get_or_load("a", Thing)))
            break
        assert not walker._runs

    asyncio.run(main())


@pytest.mark.parametrize("left", [fails, leaves, fails_async, leaves_async])
def test_a_loop_that_is_left_empties_the_cache_and_gives_signals_back(
    registry: blendtpl.Registry, left: Callable[[Walker, list[Any]], None]
) -> None:
    walker, held = Walker(registry), []  # type: ignore[var-annotated]
    before = signal.getsignal(signal.SIGTERM)
    try:
        left(walker, held)
    except OSError as error:
        kept = error
        assert held[0]() is None, "the cache is empty, though the error is kept"
        assert str(kept) == "the body failed"
    assert held[0]() is None
    assert signal.getsignal(signal.SIGTERM) is before
    assert walker.stats.cycles == 0
    assert walker.stop is None
    assert next(iter(walker.cycles())).number == 2, "it may go on"


def test_a_loop_that_is_cancelled_empties_the_cache(registry: blendtpl.Registry) -> None:
    held: list[Any] = []
    walker = Walker(registry)

    async def run() -> None:
        async for cycle in walker.cycles():
            held.append(weakref.ref(cycle.cache.get_or_load("a", Thing)))
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(run())
        while not held:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert held[0]() is None
    assert not walker._runs


def test_tasks_have_their_turn_between_cycles_that_wait_for_nothing(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)

    async def main() -> int:
        asyncio.get_running_loop().call_soon(walker.end)
        return len([cycle async for cycle in walker.cycles()])

    assert asyncio.run(main()) == 1 or walker.stop is Stop.TERMINATED


def test_an_interrupt_finishes_the_cycle_of_a_task_and_the_second_cancels_it(registry: blendtpl.Registry) -> None:
    finished: list[int] = []

    async def main(times: int) -> Walker:
        walker = Walker(registry)
        async for cycle in walker.cycles():
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
            finished.append(cycle.number)
        return walker

    assert asyncio.run(main(1)).stop is Stop.INTERRUPTED
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main(2))
    assert finished == [1]


def test_a_walker_runs_one_loop_at_a_time(registry: blendtpl.Registry) -> None:
    walker = Walker(registry)
    cycles = walker.cycles()
    next(cycles)
    with pytest.raises(WalkerError, match="runs already"):
        next(walker.cycles())
    cycles.close()
    assert list(cycles) == []
    assert isinstance(next(walker.cycles()), Cycle)


def test_circles_are_freed_when_a_cycle_ends_though_the_collector_is_off(
    registry: blendtpl.Registry, no_collector: None
) -> None:
    held: list[Any] = []
    walker = Walker(registry)
    for cycle in walker.cycles():
        assert [ref for ref in held if ref() is not None] == []
        held = [weakref.ref(cycle.cache.get_or_load(key, circular)) for key in range(50)]
        if cycle.number == 5:
            walker.end()
    assert [ref for ref in held if ref() is not None] == []
    assert not gc.isenabled()
    assert walker.stats.survivors == 0


def circular() -> Any:
    thing: Any = Thing()
    thing.itself = [thing]
    return thing


def test_some_objects_are_watched_and_those_that_outlive_their_cycle_are_counted(registry: blendtpl.Registry) -> None:
    walker, kept = Walker(registry), []
    walker._garbage._due = 0.0
    for cycle in walker.cycles():
        for key in range(8):
            thing = cycle.cache.get_or_load(key, circular)
            if key < 2 and cycle.number == 1:
                kept.append(thing)
        walker._garbage._due = 0.0
        if cycle.number == 4:
            walker.end()
    assert walker.stats.survivors == len(kept) == 2
