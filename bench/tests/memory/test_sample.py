"""A sample: what it tells of this process and of another, and that taking one leaves nothing."""

import gc
import linecache
import mmap
import os
import subprocess
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from bench.memory.sample import COLUMNS, UNKNOWN, census, new_row, sampler

OF_PYTHON = {"blocks", "pending", "collections", "modules", "lines"}


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.unfreeze()  # what others froze may be garbage by now, which a sample would bring to light
    while gc.collect():  # what a finalizer brings to light, too
        pass
    gc.disable()
    yield
    gc.enable()


def named(row: "array[int]") -> dict[str, int]:
    return dict(zip(COLUMNS, row, strict=True))


def test_it_tells_all_of_this_process() -> None:
    row = new_row()
    assert set(row) == {UNKNOWN}
    sampler(os.getpid())(row)
    found = named(row)
    assert min(found.values()) >= 0
    assert found["private_dirty"] <= found["rss"]
    assert found["pss"] <= found["rss"]
    assert found["modules"] == len(sys.modules)
    assert found["threads"] == len(list(Path("/proc/self/task").iterdir()))


def test_it_sees_what_is_added_and_what_goes() -> None:
    take, row = sampler(os.getpid()), new_row()
    take(row)
    take(row)
    before = named(row)
    kept, large = [[None] for _ in range(1000)], b"x" * 40_000_000
    mapped = mmap.mmap(-1, len(large))  # new pages, while `malloc` may have had as many at hand for the others
    mapped.write(large)
    sys.modules["bench.tests.memory.added"] = ModuleType("added")
    linecache.cache["added"] = (0, 0.0, [], "added")
    descriptor = os.open(os.devnull, os.O_RDONLY)
    take(row)
    added = {name: value - before[name] for name, value in named(row).items()}
    assert added["blocks"] >= len(kept)
    assert added["pending"] >= len(kept)
    assert added["bytes"] >= len(large)
    assert added["rss"] >= len(large) // 2
    assert [added[name] for name in ("modules", "lines", "files")] == [1, 1, 1]
    os.close(descriptor)
    mapped.close()
    del kept, large, sys.modules["bench.tests.memory.added"], linecache.cache["added"]
    take(row)
    after = named(row)
    assert after["blocks"] - before["blocks"] < 100
    assert [after[name] - before[name] for name in ("modules", "lines", "files")] == [0, 0, 0]


def test_taking_one_leaves_nothing() -> None:
    take, row, blocks = sampler(os.getpid()), new_row(), array("q", [0] * 50)
    for at in range(len(blocks)):
        take(row)
        blocks[at] = row[COLUMNS.index("blocks")]
    assert len(set(blocks[10:])) == 1
    assert gc.collect() == 0


def test_garbage_is_not_taken_away_by_a_sample() -> None:
    take, row = sampler(os.getpid()), new_row()
    for _ in range(100):
        cycle: list[object] = []
        cycle.append(cycle)
    del cycle
    take(row)
    assert gc.collect() == 100


def test_of_another_process_it_tells_what_the_system_knows() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        row = new_row()
        sampler(other.pid, lambda: 12_345)(row)
        found = named(row)
        assert {name for name, value in found.items() if value == UNKNOWN} == OF_PYTHON
        assert found["bytes"] == 12_345
        assert found["rss"] > 0
        assert found["threads"] == 1
        assert other.stdin
        other.stdin.close()


class Counted(list[int]):
    pass


def test_a_census_counts_by_type() -> None:
    name = f"{__name__}.Counted"
    kept = [Counted() for _ in range(7)]
    assert census()[name] == len(kept)
    kept.clear()
    assert name not in census()
