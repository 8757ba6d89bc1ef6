"""Each task in a process of its own: what grows is told from what does not, and what dies is told at all."""

import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from threading import Event

import psutil
import pytest

from bench.memory.processes import Processes
from bench.memory.runs import Run, Verdict
from bench.memory.sample import COLUMNS
from bench.memory.tasks import Task
from bench.tests.memory import interrupted, planted, unforking
from bench.tests.memory.planted import ERROR, MAIL, PLANTS, SIZE
from blendtpl.tools.soak.growth import SPARE_BLOCKS
from testkit import PATIENCE, ROOT

RENDERS, SAMPLES = 2000, 20
CHILD = planted.__name__

Key = tuple[str, str, bool]  # a subject, a workload, and whether the collector is on


def task(subject: str, workload: str = MAIL, collector: bool = False, renders: int = RENDERS) -> Task:
    return Task(subject, workload, collector, renders, SAMPLES, seconds=0)


@pytest.fixture(scope="module", autouse=True)
def _planted() -> Iterator[None]:
    with planted.planted():
        yield


@pytest.fixture(scope="module")
def seen() -> dict[Task, list[int]]:
    """Give the numbers of renders that are told while tasks run."""
    return {}


@pytest.fixture(scope="module")
def runs(seen: dict[Task, list[int]], _planted: None) -> Mapping[Key, Run]:
    """Give a run of each plant."""
    tasks = [task(name) for name in PLANTS if name != "slow"]
    tasks += [task("flat", collector=True), task("cycling", collector=True), task("flat", ERROR)]
    tasks += [task("not rendering", ERROR, renders=101)]
    done = Processes(CHILD).run(tasks, 2, lambda task, renders: seen.setdefault(task, []).append(renders))
    return {(run.task.subject, run.task.workload, run.task.collector): run for run in done}


def test_what_keeps_nothing_is_flat(runs: Mapping[Key, Run]) -> None:
    run = runs["flat", MAIL, False]
    slope = run.slope("rss")
    assert slope
    assert slope.low <= 0 <= slope.high
    assert (run.verdict, run.reason, run.garbage) == (Verdict.FLAT, "", 0)
    assert max(run.left(column) for column in ("blocks", "modules", "lines", "files", "threads")) <= 0


def test_what_keeps_bytes_has_that_slope(runs: Mapping[Key, Run]) -> None:
    run = runs["keeping", MAIL, False]
    assert run.verdict is Verdict.GROWS
    for column in ("rss", "private_dirty"):
        slope = run.slope(column)
        assert slope
        assert 0 < slope.low <= slope.middle <= slope.high
        assert SIZE * 1000 * 0.8 < slope.middle < SIZE * 1000 * 1.5
    assert run.left("bytes") >= SIZE * RENDERS


def test_what_only_the_collector_takes_is_garbage(runs: Mapping[Key, Run]) -> None:
    run = runs["cycling", MAIL, False]
    assert (run.verdict, run.garbage) == (Verdict.GARBAGE, RENDERS)
    assert tuple(run.waiting[0]) == ("builtins.list", RENDERS)
    assert not run.kept
    assert run.left("blocks") <= SPARE_BLOCKS


def test_with_the_collector_on_nothing_stays_of_either(runs: Mapping[Key, Run]) -> None:
    for subject in ("flat", "cycling"):
        run = runs[subject, MAIL, True]
        assert run.left("blocks") <= SPARE_BLOCKS
        assert run.garbage < RENDERS


