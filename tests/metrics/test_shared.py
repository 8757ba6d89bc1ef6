"""Shared metrics: figures that many processes write and any of them reads."""

import os
import signal
from functools import partial

import pytest

from blendtpl.errors import ConfigError
from blendtpl.metrics import SharedMetrics
from blendtpl.metrics.counting import add
from blendtpl.metrics.shared import OTHERS
from tests.metrics.forks import forked


def test_what_workers_count_by_template_is_added_up() -> None:
    shared = SharedMetrics(3, ["a.html", "b.html"], ["alert"])
    children = [forked(partial(add, *shared.template_row(slot, "b.html"), 5, 0.5)) for slot in (0, 2)]
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    assert shared.templates()["b.html"] == (2, 10, 1.0, 0)
    assert shared.templates()["a.html"] == (0, 0, 0, 0)
    assert shared.messages() == {"alert": (0, 0, 0, 0)}


def test_a_worker_begins_at_nothing_and_the_sums_go_on() -> None:
    shared = SharedMetrics(1, ["a.html"])
    for number in (1, 2, 3):
        stats = shared.stats(0)
        stats.reset()
        assert dict(stats.items())["renders"] == stats.renders == stats.rendered_bytes == stats.mails == 0
        add(*shared.template_row(0, "a.html"), 10, 0.0, failed=True)
        stats.mails += 2
        stats.renders += 1  # of a registry that is not measured
        stats.backlog = 7
        assert (stats.renders, stats.rendered_bytes, stats.errors, stats.mails) == (2, 10, 1, 2)
        assert [stats.total(name) for name in ("renders", "rendered_bytes", "errors", "mails")] == [
            2 * number,
            10 * number,
            number,
            2 * number,
        ]
    stats.reset()
    assert stats.backlog == -1
    assert shared.templates()["a.html"].renders == 3


def test_setting_a_counter_is_what_this_worker_counted() -> None:
    stats = SharedMetrics(1).stats(0)
    stats.mails = 5
    stats.reset()
    stats.mails = 3
    assert (stats.mails, stats.total("mails")) == (3, 8)


def test_another_process_opens_the_memory_by_its_path() -> None:
    shared = SharedMetrics(2, ["ä.html"], ["alert"])
    other = SharedMetrics.open(shared.path)
    add(*shared.template_row(1, "ä.html"), 3, 0.0)
    shared.rotated("max age")
    assert other.templates() == {"ä.html": (1, 3, 0, 0)}
    assert other.rotations() == {"max age": 1}
    assert len(other.slots) == 2


def test_a_file_that_holds_no_metrics_is_told() -> None:
    with pytest.raises(ConfigError, match="holds no metrics, or those of another version"):
        SharedMetrics.open("/dev/null")


def test_templates_of_another_bundle_are_seen_by_who_has_the_memory_already() -> None:
    shared = SharedMetrics(1, ["a.html"])
    other = SharedMetrics.open(shared.path)
    shared.add(["a.html", "new.html"])
    add(*shared.template_row(0, "new.html"), 1, 0.0)
    assert other.templates() == {"a.html": (0, 0, 0, 0), "new.html": (1, 1, 0, 0)}


def test_templates_for_which_there_is_no_room_are_counted_together() -> None:
    shared = SharedMetrics(1, ["a.html"])
    shared.add(f"{number}.html" for number in range(1000))
    assert OTHERS not in shared.templates()
    for name in ("998.html", "999.html", "unheard of"):
        add(*shared.template_row(0, name), 1, 0.0)
    figures = shared.templates()
    assert figures[OTHERS].renders == 3
    assert len(figures) < 200


def test_a_server_that_forks_takes_slots_and_those_of_the_dead_again() -> None:
    shared = SharedMetrics(2)
    assert shared.take() == 0
    ready, wait = os.pipe(), os.pipe()

    def work() -> None:
        os.write(ready[1], bytes([shared.take()]))
        os.read(wait[0], 1)

    child = forked(work)
    assert os.read(ready[0], 1) == b"\1"
    with pytest.raises(ConfigError, match="all 2 slots are taken"):
        shared._take_for(os.getppid())
    assert [slot for slot, _ in shared.workers()] == [0, 1]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert [slot for slot, _ in shared.workers()] == [0]
    assert shared._take_for(os.getppid()) == 1
    shared.release(1)
    assert [slot for slot, _ in shared.workers()] == [0]
    for end in (*ready, *wait):
        os.close(end)


@pytest.mark.parametrize("kills", [8, pytest.param(30, marks=pytest.mark.slow)])
def test_writers_killed_at_any_moment_spoil_nothing(kills: int) -> None:
    shared = SharedMetrics(4, [f"{number}.html" for number in range(5)])
    children: dict[int, int] = {}
    last = dict.fromkeys(shared.templates(), (0.0, 0.0, 0.0, 0.0))
    cycles = 0.0

    def work(slot: int) -> None:
        stats = shared.stats(slot)
        stats.reset()
        rows = [shared.template_row(slot, name) for name in shared.templates()]
        while True:
            for row in rows:
                add(*row, 10, 0.25, failed=True)
            stats.cycles += 1

    def read() -> None:
        nonlocal last, cycles
        now = shared.templates()
        for name, figures in now.items():
            assert all(after >= before for before, after in zip(last[name], figures, strict=True))
            assert figures.characters % 10 == 0 == figures.seconds % 0.25
        total = sum(shared.stats(slot).total("cycles") for slot in shared.slots)
        assert total >= cycles
        last, cycles = dict(now), total

    killed = 0
    try:
        while killed < kills:
            for slot in shared.slots:
                if slot not in children:
                    children[slot] = forked(partial(work, slot))
            moved = cycles
            while cycles <= moved:
                read()
            slot = killed % 4
            os.kill(children[slot], signal.SIGKILL)
            os.waitpid(children.pop(slot), 0)
            killed += 1
            read()
    finally:
        for child in children.values():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    read()
    for figures in last.values():  # of what was killed between the first number and the last
        assert 0 <= figures[0] - figures[3] <= killed + len(children)


def test_a_slot_or_a_pool_that_cannot_be_is_told() -> None:
    with pytest.raises(ConfigError, match="no slot 2 among 2"):
        SharedMetrics(2).stats(2)
    with pytest.raises(ConfigError, match="a slot for one worker at least, not for 0"):
        SharedMetrics(0)
