"""Memory beside time: the alert e-mail and the mixed workload, with what they leave in `extra_info`.

What is timed is one render of the alert e-mail, and one of each part of the mixed workload. What is left is measured by
`bench.memory` in a process of its own, with the collector off, and never fails here: that is the gate's.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.measure import compare
from bench.memory.processes import Processes
from bench.memory.registered import Desk, Part
from bench.memory.runs import Run
from bench.memory.subjects import SUBJECTS
from bench.memory.tasks import Task
from bench.memory.turns import in_turn
from bench.memory.workloads import ALERT, MIXED, WORKLOADS

RENDERS = {ALERT: 4000, MIXED: 4000}
SAMPLES = 40

pytestmark = pytest.mark.usefixtures("no_collector")


def _measure(subject: str, workload: str) -> Run:
    task = Task(subject, workload, collector=False, renders=RENDERS[workload], samples=SAMPLES, seconds=0)
    (run,) = Processes().run([task], 1, lambda task, renders: None)
    assert not run.reason
    return run


def _quiet(render: Callable[[], object]) -> Callable[[], None]:
    def attempt() -> None:
        try:
            render()
        except Exception as error:
            str(error)

    return attempt


def _turn(subject: str, workload: str, folder: Path) -> Callable[[], None]:
    """Return what renders each part of a workload once."""
    parts = WORKLOADS[workload].parts()
    desk = Desk(folder, lambda end: None, lambda process, usage: None)

    def prepare(part: Part) -> Callable[[], object]:
        render = SUBJECTS[subject].prepare(part, desk)
        return lambda: render(part.variables())

    render = _quiet(in_turn(prepare, parts))

    def turn() -> None:
        for _ in parts:
            render()

    return turn


@pytest.mark.parametrize("subject", ["blendtpl bundle", "blendtpl.Environment", "Jinja2"])
@pytest.mark.parametrize("workload", [ALERT, MIXED])
@pytest.mark.benchmark(max_time=0.4, min_rounds=2)
def test_memory(benchmark: BenchmarkFixture, subject: str, workload: str, tmp_path: Path) -> None:
    """One turn of a workload, and what so many renders leave."""
    run = _measure(subject, workload)
    resident = run.slope("rss")
    assert resident
    memory = {
        "renders": run.renders,
        "verdict": str(run.verdict),
        "rss_slope": resident.middle,
        "rss_slope_interval": [resident.low, resident.high],
        "private_dirty": run.left("private_dirty"),
        "blocks": run.left("blocks"),
        "garbage_per_1000": run.per_thousand(run.garbage),
    }
    compare(benchmark, f"memory, {workload}", peer=subject == "Jinja2", collector="off", label=subject, memory=memory)
    benchmark(_turn(subject, workload, tmp_path))