def test_samples_are_even_and_know_everything(runs: Mapping[Key, Run], seen: dict[Task, list[int]]) -> None:
    run = runs["flat", MAIL, False]
    assert [sample[0] for sample in run.samples] == list(range(0, RENDERS + 1, RENDERS // SAMPLES))
    assert seen[run.task] == [sample[0] for sample in run.samples]
    times = [sample[1] for sample in run.samples]
    assert times == sorted(times)
    assert all(len(sample) == 2 + len(COLUMNS) and min(sample) >= 0 for sample in run.samples)
    assert run.facts["warm_up"] >= RENDERS // 10
    assert run.facts["failed"] == 0


def test_no_more_and_no_fewer_renders_than_asked_for_and_samples_at_most(runs: Mapping[Key, Run]) -> None:
    run = runs["not rendering", ERROR, False]
    assert run.renders == 101
    assert len(run.samples) <= 1 + SAMPLES
    assert run.facts["failed"] == 1


def test_what_a_subject_prints_is_no_message(runs: Mapping[Key, Run]) -> None:
    assert runs["talking", MAIL, False].reason == ""
    assert runs["talking", MAIL, False].renders == RENDERS


@pytest.mark.parametrize(
    ("subject", "workload", "reason"),
    [
        ("raising", MAIL, "failed: ValueError: no way"),
        ("not rendering", MAIL, "failed: it does not render: KeyError: 'y'"),
        ("flat", ERROR, "failed: it renders what should fail"),
        ("killed", MAIL, "failed: was killed by SIGKILL"),
        ("leaving", MAIL, "failed: ended with status 0"),
    ],
)
def test_one_that_fails_or_dies_is_told_in_a_line(
    runs: Mapping[Key, Run], subject: str, workload: str, reason: str
) -> None:
    run = runs[subject, workload, False]
    assert (run.reason, run.failed, run.verdict) == (reason, True, Verdict.UNKNOWN)


def test_one_that_died_has_the_samples_that_it_got_to(runs: Mapping[Key, Run]) -> None:
    assert 0 < runs["killed", MAIL, False].renders < RENDERS


def test_a_library_that_is_missing_is_a_reason_and_no_failure(runs: Mapping[Key, Run]) -> None:
    run = runs["without library", MAIL, False]
    assert (run.reason, run.failed) == ("minijinja is not installed", False)


def test_a_module_that_cannot_run_is_told() -> None:
    (run,) = Processes("bench.tests.memory.nothing").run([task("flat")], 1, lambda task, renders: None)
    assert run.failed
    assert run.reason.endswith("No module named bench.tests.memory.nothing")
    assert "ended with status 1: " in run.reason


def test_where_processes_cannot_be_forked_each_task_has_an_interpreter() -> None:
    tasks = [task("flat"), task("killed"), task("cycling")]
    runs = list(Processes(unforking.__name__).run(tasks, 1, lambda task, renders: None))
    assert [run.reason for run in runs] == ["", "failed: was killed by SIGKILL", ""]
    assert [run.verdict for run in runs] == [Verdict.FLAT, Verdict.UNKNOWN, Verdict.GARBAGE]


def begun_run(processes: Processes) -> tuple[Generator[Run, None, None], Task]:
    """Return a run of a task that is at work, and that task; another has ended."""
    begun = Event()
    tasks = [task("raising"), task("slow", renders=5000)]

    def sampled(task: Task, renders: int) -> None:
        if renders:
            begun.set()

    running = processes.run(tasks, 2, sampled)
    assert next(running).task.subject == "raising"
    assert begun.wait(PATIENCE)
    return running, tasks[1]


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if CHILD in child.cmdline()]


def test_when_it_is_closed_all_end() -> None:
    running, _ = begun_run(Processes(CHILD))
    assert children()
    running.close()
    assert children() == []


def test_when_it_is_interrupted_all_end_and_what_was_told_is_kept() -> None:
    running, slow = begun_run(Processes(CHILD))
    signal.raise_signal(signal.SIGINT)
    run = next(running)
    assert (run.task, run.reason, run.failed) == (slow, "stopped", False)
    assert 0 < run.renders < 5000
    with pytest.raises(KeyboardInterrupt):
        next(running)
    assert children() == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("moment", [1, 50, 99])  # of those in which the lock of a future is taken
def test_an_interrupt_in_the_midst_of_taking_locks_keeps_nothing_waiting(moment: int) -> None:
    command = [sys.executable, "-m", interrupted.__name__, str(moment)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


def test_what_was_stopped_begins_nothing() -> None:
    processes, told = Processes(CHILD), dict[Task, int]()
    processes.stop()
    assert list(processes.run([task("flat"), task("keeping")], 2, told.__setitem__)) == []
    assert told == {}
