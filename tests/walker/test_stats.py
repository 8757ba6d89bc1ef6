"""The figures of a worker."""

import mmap
import os

from blendtpl.walker.stats import Stats


def test_a_worker_that_begins_has_counted_nothing() -> None:
    figures = dict(Stats().items())
    assert figures.pop("stop") == figures.pop("backlog") == figures.pop("pss") == -1
    assert set(figures.values()) == {0}


def test_what_one_process_counts_another_reads() -> None:
    memory = mmap.mmap(-1, 2 * 8 * len(Stats.FIELDS))
    rows = memoryview(memory).cast("d")
    child = os.fork()
    if not child:
        mine = Stats(rows[len(Stats.FIELDS) :])
        mine.reset()
        for _ in range(1000):
            mine.mails += 1
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert Stats(rows[len(Stats.FIELDS) :]).mails == 1000
    assert set(rows[: len(Stats.FIELDS)].tolist()) == {0}
