"""What many templates take: measured in processes of their own, of which none is left."""

import threading
import time
from contextlib import closing

import psutil
import pytest

from bench.memory import loaded
from bench.memory.interpreters import DiedError
from bench.memory.loaded import HOLDERS, MEASURES, MOMENTS, NEITHER, OURS, THEIRS, Held
from bench.tests.memory.made_up import held

COUNT = 60


def children() -> list[psutil.Process]:
    """Return the processes that hold templates."""
    return [child for child in psutil.Process().children() if loaded.__name__ in child.cmdline()]


def test_each_holder_is_measured_so_many_times() -> None:
    *steps, found = loaded.compare(COUNT, repeats=1, jobs=2)
    assert isinstance(found, Held)
    assert steps[0] == f"{COUNT} templates compiled"
    assert sorted(map(str, steps[1:])) == sorted(f"{holder}, {COUNT} templates" for holder in HOLDERS)
    assert found.count == COUNT
    assert min(found.bundle, found.sources) > COUNT * 100
    for holder in HOLDERS:
        for moment in MOMENTS:
            assert [len(found.found[holder][moment][measure]) for measure in MEASURES] == [1, 1, 1]
            assert min(found.found[holder][moment][measure][0] for measure in MEASURES) > 0
    for holder in (OURS, THEIRS):  # whole pages more than the imports alone, whose order of memory is the same
        assert found.over(holder, MOMENTS[0], "private_dirty")[0] > 100_000
        assert found.over(holder, MOMENTS[1], "rss")[0] > 100_000
    assert children() == []


def test_a_holder_is_told_over_the_imports_and_the_ratio_with_its_spread() -> None:
    assert held().over(NEITHER, MOMENTS[0], "rss") == (0, -1e6, 2e6)
    assert held().over(OURS, MOMENTS[0], "rss") == (40e6, 39e6, 42e6)
    assert held().over(THEIRS, MOMENTS[0], "rss") == (100e6, 99e6, 102e6)
    assert held().ratio(MOMENTS[0], "rss") == (0.4, 39 / 102, 42 / 99)


def test_when_it_is_closed_its_processes_end() -> None:
    with closing(loaded.compare(COUNT, repeats=5, jobs=2)) as steps:
        next(steps)
        next(steps)
    assert children() == []
    with pytest.raises(StopIteration):
        next(steps)


def test_a_process_that_dies_is_named_and_ends_the_rest() -> None:
    def kill() -> None:
        while not (found := children()):  # it has not begun, or is not yet what it will be
            time.sleep(0.01)
        found[0].kill()

    with closing(loaded.compare(COUNT, repeats=1, jobs=1)) as steps:
        next(steps)
        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(DiedError, match=f"^{NEITHER} was killed by SIGKILL"):
            list(steps)
        killer.join()
    assert children() == []
